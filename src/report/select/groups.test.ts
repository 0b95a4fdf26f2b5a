import { expect, test } from 'vitest';
import { resultFixture } from '../../../test/support/result_fixture.ts';
import { GIB, MIB } from '../../base/units.ts';
import { commonParams, describeKeys, describeParams, varyingKeys } from '../words/params.ts';
import { armName, armsOf, comparisonOf, floorOf, groupsOf, isSweep, roleOf, setUpMetadataBytes } from './groups.ts';

const result = resultFixture({ workloads: [{ payload: 'none', bar: 256 * MIB }], sweepBars: [GIB, 4 * GIB] });

test('cells are grouped by id: reference first, its copy next, the floor last', () => {
  const groups = groupsOf({ ...result, cells: result.cells.toReversed() }).toReversed();
  expect(groups.map(({ id }) => id)).toEqual(['g0', 'g1', 'g2']);
  expect(groups[0]?.cells.map(roleOf)).toEqual(['reference', 'aa', 'arm', 'arm', 'arm', 'arm', 'arm', 'floor']);
  expect(groups.map(isSweep)).toEqual([false, true, true]);
});

test('arms are what a chart compares: no copy, no floor, no refusal', () => {
  const [group] = groupsOf(result);
  if (group === undefined) throw new Error('the fixture has a group');
  expect(armsOf(group).map(armName)).toEqual(['page/user', 'page/pool', 'page/fixed', 'dma_vec/pool', 'dma_vec/fixed']);
  expect(floorOf(group)?.scheme).toBe('null');
  const [reference, copy] = group.cells as [(typeof group.cells)[0], (typeof group.cells)[0]];
  expect(comparisonOf(result, reference, 'iops')).toBeUndefined();
  expect(comparisonOf(result, copy, 'iops')?.b).toBe(reference.id);
});

test('set-up metadata is summed without descriptors in flight and without counting resident pages again', () => {
  const [cell] = result.cells;
  if (cell === undefined) throw new Error('the fixture has a cell');
  const metadataBytes = { memmap: 1, pageTables: null, pool: 2, mapState: 3, descriptors: 4, resident: 100 };
  expect(setUpMetadataBytes({ ...cell, metadataBytes })).toBe(6);
  expect(setUpMetadataBytes({ ...cell, metadataBytes: null })).toBeNull();
});

test('a heading states the usual options and every other one that differs', () => {
  const params = { payload: 'none', bar: '16GiB', bs: 4096, queues: 2, iommu: 'off', sweep: 'bar' };
  expect(describeParams(params)).toEqual(['payload none', 'BAR 16 GiB (memmap 256 MiB)', 'bs 4 KiB', '2 queues']);
  expect(describeParams(params, ['iommu'])).toContain('iommu off');
  expect(describeKeys(params, ['iommu', 'missing'])).toEqual(['iommu off']);
});

test('options of single cells neither belong to a group nor tell groups apart', () => {
  const a = { scheme: 'page', buffers: 'user', bar: 1, bs: '4k/50:64k/50', list: ['x', 'y'] };
  const b = { scheme: 'vma', buffers: 'user', bar: 2, bs: '4k/50:64k/50', list: ['x', 'y'] };
  expect(commonParams([a, b])).toEqual({ bs: '4k/50:64k/50', list: ['x', 'y'] });
  expect(varyingKeys([a, b])).toEqual(['bar']);
  expect(varyingKeys([])).toEqual([]);
});
