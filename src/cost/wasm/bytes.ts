// Bytes of a WebAssembly binary: LEB128 integers, vectors and names, read and written (core specification 5.2).
import { assert } from '../../base/errors.ts';

const LONG_SHIFT = 28;

/** Reads from a binary, one item behind the other. */
export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.at >= this.end;
  }

  u8(): number {
    assert(this.at < this.end, `a WebAssembly binary goes on at byte ${this.at}`);
    return this.bytes[this.at++] as number;
  }

  /** Unsigned, at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      // Not by shifts: they would make the top bit a sign.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
      assert(shift < LONG_SHIFT, `a 32-bit number ends at byte ${this.at}`);
    }
  }

  /** Signed, at most 33 bits: block types. */
  s33(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return byte & 0x40 ? value - 2 ** (shift + 7) : value;
      assert(shift < LONG_SHIFT, `a 33-bit number ends at byte ${this.at}`);
    }
  }

  /** Passes over a number of any width. */
  skipLeb(): void {
    while (this.u8() >= 0x80);
  }

  skip(count: number): void {
    assert(this.at + count <= this.end, `a WebAssembly binary has ${count} bytes from ${this.at} on`);
    this.at += count;
  }

  take(count: number): Uint8Array {
    const start = this.at;
    this.skip(count);
    return this.bytes.subarray(start, this.at);
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.u32()));
  }
}

/** Collects bytes of a binary. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  u8(value: number): this {
    if (this.#length === this.#bytes.length) this.#room(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  u32(value: number): this {
    let left = value;
    for (; left >= 0x80; left = Math.floor(left / 128)) this.u8((left % 128) | 0x80);
    return this.u8(left);
  }

  /** Signed, 32 bits: the operand of i32.const. */
  s32(value: number): this {
    let left = value | 0;
    for (;;) {
      const low = left & 0x7f;
      left >>= 7;
      const isLast = (left === 0 && (low & 0x40) === 0) || (left === -1 && (low & 0x40) !== 0);
      this.u8(isLast ? low : low | 0x80);
      if (isLast) return this;
    }
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  name(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.u32(bytes.length).raw(bytes);
  }

  /** A part with its length before it. */
  sized(part: ByteWriter): this {
    return this.u32(part.#length).raw(part.#bytes.subarray(0, part.#length));
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#length + count, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
