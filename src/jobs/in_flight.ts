// Keeps I/Os that may be in flight together off the same blocks, so that the data of each can be checked.

export interface InFlightGuard {
  /** Whether I/O `index` may touch [first, first + blocks). */
  isFree(index: number, first: number, blocks: number): boolean;
  /** The nearest start at or after `first`, wrapping at the end of the region, where it may; -1 when there is none. */
  nextFree(index: number, first: number, blocks: number): number;
  take(index: number, first: number, blocks: number): void;
}

const NEVER = -1;

/**
 * @param regionBlocks the blocks I/Os may touch
 * @param granule divides every start and length
 * @param entries the stream's length: it is read in a circle, so its end must not meet its beginning
 * @param reach how many consecutive I/Os must not overlap
 */
export function createInFlightGuard(
  regionBlocks: number,
  granule: number,
  entries: number,
  reach: number,
): InFlightGuard {
  const cells = Math.ceil(regionBlocks / granule);
  const firstUse = new Int32Array(cells).fill(NEVER);
  const lastUse = new Int32Array(cells).fill(NEVER);

  const isBusy = (index: number, cell: number): boolean => {
    const last = lastUse[cell] as number;
    if (last === NEVER) return false;
    return index - last < reach || entries - index + (firstUse[cell] as number) < reach;
  };
  /** The first busy cell of a run, or -1. */
  const busyCell = (index: number, from: number, to: number): number => {
    for (let cell = from; cell < to; cell++) if (isBusy(index, cell)) return cell;
    return -1;
  };
  const endCell = (first: number, blocks: number): number => Math.ceil((first + blocks) / granule);

  return {
    isFree: (index, first, blocks) => busyCell(index, first / granule, endCell(first, blocks)) < 0,
    nextFree: (index, first, blocks) => {
      let cell = first / granule;
      let walked = 0;
      while (walked <= cells) {
        if (cell * granule + blocks > regionBlocks) {
          walked += cells - cell;
          cell = 0;
        }
        const busy = busyCell(index, cell, endCell(cell * granule, blocks));
        if (busy < 0) return cell * granule;
        walked += busy + 1 - cell;
        cell = busy + 1;
      }
      return -1;
    },
    take: (index, first, blocks) => {
      for (let cell = first / granule; cell < endCell(first, blocks); cell++) {
        if (firstUse[cell] === NEVER) firstUse[cell] = index;
        lastUse[cell] = index;
      }
    },
  };
}
