// A seeded pseudo-random order of [0, size) without a table: a Feistel network walked until it lands inside.
// Stands for fio's random map (each block once per pass) and its hash of ranks, at any namespace size.
import { seededRandom } from '../base/random.ts';

export interface Permutation {
  /** The value at an index of [0, size): a bijection of [0, size). */
  at(index: number): number;
  /** Another order of the same numbers. */
  rekey(seed: number): void;
}

const HALF_ROUNDS = 6;

/** @param size 1 to 2^46 */
export function createPermutation(size: number, seed: number): Permutation {
  const bits = Math.max(2, Math.ceil(Math.log2(size)));
  const lowBits = bits >>> 1;
  const lowSize = 2 ** lowBits;
  const lowMask = lowSize - 1;
  const highMask = 2 ** (bits - lowBits) - 1;
  const keys = new Int32Array(HALF_ROUNDS);

  const rekey = (newSeed: number): void => {
    const random = seededRandom(newSeed);
    for (let i = 0; i < HALF_ROUNDS; i++) keys[i] = random.below(2 ** 32) | 0;
  };
  rekey(seed);

  // The network permutes a power of two less than twice (four times for tiny sizes) as large as needed; walking on from
  // a value outside stays on the cycle of a value inside, so the walk ends and hits each value inside once.
  const at = (index: number): number => {
    let value = index;
    do {
      let high = Math.floor(value / lowSize);
      let low = value - high * lowSize;
      for (let round = 0; round < HALF_ROUNDS; round += 2) {
        high ^= mix(low, keys[round] as number) & highMask;
        low ^= mix(high, keys[round + 1] as number) & lowMask;
      }
      value = high * lowSize + low;
    } while (value >= size);
    return value;
  };
  return { at, rekey };
}

function mix(value: number, key: number): number {
  let z = Math.imul(value ^ key, 0x9e3779b1);
  z = Math.imul(z ^ (z >>> 15), 0x85ebca6b);
  return z ^ (z >>> 13);
}
