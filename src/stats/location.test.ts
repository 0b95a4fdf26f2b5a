import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hodgesLehmann, mad, mean, median, quantile, trimmedMean, variance } from './location.ts';

const sample = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });

test('closed forms', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(quantile([1, 2, 3, 4, 5], 0.1)).toBeCloseTo(1.4, 12);
  expect(mad([1, 1, 2, 2, 4, 6, 9])).toBe(1);
  expect(variance([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(32 / 7, 12);
  expect(hodgesLehmann([1, 2, 6])).toBe(2.75);
});

test('ten values lose one at each end, nine lose none', () => {
  expect(trimmedMean([-1000, 1, 2, 3, 4, 5, 6, 7, 8, 1000])).toBe(4.5);
  expect(trimmedMean([1, 2, 3, 4, 5, 6, 7, 8, 999])).toBe(mean([1, 2, 3, 4, 5, 6, 7, 8, 999]));
});

test('every estimator lies within the sample, moves with it and ignores its order', () => {
  for (const estimator of [median, trimmedMean, hodgesLehmann]) {
    fc.assert(
      fc.property(sample, (values) => {
        const estimate = estimator(values);
        const slack = 1e-6;
        expect(estimate).toBeGreaterThanOrEqual(Math.min(...values) - slack);
        expect(estimate).toBeLessThanOrEqual(Math.max(...values) + slack);
        expect(estimator(values.map((v) => v + 10))).toBeCloseTo(estimate + 10, 5);
        expect(estimator(values.toReversed())).toBeCloseTo(estimate, 5);
      }),
    );
  }
});

test('no estimator changes its input', () => {
  const values = [3, 1, 2];
  for (const estimator of [median, trimmedMean, hodgesLehmann, mad]) estimator(values);
  expect(values).toEqual([3, 1, 2]);
});
