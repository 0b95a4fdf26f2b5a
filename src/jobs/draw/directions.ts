// Whether the next I/O of a job reads or writes: fio's get_rw_ddir (io_u.c).
import type { Job } from '../job.ts';
import { type Tausworthe, taus88 } from './tausworthe.ts';

/** fio's DDIR_*: also the index of what is kept for each direction. */
export const READ = 0;
export const WRITE = 1;
export type Direction = typeof READ | typeof WRITE;

export interface Directions {
  next(): Direction;
  /** Counts an I/O that was given out. */
  went(direction: Direction): void;
  /** A new pass over the job's files. @param seed undefined: the numbers go on */
  restart(seed: bigint | undefined): void;
}

export function createDirections(job: Pick<Job, 'rw' | 'rwmixRead'>, seed: bigint): Directions {
  const { reads, writes } = job.rw;
  if (!(reads && writes)) return { next: () => (reads ? READ : WRITE), went: () => {}, restart: () => {} };
  let random: Tausworthe = taus88(seed);
  const percents = [job.rwmixRead, 100 - job.rwmixRead] as const;
  const issued: [number, number] = [0, 0];
  let current: Direction = READ;
  /** I/Os of the current direction up to which it is kept, so that a direction that was drawn often catches up. */
  let keptUntil = 0;
  return {
    next: () => {
      if (issued[current] < keptUntil) return current;
      const drawn = random.between(1, 100) <= percents[READ] ? READ : WRITE;
      if (drawn !== current) {
        const other = current === READ ? WRITE : READ;
        keptUntil = Math.floor((issued[current] * percents[other]) / 100);
      }
      current = drawn;
      return current;
    },
    went: (direction) => {
      issued[direction]++;
    },
    restart: (newSeed) => {
      keptUntil = 0;
      if (newSeed !== undefined) random = taus88(newSeed);
    },
  };
}
