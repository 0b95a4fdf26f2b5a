// What disturbs the machine while many short runs follow each other: looked at now and then between them, because looking takes
// longer than such a run.
import { watchEnvironment } from '../../doctor/examine.ts';
import { warningsBefore } from './environment.ts';

export interface Surroundings {
  /** Warnings of the last stretch of time. @param queuePairs the most that a group of the run has */
  warnings(queuePairs: number): string[];
}

const LOOK_EVERY_MS = 10_000;

/** How the machine is looked at; the doctor's ways where nothing else is given. */
export interface Looks {
  /** Begins to watch; what is returned ends it and says what was seen. */
  watch(): () => string[];
  before(queuePairs: number): string[];
}

const DOCTOR: Looks = { watch: watchEnvironment, before: warningsBefore };

/** Watches one run: its own beginning and its own end. */
export function watchOneRun(looks: Looks = DOCTOR): Surroundings {
  const finish = looks.watch();
  return { warnings: (queuePairs) => [...looks.before(queuePairs), ...finish()] };
}

/** Watches runs that follow each other; looks after the first, and then every ten seconds. */
export function watchManyRuns(now: () => number = () => performance.now(), looks: Looks = DOCTOR): Surroundings {
  let finish = looks.watch();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let watched: string[] = [];
  const before = new Map<number, string[]>();
  return {
    warnings: (queuePairs) => {
      if (now() - lookedAt > LOOK_EVERY_MS) {
        lookedAt = now();
        watched = finish();
        before.clear();
        finish = looks.watch();
      }
      const known = before.get(queuePairs) ?? looks.before(queuePairs);
      before.set(queuePairs, known);
      return [...known, ...watched];
    },
  };
}
