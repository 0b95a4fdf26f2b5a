// From what a run with a removal left to an outcome of the table.
import { FATES, type Fate } from './outcomes.ts';

export interface RemovedRun {
  ios: number;
  okBefore: number;
  okDraining: number;
  okAfter: number;
  /** At submission, and in mapping. */
  refusals: number;
  mapRefusals: number;
  deviceFailures: number;
  landedElsewhere: number;
}

/** Words of what was seen, joined by +. */
export function outcomeOf(run: RemovedRun): string {
  const seen: Record<Fate, number> = {
    before: run.okBefore,
    draining: run.okDraining,
    after: run.okAfter,
    refused: run.refusals,
    torn: run.mapRefusals,
    'device error': run.deviceFailures,
    'landed elsewhere': run.landedElsewhere,
  };
  return FATES.filter((fate) => seen[fate] > 0).join('+');
}
