import fc from 'fast-check';
import { expect, test } from 'vitest';
import { benjaminiHochberg, holm } from './multiplicity.ts';

const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

test('known adjustments', () => {
  const p = [0.01, 0.04, 0.03, 0.005];
  expect(holm(p).map((v) => Number(v.toFixed(6)))).toEqual([0.03, 0.06, 0.06, 0.02]);
  expect(benjaminiHochberg(p).map((v) => Number(v.toFixed(6)))).toEqual([0.02, 0.04, 0.04, 0.02]);
});

test('adjusted values keep the order, never shrink, and Holm is the stricter', () => {
  fc.assert(
    fc.property(pValues, (p) => {
      const strict = holm(p);
      const lenient = benjaminiHochberg(p);
      const order = p.map((_, i) => i).sort((i, j) => (p[i] as number) - (p[j] as number));
      order.forEach((index, rank) => {
        expect(lenient[index]).toBeGreaterThanOrEqual((p[index] as number) * (1 - 1e-12));
        expect(strict[index]).toBeGreaterThanOrEqual((lenient[index] as number) * (1 - 1e-12));
        expect(strict[index]).toBeLessThanOrEqual(1);
        const before = order[rank - 1];
        if (before !== undefined) expect(strict[index]).toBeGreaterThanOrEqual(strict[before] as number);
        if (before !== undefined) expect(lenient[index]).toBeGreaterThanOrEqual(lenient[before] as number);
      });
    }),
  );
});
