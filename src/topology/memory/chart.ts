// The memory table as chart data: plain numbers and words, drawn elsewhere.
import type { MemoryRow } from './rows.ts';

export interface StackedBars {
  readonly title: string;
  readonly unit: 'bytes';
  /** Schemes differ by eight orders of magnitude. */
  readonly scale: 'logarithmic';
  readonly labels: readonly string[];
  /** One stack layer each; `values` in the order of `labels`. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** Measured totals beside the modelled bars; null where not measured. */
  readonly measured: readonly (number | null)[];
  /** Labels of rows that P2PDMA cannot have today, to be drawn apart. */
  readonly notAvailable: readonly string[];
}

/** Stacked bars of set-up memory for each scheme. */
export function memoryChart(
  rows: readonly MemoryRow[],
  title: string,
  isAvailable: (row: MemoryRow) => boolean,
): StackedBars {
  const layer = (name: string, pick: (row: MemoryRow) => number) => ({ name, values: rows.map(pick) });
  return {
    title,
    unit: 'bytes',
    scale: 'logarithmic',
    labels: rows.map((row) => row.scheme),
    series: [
      layer('memmap', (row) => row.memmapBytes),
      layer('page tables', (row) => row.pageTableBytes),
      layer('pool', (row) => row.poolBytes),
      layer('map state', (row) => row.mapStateBytes),
      layer('descriptors in flight', (row) => row.totalBytes - setUpBytes(row)),
    ],
    measured: rows.map((row) => row.residentBytes),
    notAvailable: rows.filter((row) => !isAvailable(row)).map((row) => row.scheme),
  };
}

/** Everything but the I/Os in flight. */
export function setUpBytes(row: MemoryRow): number {
  return row.memmapBytes + row.pageTableBytes + row.poolBytes + row.mapStateBytes;
}
