import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../base/random.ts';
import { createRandomMap } from './random_map.ts';

describe('a random map', () => {
  it('finds the units that a plain array finds, and takes runs up to the first unit taken before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 130 }),
        fc.nat(),
        (units, most, seed) => {
          const random = seededRandom(seed);
          const map = createRandomMap(units);
          const taken = new Uint8Array(units);
          for (let left = units; left > 0; ) {
            const drawn = random.below(units);
            expect(map.isFree(drawn)).toBe(taken[drawn] === 0);
            let expected = drawn;
            while (taken[expected]) expected = (expected + 1) % units;
            const first = map.nextFree(drawn);
            expect(first).toBe(expected);
            const wanted = Math.min(1 + random.below(most), units - first);
            let run = 0;
            while (run < wanted && !taken[first + run]) taken[first + run++] = 1;
            expect(map.take(first, wanted)).toBe(run);
            left -= run;
          }
          expect(map.nextFree(0)).toBe(-1);
          map.clear();
          expect(map.nextFree(units - 1)).toBe(units - 1);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('keeps memory for what was touched, not for the whole namespace', () => {
    const map = createRandomMap(2 ** 33);
    const random = seededRandom(1);
    for (let i = 0; i < 1000; i++) {
      const first = map.nextFree(random.below(2 ** 33 - 8));
      expect(map.take(first, 8)).toBe(8);
      expect(map.isFree(first + 7)).toBe(false);
    }
  });

  it('refuses a namespace it cannot map', () => {
    expect(() => createRandomMap(2 ** 35)).toThrow(
      'a random map over 34359738368 blocks is too large (at most 17179869184): set norandommap or a smaller size.',
    );
  });
});
