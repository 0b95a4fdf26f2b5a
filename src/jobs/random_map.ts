// fio's random map (lib/axmap.c): a pass over the region touches each block once before any is touched again.
import { LabError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import { createPermutation } from './permutation.ts';

/** Each of [0, count) once per pass, in another order each pass. For I/Os of one size: no map has to be kept. */
export function createPasses(count: number, seed: number): () => number {
  const permutation = createPermutation(count, seed);
  let pass = 0;
  let next = 0;
  return () => {
    if (next === count) {
      next = 0;
      pass++;
      permutation.rekey(seed + Math.imul(pass, 0x9e3779b1));
    }
    return permutation.at(next++);
  };
}

/** A run of units that nothing in this pass has touched yet. */
export interface ClaimMap {
  /**
   * Claims up to `wanted` free units from a random place on, fewer where the free run is shorter: as in fio, the last
   * I/Os of a pass shrink to the gaps that are left. A full map starts the next pass.
   * @returns how many were claimed; where is in `claimedFirst`
   */
  claim(wanted: number): number;
  readonly claimedFirst: () => number;
}

const PAGE_WORDS = 32;
const PAGE_UNITS = PAGE_WORDS * 32;
const MOST_UNITS = 2 ** 34;

/**
 * A bitmap in pages that exist once touched, so that its size follows the stream and not the namespace.
 * @throws LabError above 2^34 units
 */
export function createClaimMap(units: number, random: Random): ClaimMap {
  if (units > MOST_UNITS) {
    throw new LabError(
      `a random map over ${units} blocks of several sizes is too large (at most ${MOST_UNITS}): set norandommap or a smaller size.`,
    );
  }
  const pages = createBitPages(units);
  let free = units;
  let first = 0;

  /** The next free unit at or after `unit`, wrapping. There is one: the map is not full. */
  const nextFree = (unit: number): number => {
    let at = unit;
    for (;;) {
      if (at >= units) at = 0;
      const page = Math.floor(at / PAGE_UNITS);
      if (pages.freeIn(page) === 0) at = (page + 1) * PAGE_UNITS;
      else {
        const inWord = ~pages.word(at) & (-1 << (at & 31));
        if (inWord !== 0) return at - (at & 31) + lowestBit(inWord);
        at += 32 - (at & 31);
      }
    }
  };

  /** Takes the free run at `from`, at most `wanted` long, word by word. */
  const takeRun = (from: number, wanted: number): number => {
    let taken = 0;
    while (taken < wanted && from + taken < units) {
      const at = from + taken;
      const room = Math.min(32 - (at & 31), wanted - taken, units - at);
      const occupied = pages.word(at) >>> (at & 31);
      const run = occupied === 0 ? room : Math.min(room, lowestBit(occupied));
      if (run > 0) pages.set(at, run);
      taken += run;
      if (run < room) break;
    }
    return taken;
  };

  const claim = (wanted: number): number => {
    if (free === 0) {
      pages.clear();
      free = units;
    }
    first = nextFree(random.below(units));
    const taken = takeRun(first, wanted);
    free -= taken;
    return taken;
  };
  return { claim, claimedFirst: () => first };
}

/** Bits of [0, units), all clear; those beyond the end are set, so that nobody finds them free. */
function createBitPages(units: number) {
  const slotOf = new Int32Array(Math.ceil(units / PAGE_UNITS));
  let words = new Int32Array(PAGE_WORDS * 64);
  let free = new Int32Array(64);
  let used = 0;

  const unitsIn = (page: number): number => Math.min(PAGE_UNITS, units - page * PAGE_UNITS);
  const indexOf = (slot: number, unit: number): number => slot * PAGE_WORDS + ((unit % PAGE_UNITS) >>> 5);
  const create = (page: number): number => {
    const slot = used++;
    if (used > free.length) {
      words = grown(words);
      free = grown(free);
    }
    words.fill(0, slot * PAGE_WORDS, used * PAGE_WORDS);
    free[slot] = unitsIn(page);
    for (let unit = unitsIn(page); unit < PAGE_UNITS; unit++) {
      const index = indexOf(slot, unit);
      words[index] = (words[index] as number) | (1 << (unit & 31));
    }
    slotOf[page] = used;
    return slot;
  };
  const slotAt = (page: number): number => (slotOf[page] as number) - 1;

  return {
    /** Clear bits of a page. */
    freeIn: (page: number): number => {
      const slot = slotAt(page);
      return slot < 0 ? unitsIn(page) : (free[slot] as number);
    },
    /** The 32 bits around a unit. */
    word: (unit: number): number => {
      const slot = slotAt(Math.floor(unit / PAGE_UNITS));
      return slot < 0 ? 0 : (words[indexOf(slot, unit)] as number);
    },
    /** Sets a run of clear bits within one word. */
    set: (unit: number, run: number): void => {
      const page = Math.floor(unit / PAGE_UNITS);
      const slot = slotAt(page) < 0 ? create(page) : slotAt(page);
      const index = indexOf(slot, unit);
      words[index] = (words[index] as number) | ((run === 32 ? -1 : (1 << run) - 1) << (unit & 31));
      free[slot] = (free[slot] as number) - run;
    },
    clear: (): void => {
      slotOf.fill(0);
      used = 0;
    },
  };
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
