// Whether a series of one machine has taken a step for the worse lately: change points (PELT) over the logarithms, so that a
// margin means the same at every level. A step that is older than `recent` records is the level that was accepted.
import { changePoints } from '../stats/change_points.ts';
import { median } from '../stats/location.ts';
import type { GateVerdict } from './outcome.ts';

/** Fewer records than this say nothing about steps. */
export const MIN_HISTORY = 20;

/** Shortest stretch that is a level of its own. */
const SHORTEST_LEVEL = 3;

export interface ShiftOptions {
  higherIsBetter: boolean;
  /** A smaller step does not matter. */
  marginPercent: number;
  recent: number;
  least: number;
}

export interface Shift {
  verdict: GateVerdict;
  why: string;
  /** Latest level over the one before: 1 where there was no step. */
  ratio: number;
  /** Index of the first record of the latest level. */
  since: number;
}

/** @param values positive, oldest first, the present one last */
export function judgeShift(values: readonly number[], options: ShiftOptions): Shift {
  const { least, marginPercent, recent, higherIsBetter } = options;
  const n = values.length;
  if (n < least) {
    const why = `${n} of the ${least} records that a verdict needs: it goes on growing with --record`;
    return { verdict: 'inconclusive', why, ratio: 1, since: 0 };
  }
  const starts = changePoints(withoutOddRecords(values.map(Math.log)), { minSegment: SHORTEST_LEVEL });
  const since = starts.at(-1);
  if (since === undefined) return { verdict: 'pass', why: `no step in ${n} records`, ratio: 1, since: 0 };
  const ratio = median(values.slice(since)) / median(values.slice(starts.at(-2) ?? 0, since));
  const step = `step of ${((ratio - 1) * 100).toFixed(1)} % at record ${since + 1} of ${n}`;
  const isWorse = higherIsBetter ? ratio < 1 / (1 + marginPercent / 100) : ratio > 1 + marginPercent / 100;
  const shift = { ratio, since };
  if (n - since > recent) return { ...shift, verdict: 'pass', why: `latest ${step}, before the last ${recent}` };
  if (isWorse) return { ...shift, verdict: 'fail', why: `${step}, worse by more than ${marginPercent} %` };
  return { ...shift, verdict: 'pass', why: `${step}, not worse by more than ${marginPercent} %` };
}

/** Each record as the median of three around it: one disturbed run is gone, a step of two records or more stays. */
function withoutOddRecords(series: readonly number[]): number[] {
  return series.map((_, i) => {
    const first = Math.min(Math.max(0, i - 1), series.length - 3);
    return median(series.slice(first, first + 3));
  });
}
