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
  refused?: string;
  /** What the removal waits for: pins, allocations, holders, revoked maps, or none. */
  rule: string;
  inFlight: number;
  /** Transfers to the addresses after the provider was gone. */
  usedAfter: number;
}

export type Removed = readonly RemovedArm[];

const BRIEF = { mode: 'inline', 'remove-at': '50%', rounds: 2, processes: 1 } as const;

export function removed(options: OptionsObject): Experiment<Removed> {
  const all = { ...PLAIN, ...BRIEF, ...options };
  const command = commandLine('run', all);
  return { command, run: async (measurement) => armsOf(await runResult(all, command, measurement)) };
}

function armsOf({ cells }: Result): Removed {
  return cells.map(({ scheme, params, refused, removal }): RemovedArm => {
    const arm = `${scheme}/${params.buffers}`;
    if (removal === undefined)
      return { arm, refused: refused?.errno ?? 'refused', rule: 'none', inFlight: 0, usedAfter: 0 };
    const { rule, inFlight, usedAfter } = removal;
    return { arm, rule, inFlight, usedAfter: usedAfter.unclaimed + usedAfter.landedElsewhere + usedAfter.faults };
  });
}
