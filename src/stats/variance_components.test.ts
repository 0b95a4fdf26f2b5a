import { expect, test } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { mean } from './location.ts';
import { cheapestRounds, varianceComponents } from './variance_components.ts';

test('identical processes have no variance between them', () => {
  const components = varianceComponents([
    [1, 2, 3],
    [1, 2, 3],
  ]);
  expect(components).toEqual({ withinProcess: 1, betweenProcesses: 0, icc: 0, designEffect: 1 });
  expect(cheapestRounds(components, 10, 1)).toBe(Number.POSITIVE_INFINITY);
});

test('processes that differ and do not scatter have an intraclass correlation of 1', () => {
  const components = varianceComponents([
    [1, 1],
    [3, 3],
  ]);
  expect(components.icc).toBe(1);
  expect(components.betweenProcesses).toBe(2);
  expect(components.designEffect).toBe(2);
  expect(cheapestRounds(components, 10, 1)).toBe(1);
});

test('the components of a simulated experiment are recovered on average', () => {
  const random = seededRandom(11);
  const runs = Array.from({ length: 2000 }, () =>
    varianceComponents(
      Array.from({ length: 8 }, () => {
        const level = 2 * random.normal();
        return Array.from({ length: 6 }, () => level + random.normal());
      }),
    ),
  );
  expect(mean(runs.map((run) => run.withinProcess))).toBeCloseTo(1, 1);
  expect(Math.abs(mean(runs.map((run) => run.betweenProcesses)) - 4)).toBeLessThan(0.2);
});

test('dear processes are worth more rounds each', () => {
  const components = { withinProcess: 4, betweenProcesses: 1, icc: 0.2, designEffect: 2 };
  expect(cheapestRounds(components, 100, 1)).toBe(20);
  expect(cheapestRounds(components, 1, 1)).toBe(2);
});
