// Log-linear latency histogram with fio's own layout (fio stat.h: FIO_IO_U_PLAT_BITS 6, 29 groups of 64 counters), so that
// counters can be compared with fio's json+ output bucket by bucket. Values below 128 ns are exact, above that a bucket is at
// most 1/64 of its value wide. The counters belong to the caller: the machine fills the same array in shared memory.

const BITS = 6;
const PER_GROUP = 1 << BITS;
const GROUPS = 29;

/** Counters in a histogram. The last one also takes everything from 2^34 ns (17 s) on. */
export const BUCKETS = GROUPS * PER_GROUP;

/** Latency counters of one queue: a histogram of each direction, as fio has them, in this order. A sync is a Flush. */
export const LATENCY_DIRECTIONS = ['reads', 'writes', 'trims', 'syncs'] as const;
export const LATENCY_COUNTERS = LATENCY_DIRECTIONS.length * BUCKETS;

/** @param counts LATENCY_COUNTERS of them */
export function directionCounts<T>(
  counts: { slice(from: number, to: number): T },
  direction: (typeof LATENCY_DIRECTIONS)[number],
): T {
  const at = LATENCY_DIRECTIONS.indexOf(direction) * BUCKETS;
  return counts.slice(at, at + BUCKETS);
}

/** Name of this layout in results. */
export const HISTOGRAM_LAYOUT = 'fio-6-29';

/** Non-empty buckets of a histogram: [bucket, count] with ascending buckets. */
export type SparseHistogram = [bucket: number, count: number][];

/** The bucket that counts `ns`, in 0..BUCKETS-1 (fio's plat_val_to_idx). */
export function bucketOf(ns: number): number {
  if (ns < 2 * PER_GROUP) return Math.max(0, Math.floor(ns));
  const errorBits = mostSignificantBit(ns) - BITS;
  // ns >> errorBits lies in 64..127; its 64 is the offset of the next group.
  return Math.min(errorBits * PER_GROUP + Math.floor(ns / 2 ** errorBits), BUCKETS - 1);
}

/** Smallest whole number of nanoseconds a bucket counts. */
export function bucketLower(bucket: number): number {
  return groupBase(bucket) + indexInGroup(bucket) * bucketWidth(bucket);
}

/** Largest whole number of nanoseconds a bucket counts; for the last bucket, its nominal end. */
export function bucketUpper(bucket: number): number {
  return bucketLower(bucket) + bucketWidth(bucket) - 1;
}

/** The value a bucket stands for (fio's plat_idx_to_val): exact below 128 ns, else the middle of its range. */
export function bucketMid(bucket: number): number {
  return bucketLower(bucket) + (bucket < 2 * PER_GROUP ? 0 : bucketWidth(bucket) / 2);
}

/** Counts one value. */
export function record(counts: Uint32Array | number[], ns: number): void {
  const bucket = bucketOf(ns);
  counts[bucket] = (counts[bucket] ?? 0) + 1;
}

/** The sum of histograms of the same layout, as plain numbers (a sum may exceed 32 bits). */
export function merge(histograms: readonly ArrayLike<number>[]): number[] {
  const total = new Array<number>(BUCKETS).fill(0);
  for (const counts of histograms) {
    for (let bucket = 0; bucket < BUCKETS; bucket++) total[bucket] = (total[bucket] as number) + (counts[bucket] ?? 0);
  }
  return total;
}

/** How many values were counted. */
export function sampleCount(counts: ArrayLike<number>): number {
  let samples = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) samples += counts[bucket] as number;
  return samples;
}

/**
 * The value below which a fraction of the samples lies (nearest rank, by the bucket's middle).
 * @param fraction in (0, 1]: 0.999 for p99.9
 * @returns undefined when nothing was counted
 */
export function percentile(counts: ArrayLike<number>, fraction: number): number | undefined {
  // A tiny tolerance: 0.9 * 10 must be rank 9 although the product may come out above it.
  const rank = Math.max(1, Math.ceil(fraction * sampleCount(counts) * (1 - 1e-12)));
  let seen = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    seen += counts[bucket] as number;
    if (seen >= rank) return bucketMid(bucket);
  }
  return undefined;
}

/** Whether a quantile rests on enough samples: at least 100 beyond it (p99.9 needs 100 000). */
export function isSupported(samples: number, fraction: number): boolean {
  return samples * (1 - fraction) >= 100 - 1e-6;
}

export interface Percentiles {
  /** All in nanoseconds; null when nothing was counted. */
  p50: number | null;
  p90: number | null;
  p99: number | null;
  p999: number | null;
  max: number | null;
  samples: number;
}

/**
 * The percentiles a report shows. Merge histograms first: percentiles are never averaged.
 * @param maxNs the largest value where it was kept exactly; otherwise the end of the last used bucket stands for it
 */
export function percentiles(counts: ArrayLike<number>, maxNs?: number): Percentiles {
  let last = counts.length - 1;
  while (last >= 0 && counts[last] === 0) last--;
  const max = last < 0 ? null : (maxNs ?? bucketUpper(last));
  const at = (fraction: number): number | null => {
    const value = percentile(counts, fraction);
    return value === undefined || max === null ? null : Math.min(value, max);
  };
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max, samples: sampleCount(counts) };
}

export function toSparse(counts: ArrayLike<number>): SparseHistogram {
  const sparse: SparseHistogram = [];
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket] as number;
    if (count > 0) sparse.push([bucket, count]);
  }
  return sparse;
}

export function fromSparse(sparse: SparseHistogram): number[] {
  return addSparse([sparse], BUCKETS);
}

/** The sum of histograms that are kept sparse. @param counters of each */
export function addSparse(histograms: readonly SparseHistogram[], counters: number): number[] {
  const total = new Array<number>(counters).fill(0);
  for (const sparse of histograms) {
    for (const [bucket, count] of sparse) total[bucket] = (total[bucket] as number) + count;
  }
  return total;
}

function groupBase(bucket: number): number {
  return bucket < PER_GROUP ? 0 : PER_GROUP * bucketWidth(bucket);
}

function indexInGroup(bucket: number): number {
  return bucket % PER_GROUP;
}

/** 1 in the two first groups, then doubling from group to group. */
function bucketWidth(bucket: number): number {
  return 2 ** Math.max(0, Math.floor(bucket / PER_GROUP) - 1);
}

function mostSignificantBit(value: number): number {
  return value < 2 ** 32 ? 31 - Math.clz32(value) : 63 - Math.clz32(value / 2 ** 32);
}
