// Experiment: bytes that each way to carry P2P memory keeps for a BAR, by the model of the kernel's structures (p2plab memory).

import { formatBytes } from '../../base/units.ts';
import { type MemoryRow, memoryRows } from '../../topology/memory/rows.ts';
import type { Experiment } from './experiment.ts';

export interface Remembered {
  barBytes: number;
  rows: readonly Pick<MemoryRow, 'scheme' | 'memmapBytes' | 'mapStateBytes' | 'totalBytes'>[];
}

export function remembered(barBytes: number): Experiment<Remembered> {
  const options = { barBytes: [barBytes], pageBytes: 4096, era: '6.12', queueDepth: 1024, clients: 1 } as const;
  return {
    command: `p2plab memory --bar ${formatBytes(barBytes).replace(' ', '')} --no-measured`,
    run: async () => ({ barBytes, rows: memoryRows(options) }),
  };
}

/** @throws for a scheme that the table has not: a programmer's mistake in a claim */
export function rowOf({ rows }: Remembered, name: string): Remembered['rows'][number] {
  const found = rows.find(({ scheme }) => scheme === name);
  if (found === undefined)
    throw new Error(`a claim asks for memory of ${name}; there is ${rows.map((row) => row.scheme).join(', ')}`);
  return found;
}
