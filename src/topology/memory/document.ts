// The `p2plab.memory/1` document.
import type { MemoryOptions, MemoryRow, RefusedRow } from './rows.ts';
import { refusedRows } from './rows.ts';

export interface MemoryDocument {
  readonly schema: 'p2plab.memory/1';
  /** All BARs together. */
  readonly barBytes: number;
  readonly pageBytes: number;
  readonly rows: readonly MemoryRow[];
  /** Schemes that the kernel refuses for one of the BARs; left out when there are none. */
  readonly refused?: readonly RefusedRow[];
}

export function memoryDocument(rows: readonly MemoryRow[], options: MemoryOptions): MemoryDocument {
  const barBytes = options.barBytes.reduce((sum, bytes) => sum + bytes, 0);
  const refused = refusedRows(options);
  const told = refused.length === 0 ? {} : { refused };
  return { schema: 'p2plab.memory/1', barBytes, pageBytes: options.pageBytes, rows, ...told };
}
