// Pages of the payload that nothing has written yet are all the kernel's one page of zeroes, which lies in the L1: copies from them
// would be cheaper than from memory. Each is written once before it is measured.
import type { BuiltMachine } from './build_machine.ts';

type Payload = Pick<BuiltMachine, 'view' | 'payload' | 'ramWindow' | 'spec'>;

/** The smallest page that a processor maps; larger ones are written more than once. */
const PAGE_BYTES = 4096;

/**
 * Gives every page that a machine copies from or to memory of its own. What is in them stays.
 * @param ram whether buffers lie in host RAM too
 */
export function backPayload({ view: { u8 }, payload, ramWindow, spec }: Payload, ram = true): void {
  // A run that verifies writes all that it reads.
  if (spec.payload !== 'move') return;
  for (const { at, bytes } of payload) {
    if (at === ramWindow.at && !ram) continue;
    // Atomic: one fault for each page. A load before the store would have one of its own, for the page of zeroes.
    for (let page = at; page < at + bytes; page += PAGE_BYTES) Atomics.add(u8, page, 0);
  }
}
