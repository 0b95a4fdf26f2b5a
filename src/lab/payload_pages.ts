// Pages of the payload that nothing has written yet are all the kernel's one page of zeroes, which lies in the L1: copies from them
// would be cheaper than from memory. Each is written once before it is measured.
import type { MemoryView, Span } from './arena.ts';

/** The smallest page that a processor maps; larger ones are written more than once. */
const PAGE_BYTES = 4096;

/** Gives every page of the spans memory of its own. What is in them stays. */
export function backWithMemory({ u8 }: MemoryView, spans: readonly Span[]): void {
  for (const { at, bytes } of spans) {
    for (let page = at; page < at + bytes; page += PAGE_BYTES) u8[page] = u8[page] as number;
  }
}
