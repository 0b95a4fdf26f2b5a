import { expect, test } from 'vitest';
import { normalQuantile, tQuantile } from './distributions.ts';
import { minDetectableEffect, standardError, valuesForDifference, valuesForEquivalence } from './power.ts';

test('the minimum detectable effect is 2.80 standard errors with many values', () => {
  expect(minDetectableEffect(0.01, 1e6)).toBeCloseTo(0.028016, 5);
  expect(minDetectableEffect(0.01, 1e6, 0.05 / 3)).toBeGreaterThan(0.03);
});

test('with few values it stays above the half width of the interval', () => {
  expect(minDetectableEffect(0.01, 2)).toBeGreaterThan(tQuantile(0.975, 2) * 0.01);
});

test('the standard error is recovered from a t interval', () => {
  const halfWidth = tQuantile(0.975, 11) * 0.004;
  expect(standardError(halfWidth, 11, 0.05)).toBeCloseTo(0.004, 12);
});

test('half the difference needs four times the rounds', () => {
  const detectable = (normalQuantile(0.975) + normalQuantile(0.8)) * 0.01;
  expect(valuesForDifference(0.01, 30, detectable)).toBe(30);
  expect(valuesForDifference(0.01, 30, detectable / 2)).toBe(120);
});

test('equivalence at 80 % power needs (2.93 sigma / epsilon)^2 rounds', () => {
  const sigma = 0.03;
  const epsilon = Math.log1p(0.02);
  expect(valuesForEquivalence(sigma / Math.sqrt(20), 20, epsilon)).toBe(Math.ceil(((2.9264 * sigma) / epsilon) ** 2));
});
