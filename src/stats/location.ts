// Where a sample lies and how wide it is, by estimators that a few slow slices cannot move.

/** The values in ascending order, as a typed array (numeric sort, no comparator). */
export function sorted(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/** Arithmetic mean; NaN for an empty sample. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}

/** Unbiased sample variance (n - 1); 0 for fewer than two values. */
export function variance(values: ArrayLike<number>): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] as number) - centre) ** 2;
  return squares / (values.length - 1);
}

/**
 * The q-quantile by linear interpolation between order statistics (Hyndman and Fan, type 7).
 * @param q in [0, 1]
 * @returns NaN for an empty sample
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  return quantileOfSorted(sorted(values), q);
}

/** As `quantile`, for values that are in ascending order already. */
export function quantileOfSorted(ascending: ArrayLike<number>, q: number): number {
  const position = q * (ascending.length - 1);
  const below = Math.floor(position);
  const low = ascending[below] ?? Number.NaN;
  const high = ascending[Math.min(below + 1, ascending.length - 1)] ?? Number.NaN;
  return low + (high - low) * (position - below);
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** Median absolute deviation from the median, not scaled; times 1.4826 it estimates a normal's standard deviation. */
export function mad(values: ArrayLike<number>): number {
  const centre = median(values);
  return median(Float64Array.from(values, (value) => Math.abs(value - centre)));
}

/** How many values a trimmed mean drops at each end. */
export function trimCount(n: number, fraction: number): number {
  return Math.floor(n * fraction);
}

/**
 * Mean of what is left after dropping the given fraction at each end: the lab's estimator (10 %).
 * @param fraction dropped at each end, in [0, 0.5)
 */
export function trimmedMean(values: ArrayLike<number>, fraction = 0.1): number {
  const drop = trimCount(values.length, fraction);
  return mean(sorted(values).subarray(drop, values.length - drop));
}

/** Hodges-Lehmann estimate: the median of all Walsh averages (x_i + x_j) / 2, i <= j. Quadratic in n. */
export function hodgesLehmann(values: ArrayLike<number>): number {
  const n = values.length;
  const walsh = new Float64Array((n * (n + 1)) / 2);
  let next = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) walsh[next++] = ((values[i] as number) + (values[j] as number)) / 2;
  }
  return median(walsh);
}
