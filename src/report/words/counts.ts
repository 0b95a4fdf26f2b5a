// The counts per I/O in words: titles for tables, in the order of the path. A column is worth its place where it tells arms
// apart.
import { type CounterDefinition, type CounterName, counterNamed, counters } from '../../catalogue/counters.ts';
import type { Cell } from '../../result/schema.ts';

interface Count extends CounterDefinition {
  field: CounterName;
}

const COUNTS: readonly Count[] = counters().map(([field, definition]) => ({ field, ...definition }));
const having = (column: CounterDefinition['column']): Count[] => COUNTS.filter((count) => count.column === column);

/** What an IOMMU's own table shows. */
export const MODELLED_COUNTS: readonly Count[] = having('modelled');

/** The columns of a table of these cells. */
export function countColumns(cells: readonly Cell[]): readonly Count[] {
  const shown = COUNTS.filter(({ field, column }) => {
    const values = cells.flatMap(({ perIo }) => (perIo === null ? [] : [perIo[field] ?? 0]));
    if (column === 'differing') return new Set(values).size > 1;
    return column === 'counted' && values.some((value) => value > 0);
  });
  return [...having('always'), ...shown, ...having('last')];
}

/** What a count is called. */
export function countTitle(field: string): string {
  return counterNamed(field)?.title ?? field;
}

/** What it tells a reader; undefined for one that this version does not know. */
export function countMeaning(field: string): string | undefined {
  return counterNamed(field)?.meaning;
}

/** Whether it is the same in every run: it does not depend on time. */
export function isExactCount(field: string): boolean {
  return counterNamed(field)?.inexact === undefined;
}
