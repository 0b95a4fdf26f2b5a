import { describe, expect, test } from 'vitest';
import { resultFixture } from '../../../test/support/result_fixture.ts';
import { GIB, MIB } from '../../base/units.ts';
import { dimensionsOf, valuesOf } from './dimensions.ts';
import { groupsOf } from './groups.ts';
import { BETTER, defaultAxes, heatMap, heatMapDimensions, PAIR, shadeOf, squareText, WORSE } from './heat_map.ts';
import { CPU_NS_PER_IO, IOPS } from './metrics.ts';
import { isSignificant, pairName, type Ratio, ratiosAgainst, recordedRatios } from './ratios.ts';

const bars = [16 * GIB, 256 * MIB, GIB];
const workloads = bars.flatMap((bar) => [4096, 65536].map((bs) => ({ payload: 'none', bar, bs })));
const result = resultFixture({ workloads, sweepBars: [], rounds: 6 });
const groups = groupsOf(result);
const recorded = recordedRatios(result);

describe('axes', () => {
  test('are the options in which groups differ, and the pairs', () => {
    expect(heatMapDimensions(groups)).toEqual([PAIR, 'bar', 'bs']);
  });

  test('an option that only repeats another one, and how it was measured, are none', () => {
    const more = structuredClone(result);
    for (const { params } of more.cells) {
      params['fio.bs'] = String(params.bs);
      params.rounds = params.bs === 4096 ? 12 : 8;
    }
    expect(dimensionsOf(groupsOf(more))).toEqual(['bar', 'bs']);
  });

  test('sizes ascend, words keep their order', () => {
    expect(valuesOf(groups, 'bar').map(Number)).toEqual([256 * MIB, GIB, 16 * GIB]);
    const words = structuredClone(result);
    words.cells.forEach(({ params, id }) => {
      params.rw = id.startsWith('g0') ? 'write' : 'read';
    });
    expect(valuesOf(groupsOf(words), 'rw')).toEqual(['"write"', '"read"']);
  });

  test('many pairs are rows of one map, a single pair leaves both axes to options', () => {
    expect(defaultAxes(groups, 3)).toEqual({ x: 'bar', y: PAIR });
    expect(defaultAxes(groups, 1)).toEqual({ x: 'bar', y: 'bs' });
  });
});

