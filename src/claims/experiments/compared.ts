// Experiment: two arms timed beside each other in the inline schedule, with a margin of equivalence.
import { PLAIN } from '../../options/plain.ts';
import type { ComparisonRecord, Result } from '../../result/schema.ts';
import type { OptionsObject } from '../../sweep/options.ts';
import { commandLine } from './command_line.ts';
import type { Experiment } from './experiment.ts';
import { runResult } from './run_result.ts';

/** CPU time per I/O of each arm over that of the reference, the first scheme's. */
export interface ComparedArm {
  /** SCHEME/BUFFERS */
  arm: string;
  ratio: number;
  interval: readonly [number, number] | null;
  verdict: ComparisonRecord['verdict'];
  /** Smallest relative difference that would have been found with 80 % power. */
  detectable: number | null;
  /** Why there is no verdict, where there is none. */
  withheld?: string;
}

export type Compared = readonly ComparedArm[];

const TIMED = { mode: 'inline', margin: 2, budget: '20s' } as const;

/** @param options two schemes, one kind of buffers */
export function compared(options: OptionsObject): Experiment<Compared> {
  const all = { ...PLAIN, ...TIMED, ...options };
  const command = commandLine('run', all);
  return { command, run: async (measurement) => armsOf(await runResult(all, command, measurement)) };
}

function armsOf({ cells, comparisons }: Result): Compared {
  const byId = new Map(cells.map((cell) => [cell.id, `${cell.scheme}/${cell.params.buffers}`]));
  return comparisons
    .filter(({ metric, a }) => metric === 'cpuNsPerIo' && !a.endsWith("'"))
    .map(({ a, ratio, ci95, verdict, minDetectable, withheld }) => ({
      arm: byId.get(a) ?? a,
      ratio,
      interval: ci95,
      verdict,
      detectable: minDetectable,
      ...(withheld === undefined ? {} : { withheld }),
    }));
}
