// Where the simulated memory lies in physical memory: a frame for each of its 4 KiB pages, drawn by a seed; 2 MiB pages keep their 512
// frames together. No two pages share a frame.

export const PAGE_BYTES = 4096;
const PAGES_OF_HUGE = 512;
/** Frames of 4 KiB pages are above those of 2 MiB pages: 32 GiB of each, none of them frame 0. */
const SMALL_BITS = 23;
const HUGE_BITS = 13;

/**
 * Page table as the simulator reads it: for each 4 KiB page its frame, and in bit 0 whether it lies in a 2 MiB page.
 * @param isHuge whether a page, by its number, lies in a 2 MiB page
 */
export function placePages(pages: number, isHuge: (page: number) => boolean, seed: number): Uint32Array {
  const table = new Uint32Array(pages);
  for (let page = 0; page < pages; page++) {
    if (isHuge(page)) {
      const frame = 2 ** HUGE_BITS + shuffled(Math.floor(page / PAGES_OF_HUGE), HUGE_BITS, seed);
      table[page] = ((frame * PAGES_OF_HUGE + (page % PAGES_OF_HUGE)) << 1) | 1;
    } else table[page] = (2 ** SMALL_BITS + shuffled(page, SMALL_BITS, seed)) << 1;
  }
  return table;
}

/** A permutation of the numbers of so many bits: every step can be undone. */
function shuffled(value: number, bits: number, seed: number): number {
  const mask = 2 ** bits - 1;
  let x = (value + Math.imul(seed + 1, 0x9e3779b1)) & mask;
  for (const factor of [0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f]) {
    x ^= x >>> (bits >> 1);
    x = Math.imul(x, factor) & mask;
    x = (x + Math.imul(seed, 0x165667b1)) & mask;
  }
  return x ^ (x >>> (bits >> 1));
}
