// Which block a random I/O goes to: fio's random_distribution (lib/zipf.c, lib/gauss.c, io_u.c).
// fio spreads the ranks of zipf, pareto and normal over the region by a hash, which lets two ranks share a block; here
// a permutation spreads them, so that the shares are exactly those of the distribution.
import type { Random } from '../base/random.ts';
import type { PerDirection } from './fio_values.ts';
import type { Distribution, Zone } from './job.ts';
import { createPermutation } from './permutation.ts';

/** Draws a position in [0, count). */
export type Draw = () => number;

export interface Positions {
  /** How many positions there are, 1 or more. */
  readonly count: number;
  /** Bytes from one position to the next, for zones given in bytes. */
  readonly strideBytes: number;
}

/** @param spreadSeed decides where the popular positions lie; the same for reads and writes of a job */
export function createDraw(
  distribution: Distribution,
  direction: keyof PerDirection<unknown>,
  positions: Positions,
  random: Random,
  spreadSeed: number,
): Draw {
  const { count } = positions;
  switch (distribution.kind) {
    case 'random':
      return () => random.below(count);
    case 'zipf':
      return spread(zipfRanks(count, distribution.theta, random), 0, count, distribution.center, spreadSeed);
    case 'pareto':
      return spread(paretoRanks(count, distribution.h, random), 0, count, distribution.center, spreadSeed);
    case 'normal': {
      const ranks = normalRanks(count, distribution.deviationPercent, random);
      return spread(ranks, Math.floor(count / 2), count, distribution.center, spreadSeed);
    }
    case 'zoned':
    case 'zoned_abs':
      return zonedDraw(zoneSpans(distribution.zones[direction], distribution.kind === 'zoned_abs', positions), random);
  }
}

/** Scatters ranks over the positions; with a centre, the most popular rank lands there. */
function spread(ranks: Draw, top: number, count: number, center: number | undefined, seed: number): Draw {
  const permutation = createPermutation(count, seed);
  if (center === undefined) return () => permutation.at(ranks());
  const shift = Math.min(count - 1, Math.floor(center * count)) - permutation.at(top) + count;
  return () => (permutation.at(ranks()) + shift) % count;
}

/**
 * Ranks 0 to count-1 with probability proportional to 1/(rank+1)^theta, by the method of Gray et al. (SIGMOD 1994) that
 * fio uses: exact for the first two ranks, a continuous approximation beyond.
 */
export function zipfRanks(count: number, theta: number, random: Random): Draw {
  const zetaN = zeta(count, theta);
  const zeta2 = zeta(Math.min(2, count), theta);
  const alpha = 1 / (1 - theta);
  const eta = count > 2 ? (1 - (2 / count) ** (1 - theta)) / (1 - zeta2 / zetaN) : 0;
  return () => {
    const u = random.unit();
    const z = u * zetaN;
    if (z < 1) return 0;
    if (z < zeta2) return 1;
    return Math.min(count - 1, Math.floor(count * (eta * u - eta + 1) ** alpha));
  };
}

/** Terms of a zeta sum that are added one by one; the rest is an integral, off by less than 1e-9 of the sum. */
const ZETA_TERMS = 10_000;

/** The sum of i^-theta for i from 1 to count (theta not 1). */
export function zeta(count: number, theta: number): number {
  const exact = Math.min(count, ZETA_TERMS);
  let sum = 0;
  for (let i = 1; i <= exact; i++) sum += i ** -theta;
  if (count === exact) return sum;
  const power = 1 - theta;
  return sum + ((count + 0.5) ** power - (exact + 0.5) ** power) / power;
}

/** Ranks such that the first h of them get 1-h of the accesses (h=0.2: 80 % go to the first 20 %). */
function paretoRanks(count: number, h: number, random: Random): Draw {
  const power = Math.log(h) / Math.log(1 - h);
  return () => Math.floor((count - 1) * random.unit() ** power);
}

const NORMAL_SUMMANDS = 12;

/**
 * fio's bell curve: the mean of 12 uniform draws (standard deviation count/12), and for a deviation above 0 a uniform
 * shift of at most min(100/deviation, 1/2)/2 of the range. As deviation is below 100 that is always a quarter: fio
 * treats all deviations alike.
 */
function normalRanks(count: number, deviationPercent: number, random: Random): Draw {
  const width = deviationPercent > 0 ? Math.min(Math.ceil((count * 100) / deviationPercent), count / 2) : 0;
  return () => {
    let sum = 0;
    for (let i = 0; i < NORMAL_SUMMANDS; i++) sum += random.below(count + 1);
    const middle = Math.ceil(sum / NORMAL_SUMMANDS);
    let shift = Math.trunc(width * random.unit() - width / 2);
    while (shift !== 0 && (middle + shift >= count || middle + shift < 0)) shift = Math.trunc(shift / 2);
    return Math.min(middle + shift, count - 1);
  };
}

interface Span {
  /** Sum of the access shares up to and with this one, in [0, 1]. */
  readonly upTo: number;
  readonly first: number;
  readonly count: number;
}

function zoneSpans(zones: readonly Zone[], absolute: boolean, positions: Positions): Span[] {
  const positionAt = (extent: number): number =>
    absolute ? Math.floor(extent / positions.strideBytes) : Math.floor((extent * positions.count) / 100);
  let extent = 0;
  let percent = 0;
  return zones.map((zone) => {
    const first = Math.min(positionAt(extent), positions.count - 1);
    extent += zone.extent;
    percent += zone.accessPercent;
    const end = Math.min(positionAt(extent), positions.count);
    return { upTo: percent / 100, first, count: Math.max(1, end - first) };
  });
}

function zonedDraw(spans: readonly Span[], random: Random): Draw {
  const last = spans.length - 1;
  return () => {
    const u = random.unit();
    let i = 0;
    while (i < last && u >= (spans[i] as Span).upTo) i++;
    const span = spans[i] as Span;
    return span.first + random.below(span.count);
  };
}
