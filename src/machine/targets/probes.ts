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
