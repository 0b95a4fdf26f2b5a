// The sequence is part of every result that was ever seeded: it must not change.
import { expect, it } from 'vitest';
import { seededRandom } from './random.ts';

/** xoshiro128** as its authors write it, one number at a time. */
function* naive(seed: number): Generator<number> {
  let state = seed >>> 0;
  const s = Array.from({ length: 4 }, () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  }) as [number, number, number, number];
  const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k));
  const bits = (): number => {
    const result = Math.imul(rotl(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11);
    return result;
  };
  for (;;) yield (bits() * 2 ** 21 + (bits() >>> 11)) / 2 ** 53;
}

it.each([0, 1, 42, 2 ** 32 - 1])('seed %i gives the sequence of the generator, over several batches', (seed) => {
  const random = seededRandom(seed);
  const expected = naive(seed);
  for (let i = 0; i < 1000; i++) expect(random.unit()).toBe(expected.next().value);
});
