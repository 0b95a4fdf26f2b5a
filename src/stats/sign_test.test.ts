import { expect, test } from 'vitest';
import { signTestInterval, signTestPValue } from './sign_test.ts';

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test('95 % needs six values, 98.33 % seven, 99 % eight', () => {
  expect(signTestInterval(upTo(5), 0.05)).toBeUndefined();
  expect(signTestInterval(upTo(6), 0.05)).toEqual([1, 6]);
  expect(signTestInterval(upTo(6), 0.05 / 3)).toBeUndefined();
  expect(signTestInterval(upTo(7), 0.05 / 3)).toEqual([1, 7]);
  expect(signTestInterval(upTo(7), 0.01)).toBeUndefined();
  expect(signTestInterval(upTo(8), 0.01)).toEqual([1, 8]);
});

test('order statistics for larger samples agree with the tables', () => {
  expect(signTestInterval(upTo(20), 0.05)).toEqual([6, 15]);
  expect(signTestInterval(upTo(100), 0.05)).toEqual([40, 61]);
});

test('the p-value is the exact two-sided binomial one and leaves zeros out', () => {
  expect(signTestPValue([1, 1, 1, 1, 1, 1])).toBe(2 / 64);
  expect(signTestPValue([1, 0, -1, 0])).toBe(1);
  expect(signTestPValue([])).toBe(1);
});
