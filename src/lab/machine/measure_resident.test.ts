import { expect, it } from 'vitest';
import { needing, PAGEMAP } from '../../../test/support/needs.ts';
import { GIB } from '../../base/units.ts';
import { setUpBytes } from '../../topology/memory/chart.ts';
import { memoryRows } from '../../topology/memory/rows.ts';
import { measureSetUp } from './measure_resident.ts';

needing(PAGEMAP).describe('measured set-up', () => {
  it.each(['page', 'dma_vec', 'phys', 'vma', 'dmabuf', 'sgl'])('of %s agrees with the model within 2 %', (scheme) => {
    const options = { barBytes: [4 * GIB], pageBytes: 4096, era: '6.12' as const, queueDepth: 1024, clients: 1 };
    const row = memoryRows(options).find((each) => each.scheme === scheme);
    const modelled = setUpBytes(row as NonNullable<typeof row>);
    expect((measureSetUp(scheme, 4 * GIB) as number) / modelled).toBeGreaterThan(0.98);
    expect((measureSetUp(scheme, 4 * GIB) as number) / modelled).toBeLessThan(1.02);
  });

  it('is not given for schemes that the lab does not run', () => {
    expect(measureSetUp('page-hvo-2M', GIB)).toBeUndefined();
  });
});
