import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPermutation } from './permutation.ts';

describe('a permutation', () => {
  it('hits every number of its range once, whatever the size and seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(), (size, seed) => {
        const permutation = createPermutation(size, seed);
        const values = Array.from({ length: size }, (_, i) => permutation.at(i)).sort((a, b) => a - b);
        expect(values).toEqual(Array.from({ length: size }, (_, i) => i));
      }),
    );
  });

  it('stays within and does not repeat in ranges beyond 32 bits', () => {
    const size = 2 ** 37 + 12345;
    const permutation = createPermutation(size, 1);
    const seen = new Set<number>();
    for (let i = 0; i < 20_000; i++) seen.add(permutation.at(i * 1_000_003));
    expect(seen.size).toBe(20_000);
    const values = [...seen];
    expect(values.every((value) => Number.isInteger(value) && value >= 0 && value < size)).toBe(true);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean / size).toBeCloseTo(0.5, 1);
  });

  it('is the same for one seed, another for the next, and another again when rekeyed', () => {
    const order = (permutation: { at(i: number): number }) => Array.from({ length: 100 }, (_, i) => permutation.at(i));
    const first = createPermutation(100, 1);
    const firstOrder = order(first);
    expect(order(createPermutation(100, 1))).toEqual(firstOrder);
    expect(order(createPermutation(100, 2))).not.toEqual(firstOrder);
    first.rekey(2);
    expect(order(first)).toEqual(order(createPermutation(100, 2)));
  });

  it('leaves no trace of the order it is asked in', () => {
    const size = 4096;
    const permutation = createPermutation(size, 7);
    let rises = 0;
    for (let i = 1; i < size; i++) if (permutation.at(i) > permutation.at(i - 1)) rises++;
    expect(rises / size).toBeGreaterThan(0.46);
    expect(rises / size).toBeLessThan(0.54);
  });
});
