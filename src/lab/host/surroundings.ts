// What disturbs the machine while many short runs follow each other: looked at now and then between them, because looking takes
// longer than such a run.
import { watchEnvironment } from '../../doctor/examine.ts';
import { warningsBefore } from './environment.ts';

export interface Surroundings {
  /** Warnings of the last stretch of time. @param queuePairs the most that a group of the run has */
  warnings(queuePairs: number): string[];
}

const LOOK_EVERY_MS = 10_000;

/** Watches one run: its own beginning and its own end. */
export function watchOneRun(): Surroundings {
  const finish = watchEnvironment();
  return { warnings: (queuePairs) => [...warningsBefore(queuePairs), ...finish()] };
}

/** Watches runs that follow each other; looks after the first, and then every ten seconds. */
export function watchManyRuns(now: () => number = () => performance.now()): Surroundings {
  let finish = watchEnvironment();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let watched: string[] = [];
  const before = new Map<number, string[]>();
  return {
    warnings: (queuePairs) => {
      if (now() - lookedAt > LOOK_EVERY_MS) {
        lookedAt = now();
        watched = finish();
        before.clear();
        finish = watchEnvironment();
      }
      const known = before.get(queuePairs) ?? warningsBefore(queuePairs);
      before.set(queuePairs, known);
      return [...known, ...watched];
    },
  };
}
