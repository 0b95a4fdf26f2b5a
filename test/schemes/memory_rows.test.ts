// `p2plab memory` and a run add up the same structures: at 4 KiB pages both say what the schemes' own expectations say.
import { describe, expect, it } from 'vitest';
import { GIB, MIB } from '../../src/base/units.ts';
import type { Era } from '../../src/topology/host_bridge.ts';
import { memoryRows } from '../../src/topology/memory/rows.ts';
import { EXPECTED, expectedOf } from '../support/expected.ts';

const BARS = [2 * MIB, 256 * MIB, GIB, 16 * GIB, 64 * GIB];
const PAGE_ERAS: readonly (readonly [scheme: string, era: Era, variant: string])[] = [
  ['page', '5.2', 'page@5.2'],
  ['page', '6.12', 'page'],
  ['page', '6.17', 'page@6.17'],
];
const OTHERS = Object.keys(EXPECTED)
  .filter((name) => !/^page|^null$|@/.test(name))
  .map((name) => [name, '6.12', name] as const);

function rowOf(scheme: string, era: Era, barBytes: number, clients: number) {
  const rows = memoryRows({ barBytes: [barBytes], pageBytes: 4096, era, queueDepth: 1, clients });
  const found = rows.find((row) => row.scheme === scheme);
  return { memmap: found?.memmapBytes, mapState: found?.mapStateBytes };
}

function expectedRow(variant: string, barBytes: number, clients: number) {
  const { memmap, mapState, attach } = expectedOf(variant).memory;
  return { memmap: memmap(barBytes), mapState: mapState(barBytes) + (clients - 1) * attach(barBytes) };
}

describe('the memory of each scheme', () => {
  it.each([...PAGE_ERAS, ...OTHERS])('%s, structures of %s: is that of %s in a run', (scheme, era, variant) => {
    for (const bar of BARS) {
      for (const clients of [1, 3])
        expect([bar, clients, rowOf(scheme, era, bar, clients)]).toEqual([
          bar,
          clients,
          expectedRow(variant, bar, clients),
        ]);
    }
  });
});
