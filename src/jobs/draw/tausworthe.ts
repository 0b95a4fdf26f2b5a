// fio's random numbers (lib/rand.c): L'Ecuyer's combined Tausworthe generators taus88 and, for random_generator=tausworthe64,
// taus258. A fio job draws the same I/Os on every machine, so the lab draws from the same generators.

/** One of a job's sequences of random numbers. */
export interface Tausworthe {
  /** The next number: 0 to 2^32 - 1, or to 2^64 - 1 (rounded to a double) from taus258. */
  next(): number;
  /** The next number as a share of the generator's range. */
  unit(): number;
  /** A whole number of [from, to], drawn as fio's rand_between does. */
  between(from: number, to: number): number;
  /** Draws, and answers up to which of the ascending percentages of a split the number falls (io_u.c, get_next_buflen). */
  percentile(): (percent: number) => boolean;
}

const RANGE_32 = 2 ** 32;
/** What fio's `(2^31) + (2^17) + (2^7)` is in C, where ^ is exclusive or. */
const FIRST_FACTOR = 53;
const WARM_UP = 6;

/** taus88. @param seed its low 32 bits count */
export function taus88(seed: bigint): Tausworthe {
  const low = Number(BigInt.asUintN(32, seed));
  const scramble = (x: number, least: number): number => {
    const mixed = (Math.imul(x, 69069) ^ low) >>> 0;
    return mixed < least ? mixed + least : mixed;
  };
  let s1 = scramble(FIRST_FACTOR, 1);
  let s2 = scramble(s1, 7);
  let s3 = scramble(s2, 15);
  const next = (): number => {
    s1 = ((s1 & ~1) << 12) ^ (((s1 << 13) ^ s1) >>> 19);
    s2 = ((s2 & ~7) << 4) ^ (((s2 << 2) ^ s2) >>> 25);
    s3 = ((s3 & ~15) << 17) ^ (((s3 << 3) ^ s3) >>> 11);
    return (s1 ^ s2 ^ s3) >>> 0;
  };
  for (let i = 0; i < WARM_UP; i++) next();
  return {
    next,
    unit: () => next() / RANGE_32,
    between: (from, to) => from + Math.floor((to - from + 1) * (next() / RANGE_32)),
    percentile: () => {
      const drawn = next();
      return (percent) => Math.floor(drawn / percent) <= Math.floor((RANGE_32 - 1) / 100);
    },
  };
}

const RANGE_64 = 2 ** 64;
const MOST_64 = 2n ** 64n - 1n;
/** Left shift and right shift that make the feedback, bits that are kept, left shift of those. */
const STEPS_258 = [
  [1n, 53n, ~1n, 10n],
  [24n, 50n, ~511n, 5n],
  [3n, 23n, ~4095n, 29n],
  [5n, 24n, ~131071n, 23n],
  [3n, 33n, ~8388607n, 8n],
] as const;
const LEAST_258 = [1n, 7n, 15n, 33n, 49n] as const;

/** taus258. */
export function taus258(seed: bigint): Tausworthe {
  let before = BigInt(FIRST_FACTOR);
  const state = LEAST_258.map((least) => {
    const mixed = BigInt.asUintN(64, (before * 6906969069n) ^ seed);
    before = mixed < least ? mixed + least : mixed;
    return before;
  });
  const draw = (): bigint => {
    let drawn = 0n;
    for (const [i, [left, right, kept, up]] of STEPS_258.entries()) {
      const s = state[i] as bigint;
      const feedback = BigInt.asUintN(64, (s << left) ^ s) >> right;
      const stepped = BigInt.asUintN(64, (s & kept) << up) ^ feedback;
      state[i] = stepped;
      drawn ^= stepped;
    }
    return drawn;
  };
  for (let i = 0; i < WARM_UP; i++) draw();
  const unit = (): number => Number(draw()) / RANGE_64;
  return {
    next: () => Number(draw()),
    unit,
    between: (from, to) => from + Math.floor((to - from + 1) * unit()),
    percentile: () => {
      const drawn = draw();
      return (percent) => drawn / BigInt(percent) <= MOST_64 / 100n;
    },
  };
}
