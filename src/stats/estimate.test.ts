import { expect, test } from 'vitest';
import { estimate } from './estimate.ts';

test('six rounds span their 95 % interval, five have none', () => {
  expect(estimate([6, 1, 5, 2, 4, 3])).toEqual({ median: 3.5, ci95: [1, 6] });
  expect(estimate([5, 1, 4, 2, 3])).toEqual({ median: 3, ci95: null });
});
