import { expect, test } from 'vitest';
import { binomialHalfCdf, normalCdf, normalQuantile, tCdf, tQuantile } from './distributions.ts';

test('the normal distribution agrees with the tables', () => {
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 10);
  expect(normalQuantile(0.8)).toBeCloseTo(0.8416212335729143, 10);
  expect(normalQuantile(0.5)).toBe(0);
  expect(normalCdf(-3)).toBeCloseTo(0.0013498980316301, 12);
  expect(normalCdf(40)).toBe(1);
});

test("Student's t agrees with the tables and tends to the normal", () => {
  expect(tQuantile(0.975, 1)).toBeCloseTo(12.706204736432095, 8);
  expect(tQuantile(0.975, 4)).toBeCloseTo(2.7764451051977987, 9);
  expect(tQuantile(0.95, 29)).toBeCloseTo(1.6991270265334972, 9);
  expect(tQuantile(0.975, 1e6)).toBeCloseTo(normalQuantile(0.975), 5);
  expect(tCdf(tQuantile(0.013, 7), 7)).toBeCloseTo(0.013, 12);
});

test('binomial tails are exact, also where 2^-n is no longer a double', () => {
  expect(binomialHalfCdf(0, 6)).toBe(1 / 64);
  expect(binomialHalfCdf(2, 4)).toBe(11 / 16);
  expect(binomialHalfCdf(10, 10)).toBe(1);
  expect(binomialHalfCdf(1000, 2000)).toBeCloseTo(0.50892, 4);
});
