// Seeded bootstrap of the trimmed mean: one level (rounds) or two (processes, then their rounds), percentile intervals.
//
// The sample is sorted once; a resample is then a vector of counts over the sorted values, and its trimmed mean is one walk
// along them. So a resample costs n draws and no sort.
import { assert } from '../base/errors.ts';
import { type Random, seededRandom } from '../base/random.ts';
import { normalCdf, tQuantile } from './distributions.ts';
import { sorted, trimCount } from './location.ts';

/** Lower and upper end, in the unit of the values. */
export type Interval = readonly [lo: number, hi: number];

export interface BootstrapOptions {
  /** Seeds the draws: same values and seed, same interval. */
  seed: number;
  /** Number of resamples, 10 000 unless told. */
  resamples?: number;
  /** Fraction trimmed at each end, 0.1 unless told. */
  trim?: number;
}

const RESAMPLES = 10_000;
const TRIM = 0.1;

/** Trimmed means of resamples of `values` (at least one), ascending. */
export function bootstrapTrimmedMeans(values: ArrayLike<number>, options: BootstrapOptions): Float64Array {
  const ascending = sorted(values);
  const n = ascending.length;
  return distribution(ascending, options, (counts, random) => {
    for (let draw = 0; draw < n; draw++) countUp(counts, random.below(n));
    return n;
  });
}

/**
 * Trimmed means of two-level resamples, ascending: as many clusters (processes) as there are, drawn with replacement; from
 * each drawn cluster as many values (rounds) as it has, drawn with replacement.
 * @param clusters non-empty clusters; their sizes may differ
 */
export function clusterBootstrapTrimmedMeans(
  clusters: readonly (readonly number[])[],
  options: BootstrapOptions,
): Float64Array {
  assert(
    clusters.every((cluster) => cluster.length > 0),
    'every cluster has values',
  );
  const order = clusters.flatMap((values, cluster) => values.map((value) => ({ value, cluster })));
  order.sort((a, b) => a.value - b.value);
  const ranks: number[][] = clusters.map(() => []);
  order.forEach(({ cluster }, rank) => {
    ranks[cluster]?.push(rank);
  });
  const ascending = Float64Array.from(order, ({ value }) => value);
  return distribution(ascending, options, (counts, random) => {
    let total = 0;
    for (let draw = 0; draw < ranks.length; draw++) {
      const members = ranks[random.below(ranks.length)] as number[];
      for (let value = 0; value < members.length; value++) {
        countUp(counts, members[random.below(members.length)] as number);
      }
      total += members.length;
    }
    return total;
  });
}

/** The percentile interval of an ascending bootstrap distribution: [x_(floor(aR/2)), x_(ceil((1-a/2)R))]. */
export function percentileInterval(ascending: Float64Array, alpha: number): Interval {
  const resamples = ascending.length;
  const low = Math.floor((alpha / 2) * resamples);
  const high = Math.ceil((1 - alpha / 2) * resamples) - 1;
  return [ascending[Math.max(0, low)] as number, ascending[Math.min(resamples - 1, high)] as number];
}

/**
 * The level at which a percentile interval of n independent values is to be taken so that it covers like a t interval at `alpha`.
 * A bootstrap distribution is too narrow by sqrt((n-1)/n) and knows no degrees of freedom; at n = 12 a plain percentile
 * interval covers 93 %. Hesterberg, "What Teachers Should Know about the Bootstrap" (The American Statistician, 2015).
 */
export function expandedAlpha(alpha: number, n: number): number {
  if (n < 2) return 0;
  return 2 * normalCdf(tQuantile(alpha / 2, n - 1) * Math.sqrt(n / (n - 1)));
}

function distribution(
  ascending: Float64Array,
  options: BootstrapOptions,
  draw: (counts: Uint32Array, random: Random) => number,
): Float64Array {
  assert(ascending.length > 0, 'a bootstrap needs at least one value');
  const random = seededRandom(options.seed);
  const trim = options.trim ?? TRIM;
  const counts = new Uint32Array(ascending.length);
  const means = new Float64Array(options.resamples ?? RESAMPLES);
  for (let resample = 0; resample < means.length; resample++) {
    counts.fill(0);
    const total = draw(counts, random);
    means[resample] = trimmedMeanOfCounts(ascending, counts, total, trimCount(total, trim));
  }
  return means.sort();
}

function trimmedMeanOfCounts(ascending: Float64Array, counts: Uint32Array, total: number, drop: number): number {
  const end = total - drop;
  let seen = 0;
  let sum = 0;
  for (let i = 0; i < ascending.length && seen < end; i++) {
    const from = Math.max(seen, drop);
    seen += counts[i] as number;
    const kept = Math.min(seen, end) - from;
    if (kept > 0) sum += kept * (ascending[i] as number);
  }
  return sum / (end - drop);
}

function countUp(counts: Uint32Array, index: number): void {
  counts[index] = (counts[index] as number) + 1;
}
