import { describe, expect, test } from 'vitest';
import { Counters } from '../../../build/layout.ts';
import { resultFixture } from '../../../test/support/result_fixture.ts';
import type { Cell } from '../../result/schema.ts';
import { countColumns } from './counts.ts';

const cellWith = (perIo: Record<string, number>): Cell => {
  const [cell] = resultFixture().cells.filter((each) => each.perIo !== null);
  return { ...(cell as Cell), perIo: { ...(cell as Cell).perIo, ...perIo } as Cell['perIo'] };
};

describe('counts', () => {
  test('have a column for everything that the counting build counts', () => {
    const counted = Object.keys(Counters).filter((name) => !['bytes', 'ios'].includes(name));
    const each = (value: number): Cell => cellWith(Object.fromEntries(counted.map((name) => [name, value])));
    const columns: string[] = countColumns([each(1), each(2)]).map(({ field }) => field);
    // An IOMMU's counts have a table of their own.
    const ofIommu = ['iovaAllocs', 'iovaFrees', 'pteWrites', 'pteClears', 'pteLines', 'invalidations', 'flushes'];
    expect(counted.filter((name) => !columns.includes(name))).toEqual(['pageLoads', 'doorbells', ...ofIommu]);
  });

  test('have a column only where a scheme does it, and common work only where arms differ', () => {
    const titles = (cells: Cell[]): string[] => countColumns(cells).map(({ title }) => title);
    const plain = titles([cellWith({ requests: 1 }), cellWith({ requests: 1 })]);
    expect(plain).toEqual(['page lines', 'page atomics', 'P2P tests', 'pgmap checks', 'map calls', 'descriptor B']);
    expect(titles([cellWith({ providerLookups: 1 }), cellWith({})])).toContain('provider lookups');
    expect(titles([cellWith({ requests: 1 }), cellWith({ requests: 2 })])).toContain('requests');
  });
});
