import { expect, it } from 'vitest';
import type { Process } from './child.ts';
import { moments, momentsTable } from './moments.ts';
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

it('tells a loop that follows the path from one that does not', async () => {
  const steady = Array.from({ length: 40 }, (_, i) => ({
    path: i % 2 ? 100 : 60,
    dependent: 1,
    independent: i % 2 ? 2 : 1,
  }));
  const cells = momentsTable(steady).rows.map((row) => row.cells);
  expect(cells.map((row) => row.at(-1))).toEqual(['1.00', '0.00', '1.00']);
  expect(cells[2]?.[3]).toBe('2.00');
  const smoke = await moments(3);
  expect(smoke.every(({ path, dependent, independent }) => path > 0 && dependent > 0 && independent > 0)).toBe(true);
});
