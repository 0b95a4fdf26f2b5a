// Verdicts of timed rules, by simulation with fixed seeds: a rule that holds is called broken too rarely to matter, also when many
// are asked together; a rule that does not hold is not passed.
import { describe, expect, it } from 'vitest';
import { effort } from '../../test/support/effort.ts';
import { seededRandom } from '../base/random.ts';
import type { EquivalentRule, RatioRule } from './gates_file.ts';
import { type Evidence, evidenceOf, isKept, pOutside, type TimedRule, verdictsOf } from './timed.ts';

const common = { name: 'r', line: 1, workload: { name: 'w', options: {}, line: 1 }, metric: 'cpuNsPerIo' as const };
const arm = { scheme: 'page', buffers: 'fixed' as const, isCopy: false };
const below = (bound: number): RatioRule => ({
  ...common,
  kind: 'ratio',
  a: arm,
  b: arm,
  above: undefined,
  below: bound,
});
const equivalent = (marginPercent: number): EquivalentRule => ({
  ...common,
  kind: 'equivalent',
  a: arm,
  b: arm,
  marginPercent,
});

/** 24 pairs of a true ratio: 2 % noise of their own, one in ten disturbed by up to 30 %, as beside another busy process. */
function measured(ratio: number, seed: number, processes = 1): Evidence {
  const random = seededRandom(seed);
  const spike = (): number => (random.unit() < 0.1 ? 1 + 0.3 * random.unit() : 1);
  const draw = (): number => 100 * Math.exp(0.02 * random.normal()) * spike();
  const n = 24;
  const a = Array.from({ length: n }, () => ratio * draw());
  const b = Array.from({ length: n }, draw);
  return evidenceOf({ a, b, processes: a.map((_, i) => i % processes), seed: 1 }, 'cpuNsPerIo');
}

function share(runs: number, happens: (seed: number) => boolean): number {
  return Array.from({ length: runs }, (_, seed) => happens(seed)).filter(Boolean).length / runs;
}

describe('timed rules', () => {
  it('that all hold, some of them barely, fail a gate of eight in at most 5 % of runs', () => {
    const rules: TimedRule[] = [
      below(1),
      below(1.001),
      equivalent(1),
      equivalent(2),
      below(1),
      below(1.05),
      below(1),
      below(1),
    ];
    const anyFails = (seed: number, processes: number): boolean =>
      verdictsOf(rules.map((rule, i) => ({ rule, evidence: measured(1, seed * 100 + i, processes) }))).some(
        ({ verdict }) => verdict === 'fail',
      );
    expect(share(effort(20, 40), (seed) => anyFails(seed, 1))).toBeLessThanOrEqual(0.05);
    expect(share(effort(40, 100), (seed) => anyFails(seed, 4))).toBeLessThanOrEqual(0.05);
  });

  it('that do not hold pass in at most 5 % of runs at the edge, and fail beyond it', () => {
    expect(share(effort(60, 100), (seed) => isKept(below(1), measured(1, seed)))).toBeLessThanOrEqual(0.05);
    expect(share(effort(60, 100), (seed) => isKept(equivalent(2), measured(1.02, seed)))).toBeLessThanOrEqual(0.06);
    expect(verdictsOf([{ rule: below(0.9), evidence: measured(1, 1) }])[0]?.verdict).toBe('fail');
    expect(verdictsOf([{ rule: equivalent(2), evidence: measured(1.1, 1) }])[0]?.verdict).toBe('fail');
  });

  it('that hold with room pass', () => {
    expect(verdictsOf([{ rule: below(1), evidence: measured(0.9, 1) }])[0]?.verdict).toBe('pass');
    expect(verdictsOf([{ rule: equivalent(5), evidence: measured(1, 1) }])[0]?.verdict).toBe('pass');
  });

  it('stay open where the interval reaches over the bound, or where there is no interval', () => {
    expect(verdictsOf([{ rule: equivalent(0.2), evidence: measured(1, 3) }])[0]?.verdict).toBe('inconclusive');
    const single = evidenceOf({ a: [2], b: [1], seed: 1 }, 'iops');
    expect(verdictsOf([{ rule: below(1), evidence: single }])[0]?.verdict).toBe('inconclusive');
  });

  it('are not called broken by fewer than six pairs, however far outside', () => {
    const few = evidenceOf({ a: [2, 2.01, 2, 1.99, 2], b: [1, 1, 1.01, 1, 1], seed: 1 }, 'cpuNsPerIo');
    expect(verdictsOf([{ rule: below(1), evidence: few }])[0]?.verdict).toBe('inconclusive');
    const six = evidenceOf({ a: [2, 2.01, 2, 1.99, 2, 2], b: [1, 1, 1.01, 1, 1, 1], seed: 1 }, 'cpuNsPerIo');
    expect(verdictsOf([{ rule: below(1), evidence: six }])[0]?.verdict).toBe('fail');
  });

  it('are outside with p = 5 % where the 95 % interval touches the bound', () => {
    const evidence = measured(1, 5, 4);
    expect(pOutside(evidence, { lo: 0, hi: (evidence.ci95 as [number, number])[0] })).toBeCloseTo(0.05, 6);
    expect(pOutside(evidence, { lo: (evidence.ci95 as [number, number])[1], hi: 9 })).toBeCloseTo(0.05, 6);
    expect(pOutside(evidence, { lo: 0, hi: evidence.ratio * 2 })).toBe(1);
  });
});
