import { expect, it } from 'vitest';
import type { Process } from './child.ts';
import { phaseRows } from './run.ts';

function process(...medians: number[]): Process {
  const phases = medians.map((median, i) => ({ name: `phase ${i}`, nsPerIo: [median], median, cpus: ['0/1'] }));
  return { memories: [], phases };
}

it('says for each phase how many processes are at which level, and how many changed theirs', () => {
  const rows = phaseRows([process(33, 34, 100), process(100, 33, 101), process(34, 33.5, 33)]);
  expect(rows).toEqual([
    ['phase 0', '2 at 33.5 ns, 1 at 100 ns', ''],
    ['phase 1', '3 at 33.5 ns', '1'],
    ['phase 2', '1 at 33 ns, 2 at 101 ns', '2'],
  ]);
});
