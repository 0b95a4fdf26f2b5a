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

const PAGE_WORDS = 1024;
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
  const pages: (Int32Array | undefined)[] = new Array(Math.ceil(units / PAGE_UNITS)).fill(undefined);
  const free = new Int32Array(pages.length).fill(PAGE_UNITS);
  if (pages.length > 0) free[pages.length - 1] = units - (pages.length - 1) * PAGE_UNITS;

  const wordIn = (unit: number): number => (unit % PAGE_UNITS) >>> 5;
  const create = (page: number): Int32Array => {
    const words = new Int32Array(PAGE_WORDS);
    for (let unit = units - page * PAGE_UNITS; unit < PAGE_UNITS; unit++) {
      words[unit >>> 5] = (words[unit >>> 5] as number) | (1 << (unit & 31));
    }
    pages[page] = words;
    return words;
  };

  return {
    /** Clear bits of a page. */
    freeIn: (page: number): number => free[page] as number,
    /** The 32 bits around a unit. */
    word: (unit: number): number => pages[Math.floor(unit / PAGE_UNITS)]?.[wordIn(unit)] ?? 0,
    /** Sets a run of clear bits within one word. */
    set: (unit: number, run: number): void => {
      const page = Math.floor(unit / PAGE_UNITS);
      const words = pages[page] ?? create(page);
      const index = wordIn(unit);
      words[index] = (words[index] as number) | ((run === 32 ? -1 : (1 << run) - 1) << (unit & 31));
      free[page] = (free[page] as number) - run;
    },
    clear: (): void => {
      pages.fill(undefined);
      free.fill(PAGE_UNITS);
      if (pages.length > 0) free[pages.length - 1] = units - (pages.length - 1) * PAGE_UNITS;
    },
  };
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
