import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CompareOptions, compare } from './compare.ts';
import { logRatios } from './paired.ts';

const options: CompareOptions = { higherIsBetter: true, seed: 1, resamples: 500 };
const rates = fc.array(
  fc.tuple(fc.double({ min: 1, max: 1e9, noNaN: true }), fc.double({ min: 1, max: 1e9, noNaN: true })),
  {
    minLength: 2,
    maxLength: 30,
  },
);

test('paired log ratios refuse unequal numbers and samples that are not positive', () => {
  expect(logRatios([2, 8], [1, 4])).toEqual([Math.LN2, Math.LN2]);
  expect(() => logRatios([1], [1, 2])).toThrow('equal numbers');
  expect(() => logRatios([0], [1])).toThrow('positive');
  expect(() => logRatios([1], [0])).toThrow('positive');
});

test('drift that both arms share leaves the ratio alone', () => {
  const b = Array.from({ length: 20 }, (_, i) => 100 * 1.5 ** i);
  const result = compare(
    b.map((value) => value * 1.25),
    b,
    options,
  );
  expect(result.ratio).toBeCloseTo(1.25, 12);
  expect(result.ci95?.[0]).toBeCloseTo(1.25, 12);
  expect(result).toMatchObject({ verdict: 'faster', detail: 'faster', n: 20, marginPercent: 2 });
});

test('identical samples are equivalent at once', () => {
  const same = [3, 1, 2];
  expect(compare(same, same, options)).toMatchObject({
    ratio: 1,
    ci95: [1, 1],
    verdict: 'equivalent',
    minDetectable: 0,
  });
});

test('swapping the arms inverts the ratio and turns the verdict round', () => {
  const opposite = { faster: 'slower', slower: 'faster', equivalent: 'equivalent', inconclusive: 'inconclusive' };
  const small = rates.map((pairs) => pairs.slice(0, 9));
  fc.assert(
    fc.property(small, (pairs) => {
      const a = pairs.map(([value]) => value);
      const b = pairs.map(([, value]) => value);
      const forward = compare(a, b, options);
      const backward = compare(b, a, options);
      expect(backward.ratio * forward.ratio).toBeCloseTo(1, 9);
      expect(backward.verdict).toBe(opposite[forward.verdict]);
    }),
  );
});

test('times and rates of the same rounds give the same verdict', () => {
  fc.assert(
    fc.property(rates, (pairs) => {
      const a = pairs.map(([value]) => value);
      const b = pairs.map(([, value]) => value);
      const byRate = compare(a, b, options);
      const byTime = compare(
        b.map((v) => 1e9 / v),
        a.map((v) => 1e9 / v),
        { ...options, higherIsBetter: false },
      );
      // a faster than b by rate <=> a's time shorter: the time comparison b against a says the opposite.
      const turned = { faster: 'slower', slower: 'faster', equivalent: 'equivalent', inconclusive: 'inconclusive' };
      expect(byTime.ratio).toBeCloseTo(byRate.ratio, 6);
      expect(byTime.verdict).toBe(turned[byRate.verdict]);
    }),
  );
});

test('the 90 % interval lies inside the 95 % interval and both hold the ratio', () => {
  fc.assert(
    fc.property(rates, (pairs) => {
      const { ratio, ci95, ci90 } = compare(
        pairs.map(([v]) => v),
        pairs.map(([, v]) => v),
        options,
      );
      const [lo95, hi95] = ci95 as [number, number];
      const [lo90, hi90] = ci90 as [number, number];
      expect(lo95).toBeLessThanOrEqual(lo90);
      expect(hi90).toBeLessThanOrEqual(hi95);
      expect(ratio).toBeGreaterThanOrEqual(lo95 * (1 - 1e-9));
      expect(ratio).toBeLessThanOrEqual(hi95 * (1 + 1e-9));
    }),
  );
});

test('one round has a ratio and no verdict', () => {
  expect(compare([2], [1], options)).toMatchObject({ ratio: 2, ci95: null, ci90: null, verdict: 'inconclusive', n: 1 });
});

test('a level that changes from process to process widens the interval when the processes are named', () => {
  const levels = [1, 1.2, 0.9];
  const processes = levels.flatMap((_, process) => new Array<number>(10).fill(process));
  const b = processes.map((_, i) => 100 + (i % 3));
  const a = processes.map((process, i) => (b[i] as number) * (levels[process] as number));
  const width = (named: CompareOptions) => {
    const [lo, hi] = compare(a, b, named).ci95 as [number, number];
    return hi / lo;
  };
  expect(width({ ...options, processes })).toBeGreaterThan(1.5 * width(options));
});

test('a stricter level needs more evidence for the same words', () => {
  const b = new Array<number>(8).fill(100);
  const a = [103, 101, 104, 99, 103, 102, 105, 101];
  expect(compare(a, b, options).detail).toBe('faster, size uncertain');
  expect(compare(a, b, { ...options, alpha: 0.001 }).detail).toBe('inconclusive');
});
