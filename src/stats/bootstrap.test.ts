import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { bootstrapTrimmedMeans, clusterBootstrapTrimmedMeans, expandedAlpha, percentileInterval } from './bootstrap.ts';
import { trimmedMean } from './location.ts';

test('a resample has the trimmed mean of the values it draws', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 }), fc.nat(), (values, seed) => {
      const [only] = bootstrapTrimmedMeans(values, { seed, resamples: 1 });
      const random = seededRandom(seed);
      const ascending = values.toSorted((a, b) => a - b);
      const drawn = values.map(() => ascending[random.below(values.length)] as number);
      expect(only).toBeCloseTo(trimmedMean(drawn), 9);
    }),
  );
});

test('the same seed gives the same distribution, another seed another one', () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const options = { seed: 5, resamples: 100 };
  expect(bootstrapTrimmedMeans(values, options)).toEqual(bootstrapTrimmedMeans(values, options));
  expect(bootstrapTrimmedMeans(values, options)).not.toEqual(bootstrapTrimmedMeans(values, { ...options, seed: 6 }));
});

test('clusters of one value each are the one-level bootstrap', () => {
  const values = [5, 1, 4, 2, 3];
  const twoLevel = clusterBootstrapTrimmedMeans(
    values.map((value) => [value]),
    { seed: 1, resamples: 4000 },
  );
  const oneLevel = bootstrapTrimmedMeans(values, { seed: 2, resamples: 4000 });
  for (const alpha of [0.05, 0.5]) {
    percentileInterval(twoLevel, alpha).forEach((end, i) => {
      expect(Math.abs(end - (percentileInterval(oneLevel, alpha)[i] as number))).toBeLessThanOrEqual(0.2);
    });
  }
});

test('a difference between clusters widens the two-level interval only', () => {
  const clusters = [
    [1, 1.1, 0.9],
    [2, 2.1, 1.9],
    [3, 3.1, 2.9],
  ];
  const width = (means: Float64Array) => percentileInterval(means, 0.05)[1] - percentileInterval(means, 0.05)[0];
  const options = { seed: 1, resamples: 2000 };
  const pooled = width(bootstrapTrimmedMeans(clusters.flat(), options));
  expect(width(clusterBootstrapTrimmedMeans(clusters, options))).toBeGreaterThan(1.3 * pooled);
});

test('percentile ends are the order statistics of the rule', () => {
  const ascending = Float64Array.from({ length: 1000 }, (_, i) => i + 1);
  expect(percentileInterval(ascending, 0.05)).toEqual([26, 975]);
  expect(percentileInterval(ascending, 0)).toEqual([1, 1000]);
});

test('the expanded level is stricter for few values and tends to alpha for many', () => {
  expect(expandedAlpha(0.05, 10)).toBeLessThan(0.02);
  expect(expandedAlpha(0.05, 1e5)).toBeCloseTo(0.05, 4);
  expect(expandedAlpha(0.05, 1)).toBe(0);
});
