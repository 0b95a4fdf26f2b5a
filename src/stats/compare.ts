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
import { tCdf } from './distributions.ts';
import { mean, trimmedMean, variance } from './location.ts';
import { logRatios } from './paired.ts';
import { minDetectableEffect, standardError, valuesForEquivalence } from './power.ts';
import { tInterval } from './t_interval.ts';
import { isEquivalent, judge, type Verdict, type VerdictDetail, verdictOf } from './verdict.ts';

export interface CompareOptions {
  /** Whether a larger value of the metric is the better one (iops: yes; nsPerIo: no). */
  higherIsBetter: boolean;
  /** Seeds the bootstrap. */
  seed: number;
  /** Relative difference that does not matter, fixed before the run: 0.02 is 2 % and the default. */
  margin?: number;
  /** Level of the verdict, 0.05 unless told; divide it by the number of comparisons that one claim rests on. */
  alpha?: number;
  /**
   * Level of a single look that stands for 5 % over all looks of a run that goes on while it is inconclusive (looks.ts); 0.05
   * unless told. Intervals and p-values are paid for: they hold over all looks.
   */
  lookAlpha?: number;
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
  /** Two-sided p-value of no difference: the level at which the interval would touch 1; null with a single round. */
  pValue: number | null;
  /** p-value of a difference as large as the margin (two one-sided tests); null with a single round. */
  pEquivalence: number | null;
  /** Paired rounds used. */
  n: number;
  /** Processes behind them. */
  processes: number;
  /** The margin, in percent. */
  marginPercent: number;
}

/**
 * Compares two arms by their samples of the same rounds.
 * @param a positive samples of one metric, one per round
 * @param b samples of the same rounds; ratios are a / b
 */
export function compare(a: readonly number[], b: readonly number[], options: CompareOptions): Comparison {
  const { margin = 0.02, alpha = 0.05, lookAlpha = 0.05, higherIsBetter } = options;
  assert(a.length > 0, 'a comparison needs at least one round');
  const estimate = estimateOf(logRatios(a, b), options);
  const n = a.length;
  const { processes } = estimate;
  const common = { ratio: Math.exp(estimate.centre), n, processes, marginPercent: margin * 100 };
  if (estimate.units < 2) return { ...common, ...NO_EVIDENCE };
  const epsilon = Math.log1p(margin);
  /** Share of a level that one look may use. */
  const perLook = lookAlpha / 0.05;
  const level = alpha * perLook;
  const difference = estimate.interval(level);
  const detail = judge({ difference, equivalence: estimate.interval(2 * level), epsilon, higherIsBetter });
  const df = estimate.units - 1;
  const error = standardError((difference[1] - difference[0]) / 2, df, level);
  return {
    ...common,
    ci95: exponential(estimate.interval(0.05 * perLook)),
    ci90: exponential(estimate.interval(0.1 * perLook)),
    verdict: verdictOf(detail),
    detail,
    minDetectable: Math.expm1(minDetectableEffect(error, df, level)),
    roundsNeeded: valuesForEquivalence(error, n, epsilon, level),
    pValue: Math.min(1, estimate.pDifference() / perLook),
    pEquivalence: Math.min(1, estimate.pEquivalence(epsilon) / perLook),
  };
}

/** What a single round, or a single process of several, leaves open. */
const NO_EVIDENCE = {
  ci95: null,
  ci90: null,
  verdict: 'inconclusive',
  detail: 'inconclusive',
  minDetectable: null,
  roundsNeeded: null,
  pValue: null,
  pEquivalence: null,
} as const;

interface Estimate {
  /** Log units. */
  centre: number;
  /** Independent values behind the interval: rounds, or processes. */
  units: number;
  processes: number;
  /** The (1 - alpha) interval, log units; needs two units. */
  interval(alpha: number): Interval;
  /** The level at which the interval would touch 0. */
  pDifference(): number;
  /** The level at which two one-sided tests would just place the estimate within +-epsilon. */
  pEquivalence(epsilon: number): number;
}

/** Fewer values than this are not trimmed by 10 %, and resampling them covers too little. */
const BOOTSTRAP_FROM = 10;

function estimateOf(differences: number[], options: CompareOptions): Estimate {
  const byProcess = Object.values(Object.groupBy(differences, (_, i) => options.processes?.[i] ?? 0));
  if (byProcess.length > 1) {
    const means = byProcess.map((values) => trimmedMean(values as number[]));
    return { ...byStudent(means), processes: means.length };
  }
  if (differences.length < BOOTSTRAP_FROM) return { ...byStudent(differences), processes: 1 };
  return { ...byBootstrap(differences, options), processes: 1 };
}

function byStudent(values: number[]): Omit<Estimate, 'processes'> {
  const centre = mean(values);
  const df = values.length - 1;
  const error = Math.sqrt(variance(values) / values.length);
  /** Chance of a mean that far above 0 or further. */
  const above = (value: number): number => (value === 0 ? 0.5 : 1 - tCdf(value / error, df));
  return {
    centre,
    units: values.length,
    interval: (alpha) => tInterval(values, alpha),
    pDifference: () => 2 * above(Math.abs(centre)),
    pEquivalence: (epsilon) => above(epsilon - Math.abs(centre)),
  };
}

function byBootstrap(values: number[], options: CompareOptions): Omit<Estimate, 'processes'> {
  const resampled = bootstrapTrimmedMeans(values, options);
  const interval = (alpha: number): Interval => percentileInterval(resampled, expandedAlpha(alpha, values.length));
  return {
    centre: trimmedMean(values),
    units: values.length,
    interval,
    pDifference: () =>
      smallestLevel((alpha) => {
        const [lo, hi] = interval(alpha);
        return lo > 0 || hi < 0;
      }),
    pEquivalence: (epsilon) => smallestLevel((alpha) => alpha <= 0.5 && isEquivalent(interval(2 * alpha), epsilon)),
  };
}

const P_VALUE_STEPS = 30;

/** The smallest level at which a test rejects. @param rejects at every level above it */
function smallestLevel(rejects: (level: number) => boolean): number {
  let [accepts, above] = [0, 1];
  for (let step = 0; step < P_VALUE_STEPS; step++) {
    const middle = (accepts + above) / 2;
    if (rejects(middle)) above = middle;
    else accepts = middle;
  }
  return above;
}

function exponential([lo, hi]: Interval): [number, number] {
  return [Math.exp(lo), Math.exp(hi)];
}
