// One comparison of two arms measured in the same rounds: ratio, intervals, verdict, and what could have been seen.
//
// Estimand: the 10 % trimmed mean of ln(a_i / b_i). Intervals, chosen by simulated coverage (compare.test.ts):
// - 10 rounds or more: bootstrap of the trimmed mean, percentile interval at the expanded level;
// - fewer rounds: Student's t. Nothing is trimmed from fewer than 10 values, so this is an interval of the same estimate, and
//   resampling so few covers only 83 to 93 %;
// - rounds of several processes: Student's t over the trimmed means of the processes. The two-level bootstrap
//   (bootstrap.ts) covers 98 % when processes agree and 90 % when they do not; t holds 94 to 97 % in both cases.
import { assert } from '../base/errors.ts';
import { bootstrapTrimmedMeans, expandedAlpha, type Interval, percentileInterval } from './bootstrap.ts';
import { mean, trimmedMean } from './location.ts';
import { logRatios } from './paired.ts';
import { minDetectableEffect, standardError, valuesForEquivalence } from './power.ts';
import { tInterval } from './t_interval.ts';
import { judge, type Verdict, type VerdictDetail, verdictOf } from './verdict.ts';

export interface CompareOptions {
  /** Whether a larger value of the metric is the better one (iops: yes; nsPerIo: no). */
  higherIsBetter: boolean;
  /** Seeds the bootstrap. */
  seed: number;
  /** Relative difference that does not matter, fixed before the run: 0.02 is 2 % and the default. */
  margin?: number;
  /** Level of the verdict, 0.05 unless told; divide it by the number of comparisons that one claim rests on. */
  alpha?: number;
  /** Process each round ran in, when there were several; rounds of one process are not independent. */
  processes?: readonly number[];
  /** Bootstrap resamples, 10 000 unless told. */
  resamples?: number;
}

export interface Comparison {
  /** a / b: exp of the 10 % trimmed mean of the paired log ratios. */
  ratio: number;
  /** 95 % interval of the ratio; null with a single round. */
  ci95: [lo: number, hi: number] | null;
  /** 90 % interval of the ratio, that of the equivalence test at 5 %; null with a single round. */
  ci90: [lo: number, hi: number] | null;
  verdict: Verdict;
  detail: VerdictDetail;
  /** Smallest true relative difference found with 80 % power (0.012 is 1.2 %); null with a single round. */
  minDetectable: number | null;
  /** Rounds that equivalence within the margin would need at this noise, with 80 % power; null with a single round. */
  roundsNeeded: number | null;
  /** Paired rounds used. */
  n: number;
  /** The margin, in percent. */
  marginPercent: number;
}

/**
 * Compares two arms by their samples of the same rounds.
 * @param a positive samples of one metric, one per round
 * @param b samples of the same rounds; ratios are a / b
 */
export function compare(a: readonly number[], b: readonly number[], options: CompareOptions): Comparison {
  const { margin = 0.02, alpha = 0.05, higherIsBetter } = options;
  assert(a.length > 0, 'a comparison needs at least one round');
  const estimate = estimateOf(logRatios(a, b), options);
  const n = a.length;
  const common = { ratio: Math.exp(estimate.centre), n, marginPercent: margin * 100 };
  if (estimate.units < 2) {
    const verdict = 'inconclusive';
    return { ...common, ci95: null, ci90: null, verdict, detail: verdict, minDetectable: null, roundsNeeded: null };
  }
  const epsilon = Math.log1p(margin);
  const difference = estimate.interval(alpha);
  const equivalence = estimate.interval(2 * alpha);
  const detail = judge({ difference, equivalence, epsilon, higherIsBetter });
  const df = estimate.units - 1;
  const error = standardError((difference[1] - difference[0]) / 2, df, alpha);
  return {
    ...common,
    ci95: exponential(estimate.interval(0.05)),
    ci90: exponential(estimate.interval(0.1)),
    verdict: verdictOf(detail),
    detail,
    minDetectable: Math.expm1(minDetectableEffect(error, df, alpha)),
    roundsNeeded: valuesForEquivalence(error, n, epsilon, alpha),
  };
}

interface Estimate {
  /** Log units. */
  centre: number;
  /** Independent values behind the interval: rounds, or processes. */
  units: number;
  /** The (1 - alpha) interval, log units; needs two units. */
  interval(alpha: number): Interval;
}

/** Fewer values than this are not trimmed by 10 %, and resampling them covers too little. */
const BOOTSTRAP_FROM = 10;

function estimateOf(differences: number[], options: CompareOptions): Estimate {
  const byProcess = Object.values(Object.groupBy(differences, (_, i) => options.processes?.[i] ?? 0));
  if (byProcess.length > 1) {
    const means = byProcess.map((values) => trimmedMean(values as number[]));
    return { centre: mean(means), units: means.length, interval: (alpha) => tInterval(means, alpha) };
  }
  const n = differences.length;
  const centre = trimmedMean(differences);
  if (n < BOOTSTRAP_FROM) return { centre, units: n, interval: (alpha) => tInterval(differences, alpha) };
  const resampled = bootstrapTrimmedMeans(differences, options);
  return { centre, units: n, interval: (alpha) => percentileInterval(resampled, expandedAlpha(alpha, n)) };
}

function exponential([lo, hi]: Interval): [number, number] {
  return [Math.exp(lo), Math.exp(hi)];
}
