import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BUCKETS,
  bucketLower,
  bucketMid,
  bucketOf,
  bucketUpper,
  fromSparse,
  isSupported,
  merge,
  percentile,
  percentiles,
  record,
  toSparse,
} from './histogram.ts';

const nanoseconds = fc.oneof(
  fc.nat({ max: 300 }),
  fc.nat({ max: 2 ** 31 - 1 }),
  fc.integer({ min: 0, max: 2 ** 34 - 1 }),
);

/** fio's plat_val_to_idx and plat_idx_to_val, step by step, in 64-bit arithmetic. */
function fioIndex(value: bigint): number {
  let msb = 0;
  while (value >> BigInt(msb + 1) > 0n) msb++;
  if (msb <= 6) return Number(value);
  const errorBits = msb - 6;
  const base = (errorBits + 1) << 6;
  const offset = 63 & Number(value >> BigInt(errorBits));
  return Math.min(base + offset, 29 * 64 - 1);
}

function fioValue(index: number): number {
  if (index < 128) return index;
  const errorBits = (index >> 6) - 1;
  return 2 ** (errorBits + 6) + ((index % 64) + 0.5) * 2 ** errorBits;
}

function histogramOf(values: readonly number[]): Uint32Array {
  const counts = new Uint32Array(BUCKETS);
  for (const value of values) record(counts, value);
  return counts;
}

test('bucket and value of a bucket are those of fio', () => {
  expect(BUCKETS).toBe(1856);
  fc.assert(
    fc.property(nanoseconds, (ns) => {
      expect(bucketOf(ns)).toBe(fioIndex(BigInt(ns)));
    }),
  );
  for (let bucket = 0; bucket < BUCKETS; bucket++) expect(bucketMid(bucket)).toBe(fioValue(bucket));
});

test('buckets follow each other without gap and each holds its own ends', () => {
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    expect(bucketOf(bucketLower(bucket))).toBe(bucket);
    expect(bucketOf(bucketUpper(bucket))).toBe(bucket);
    if (bucket > 0) expect(bucketLower(bucket)).toBe(bucketUpper(bucket - 1) + 1);
  }
  expect(bucketUpper(BUCKETS - 1)).toBe(2 ** 34 - 1);
});

test('values beyond the range count in the last bucket', () => {
  expect(bucketOf(2 ** 34)).toBe(BUCKETS - 1);
  expect(bucketOf(Number.MAX_SAFE_INTEGER)).toBe(BUCKETS - 1);
});

test('a percentile is the sorted sample of that rank, to within 1/128', () => {
  const fraction = fc.constantFrom(0.5, 0.9, 0.99, 0.999, 1);
  fc.assert(
    fc.property(fc.array(nanoseconds, { minLength: 1, maxLength: 300 }), fraction, (values, q) => {
      const exact = values.toSorted((a, b) => a - b)[Math.ceil(q * values.length * (1 - 1e-12)) - 1] as number;
      const found = percentile(histogramOf(values), q) as number;
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact / 128);
    }),
  );
});

test('percentiles of a merged histogram are those of all samples together', () => {
  fc.assert(
    fc.property(fc.array(nanoseconds, { minLength: 1 }), fc.array(nanoseconds), (a, b) => {
      expect(percentiles(merge([histogramOf(a), histogramOf(b)]))).toEqual(percentiles(histogramOf([...a, ...b])));
    }),
  );
});

test('a merge of full counters does not wrap', () => {
  const full = new Uint32Array(BUCKETS).fill(0xffffffff);
  expect(merge([full, full])[0]).toBe(2 * 0xffffffff);
});

test('no percentile exceeds the exact maximum where it is known', () => {
  expect(percentiles(histogramOf([1000]), 1000)).toEqual({
    p50: 1000,
    p90: 1000,
    p99: 1000,
    p999: 1000,
    max: 1000,
    samples: 1,
  });
});

test('an empty histogram has no percentiles', () => {
  const empty = percentiles(new Uint32Array(BUCKETS));
  expect(empty).toEqual({ p50: null, p90: null, p99: null, p999: null, max: null, samples: 0 });
});

test('p99.9 needs 100 000 samples', () => {
  expect(isSupported(100_000, 0.999)).toBe(true);
  expect(isSupported(99_999, 0.999)).toBe(false);
});

test('the sparse form keeps every count', () => {
  const counts = histogramOf([1, 5, 5, 70_000]);
  expect(toSparse(counts)).toEqual([
    [1, 1],
    [5, 2],
    [bucketOf(70_000), 1],
  ]);
  expect(fromSparse(toSparse(counts))).toEqual([...counts]);
});
