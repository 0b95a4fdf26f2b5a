import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { changePoints, segmentCost, segments } from './change_points.ts';
import { classifyWarmup, withoutOutliers } from './warmup_class.ts';

/** Values about `level` with a relative noise, `count` of them. */
function stretch(level: number, count: number, seed: number, noise = 0.01): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => level * (1 + noise * random.normal()));
}

/** Cost of a segmentation, for the comparison with PELT. */
function totalCost(series: readonly number[], points: readonly number[], penalty: number): number {
  const cost = segmentCost(series);
  const bounds = [0, ...points, series.length];
  return bounds.slice(1).reduce((sum, end, i) => sum + cost(bounds[i] as number, end) + penalty, -penalty);
}

/** The cheapest segmentation by trying every last segment, without pruning. */
function optimalCost(series: readonly number[], penalty: number, minSegment: number): number {
  const cost = segmentCost(series);
  const best = [-penalty];
  for (let end = 1; end <= series.length; end++) {
    best[end] = Number.POSITIVE_INFINITY;
    for (let start = 0; start <= end - minSegment; start++) {
      best[end] = Math.min(best[end] as number, (best[start] as number) + cost(start, end) + penalty);
    }
  }
  return best[series.length] as number;
}

describe('change points', () => {
  test('pruning loses nothing: the cost is that of the exhaustive search', () => {
    const series = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.double({ min: 0, max: 100, noNaN: true })), {
      minLength: 6,
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        series,
        fc.integer({ min: 2, max: 4 }),
        fc.double({ min: 0.5, max: 30, noNaN: true }),
        (values, minSegment, penalty) => {
          const found = totalCost(values, changePoints(values, { penalty, minSegment }), penalty);
          expect(found).toBeCloseTo(optimalCost(values, penalty, minSegment), 6);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a shift of the mean and a change of the variance are found where they are', () => {
    expect(changePoints([...stretch(100, 50, 1), ...stretch(110, 50, 2)])).toEqual([50]);
    const [point] = changePoints([...stretch(100, 80, 3, 0.001), ...stretch(100, 80, 4, 0.03)]);
    expect(Math.abs((point as number) - 80)).toBeLessThanOrEqual(3);
  });

  test('noise without change has none in at least 99 of 100 series', () => {
    const alarms = Array.from({ length: 100 }, (_, seed) => changePoints(stretch(100, 200, 100 + seed)).length > 0);
    expect(alarms.filter(Boolean).length).toBeLessThanOrEqual(1);
  });

  test('equal values in a row are no segment of their own', () => {
    expect(changePoints([...stretch(100, 40, 5), 100, 100, 100, 100, ...stretch(100, 40, 6)])).toEqual([]);
    expect(changePoints(new Array<number>(50).fill(7))).toEqual([]);
  });

  test('segments cover the series and carry their mean and variance', () => {
    const parts = segments([1, 2, 1, 2, 1, 2]);
    expect(parts).toEqual([{ start: 0, end: 6, mean: 1.5, variance: 0.25 }]);
    expect(segments([])).toEqual([]);
  });
});

describe('classes of a process (times: lower is better)', () => {
  const classify = (series: number[]) => classifyWarmup(series, { higherIsBetter: false });

  test('an even series is flat', () => {
    expect(classify(stretch(100, 200, 7))).toEqual({ class: 'flat', steadyFrom: 0 });
  });

  test('a slow start and a faster rest is warm-up', () => {
    expect(classify([...stretch(150, 40, 8), ...stretch(100, 160, 9)])).toEqual({ class: 'warmup', steadyFrom: 40 });
  });

  test('an end slower than before is slow-down', () => {
    expect(classify([...stretch(100, 60, 10), ...stretch(130, 140, 11)]).class).toBe('slowdown');
  });

  test('a change in the final quarter is no steady state', () => {
    const series = [...stretch(100, 170, 12), ...stretch(90, 30, 13)];
    expect(classify(series)).toEqual({ class: 'no steady state', steadyFrom: 200 });
  });

  test('a change smaller than the tolerance stays flat', () => {
    expect(classify([...stretch(100, 100, 14, 0.001), ...stretch(100.5, 100, 15, 0.001)]).class).toBe('flat');
  });

  test('for rates, a rise is warm-up', () => {
    const series = [...stretch(100, 40, 16), ...stretch(150, 160, 17)];
    expect(classifyWarmup(series, { higherIsBetter: true }).class).toBe('warmup');
  });

  test('single outliers are taken out, level shifts are not', () => {
    const quiet = stretch(100, 300, 18);
    expect(withoutOutliers(quiet.with(150, 500))).toHaveLength(299);
    expect(withoutOutliers([...stretch(150, 60, 19), ...stretch(100, 240, 20)])).toHaveLength(300);
  });
});
