// The lab against itself: two identical arms, inline, for half a minute. Their ratio is what the method adds.
import { compare } from '../src/stats/compare.ts';
import { benchMachine, type Effort, goal, measureArms, type Row, row } from './support.ts';

export const title = "inline cpuNsPerIo, A against A' (dma_vec fixed), 30 s";

export async function measure(effort: Effort): Promise<Row[]> {
  const { machine } = benchMachine();
  const arm = { host: 'dma_vec', buffers: 'fixed' as const };
  const rounds = effort.smoke ? effort.rounds : 150;
  const { ns } = await measureArms(
    machine,
    [arm, arm],
    { ...effort, rounds, roundMs: effort.smoke ? effort.roundMs : 100 },
    'inline',
  );
  const [a, copy] = ns as [number[], number[]];
  const { ratio, ci95 } = compare(copy, a, { higherIsBetter: false, seed: 1 });
  const result: Row = { name: "A' / A", value: ratio, ci95, unit: '' };
  return [row('A', a, 'ns/I/O'), goal(result, 'within 1 %', (value) => Math.abs(value - 1) <= 0.01)];
}
