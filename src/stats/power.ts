// What a comparison could have seen. "No significant difference" says nothing without it.
import { normalQuantile, tQuantile } from './distributions.ts';

const POWER = 0.8;

/**
 * Standard error behind an interval: half its width over the t quantile it was built with. It is taken from the interval, not
 * from the values, so that trimming and clusters are in it.
 * @param halfWidth of the (1 - alpha) interval, log units
 * @param df degrees of freedom: independent values - 1
 */
export function standardError(halfWidth: number, df: number, alpha: number): number {
  return halfWidth / tQuantile(1 - alpha / 2, df);
}

/**
 * The true difference (log units) that a test at `alpha` finds with 80 % power: t quantile of the test plus that of the power.
 * 2.80 standard errors at 5 % with many values; never less than half the interval's width.
 * @param df degrees of freedom: independent values - 1
 */
export function minDetectableEffect(error: number, df: number, alpha = 0.05): number {
  return (tQuantile(1 - alpha / 2, df) + tQuantile(POWER, df)) * error;
}

/** How many values a test at `alpha` needs to find `difference` with 80 % power, given the standard error from n values. */
export function valuesForDifference(error: number, n: number, difference: number, alpha = 0.05): number {
  const needed = (normalQuantile(1 - alpha / 2) + normalQuantile(POWER)) * error;
  return scaledCount(n, needed / difference);
}

/** How many values equivalence within +-epsilon needs with 80 % power when the true ratio is 1. */
export function valuesForEquivalence(error: number, n: number, epsilon: number, alpha = 0.05): number {
  // Both one-sided tests must pass, so each may miss in half of the 20 %.
  const needed = (normalQuantile(1 - alpha) + normalQuantile(1 - (1 - POWER) / 2)) * error;
  return scaledCount(n, needed / epsilon);
}

/** Standard errors shrink with the root of n. Rounded with a grain of tolerance, so that an exact count stays itself. */
function scaledCount(n: number, excess: number): number {
  return Math.max(2, Math.ceil(n * excess * excess - 1e-9));
}
