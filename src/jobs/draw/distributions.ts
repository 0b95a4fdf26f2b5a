// Which block a random I/O goes to, by fio's random_distribution (lib/zipf.c, lib/gauss.c, io_u.c). Ranks are spread over the file by a
// hash, as in fio: two ranks may share a block, and some blocks have none.
import type { Distribution, Zone } from '../job.ts';
import { spreadBelow } from './hashes.ts';
import { type Tausworthe, taus88 } from './tausworthe.ts';

/** Draws a block of [0, count). */
export type Draw = () => number;

/** What of a distribution draws ranks, with its numbers. */
export type RankRule = Extract<Distribution, { kind: 'zipf' | 'pareto' | 'normal' }>;

export function isRanked(rule: Distribution): rule is RankRule {
  return rule.kind === 'zipf' || rule.kind === 'pareto' || rule.kind === 'normal';
}

/**
 * @param count blocks, 1 or more
 * @param hashed spreads the ranks; file_service_type leaves them in order
 */
export function createRankDraw(rule: RankRule, count: number, seed: bigint, hashed: boolean): Draw {
  const random = taus88(seed);
  if (rule.kind === 'normal') return normal(rule, count, random, hashed);
  const drawn = random.next();
  const shift = rule.center === undefined ? drawn : Math.floor(count * rule.center);
  const rank = rule.kind === 'zipf' ? zipfRanks(count, rule.theta, random) : paretoRanks(count, rule.h, random);
  return placed(rank, count, shift, hashed);
}

function placed(rank: Draw, count: number, shift: number, hashed: boolean): Draw {
  return hashed ? () => spreadBelow(rank(), shift, count) : () => (rank() + shift) % count;
}

/** fio divides by the largest number, so that 1 can come out. */
const MOST_32 = 2 ** 32 - 1;

/**
 * Ranks from 0 with probability proportional to 1/(rank+1)^theta, by the method of Gray et al. (SIGMOD 1994) that
 * fio uses: exact for the first two ranks, a continuous approximation beyond.
 */
export function zipfRanks(count: number, theta: number, random: Tausworthe): Draw {
  const zetaN = zeta(Math.min(count, MOST_ZETA_TERMS), theta);
  const zeta2 = 1 + 0.5 ** theta;
  const alpha = 1 / (1 - theta);
  const eta = (1 - (2 / count) ** (1 - theta)) / (1 - zeta2 / zetaN);
  return () => {
    const u = random.next() / MOST_32;
    const z = u * zetaN;
    if (z < 1) return 0;
    if (z < zeta2) return 1;
    return Math.floor(count * (eta * u - eta + 1) ** alpha);
  };
}

/** lib/zipf.c, ZIPF_MAX_GEN: the sum of a larger file is that of so many blocks. */
const MOST_ZETA_TERMS = 10_000_000;
/** Terms that are added one by one; the rest by the Euler-Maclaurin formula, off by less than a double's rounding. */
const ADDED_TERMS = 1000;

/** The sum of i^-theta for i from 1 to count (theta not 1). */
export function zeta(count: number, theta: number): number {
  const added = Math.min(count, ADDED_TERMS);
  let sum = 0;
  for (let i = 1; i <= added; i++) sum += i ** -theta;
  if (count === added) return sum;
  const integral = (count ** (1 - theta) - added ** (1 - theta)) / (1 - theta);
  const ends = (count ** -theta - added ** -theta) / 2;
  const slopes = (theta / 12) * (added ** (-theta - 1) - count ** (-theta - 1));
  const third = ((theta * (theta + 1) * (theta + 2)) / 720) * (added ** (-theta - 3) - count ** (-theta - 3));
  return sum + integral + ends + slopes - third;
}

/** Ranks such that the first h of them get 1-h of the accesses (h=0.2: 80 % go to the first 20 %). */
function paretoRanks(count: number, h: number, random: Tausworthe): Draw {
  const power = Math.log(h) / Math.log(1 - h);
  return () => Math.floor((count - 1) * (random.next() / MOST_32) ** power);
}

const NORMAL_SUMMANDS = 12;

/**
 * fio's bell curve: the mean of 12 uniform draws, and for a deviation above 0 a uniform shift within that percentage of the file (at
 * most half of it), half to each side.
 */
function normal(rule: Extract<RankRule, { kind: 'normal' }>, count: number, random: Tausworthe, hashed: boolean): Draw {
  const { deviationPercent, center } = rule;
  const width = deviationPercent > 0 ? Math.min(Math.ceil((count * deviationPercent) / 100), Math.floor(count / 2)) : 0;
  // An unsigned int in fio, to which a centre in the first half is negative.
  const shift = center === undefined ? 0 : Math.trunc(count * (center - 0.5)) >>> 0;
  const rank = (): number => {
    let sum = 0;
    for (let i = 0; i < NORMAL_SUMMANDS; i++) sum += random.next() % (count + 1);
    const middle = Math.ceil(sum / NORMAL_SUMMANDS);
    if (width === 0) return middle;
    let moved = Math.trunc(width * random.unit()) - Math.floor(width / 2);
    while (moved !== 0 && (middle + moved >= count || middle + moved < 0)) moved = Math.trunc(moved / 2);
    return middle + moved;
  };
  return placed(rank, count, shift, hashed);
}

/** The zone that a number of 1 to 100 falls into. */
export interface ZoneSpan {
  /** Percent of the file, or bytes. */
  readonly from: number;
  readonly to: number;
}

/** fio's table of the zones (zone-dist.c): one entry for each percent of the accesses. */
export function zoneTable(zones: readonly Zone[]): readonly ZoneSpan[] {
  let from = 0;
  return zones.flatMap(({ accessPercent, extent }) => {
    const span = { from, to: from + extent };
    from = span.to;
    return Array.from({ length: accessPercent }, () => span);
  });
}
