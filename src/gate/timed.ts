// Timed rules: a ratio of two arms by the pairs they share (rounds, or runs of two commits), with its interval against the rule's
// bounds. A rule is kept when the whole interval lies inside; it is broken when its p-value, adjusted by Holm over all timed rules of
// the gate, says that the ratio lies outside. So among all rules that hold, one is called broken in at most 5 % of gates; no such
// correction is needed to pass: the gate passes only when each rule does. What is called broken stops somebody's work, so two tests
// must agree: that of the interval, and the sign test, which assumes nothing about the noise and says nothing from fewer than six pairs.
import { compare } from '../stats/compare.ts';
import { tCdf, tQuantile } from '../stats/distributions.ts';
import { holm } from '../stats/multiplicity.ts';
import { logRatios } from '../stats/paired.ts';
import { signTestPValue } from '../stats/sign_test.ts';
import type { AgainstRule, EquivalentRule, MetricName, RatioRule } from './gates_file.ts';
import type { GateVerdict, Outcome } from './outcome.ts';

export type TimedRule = RatioRule | EquivalentRule | AgainstRule;

/** One metric of two arms, value by value: of the rounds they share, or of the runs of two commits. */
export interface PairedSamples {
  a: readonly number[];
  b: readonly number[];
  /** Process of each pair. */
  processes?: readonly number[];
  seed: number;
  /** Level of one look of several, 0.05 for a single one: intervals hold over all of them. */
  lookAlpha?: number;
}

/** A ratio a/b. */
export interface Evidence {
  ratio: number;
  ci95: readonly [number, number] | null;
  ci90: readonly [number, number] | null;
  /** Pairs behind it, and independent values (processes, or pairs of one process). */
  n: number;
  units: number;
  minDetectable: number | null;
  /** Logarithms of the pairs' ratios. */
  differences: readonly number[];
}

/** Bounds of the ratio; 0 and infinity where there is none. */
interface Bounds {
  lo: number;
  hi: number;
  /** Sureness of the interval that must lie inside. */
  level: 0.95 | 0.9;
  words: string;
}

/** Chance that a gate whose rules all hold calls one of them broken. */
const ALPHA = 0.05;

export const HIGHER_IS_BETTER: Readonly<Record<MetricName, boolean>> = {
  iops: true,
  nsPerIo: false,
  cpuNsPerIo: false,
};

/** @param samples at least one pair */
export function evidenceOf(samples: PairedSamples, metric: MetricName): Evidence {
  const { a, b } = samples;
  const { ratio, ci95, ci90, n, processes, minDetectable } = compare(a, b, {
    ...samples,
    higherIsBetter: HIGHER_IS_BETTER[metric],
  });
  const differences = logRatios(a, b);
  return { ratio, ci95, ci90, n, units: processes > 1 ? processes : n, minDetectable, differences };
}

export function boundsOf(rule: TimedRule): Bounds {
  switch (rule.kind) {
    case 'ratio': {
      const words = [
        ...(rule.above === undefined ? [] : [`above ${rule.above}`]),
        ...(rule.below === undefined ? [] : [`below ${rule.below}`]),
      ];
      return {
        lo: rule.above ?? 0,
        hi: rule.below ?? Number.POSITIVE_INFINITY,
        level: 0.95,
        words: words.join(' and '),
      };
    }
    case 'equivalent': {
      // Two one-sided tests at 5 % are the 90 % interval.
      const hi = 1 + rule.marginPercent / 100;
      return { lo: 1 / hi, hi, level: 0.9, words: `within ${rule.marginPercent} % of 1` };
    }
    case 'against': {
      const worst = 1 + rule.marginPercent / 100;
      const words = `not worse by more than ${rule.marginPercent} %`;
      return HIGHER_IS_BETTER[rule.metric]
        ? { lo: 1 / worst, hi: Number.POSITIVE_INFINITY, level: 0.9, words }
        : { lo: 0, hi: worst, level: 0.9, words };
    }
  }
}

/**
 * Two-sided p-value of "the ratio is inside the bounds" against "outside", by the t distribution with the standard error that
 * the interval has on that side: it is 5 % exactly where an end of the 95 % interval touches a bound from outside.
 */
