// The lab's histogram against HdrHistogram, the field's own, on the same values: counts, percentiles, merging.
import { build, type Histogram } from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { type Random, seededRandom } from '../base/random.ts';
import { BUCKETS, merge, percentile, percentiles, record, sampleCount } from './histogram.ts';

const FRACTIONS = [0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1];
/** Half a bucket of ours is at most 1/128 of the value; HdrHistogram keeps three digits. */
const TOLERANCE = 1 / 128 + 1 / 1000;

const DISTRIBUTIONS: Record<string, (random: Random) => number> = {
  'small values': (random) => random.below(200),
  'uniform to a millisecond': (random) => random.below(1_000_000),
  'log-normal, as latencies are': (random) => Math.exp(9 + 1.5 * random.normal()),
  'two modes far apart': (random) => (random.unit() < 0.97 ? 3000 + random.below(500) : 5e6 + random.below(1e6)),
  'exponential with a long tail': (random) => -40_000 * Math.log(1 - random.unit()),
};

function filled(draw: () => number, count: number): { ours: Uint32Array; theirs: Histogram } {
  const ours = new Uint32Array(BUCKETS);
  const theirs = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 34,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
  for (let i = 0; i < count; i++) {
    const ns = Math.floor(draw());
    record(ours, ns);
    theirs.recordValue(ns);
  }
  return { ours, theirs };
}

function expectSame(ours: ArrayLike<number>, theirs: Histogram): void {
  expect(sampleCount(ours)).toBe(theirs.totalCount);
  for (const fraction of FRACTIONS) {
    const value = percentile(ours, fraction) as number;
    const expected = theirs.getValueAtPercentile(fraction * 100);
    expect(Math.abs(value - expected), `p${fraction * 100}: ${value} and ${expected}`).toBeLessThanOrEqual(
      Math.max(1, TOLERANCE * expected),
    );
  }
}

describe.each(Object.entries(DISTRIBUTIONS))('%s', (_, draw) => {
  test('gives the percentiles that HdrHistogram gives', () => {
    const random = seededRandom(5);
    const { ours, theirs } = filled(() => draw(random), 100_000);
    expectSame(ours, theirs);
  });

  test('merges to what HdrHistogram adds up to', () => {
    const random = seededRandom(6);
    const parts = Array.from({ length: 3 }, (_, part) => filled(() => draw(random) * (part + 1), 20_000));
    const [first] = parts as [(typeof parts)[number], ...typeof parts];
    for (const { theirs } of parts.slice(1)) first.theirs.add(theirs);
    expectSame(merge(parts.map(({ ours }) => ours)), first.theirs);
  });
});

test('a mean of percentiles is not the percentile of the whole: merged histograms give that one', () => {
  const random = seededRandom(7);
  const calm = filled(() => 1000 + random.below(100), 99_000);
  const stalled = filled(() => 1_000_000 + random.below(100), 1500);
  const p99 = (counts: ArrayLike<number>): number => percentiles(counts).p99 as number;
  const averaged = (p99(calm.ours) + p99(stalled.ours)) / 2;
  calm.theirs.add(stalled.theirs);
  const whole = merge([calm.ours, stalled.ours]);
  expectSame(whole, calm.theirs);
  expect(averaged / p99(whole)).toBeLessThan(0.6);
});
