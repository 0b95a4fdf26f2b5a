import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { createClaimMap, createPasses } from './random_map.ts';

describe('passes over blocks of one size', () => {
  it('take each block once before any again, in another order each time', () => {
    const next = createPasses(50, 3);
    const passes = [1, 2, 3].map(() => Array.from({ length: 50 }, next));
    for (const pass of passes) expect([...pass].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(passes[0]).not.toEqual(passes[1]);
    expect(passes[1]).not.toEqual(passes[2]);
  });
});

describe('a claim map', () => {
  it('gives out each unit once per pass, in runs that never pass the end', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 130 }),
        fc.nat(),
        (units, most, seed) => {
          const random = seededRandom(seed);
          const map = createClaimMap(units, seededRandom(seed + 1));
          const taken = new Uint8Array(units);
          let left = units;
          while (left > 0) {
            const wanted = 1 + random.below(most);
            const claimed = map.claim(wanted);
            const first = map.claimedFirst();
            expect(claimed).toBeGreaterThan(0);
            expect(claimed).toBeLessThanOrEqual(wanted);
            expect(first + claimed).toBeLessThanOrEqual(units);
            for (let unit = first; unit < first + claimed; unit++) {
              if (taken[unit]) throw new Error(`unit ${unit} given out twice`);
              taken[unit] = 1;
            }
            left -= claimed;
          }
          expect(map.claim(1)).toBe(1);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('keeps memory for what was touched, not for the whole namespace', () => {
    const map = createClaimMap(2 ** 33, seededRandom(1));
    const firsts = new Set<number>();
    for (let i = 0; i < 1000; i++) {
      expect(map.claim(8)).toBe(8);
      firsts.add(map.claimedFirst());
    }
    expect(firsts.size).toBe(1000);
  });

  it('refuses a namespace it cannot map', () => {
    expect(() => createClaimMap(2 ** 35, seededRandom(1))).toThrow(
      'a random map over 34359738368 blocks of several sizes is too large (at most 17179869184): set norandommap or a smaller size.',
    );
  });
});