export function pOutside(evidence: Evidence, { lo, hi }: Pick<Bounds, 'lo' | 'hi'>): number {
  const { ratio, ci95, units } = evidence;
  if (ci95 === null || units < 2) return 1;
  const df = units - 1;
  const centre = Math.log(ratio);
  const distance = ratio > hi ? centre - Math.log(hi) : ratio < lo ? Math.log(lo) - centre : 0;
  if (distance <= 0) return 1;
  const halfWidth = ratio > hi ? centre - Math.log(ci95[0]) : Math.log(ci95[1]) - centre;
  const error = halfWidth / tQuantile(0.975, df);
  return error > 0 ? Math.min(1, 2 * (1 - tCdf(distance / error, df))) : 0;
}

/** The larger of both tests' p-values. */
function pBroken(evidence: Evidence, bounds: Pick<Bounds, 'lo' | 'hi'>): number {
  const bound = Math.log(evidence.ratio > bounds.hi ? bounds.hi : bounds.lo);
  const p = pOutside(evidence, bounds);
  return p === 1 ? 1 : Math.max(p, signTestPValue(evidence.differences.map((difference) => difference - bound)));
}

/** Whether the interval of the rule's level lies inside its bounds. */
export function isKept(rule: TimedRule, evidence: Evidence): boolean {
  const { lo, hi, level } = boundsOf(rule);
  const interval = level === 0.9 ? evidence.ci90 : evidence.ci95;
  return interval !== null && interval[0] > lo && interval[1] < hi;
}

/** Whether a rule has its verdict already, whatever the others of so many will say: the looks at a run that goes on. */
export function isDecided(rule: TimedRule, evidence: Evidence, rules: number): boolean {
  return isKept(rule, evidence) || pBroken(evidence, boundsOf(rule)) * rules <= ALPHA;
}

/** Verdicts of all timed rules together, in their order. */
export function verdictsOf(
  judged: readonly { rule: TimedRule; evidence: Evidence }[],
): { verdict: GateVerdict; pAdjusted: number }[] {
  const adjusted = holm(judged.map(({ rule, evidence }) => pBroken(evidence, boundsOf(rule))));
  return judged.map(({ rule, evidence }, index) => {
    const pAdjusted = adjusted[index] as number;
    const verdict = isKept(rule, evidence) ? 'pass' : pAdjusted <= ALPHA ? 'fail' : 'inconclusive';
    return { verdict, pAdjusted };
  });
}

/** The outcome of a timed rule. @param what the two sides, as `dma_vec/fixed over page/fixed` */
export function timedOutcome(
  rule: TimedRule,
  evidence: Evidence,
  { verdict, pAdjusted }: { verdict: GateVerdict; pAdjusted: number },
  what: string,
): Outcome {
  const { words, level } = boundsOf(rule);
  const interval = level === 0.9 ? evidence.ci90 : evidence.ci95;
  const { ratio, n, units, minDetectable } = evidence;
  return {
    rule,
    verdict,
    measured: `${rule.metric} of ${what}: ${ratio.toPrecision(3)}`,
    bound: words,
    interval,
    level,
    why: reason(verdict, evidence, level, pAdjusted),
    figures: { ratio, blocks: n, independent: units, pAdjusted, minDetectable },
  };
}

function reason(verdict: GateVerdict, { n, units, minDetectable }: Evidence, level: number, pAdjusted: number): string {
  const pairs = units === n ? `${n} pairs` : `${n} pairs of ${units} processes`;
  const sure = `${level * 100} % interval of ${pairs}`;
  if (verdict === 'pass') return `the ${sure} lies inside`;
  if (verdict === 'fail')
    return `outside, p ${pAdjusted < 0.001 ? '< 0.001' : `= ${pAdjusted.toFixed(3)}`} after Holm (${pairs})`;
  const seen =
    minDetectable === null || minDetectable > 1
      ? ''
      : `; a difference of ${(minDetectable * 100).toPrecision(2)} % would have been seen`;
  return `the ${sure} reaches over the bound${seen}: more time (--budget) or a quieter machine`;
}
