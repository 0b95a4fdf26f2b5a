// When is an arm warm? Two rules over the last slices of its own series; never the ratio between arms, or the rule would choose
// the result.
import { mean, median } from './location.ts';

export interface SteadyRule {
  /** Slices looked at. */
  window: number;
  /** Drift over the window by a least-squares line, percent of the mean, must stay below. */
  slopePercent: number;
  /** Farthest slice from the median, percent of the median, must stay below. */
  rangePercent: number;
}

export const STEADY_RULE: SteadyRule = { window: 10, slopePercent: 2, rangePercent: 5 };

/** Least-squares drift of a series over its whole length, percent of its mean, without sign. */
export function driftPercent(series: ArrayLike<number>): number {
  const n = series.length;
  const centre = mean(series);
  const middle = (n - 1) / 2;
  let covariance = 0;
  let spread = 0;
  for (let i = 0; i < n; i++) {
    covariance += (i - middle) * ((series[i] as number) - centre);
    spread += (i - middle) ** 2;
  }
  return Math.abs(((covariance / spread) * n * 100) / centre);
}

/** Distance of the farthest value from the median, percent of the median. */
export function rangePercent(series: ArrayLike<number>): number {
  const centre = median(series);
  let farthest = 0;
  for (let i = 0; i < series.length; i++) farthest = Math.max(farthest, Math.abs((series[i] as number) - centre));
  return (farthest * 100) / centre;
}

/** Whether the last `window` values of a positive series (time or rate per slice) neither drift nor scatter. */
export function isSteady(series: readonly number[], rule: SteadyRule = STEADY_RULE): boolean {
  if (series.length < rule.window) return false;
  const last = series.slice(-rule.window);
  return driftPercent(last) < rule.slopePercent && rangePercent(last) < rule.rangePercent;
}
