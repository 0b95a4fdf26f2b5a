import { expect, test } from 'vitest';
import { adjustVerdicts, type Judged } from './adjusted.ts';

const judged = (verdict: Judged['verdict'], pValue: number | null, pEquivalence: number | null = 1): Judged => ({
  verdict,
  pValue,
  pEquivalence,
});

test('a verdict that does not hold among many is taken back, others stay', () => {
  const family = [judged('faster', 0.001), judged('slower', 0.04), judged('inconclusive', 0.4), judged('faster', 0.02)];
  const verdicts = adjustVerdicts(family, 'holm').map(({ verdict }) => verdict);
  expect(verdicts).toEqual(['faster', 'inconclusive', 'inconclusive', 'inconclusive']);
  expect(adjustVerdicts(family, 'benjamini-hochberg').map(({ verdict }) => verdict)).toEqual([
    'faster',
    'inconclusive',
    'inconclusive',
    'faster',
  ]);
});

test('equivalence is judged by its own p-value', () => {
  const family = [judged('equivalent', 0.9, 0.001), judged('equivalent', 0.5, 0.049)];
  expect(adjustVerdicts(family, 'holm').map(({ verdict }) => verdict)).toEqual(['equivalent', 'equivalent']);
  const more = [...family, judged('equivalent', 0.5, 0.03)];
  expect(adjustVerdicts(more, 'holm').map(({ verdict }) => verdict)).toEqual([
    'equivalent',
    'inconclusive',
    'inconclusive',
  ]);
});

test('a comparison without evidence stays without a verdict and counts in the family', () => {
  const [one] = adjustVerdicts([judged('faster', 0.03), judged('inconclusive', null, null)], 'holm');
  expect(one).toMatchObject({ of: 2, verdict: 'inconclusive' });
  expect(one?.pValue).toBeCloseTo(0.06);
});
