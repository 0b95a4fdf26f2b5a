// Student's t interval of a mean: what is left when there are too few values to resample.
import type { Interval } from './bootstrap.ts';
import { tQuantile } from './distributions.ts';
import { mean, variance } from './location.ts';

/** The (1 - alpha) interval of the mean of two or more values. */
export function tInterval(values: ArrayLike<number>, alpha: number): Interval {
  const n = values.length;
  const centre = mean(values);
  const halfWidth = tQuantile(1 - alpha / 2, n - 1) * Math.sqrt(variance(values) / n);
  return [centre - halfWidth, centre + halfWidth];
}
