import { expect, test } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { driftPercent, isSteady, rangePercent } from './steady_state.ts';

const flat = Array.from({ length: 10 }, (_, i) => 100 + (i % 2));

test('a line of known slope drifts by its rise over the window', () => {
  expect(driftPercent([95.5, 96.5, 97.5, 98.5, 99.5, 100.5, 101.5, 102.5, 103.5, 104.5])).toBeCloseTo(10, 9);
  expect(driftPercent([104.5, 103.5, 102.5, 101.5, 100.5, 99.5, 98.5, 97.5, 96.5, 95.5])).toBeCloseTo(10, 9);
});

test('the range is that of the farthest value', () => {
  expect(rangePercent([100, 100, 100, 94])).toBe(6);
});

test('a flat series is steady, a short one is not yet', () => {
  expect(isSteady(flat)).toBe(true);
  expect(isSteady(flat.slice(1))).toBe(false);
});

test('a drift of 3 % over the window or one slice 6 % off is not steady', () => {
  expect(isSteady(flat.map((value, i) => value * (1 + 0.003 * i)))).toBe(false);
  expect(isSteady(flat.with(4, 94))).toBe(false);
});

test('only the last window counts', () => {
  expect(isSteady([500, 300, 200, ...flat])).toBe(true);
});

test('noise of 1 % is steady in nearly every window', () => {
  const random = seededRandom(3);
  const steady = Array.from({ length: 500 }, () => isSteady(flat.map(() => 100 * (1 + 0.01 * random.normal()))));
  expect(steady.filter(Boolean).length).toBeGreaterThan(375);
});
