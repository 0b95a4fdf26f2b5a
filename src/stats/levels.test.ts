import { expect, test } from 'vitest';
import { levelsOf, mostFrequent } from './levels.ts';

test('processes within a factor of 1.5 of a neighbour share a level', () => {
  expect(levelsOf([100, 140, 190, 120])).toEqual([0, 0, 0, 0]);
  expect(levelsOf([])).toEqual([]);
});

test('levels are numbered by their figures, whatever the order of the processes', () => {
  expect(levelsOf([103, 33, 101, 34, 900])).toEqual([1, 0, 1, 0, 2]);
});

test('the level of most processes is shown; of equally many the lower', () => {
  expect(mostFrequent(['1', '0', '1'])).toBe('1');
  expect(mostFrequent(['1', '0'])).toBe('0');
  expect(mostFrequent([])).toBeUndefined();
});
