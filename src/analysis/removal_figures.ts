// From the records of an arm's removals to what a result says of them.

import type { RemovalParams } from '../plan/run_plan.ts';
import type { Removal, RemovalRound } from '../result/schema.ts';
import { estimate } from '../stats/estimate.ts';
import type { ArmRemoval } from './group_record.ts';

/**
 * What the removals of an arm came to: counts over all of them, times of those on real threads.
 * @param looked the CPU looked at the data of every I/O (payload verify)
 */
export function removalOf({ rule, errno, rounds }: ArmRemoval, { at, hole }: RemovalParams, looked: boolean): Removal {
  const total = (pick: (round: RemovalRound) => number): number => rounds.reduce((sum, each) => sum + pick(each), 0);
  const timed = rounds.filter(({ mode }) => mode === 'threads');
  const time = (pick: (round: RemovalRound) => number) => (timed.length === 0 ? null : estimate(timed.map(pick)));
  return {
    at,
    hole,
    rule,
    inFlight: total(({ inFlight }) => inFlight),
    okBefore: total(({ okBefore }) => okBefore),
    okDraining: total(({ okDraining }) => okDraining),
    okAfter: total(({ okAfter }) => okAfter),
    refused: { ios: total(({ refused }) => refused), errno: errno ?? null },
    deviceErrors: total(({ deviceErrors }) => deviceErrors),
    usedAfter: {
      unclaimed: total(({ unclaimed }) => unclaimed),
      landedElsewhere: total(({ landedElsewhere }) => landedElsewhere),
      faults: total(({ faults }) => faults),
    },
    sigbus: looked ? total(({ sigbus }) => sigbus) : null,
    corruptedBlocks: looked ? total(({ corruptedBlocks }) => corruptedBlocks) : null,
    unmapNs: time(({ unmapNs }) => unmapNs),
    graceNs: time(({ graceNs }) => graceNs),
    drainNs: time(({ drainNs }) => drainNs),
    rounds,
  };
}
