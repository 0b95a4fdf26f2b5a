import { describe, expect, it } from 'vitest';
import { createRankDraw, type RankRule, zeta, zipfRanks, zoneTable } from './distributions.ts';
import { taus88 } from './tausworthe.ts';

const DRAWS = 200_000;

/** How often each position of [0, count) is drawn, as shares. */
function shares(rule: RankRule, count: number, hashed = true): Float64Array {
  const draw = createRankDraw(rule, count, 5n, hashed);
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
    expect(zeta(1_000_000, theta) / naive).toBeCloseTo(1, 11);
  });
});

describe('zipf', () => {
  it.each([0.5, 0.9, 1.2])('theta %d: the first two ranks have exactly their shares', (theta) => {
    const ranks = zipfRanks(10_000, theta, taus88(5n));
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
    const hits = shares({ kind: 'zipf', theta, center: undefined }, count, false);
    const popular = sum(hottestFirst(hits).slice(0, count / 10));
    expect(Math.abs(popular - zeta(count / 10, theta) / zeta(count, theta))).toBeLessThan(0.02);
  });

  it('spreads the hot blocks over the file, and puts the hottest at the centre when one is given', () => {
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
    const hits = hottestFirst(shares({ kind: 'pareto', h: 0.2, center: undefined }, 1000, false));
    expect(sum(hits.slice(0, 200))).toBeCloseTo(0.8, 1);
  });
});

describe('normal', () => {
  it('is a bell of standard deviation 1/12 before it is spread, and wider the larger the deviation', () => {
    const within = (deviationPercent: number): number => {
      const hits = shares({ kind: 'normal', deviationPercent, center: undefined }, 1200, false);
      return sum(hits.slice(500, 700));
    };
    expect(within(0)).toBeCloseTo(0.683, 1);
    expect(within(20)).toBeLessThan(within(0) - 0.05);
    expect(within(40)).toBeLessThan(within(20) - 0.1);
  });
});

describe('zones', () => {
  it('have an entry for each percent of the accesses, with the extent behind those before', () => {
    const table = zoneTable([
      { accessPercent: 60, extent: 10 },
      { accessPercent: 40, extent: 90 },
    ]);
    expect(table).toHaveLength(100);
    expect(table[59]).toEqual({ from: 0, to: 10 });
    expect(table[60]).toEqual({ from: 10, to: 100 });
  });
});
