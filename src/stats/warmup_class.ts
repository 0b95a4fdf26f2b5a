// What a process did over its life: flat, warmed up, slowed down, or never settled (classes of Barrett et al., OOPSLA 2017).
import { type ChangePointOptions, type Segment, segments } from './change_points.ts';
import { median, quantileOfSorted, sorted } from './location.ts';

export const WARMUP_CLASSES = ['flat', 'warmup', 'slowdown', 'no steady state'] as const;
export type WarmupClass = (typeof WARMUP_CLASSES)[number];

export interface WarmupOptions extends ChangePointOptions {
  /** Whether a larger value is the better one: rates yes, times no. */
  higherIsBetter: boolean;
  /** Segments whose means differ by less than this fraction of the last one's count as equal; 0.01 unless told. */
  tolerance?: number;
}

export interface Warmup {
  class: WarmupClass;
  /** Index of the first value of the steady state; the length of the series when there is none. */
  steadyFrom: number;
}

/** Share of the series, at its end, that must lie in the steady state. */
const STEADY_TAIL = 0.25;

/**
 * Classifies a series of slices of one arm in one process, outliers removed first (`withoutOutliers`).
 * Segments equal to the last one and next to it belong to the steady state; the state must begin before the final quarter.
 */
export function classifyWarmup(series: readonly number[], options: WarmupOptions): Warmup {
  const parts = segments(series, options);
  const last = parts.at(-1);
  if (last === undefined) return { class: 'no steady state', steadyFrom: 0 };
  const equal = (part: Segment): boolean => isEqual(part, last, options.tolerance ?? 0.01);
  const firstSteady = parts.findLastIndex((part) => !equal(part)) + 1;
  const steadyFrom = parts[firstSteady]?.start ?? 0;
  if (parts.every(equal)) return { class: 'flat', steadyFrom: 0 };
  if (steadyFrom > series.length * (1 - STEADY_TAIL)) return { class: 'no steady state', steadyFrom: series.length };
  const sign = options.higherIsBetter ? 1 : -1;
  const slowed = parts.some((part) => !equal(part) && sign * part.mean > sign * last.mean);
  return { class: slowed ? 'slowdown' : 'warmup', steadyFrom };
}

/** Equal: mean +- variance overlaps the last segment's mean +- max(variance, tolerance), all in units of the last mean. */
function isEqual(part: Segment, last: Segment, tolerance: number): boolean {
  const unit = Math.abs(last.mean);
  const slack = part.variance / unit ** 2 + Math.max(last.variance / unit ** 2, tolerance);
  return Math.abs(part.mean - last.mean) / unit <= slack;
}

/**
 * The series without single outliers: values outside the rolling median +- 3 (P90 - P10) of the window around them.
 * @param window values looked at around each one (fewer at the ends); 200 unless told
 */
export function withoutOutliers(series: readonly number[], window = 200): number[] {
  return series.filter((value, i) => {
    const from = Math.max(0, Math.min(i - Math.floor(window / 2), series.length - window));
    const around = sorted(series.slice(from, from + window));
    const spread = quantileOfSorted(around, 0.9) - quantileOfSorted(around, 0.1);
    return Math.abs(value - median(around)) <= 3 * spread;
  });
}
