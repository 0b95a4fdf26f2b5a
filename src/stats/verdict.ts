// From intervals to words. A difference is judged against a margin that was named before the run, so that "no difference" can be
// a finding (two one-sided tests) and a significant but tiny difference is not sold as one.
import type { Interval } from './bootstrap.ts';

/** The words of the result contract. */
export const VERDICTS = ['faster', 'slower', 'equivalent', 'inconclusive'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What the verdict rests on. */
export const DETAILS = [
  'faster',
  'slower',
  'faster, size uncertain',
  'slower, size uncertain',
  'different but negligible',
  'equivalent',
  'inconclusive',
] as const;
export type VerdictDetail = (typeof DETAILS)[number];

export interface Evidence {
  /** (1 - alpha) interval of ln(a/b). */
  difference: Interval;
  /** (1 - 2 alpha) interval of ln(a/b), for the two one-sided tests. */
  equivalence: Interval;
  /** ln(1 + margin): differences inside +-epsilon do not matter. */
  epsilon: number;
  /** Whether a larger value of the metric is the better one (iops: yes; nsPerIo: no). */
  higherIsBetter: boolean;
}

/** Two one-sided tests: the (1 - 2 alpha) interval lies inside (-epsilon, +epsilon). */
export function isEquivalent(interval: Interval, epsilon: number): boolean {
  return interval[0] > -epsilon && interval[1] < epsilon;
}

/** Says whether a is faster than b, and on what ground. */
export function judge({ difference, equivalence, epsilon, higherIsBetter }: Evidence): VerdictDetail {
  const [lo, hi] = difference;
  const differs = lo > 0 || hi < 0;
  const word = lo > 0 === higherIsBetter ? 'faster' : 'slower';
  if (lo > epsilon || hi < -epsilon) return word;
  if (isEquivalent(equivalence, epsilon)) return differs ? 'different but negligible' : 'equivalent';
  return differs ? `${word}, size uncertain` : 'inconclusive';
}

const WORD_OF: Readonly<Record<VerdictDetail, Verdict>> = {
  faster: 'faster',
  slower: 'slower',
  'faster, size uncertain': 'faster',
  'slower, size uncertain': 'slower',
  'different but negligible': 'equivalent',
  equivalent: 'equivalent',
  inconclusive: 'inconclusive',
};

/** The contract's word for a detailed verdict: a certain direction of uncertain size keeps its direction. */
export function verdictOf(detail: VerdictDetail): Verdict {
  return WORD_OF[detail];
}
