import { describe, expect, it } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { createDraw, zeta, zipfRanks } from './distributions.ts';
import type { Distribution } from './job.ts';

const DRAWS = 200_000;

/** How often each position of [0, count) is drawn, as shares. */
function shares(distribution: Distribution, count: number, strideBytes = 4096): Float64Array {
  const draw = createDraw(distribution, 'read', { count, strideBytes }, seededRandom(1), 42);
  const hits = new Float64Array(count);
  for (let i = 0; i < DRAWS; i++) {
    const position = draw();
    if (!Number.isInteger(position) || position < 0 || position >= count) throw new Error(`drew ${position}`);
    hits[position] = (hits[position] as number) + 1 / DRAWS;
  }
  return hits;
}
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
const hottestFirst = (values: Float64Array): Float64Array => Float64Array.from(values).sort((a, b) => b - a);

describe('zeta', () => {
  it.each([0, 0.5, 0.99, 1.2, 2.5])('theta %d: the integral of the tail agrees with the sum', (theta) => {
    let naive = 0;
    for (let i = 1; i <= 1_000_000; i++) naive += i ** -theta;
    expect(zeta(1_000_000, theta) / naive).toBeCloseTo(1, 9);
  });
});

describe('zipf', () => {
  it.each([0.5, 0.9, 1.2])('theta %d: the first two ranks have exactly their shares', (theta) => {
    const ranks = zipfRanks(10_000, theta, seededRandom(5));
    let first = 0;
    let second = 0;
    for (let i = 0; i < DRAWS; i++) {
      const rank = ranks();
      if (rank === 0) first++;
      else if (rank === 1) second++;
    }
    const total = zeta(10_000, theta);
    const sigma = Math.sqrt(1 / total / DRAWS);
    expect(Math.abs(first / DRAWS - 1 / total)).toBeLessThan(4 * sigma);
    expect(Math.abs(second / DRAWS - 2 ** -theta / total)).toBeLessThan(4 * sigma);
  });

  it.each([0.5, 1.2])('theta %d: the most popular tenth of the blocks has its share', (theta) => {
    const count = 1000;
    const popular = sum(hottestFirst(shares({ kind: 'zipf', theta, center: undefined }, count)).slice(0, count / 10));
    expect(Math.abs(popular - zeta(count / 10, theta) / zeta(count, theta))).toBeLessThan(0.02);
  });

  it('theta 0 is uniform', () => {
    const hits = hottestFirst(shares({ kind: 'zipf', theta: 0, center: undefined }, 100));
    expect(hits[0] as number).toBeLessThan(0.012);
    expect(hits[99] as number).toBeGreaterThan(0.008);
  });

  it('spreads the hot blocks over the region, and puts the hottest at the centre when one is given', () => {
    const hits = shares({ kind: 'zipf', theta: 1.2, center: undefined }, 1000);
    const hot = [...hits.keys()].sort((a, b) => (hits[b] as number) - (hits[a] as number)).slice(0, 20);
    expect(hot.some((position) => position < 500) && hot.some((position) => position >= 500)).toBe(true);
    const centered = shares({ kind: 'zipf', theta: 1.2, center: 0.25 }, 1000);
    expect(centered.indexOf(Math.max(...centered))).toBe(250);
  });

  it.each([1, 2, 3])('works for %d positions', (count) => {
    expect(sum(shares({ kind: 'zipf', theta: 1.2, center: undefined }, count))).toBeCloseTo(1);
  });
});

describe('pareto', () => {
  it('h=0.2 gives four fifths of the accesses to one fifth of the blocks', () => {
    const hits = hottestFirst(shares({ kind: 'pareto', h: 0.2, center: undefined }, 1000));
    expect(sum(hits.slice(0, 200))).toBeCloseTo(0.8, 1);
  });
});

describe('normal', () => {
  it('is a bell of standard deviation 1/12 before it is spread, and wider with a deviation', () => {
    const within = (deviationPercent: number): number => {
      const hits = hottestFirst(shares({ kind: 'normal', deviationPercent, center: undefined }, 1200));
      return sum(hits.slice(0, 200));
    };
    expect(within(0)).toBeCloseTo(0.683, 1);
    expect(within(20)).toBeLessThan(0.45);
  });

  it('puts its peak at the centre when one is given', () => {
    const hits = shares({ kind: 'normal', deviationPercent: 0, center: 0.75 }, 40);
    expect(hits.indexOf(Math.max(...hits))).toBe(30);
  });
});

describe('zones', () => {
  const zones = [
    { accessPercent: 50, extent: 5 },
    { accessPercent: 30, extent: 15 },
    { accessPercent: 20, extent: 80 },
  ];

  it('get their share of the accesses, evenly within', () => {
    const hits = shares({ kind: 'zoned', zones: { read: zones, write: zones } }, 1000);
    expect(sum(hits.slice(0, 50))).toBeCloseTo(0.5, 2);
    expect(sum(hits.slice(50, 200))).toBeCloseTo(0.3, 2);
    expect(sum(hits.slice(200))).toBeCloseTo(0.2, 2);
    expect(Math.max(...hits.slice(0, 50)) / Math.min(...hits.slice(0, 50))).toBeLessThan(1.3);
  });

  it('may be given in bytes', () => {
    const inBytes = [
      { accessPercent: 90, extent: 40_960 },
      { accessPercent: 10, extent: 81_920 },
    ];
    const hits = shares({ kind: 'zoned_abs', zones: { read: inBytes, write: inBytes } }, 100, 4096);
    expect(sum(hits.slice(0, 10))).toBeCloseTo(0.9, 2);
    expect(sum(hits.slice(10, 30))).toBeCloseTo(0.1, 2);
    expect(sum(hits.slice(30))).toBe(0);
  });
});

describe('random', () => {
  it('is uniform', () => {
    const hits = shares({ kind: 'random' }, 100);
    expect(Math.max(...hits)).toBeLessThan(0.0115);
    expect(Math.min(...hits)).toBeGreaterThan(0.0085);
  });
});
