// Verdicts of many comparisons that one reader or one gate takes together: their p-values are adjusted for their number.
import { benjaminiHochberg, holm } from './multiplicity.ts';
import type { Verdict } from './verdict.ts';

/** Holm holds the chance of any false verdict (gates); Benjamini-Hochberg the share of false ones (sweeps). */
const ADJUSTMENTS = { holm, 'benjamini-hochberg': benjaminiHochberg } as const;
export type Adjustment = keyof typeof ADJUSTMENTS;

/** What a comparison brings to its family. */
export interface Judged {
  verdict: Verdict;
  /** Two-sided, of no difference; null where there is no evidence. */
  pValue: number | null;
  /** Of a difference as large as the margin (two one-sided tests). */
  pEquivalence: number | null;
}

export interface AdjustedVerdict {
  method: Adjustment;
  /** Comparisons of the family. */
  of: number;
  /** Adjusted p-value of no difference. */
  pValue: number;
  /** The verdict that remains; a verdict is only ever taken back. */
  verdict: Verdict;
}

const LEVEL = 0.05;

/** Adjusts the verdicts of one family; in its order. */
export function adjustVerdicts(family: readonly Judged[], method: Adjustment): AdjustedVerdict[] {
  const adjust = ADJUSTMENTS[method];
  const differences = adjust(family.map(({ pValue }) => pValue ?? 1));
  const equivalences = adjust(family.map(({ pEquivalence }) => pEquivalence ?? 1));
  return family.map(({ verdict }, index) => {
    const pValue = differences[index] as number;
    const p = verdict === 'equivalent' ? (equivalences[index] as number) : pValue;
    return { method, of: family.length, pValue, verdict: p <= LEVEL ? verdict : 'inconclusive' };
  });
}
