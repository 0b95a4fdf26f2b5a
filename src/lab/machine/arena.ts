// Carving of the machine's one shared memory: regions are handed out once, in order, and never given back.
import { assert, LabError } from '../../base/errors.ts';
import { formatBytes, GIB, MIB } from '../../base/units.ts';

const WASM_PAGE = 65536;
/** wasm32 can address this much; the last page stays unused so that every end address fits 32 bits. */
export const ADDRESSABLE = 4 * GIB - WASM_PAGE;

/** Reads and writes single fields of structs in shared memory. Addresses are wasm addresses in bytes. */
export interface MemoryView {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly u64: BigUint64Array;
  readonly f64: Float64Array;
}

export function viewOf(memory: WebAssembly.Memory): MemoryView {
  const buffer = memory.buffer;
  return {
    u8: new Uint8Array(buffer),
    u32: new Uint32Array(buffer),
    i32: new Int32Array(buffer),
    u64: new BigUint64Array(buffer),
    f64: new Float64Array(buffer),
  };
}

/** A region of the memory: first byte and length. */
export interface Span {
  readonly at: number;
  readonly bytes: number;
}

/** A region by the name that it was taken under. */
export interface NamedSpan {
  readonly name: string;
  readonly span: Span;
}

/** Plans regions one behind the other; nothing is touched until the memory is made large enough. */
export class Arena {
  #next: number;
  readonly #regions: NamedSpan[] = [];

  constructor(start: number) {
    this.#next = start;
  }

  /** Reserves `bytes` at a multiple of `align` (a power of two). */
  take(name: string, bytes: number, align = 128): Span {
    assert(Number.isInteger(bytes) && bytes >= 0, `${name}: ${bytes} bytes`);
    const at = Math.ceil(this.#next / align) * align;
    this.#next = at + bytes;
    const span = { at, bytes };
    this.#regions.push({ name, span });
    return span;
  }

  /** Leaves a gap: the next region begins at `at` or behind. */
  skipTo(at: number): void {
    assert(at >= this.#next, `a gap to ${at} behind ${this.#next}`);
    this.#next = at;
  }

  /** Every region so far, in ascending order. */
  get regions(): readonly NamedSpan[] {
    return this.#regions;
  }

  get end(): number {
    return this.#next;
  }

  /** @throws LabError when the regions exceed what one wasm memory can hold, naming the largest of them. */
  checkFits(): void {
    if (this.#next <= ADDRESSABLE) return;
    const largest = [...this.#regions].sort((a, b) => b.span.bytes - a.span.bytes).slice(0, 3);
    throw new LabError(
      `this machine needs ${formatBytes(this.#next)} of memory, one WebAssembly memory holds ${formatBytes(4 * GIB)}. ` +
        `Largest parts: ${largest.map((r) => `${r.name} ${formatBytes(r.span.bytes)}`).join(', ')}. ` +
        'Make --bar or the block size smaller (the memmap of a BAR is 1/64 of it).',
    );
  }
}

/** A new shared memory that can grow to the wasm32 limit; only touched pages become resident. */
export function sharedMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
}

/** Grows the memory to hold `bytes`. It never shrinks. @throws LabError when the system refuses. */
export function growTo(memory: WebAssembly.Memory, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / WASM_PAGE);
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch {
    throw new LabError(
      `the system refused ${formatBytes(bytes)} of address space for the machine's memory. ` +
        'Raise the limit (ulimit -v) or make --bar smaller.',
    );
  }
}

/** @throws LabError when `bytes` of resident memory are clearly more than the system has free. */
export function checkAvailable(bytes: number, availableBytes: number): void {
  if (bytes + 64 * MIB <= availableBytes) return;
  throw new LabError(
    `this run would touch ${formatBytes(bytes)} of memory and only ${formatBytes(availableBytes)} are available. ` +
      'Make --bar smaller (its memmap is 1/64 of it), close other programs, or raise the memory limit.',
  );
}
