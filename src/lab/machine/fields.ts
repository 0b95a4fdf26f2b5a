// Single 32-bit fields of machine structures, by the offsets that the build exports.
import type { MemoryView, Span } from './arena.ts';

/** Unsigned value of the 32-bit field `offset` bytes into the struct at wasm address `at`. */
export function field(view: MemoryView, at: number, offset: number): number {
  return view.u32[(at + offset) / 4] as number;
}

export function setField(view: MemoryView, at: number, offset: number, value: number): void {
  view.u32[(at + offset) / 4] = value;
}

/** Unsigned value of a 64-bit field; counts stay below 2^53. */
export function field64(view: MemoryView, at: number, offset: number): number {
  return Number(view.u64[(at + offset) / 8]);
}

/** Distance from position `b` to position `a`, both free running modulo 2^32. */
export function distance(a: number, b: number): number {
  return (a - b) | 0;
}

/** Fills a free stack so that the lowest object is handed out first. */
export function fillStack(view: MemoryView, stack: Span, first: number, stride: number): void {
  const count = stack.bytes / 4;
  for (let i = 0; i < count; i++) view.u32[stack.at / 4 + i] = first + (count - 1 - i) * stride;
}