describe('squares', () => {
  test('over two options: one map for each pair, every comparison once, ratios of the record', () => {
    const map = heatMap(groups, recorded, CPU_NS_PER_IO, { x: 'bar', y: 'bs' });
    const names = map.facets.map(({ title }) => title);
    expect(names).toEqual([
      'dma_vec/user against page/user',
      'dma_vec/pool against page/user',
      'dma_vec/fixed against page/user',
    ]);
    const [, ofPool] = map.facets;
    expect(ofPool?.x.labels).toEqual(['256 MiB', '1 GiB', '16 GiB']);
    expect(ofPool?.y.labels).toEqual(['4 KiB', '64 KiB']);
    const squares = map.facets.flatMap(({ ratios }) => ratios.flat()).filter((ratio) => ratio?.compared !== undefined);
    const between = result.comparisons.filter(({ metric, a }) => metric === 'cpuNsPerIo' && a.includes('dma_vec'));
    expect(new Set(squares.map((ratio) => ratio?.compared))).toEqual(new Set(between));
    for (const row of ofPool?.ratios ?? []) {
      for (const [column, ratio] of row.entries())
        expect(ratio?.group.params.bar).toBe([256 * MIB, GIB, 16 * GIB][column]);
    }
  });

  test('over pairs: the other options make a map each; two groups never share a square', () => {
    const map = heatMap(groups, recorded, CPU_NS_PER_IO, { x: 'bar', y: PAIR });
    expect(map.facets.map(({ title }) => title)).toEqual(['bs 4 KiB', 'bs 64 KiB']);
    const twice = structuredClone(result);
    twice.cells.forEach(({ id, params }) => {
      if (id.startsWith('g0/')) params.sweep = 'bar';
    });
    const apart = heatMap(groupsOf(twice), recordedRatios(twice), CPU_NS_PER_IO, { x: 'bar', y: PAIR });
    expect(apart.facets).toHaveLength(3);
    expect(apart.facets.flatMap(({ ratios }) => ratios.flat()).filter((ratio) => ratio !== undefined)).toHaveLength(18);
  });

  test('a refused arm stands with its errno, without colour', () => {
    const [user] = heatMap(groups, recorded, CPU_NS_PER_IO, { x: 'bar', y: 'bs' }).facets;
    const ratio = user?.ratios[0]?.[0] as Ratio;
    expect(squareText(ratio)).toBe('EOPNOTSUPP');
    expect(shadeOf(ratio, CPU_NS_PER_IO, 1)).toBeUndefined();
  });

  test('an advantage is blue in either direction of the metric, no difference found is hatched', () => {
    const [ratio] = recorded(groups, CPU_NS_PER_IO).filter(({ compared }) => compared !== undefined) as [Ratio];
    const at = (value: number, ci95: [number, number]) =>
      ({ ...ratio, compared: { ...(ratio.compared as object), ratio: value, ci95 } }) as Ratio;
    expect(shadeOf(at(0.5, [0.4, 0.6]), CPU_NS_PER_IO, 2)).toEqual({ colour: BETTER, share: 0.5, hatched: false });
    expect(shadeOf(at(2, [0.9, 3]), CPU_NS_PER_IO, 2)).toEqual({ colour: WORSE, share: 0.5, hatched: true });
    expect(shadeOf(at(2, [1.9, 2.1]), IOPS, 2)?.colour).toBe(BETTER);
  });

  test('what an adjustment for many comparisons says goes before the interval', () => {
    const [compared] = result.comparisons;
    if (compared === undefined) throw new Error('no comparison');
    const adjusted = { method: 'benjamini-hochberg', of: 9, pValue: 0.2, verdict: 'inconclusive' } as const;
    expect(isSignificant({ ...compared, ci95: [0.5, 0.6], adjusted })).toBe(false);
    expect(isSignificant({ ...compared, ci95: [0.9, 1.1], adjusted: { ...adjusted, verdict: 'slower' } })).toBe(true);
    expect(isSignificant({ ...compared, ci95: [0.5, 0.6], withheld: 'too few clean rounds' })).toBe(false);
    expect(isSignificant({ ...compared, ci95: null })).toBe(false);
  });
});

describe('another reference', () => {
  test('a pair the run compared keeps its record, the others are compared from their shared rounds', () => {
    const source = ratiosAgainst(result, 'dma_vec/fixed');
    const ratios = source(groups.slice(0, 1), CPU_NS_PER_IO);
    expect(ratios.map(pairName)).toEqual([
      'page/user against dma_vec/fixed',
      'page/pool against dma_vec/fixed',
      'page/fixed against dma_vec/fixed',
      'dma_vec/user against dma_vec/fixed',
      'dma_vec/pool against dma_vec/fixed',
    ]);
    const [user] = ratios as [Ratio];
    const opposite = result.comparisons.find(
      ({ metric, a, b }) => metric === 'cpuNsPerIo' && a === 'g0/dma_vec/fixed' && b === 'g0/page/user',
    );
    expect(user.compared?.ratio).toBeCloseTo(1 / (opposite?.ratio ?? 0), 6);
    expect(user.compared?.verdict).toBe('slower');
    expect(ratiosAgainst(result, 'page/user')(groups, CPU_NS_PER_IO)).toContainEqual(
      expect.objectContaining({ compared: opposite }),
    );
  });

  test('rounds that were set aside or that only one cell has are left out', () => {
    const disturbed = structuredClone(result);
    for (const { id, rounds } of disturbed.cells) {
      for (const sample of rounds) {
        if (sample.round === 0 && id.startsWith('g0/page/user'))
          Object.assign(sample, { dirty: true, ns: sample.ns * 1000 });
      }
    }
    const [user] = ratiosAgainst(disturbed, 'dma_vec/fixed')(groupsOf(disturbed).slice(0, 1), CPU_NS_PER_IO) as [Ratio];
    expect(user.compared?.n).toBe(5);
    expect(user.compared?.ratio).toBeLessThan(20);
  });
});
