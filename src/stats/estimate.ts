// The figure of one arm by itself: its median over the rounds, with an interval that assumes no distribution.
import { median } from './location.ts';
import { signTestInterval } from './sign_test.ts';

export interface Estimate {
  median: number;
  /** Exact order-statistic interval; null with fewer than six rounds, which cannot have one at 95 %. */
  ci95: [lo: number, hi: number] | null;
}

/** Median of one or more rounds, in their unit. */
export function estimate(rounds: readonly number[]): Estimate {
  const interval = signTestInterval(rounds, 0.05);
  return { median: median(rounds), ci95: interval === undefined ? null : [interval[0], interval[1]] };
}
