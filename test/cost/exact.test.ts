// Exact counts of the timed modules: those of the counting build, each with its structure and its line of the source.
import { describe, expect, it } from 'vitest';
import { lineCosts, structureCosts } from '../../src/cost/cost_cell.ts';
import { countExactly, type ExactCounts } from '../../src/cost/exact.ts';
import { sourceLines } from '../../src/cost/source_lines.ts';
import { armsOf, checkAgainstCounting, prepared } from './arms.ts';

describe('struct page lines and atomics of the timed module', () => {
  for (const [flow, buffers] of [
    ['direct', 'pool,fixed,user'],
    ['copy', 'user'],
    ['nvmet', 'pool'],
  ] as const) {
    it(`are those that the counting build counts: ${flow}`, async () => {
      for (const arm of await armsOf(flow, ['page', 'dma_vec'], '--buffers', buffers)) checkAgainstCounting(flow, arm);
    });
  }
});

describe('what is counted', () => {
  // Maps of the modules may have to be compiled first.
  it('has a structure and a line of the source, all of it, and the same twice', { timeout: 900_000 }, async () => {
    const [arm] = await armsOf('direct', ['page'], '--buffers', 'user');
    const counts = [0, 1].map(() => {
      const cost = prepared(arm as NonNullable<typeof arm>);
      return { cost, exact: countExactly(cost) as ExactCounts };
    });
    const [{ cost, exact }, again] = counts as [(typeof counts)[0], (typeof counts)[0]];
    expect(again.exact.perIo).toEqual(exact.perIo);
    expect(again.exact.fields).toEqual(exact.fields);
    const structures = structureCosts(cost.map.fields, exact, new Map());
    expect(structures.map(({ name }) => name)).not.toContain('outside');
    for (const structure of ['page', 'bio', 'request', 'iod', 'SQE', 'CQE', 'pgmap', 'sg'])
      expect(structures.map(({ name }) => name)).toContain(structure);
    const sources = new Map();
    for (const module of [cost.host, ...cost.devices.values()])
      sources.set(module, await sourceLines(module.name, module.original));
    const lines = lineCosts(cost, exact, sources);
    expect(lines.filter(({ file, function: name }) => file === '?' || name === '(top)')).toEqual([]);
    for (const core of ['host', 'device'] as const) {
      const own = lines.filter((line) => line.core === core);
      const sum = (of: 'ops' | 'accesses'): number => own.reduce((all, line) => all + line[of], 0);
      expect(sum('ops')).toBeCloseTo(exact.perIo[core].ops, 6);
      expect(sum('accesses')).toBeCloseTo(exact.perIo[core].accesses, 6);
    }
    const pinned = lines.filter(({ file }) => file === 'src/machine/mm/page.ts').map(({ function: name }) => name);
    expect(pinned).toContain('isPciP2pdmaPage');
  });

  it('is of the arm alone, whatever else is compared', async () => {
    const alone = await armsOf('direct', ['page'], '--buffers', 'fixed');
    const beside = await armsOf('direct', ['dma_vec', 'phys', 'page'], '--buffers', 'pool,fixed');
    const [one, other] = [alone, beside].map((arms) => {
      const arm = arms.find((each) => each.arm.scheme === 'page' && each.arm.buffers === 'fixed');
      return (countExactly(prepared(arm as NonNullable<typeof arm>)) as ExactCounts).perIo;
    });
    expect(one).toEqual(other);
  });
});
