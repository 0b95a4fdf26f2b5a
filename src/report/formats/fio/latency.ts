// Latencies as fio sums them up (stat.c): spread, percentiles, and its tables of how many percent took up to so long.
import {
  bucketLower,
  bucketMid,
  bucketUpper,
  fromSparse,
  percentile,
  type SparseHistogram,
} from '../../../stats/histogram.ts';

/** fio's default percentile_list. */
export const PERCENTILES = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99] as const;

export interface Spread {
  min: number;
  max: number;
  mean: number;
  stddev: number;
  N: number;
}

/** calc_lat: of values, or of a histogram's buckets by their middles. */
export function spread(values: readonly number[]): Spread {
  const N = values.length;
  if (N === 0) return { min: 0, max: 0, mean: 0, stddev: 0, N };
  const mean = values.reduce((sum, value) => sum + value, 0) / N;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, N - 1);
  return { min: Math.min(...values), max: Math.max(...values), mean, stddev: Math.sqrt(variance), N };
}

export function spreadOf(counts: SparseHistogram): Spread {
  const N = sampleCount(counts);
  const [first, last] = [counts[0], counts.at(-1)];
  if (first === undefined || last === undefined) return spread([]);
  const mean = counts.reduce((sum, [bucket, count]) => sum + bucketMid(bucket) * count, 0) / N;
  const variance =
    counts.reduce((sum, [bucket, count]) => sum + (bucketMid(bucket) - mean) ** 2 * count, 0) / Math.max(1, N - 1);
  return { min: bucketLower(first[0]), max: bucketUpper(last[0]), mean, stddev: Math.sqrt(variance), N };
}

/** Values of PERCENTILES in nanoseconds; none without samples. */
export function percentilesOf(counts: SparseHistogram): (readonly [percent: number, ns: number])[] {
  if (counts.length === 0) return [];
  const all = fromSparse(counts);
  return PERCENTILES.map((percent) => [percent, percentile(all, percent / 100) as number] as const);
}

/** json+: samples by the value that fio writes for a bucket (plat_idx_to_val). */
export function binsOf(counts: SparseHistogram): Record<string, number> {
  return Object.fromEntries(counts.map(([bucket, count]) => [String(bucketMid(bucket)), count]));
}

export function sampleCount(counts: SparseHistogram): number {
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

const EDGES = [2, 4, 10, 20, 50, 100, 250, 500, 750, 1000] as const;
/** Below this share fio writes it, where there is anything. */
const LEAST_PERCENT = 0.01;

/** Percent by upper edge, from each edge to the next: each entry counts what is above the one before. */
export interface LatencyTables {
  latency_ns: Record<string, number>;
  latency_us: Record<string, number>;
  latency_ms: Record<string, number>;
}

/** Of the samples, as fio's are of all I/Os. */
export function latencyTables(counts: SparseHistogram): LatencyTables {
  const samples = Math.max(1, sampleCount(counts));
  const percentBetween = (from: number, to: number): number => {
    const within = counts.filter(([bucket]) => bucketMid(bucket) >= from && bucketMid(bucket) < to);
    const count = sampleCount(within);
    return count === 0 ? 0 : Math.max(LEAST_PERCENT, (100 * count) / samples);
  };
  const table = (unitNs: number, edges: readonly number[], startNs: number): Record<string, number> =>
    Object.fromEntries(
      edges.map((edge, i) => [
        String(edge),
        percentBetween(i === 0 ? startNs : (edges[i - 1] as number) * unitNs, edge * unitNs),
      ]),
    );
  return {
    latency_ns: table(1, EDGES, 0),
    latency_us: table(1e3, EDGES, 1e3),
    latency_ms: { ...table(1e6, [...EDGES, 2000], 1e6), '>=2000': percentBetween(2e9, Number.POSITIVE_INFINITY) },
  };
}
