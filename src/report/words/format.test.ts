import { expect, test } from 'vitest';
import { bytesOf } from '../../catalogue/options/words.ts';
import { formatEstimate, formatPercent, formatPerIo, formatRatio, ratioWords } from './format.ts';

test('a median and its interval share one unit and the digits the interval supports', () => {
  expect(formatEstimate({ median: 21_340_000, ci95: [21_310_000, 21_380_000] })).toBe('21.34 M [21.31, 21.38]');
  expect(formatEstimate({ median: 171.23, ci95: [165, 178] })).toBe('171 [165, 178]');
  expect(formatEstimate({ median: 999_600, ci95: [990_000, 1_010_000] })).toBe('1000 k [990, 1010]');
  expect(formatEstimate({ median: 0.5, ci95: [0.5, 0.5] })).toBe('0.500 [0.500, 0.500]');
});

test('without an interval the median stands alone, without a median a dash', () => {
  expect(formatEstimate({ median: 48.77, ci95: null })).toBe('48.8');
  expect(formatEstimate(null)).toBe('-');
});

test('ratios carry their interval', () => {
  expect(formatRatio(2.4142, [2.38, 2.44])).toBe('2.41 [2.38, 2.44]');
  expect(formatRatio(0.1417, [0.1414, 0.1422])).toBe('0.1417 [0.1414, 0.1422]');
  expect(formatRatio(1.02, null)).toBe('1.02');
  expect(ratioWords(2.4142, [2.38, 2.44])).toEqual({ value: '2.41', range: '2.38 to 2.44' });
});

test('a bound of a ratio beyond a thousand times says only that', () => {
  expect(formatRatio(1.7, [1e-19, 5.86e18])).toBe('1.70 [< 0.001, > 1000]');
  expect(formatRatio(0, [0, 2])).toBe('0.00 [0.00, 2.00]');
  expect(ratioWords(1.7, [0.4, 1e4]).range).toBe('0.40 to > 1000');
});

test('percentages keep two digits, counts per I/O two decimals', () => {
  expect(formatPercent(0.0314)).toBe('3.1 %');
  expect(formatPercent(0.00042)).toBe('0.042 %');
  expect(formatPerIo(1 / 32)).toBe('0.03');
  expect(formatPerIo(3)).toBe('3');
  expect(formatPerIo(null)).toBe('-');
});

test('sizes are read from numbers and from text; anything else is no size', () => {
  expect(bytesOf(4096)).toBe(4096);
  expect(bytesOf('16GiB')).toBe(16 * 2 ** 30);
  expect(bytesOf('4k/50:64k/50')).toBeUndefined();
  expect(bytesOf(undefined)).toBeUndefined();
});
