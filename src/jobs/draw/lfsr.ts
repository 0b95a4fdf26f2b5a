// fio's random_generator=lfsr (lib/lfsr.c): a linear feedback shift register that passes through every block once.
import { assert } from '../../base/errors.ts';

/** Taps of maximal registers of 3 to 52 bits (lib/lfsr.c, lfsr_taps; after Xilinx XAPP 052), the register's width first. */
const TAPS: readonly (readonly number[])[] = `3,2 4,3 5,3 6,5 7,6 8,6,5,4 9,5 10,7 11,9 12,6,4,1 13,4,3,1 14,5,3,1 15,14
  16,15,13,4 17,14 18,11 19,6,2,1 20,17 21,19 22,21 23,18 24,23,22,17 25,22 26,6,2,1 27,5,2,1 28,25 29,27 30,6,4,1 31,28
  32,31,29,1 33,20 34,27,2,1 35,33 36,25 37,5,4,3,2,1 38,6,5,1 39,35 40,38,21,19 41,38 42,41,20,19 43,42,38,37 44,43,18,17
  45,44,42,41 46,45,26,25 47,42 48,47,21,20 49,40 50,49,24,23 51,50,36,35 52,49`
  .trim()
  .split(/\s+/)
  .map((taps) => taps.split(',').map(Number));

export interface Lfsr {
  /** The next block, or -1 when each has been given. */
  next(): number;
  /** Starts the same pass again. */
  reset(): void;
}

/** @param count blocks, up to 2^52 - 1 */
export function createLfsr(count: number, seed: bigint): Lfsr {
  const taps = TAPS.find(([bits = 0]) => 2 ** bits > count);
  assert(taps !== undefined, 'a register is wide enough for the blocks');
  const bits = taps[0] as number;
  const top = 2n ** BigInt(bits - 1);
  const mask = taps.reduce((sum, tap) => sum | (1n << BigInt(tap - 1)), 0n);
  const step = bits <= 31 ? narrowStep(Number(top), Number(mask)) : wideStep(top, mask);
  const first = Number(BigInt.asUintN(bits, seed));
  let value = first;
  let given = 0;
  // The very first number of a register is passed over (prepare_spin: cycle_length is 1 at the start).
  let isNew = true;
  return {
    next: () => {
      if (given++ >= count) return -1;
      if (isNew) value = step(value);
      isNew = false;
      do value = step(value);
      while (value >= count);
      return value;
    },
    reset: () => {
      value = first;
      given = 0;
    },
  };
}

function narrowStep(top: number, mask: number): (value: number) => number {
  return (value) => (((value >>> 1) | top) ^ (((value & 1) - 1) & mask)) >>> 0;
}

function wideStep(top: bigint, mask: bigint): (value: number) => number {
  return (value) => {
    const wide = BigInt(value);
    return Number(((wide >> 1n) | top) ^ ((wide & 1n) === 0n ? mask : 0n));
  };
}
