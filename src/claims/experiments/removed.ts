// Experiment: the provider is removed while its I/O is in flight, in the inline schedule: whether anything uses its addresses afterwards.
import { PLAIN } from '../../options/plain.ts';
import type { Result } from '../../result/schema.ts';
import type { OptionsObject } from '../../sweep/options.ts';
import { commandLine } from './command_line.ts';
import type { Experiment } from './experiment.ts';
import { runResult } from './run_result.ts';

export interface RemovedArm {
  /** SCHEME/BUFFERS */
  arm: string;
  /** Whether any transfer went to the addresses after the provider was gone; how many depends on how fast the machine is. */
  isUsedAfter: boolean;
}

export type Removed = readonly RemovedArm[];

const BRIEF = { mode: 'inline', 'remove-at': '50%', rounds: 2, processes: 1 } as const;

export function removed(options: OptionsObject): Experiment<Removed> {
  const all = { ...PLAIN, ...BRIEF, ...options };
  const command = commandLine('run', all);
  return { command, run: async (measurement) => armsOf(await runResult(all, command, measurement)) };
}

/** None of an arm that is refused. */
function armsOf({ cells }: Result): Removed {
  return cells.flatMap(({ scheme, params, removal }): RemovedArm[] => {
    if (removal === undefined) return [];
    const { unclaimed, landedElsewhere, faults } = removal.usedAfter;
    return [{ arm: `${scheme}/${params.buffers}`, isUsedAfter: unclaimed + landedElsewhere + faults > 0 }];
  });
}
