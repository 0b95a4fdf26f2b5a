import { describe, expect, it } from 'vitest';
import type { Arm, MeasureParams } from '../plan/run_plan.ts';
import type { RawSample } from '../result/schema.ts';
import { comparisonsOf, familyComparisons } from './comparisons.ts';
import type { ArmRecord, GroupRecord } from './group_record.ts';

const params = { seed: 1, marginPercent: 2 } as MeasureParams;

interface Series {
  /** Nanoseconds per I/O of the reference's rounds, process by process. */
  reference: number[][];
  /** Of the other arm. */
  other: number[][];
  dirty?: (process: number, round: number) => boolean;
}

function group({ reference, other, dirty = () => false }: Series, id = 'g0'): GroupRecord {
  const arm = (role: Arm['role'], name: string, rounds: number[][]): ArmRecord => {
    const samples = rounds.flatMap((values, process) =>
      values.map((ns, index): RawSample => {
        const round = process * values.length + index;
        const sample = { round, order: 0, mode: 'inline' as const, ios: 1, ns, process };
        return dirty(process, index) ? { ...sample, dirty: true, dirtyReason: 'noise' } : sample;
      }),
    );
    return { arm: { id: `${id}/${name}`, scheme: name, buffers: 'fixed', role }, samples } as ArmRecord;
  };
  const arms = [arm('reference', 'page', reference), arm('arm', 'dma_vec', other)];
  return { plan: { id, isOnBarAxis: false }, arms, rounds: [] } as unknown as GroupRecord;
}

const noisy = (ns: number, rounds = 8): number[] => Array.from({ length: rounds }, (_, i) => ns * (1 + (i % 3) / 500));
const only = (series: Series) => comparisonsOf(group(series), params)[0];

describe('several processes', () => {
  it('are what the interval rests on', () => {
    const found = only({
      reference: [100, 100, 100].map((ns) => noisy(ns)),
      other: [90, 91, 90].map((ns) => noisy(ns)),
    });
    expect(found).toMatchObject({ verdict: 'faster', processes: 3, n: 24 });
    expect(found?.withheld).toBeUndefined();
  });

  it('that disagree leave it open', () => {
    const found = only({
      reference: [100, 100, 100].map((ns) => noisy(ns)),
      other: [90, 110, 97].map((ns) => noisy(ns)),
    });
    expect(found?.verdict).toBe('inconclusive');
  });

  it('at different levels are not averaged: figures of the level with most processes, the others beside them', () => {
    const found = only({
      reference: [33, 100, 33.2, 33.1].map((ns) => noisy(ns)),
      other: [30, 99, 30.1, 30.2].map((ns) => noisy(ns)),
    });
    expect(found).toMatchObject({ processes: 3, n: 24, verdict: 'faster' });
    expect(found?.levels?.map(({ processes }) => processes)).toEqual([[0, 2, 3], [1]]);
    expect(found?.levels?.[0]?.ratio).toBeCloseTo(0.91, 2);
    expect(found?.levels?.[1]?.ratio).toBeCloseTo(0.99, 2);
  });

  it('of which only one is at a level give no verdict', () => {
    const found = only({ reference: [33, 100].map((ns) => noisy(ns)), other: [30, 90].map((ns) => noisy(ns)) });
    expect(found).toMatchObject({ verdict: 'inconclusive', withheld: 'the 2 processes ran at 2 levels' });
  });

  it('without a steady state are left out, and too many of them take the verdict away', () => {
    const unsteady = [...noisy(100, 30), ...noisy(140, 6)];
    const steady = noisy(100, 36);
    const other = Array.from({ length: 6 }, () => noisy(90, 36));
    const one = only({ reference: [unsteady, steady, steady, steady, steady, steady], other });
    expect(one).toMatchObject({ processes: 5, verdict: 'faster' });
    const two = only({ reference: [unsteady, unsteady, steady, steady, steady, steady], other });
    expect(two).toMatchObject({ verdict: 'inconclusive', withheld: '2 of 6 processes reached no steady state' });
  });
});

describe('disturbed rounds', () => {
  it('are not used', () => {
    const reference = [100, 100, 100].map((ns) => noisy(ns));
    const other = [90, 90, 91].map((ns) => noisy(ns));
    (other[1] as number[])[3] = 500;
    const found = only({ reference, other, dirty: (process, round) => process === 1 && round === 3 });
    expect(found).toMatchObject({ n: 23, verdict: 'faster' });
  });

  it('that are most of all leave a ratio and no verdict', () => {
    const three = (ns: number): number[][] => [ns, ns, ns].map((each) => noisy(each));
    const most = only({ reference: three(100), other: three(50), dirty: (_, round) => round > 2 });
    expect(most).toMatchObject({ n: 9, verdict: 'inconclusive' });
    expect(most?.withheld).toBe('the machine was disturbed in 15 of 24 rounds');
    // The same share of many rounds leaves enough of them.
    const many = (ns: number): number[][] => [ns, ns, ns].map((each) => noisy(each, 60));
    const enough = only({ reference: many(100), other: many(50), dirty: (_, round) => round % 8 > 2 });
    expect(enough).toMatchObject({ n: 72, verdict: 'faster' });
    const all = only({ reference: three(100), other: three(50), dirty: () => true });
    expect(all).toMatchObject({ n: 24, verdict: 'inconclusive' });
    expect(all?.ratio).toBeCloseTo(0.5);
  });
});

it('many comparisons that are read together are judged together', () => {
  // Differences that just hold alone.
  const groups = Array.from({ length: 6 }, (_, i) =>
    group(
      { reference: [100, 100, 100].map((ns) => noisy(ns)), other: [97.6, 97, 96.3].map((ns) => noisy(ns)) },
      `g${i}`,
    ),
  );
  const found = familyComparisons(groups, params);
  expect(found.map(({ verdict }) => verdict)).toEqual(Array(6).fill('faster'));
  expect(found.map(({ adjusted }) => adjusted)).toEqual(
    Array(6).fill(expect.objectContaining({ method: 'holm', of: 6, verdict: 'inconclusive' })),
  );
});
