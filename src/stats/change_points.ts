// Where a series changes its mean or its variance: PELT (Killick, Fearnhead and Eckley, JASA 2012) with the normal
// likelihood, the way Barrett et al. (OOPSLA 2017) use it on benchmark warm-up.
import { median } from './location.ts';

export interface ChangePointOptions {
  /** Price of one more change point; 15 ln n unless told. */
  penalty?: number;
  /** Shortest segment, 2 or more values; 2 unless told. */
  minSegment?: number;
}

/** A stretch without change: values from `start` up to, not including, `end`. */
export interface Segment {
  start: number;
  end: number;
  mean: number;
  /** Of the values about the mean (divided by n). */
  variance: number;
}

/** The best segmentation of a series: one segment when nothing changes; contiguous, covering it all. */
export function segments(series: readonly number[], options: ChangePointOptions = {}): Segment[] {
  const n = series.length;
  if (n === 0) return [];
  const sums = prefixSums(series);
  const bounds = [0, ...changePoints(series, options), n];
  return bounds.slice(1).map((end, i) => {
    const start = bounds[i] as number;
    const count = end - start;
    return { start, end, mean: sums.origin + sums.sum(start, end) / count, variance: sums.squares(start, end) / count };
  });
}

/** Indices at which a new segment starts, ascending; empty when the series does not change. */
export function changePoints(series: readonly number[], options: ChangePointOptions = {}): number[] {
  const n = series.length;
  const minSegment = options.minSegment ?? 2;
  const penalty = options.penalty ?? 15 * Math.log(n);
  if (n < 2 * minSegment) return [];
  const cost = segmentCost(series);
  const best = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
  const previous = new Int32Array(n + 1);
  best[0] = -penalty;
  let candidates: Candidate[] = [];
  for (let end = minSegment; end <= n; end++) {
    candidates.push({ start: end - minSegment, until: n });
    for (const { start } of candidates) {
      const total = (best[start] as number) + cost(start, end) + penalty;
      if (total < (best[end] as number)) {
        best[end] = total;
        previous[end] = start;
      }
    }
    candidates = candidates.filter((candidate) => keeps(candidate, end, minSegment, best, cost));
  }
  return backtrack(previous, n);
}

/** A possible start of the last segment, and the last `end` it has to be tried for. */
interface Candidate {
  start: number;
  until: number;
}

/** A start that lost now loses for every end that leaves room for a segment in between, that is from `end + minSegment`. */
function keeps(
  candidate: Candidate,
  end: number,
  minSegment: number,
  best: Float64Array,
  cost: (start: number, end: number) => number,
): boolean {
  if ((best[candidate.start] as number) + cost(candidate.start, end) > (best[end] as number)) {
    candidate.until = Math.min(candidate.until, end + minSegment - 1);
  }
  return candidate.until > end;
}

function backtrack(previous: Int32Array, n: number): number[] {
  const points: number[] = [];
  for (let end = previous[n] as number; end > 0; end = previous[end] as number) points.unshift(end);
  return points;
}

/**
 * Twice the negative log likelihood of a normal segment, up to constants. The variance has a floor of 1 % of the series' own
 * short-range variance: a few equal values in a row would otherwise have likelihood infinity and count as a segment.
 */
export function segmentCost(series: readonly number[]): (start: number, end: number) => number {
  const sums = prefixSums(series);
  const floor = 0.01 * shortRangeVariance(series) || Number.MIN_VALUE;
  return (start, end) => {
    const count = end - start;
    const variance = sums.squares(start, end) / count;
    const scale = Math.max(variance, floor);
    return count * (Math.log(scale) + variance / scale);
  };
}

/** Noise variance from neighbouring differences, which level shifts hardly touch; from all values when most neighbours are equal. */
function shortRangeVariance(series: readonly number[]): number {
  const steps = series.slice(1).map((value, i) => Math.abs(value - (series[i] as number)));
  const noise = (1.4826 * median(steps)) / Math.SQRT2;
  if (noise > 0) return noise * noise;
  return (1e-4 * prefixSums(series).squares(0, series.length)) / series.length;
}

/** Sums over any range in constant time, about an origin near the values so that squares keep their digits. */
function prefixSums(series: readonly number[]) {
  const origin = median(series);
  const first = new Float64Array(series.length + 1);
  const second = new Float64Array(series.length + 1);
  series.forEach((value, i) => {
    first[i + 1] = (first[i] as number) + (value - origin);
    second[i + 1] = (second[i] as number) + (value - origin) ** 2;
  });
  const range = (sums: Float64Array, start: number, end: number) => (sums[end] as number) - (sums[start] as number);
  return {
    origin,
    /** Sum of (value - origin). */
    sum: (start: number, end: number): number => range(first, start, end),
    /** Sum of squared deviations from the range's own mean. */
    squares: (start: number, end: number): number =>
      Math.max(0, range(second, start, end) - range(first, start, end) ** 2 / (end - start)),
  };
}
