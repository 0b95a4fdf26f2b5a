// fio's random map (lib/axmap.c): which blocks of a file a pass has not touched yet.
import { LabError } from '../../base/errors.ts';

export interface RandomMap {
  isFree(unit: number): boolean;
  /** The first free unit at or after `unit`, from the start again behind the end; -1 when none is left. */
  nextFree(unit: number): number;
  /** Takes the free run at `first`, at most `wanted` long, and answers how long it was: it ends at a unit taken before. */
  take(first: number, wanted: number): number;
  /** Frees all. */
  clear(): void;
}

const PAGE_WORDS = 32;
const PAGE_UNITS = PAGE_WORDS * 32;
const MOST_UNITS = 2 ** 34;

/**
 * A bitmap in pages that exist once touched, so that its size follows the stream and not the namespace.
 * @throws LabError above 2^34 units
 */
export function createRandomMap(units: number): RandomMap {
  if (units > MOST_UNITS) {
    throw new LabError(
      `a random map over ${units} blocks is too large (at most ${MOST_UNITS}): set norandommap or a smaller size.`,
    );
  }
  const pages = createBitPages(units);
  let free = units;

  /** A full page is passed in one step, a full word in another. */
  const firstFree = (from: number, end: number): number => {
    let at = from;
    while (at < end) {
      const page = Math.floor(at / PAGE_UNITS);
      if (pages.freeIn(page) === 0) at = (page + 1) * PAGE_UNITS;
      else {
        const inWord = ~pages.word(at) & (-1 << (at & 31));
        if (inWord !== 0) return at - (at & 31) + lowestBit(inWord);
        at += 32 - (at & 31);
      }
    }
    return -1;
  };

  return {
    isFree: (unit) => unit >= units || ((pages.word(unit) >>> (unit & 31)) & 1) === 0,
    nextFree: (unit) => {
      if (free === 0) return -1;
      const behind = firstFree(unit, units);
      return behind >= 0 ? behind : firstFree(0, Math.min(unit, units));
    },
    take: (first, wanted) => {
      let taken = 0;
      while (taken < wanted && first + taken < units) {
        const at = first + taken;
        const room = Math.min(32 - (at & 31), wanted - taken, units - at);
        const occupied = pages.word(at) >>> (at & 31);
        const run = occupied === 0 ? room : Math.min(room, lowestBit(occupied));
        if (run > 0) pages.set(at, run);
        taken += run;
        if (run < room) {
          free -= taken;
          return taken;
        }
      }
      free -= taken;
      // A last block that is cut off by the end of the file has no unit of its own.
      return wanted;
    },
    clear: () => {
      pages.clear();
      free = units;
    },
  };
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
