// probes.wasm: what this memory can do without any I/O path: the outside measure for the figures of a run.
import { IO_BUFFER_MASK, IoDescriptor } from "../layout/stream";

/** Spreads an index over [0, pages): multiplicative hash, high bits. */
@inline
function pick(state: u32, pages: u32): usize {
  return <usize>((<u64>state * <u64>pages) >> 32);
}

/**
 * `count` loads of struct page flags, each address made from the value loaded before: one full memory latency each.
 * `flags` is the low word that every page holds.
 */
export function dependentLoads(memmap: usize, pages: u32, flags: u32, count: u32, seed: u32): u32 {
  let state = seed;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<u32>(memmap + (pick(state, pages) << 6));
    state = state * 1664525 + 1013904223 + (value - flags);
  }
  return state;
}

/** The payload of `count` I/Os of a stream by bare memory.copy, medium to buffer, in the machine's windows. */
export function copies(
  stream: usize, streamMask: u32, from: u32, count: u32, media: usize, mediaMask: u32, window: usize, windowMask: u32, bytes: u32,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const io = changetype<IoDescriptor>(stream + (<usize>((from + i) & streamMask) << 4));
    const at = media + (<usize>(io.block << 9) & <usize>mediaMask);
    memory.copy(window + ((<usize>(io.buffer & IO_BUFFER_MASK) << 12) & <usize>windowMask), at, bytes);
  }
}

/** `steps` dependent multiplications in a register: the processor's own speed, without any memory. */
export function spin(steps: u32): u32 {
  let state: u32 = 1;
  for (let i: u32 = 0; i < steps; i++) state = state * 1664525 + 1013904223;
  return state;
}

/**
 * `steps` steps of eight chains of additions that do not wait for each other: as many instructions at a time as a core issues. It
 * slows down, where spin() does not, when another hardware thread of the same core works.
 */
export function spinWide(steps: u32): u32 {
  let a: u32 = 1;
  let b: u32 = 2;
  let c: u32 = 3;
  let d: u32 = 4;
  let e: u32 = 5;
  let f: u32 = 6;
  let g: u32 = 7;
  let h: u32 = 8;
  for (let i: u32 = 0; i < steps; i++) {
    a = (a ^ i) + 0x9e37;
    b = (b ^ i) + 0x79b9;
    c = (c ^ i) + 0x85eb;
    d = (d ^ i) + 0xca6b;
    e = (e ^ i) + 0xc2b2;
    f = (f ^ i) + 0xae35;
    g = (g ^ i) + 0x27d4;
    h = (h ^ i) + 0xeb2f;
  }
  return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}
