import { expect, test } from 'vitest';
import { resultFixture } from '../../../test/support/result_fixture.ts';
import { GIB } from '../../base/units.ts';
import { largestByScheme } from './memory.ts';

test('each scheme at each BAR, with what it saves against the reference in bytes and in measured time', () => {
  const result = resultFixture({ sweepBars: [64 * GIB, GIB], workloads: [], rounds: 6 });
  const rows = largestByScheme(result);
  expect(rows.map(({ barBytes, scheme }) => [barBytes, scheme])).toEqual([
    [GIB, 'page'],
    [GIB, 'dma_vec'],
    [64 * GIB, 'page'],
    [64 * GIB, 'dma_vec'],
  ]);
  const [, , page, dmaVec] = rows;
  expect(page).toMatchObject({ savedBytes: null, savedNs: null });
  expect(dmaVec?.savedBytes).toBe((page?.setUpBytes ?? 0) - (dmaVec?.setUpBytes ?? 0));
  expect(dmaVec?.savedBytes).toBe(GIB);
  expect(dmaVec?.savedNs?.[0]).toBeGreaterThan(100);
});

test('cells without a BAR or without metadata have no row', () => {
  const result = resultFixture({ sweepBars: [GIB], workloads: [], rounds: 6 });
  for (const cell of result.cells) cell.metadataBytes = null;
  expect(largestByScheme(result)).toEqual([]);
});
