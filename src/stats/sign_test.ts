// The sign test: an interval of the median and a p-value that assume nothing but independence.
import type { Interval } from './bootstrap.ts';
import { binomialHalfCdf } from './distributions.ts';
import { sorted } from './location.ts';

/**
 * Exact interval of the median: [d_(k), d_(n+1-k)] for the largest k with P(Bin(n, 1/2) < k) <= alpha / 2.
 * @returns undefined when n is too small for this alpha (95 % needs 6 values, 99 % needs 8)
 */
export function signTestInterval(values: ArrayLike<number>, alpha: number): Interval | undefined {
  const n = values.length;
  let k = 0;
  while (k < Math.ceil(n / 2) && binomialHalfCdf(k, n) <= alpha / 2) k++;
  if (k === 0) return undefined;
  const ascending = sorted(values);
  return [ascending[k - 1] as number, ascending[n - k] as number];
}

/** Two-sided exact p-value of "the median is 0"; zeros count for neither side. */
export function signTestPValue(values: ArrayLike<number>): number {
  let above = 0;
  let below = 0;
  for (let i = 0; i < values.length; i++) {
    if ((values[i] as number) > 0) above++;
    if ((values[i] as number) < 0) below++;
  }
  return Math.min(1, 2 * binomialHalfCdf(Math.min(above, below), above + below));
}
