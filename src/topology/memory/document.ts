// The `p2plab.memory/1` document.
import type { MemoryOptions, MemoryRow } from './rows.ts';

export interface MemoryDocument {
  readonly schema: 'p2plab.memory/1';
  /** All BARs together. */
  readonly barBytes: number;
  readonly pageBytes: number;
  readonly rows: readonly MemoryRow[];
}

export function memoryDocument(rows: readonly MemoryRow[], options: MemoryOptions): MemoryDocument {
  const barBytes = options.barBytes.reduce((sum, bytes) => sum + bytes, 0);
  return { schema: 'p2plab.memory/1', barBytes, pageBytes: options.pageBytes, rows };
}
