// Options as words: what a group of cells has in common, and what sets it apart from the other groups.

import { formatBytes } from '../../base/units.ts';
import { wordTable } from '../../base/word_table.ts';
import type { Params, ParamValue } from '../../result/schema.ts';
import { bytesOf } from './format.ts';

/** struct page bytes per byte of BAR: 64 B for each 4 KiB (Linux on x86-64). */
export const MEMMAP_SHARE = 64 / 4096;

/** Options of a cell, not of its group. */
const OF_THE_CELL: ReadonlySet<string> = new Set(['scheme', 'buffers', 'role']);

/** Bookkeeping that no heading needs. */
const SILENT: ReadonlySet<string> = new Set(['sweep', 'group']);

/** Options every heading states, in this order. */
const STATED = wordTable<(value: ParamValue) => string>({
  job: (value) => `job ${value}`,
  flow: (value) => `flow ${value}`,
  payload: (value) => `payload ${value}`,
  bar: (value) => `BAR ${describeBar(value)}`,
  rw: (value) => String(value),
  bs: (value) => `bs ${describeSize(value)}`,
  iodepth: (value) => `iodepth ${value}`,
  batch: (value) => `batch ${value}`,
  queues: (value) => (String(value) === '1' ? '1 queue' : `${value} queues`),
  era: (value) => `era ${value}`,
});

/** Options that a heading states when they are not as usual. */
const USUAL: Params = { iommu: 'off' };

/** An option of a record; a word such as `constructor` is one only where the record has it. */
export function paramOf(params: Params | undefined, key: string): ParamValue | undefined {
  return params !== undefined && Object.hasOwn(params, key) ? params[key] : undefined;
}

/** Whether two option values are the same. */
function sameValue(a: ParamValue | undefined, b: ParamValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Options that all of the given records have with the same value, without those of single cells. */
export function commonParams(records: readonly Params[]): Params {
  const [first = {}, ...others] = records;
  return Object.fromEntries(
    Object.entries(first).filter(
      ([key, value]) => !OF_THE_CELL.has(key) && others.every((other) => sameValue(paramOf(other, key), value)),
    ),
  );
}

/** Names of the options in which the records differ, in heading order; never those of single cells. */
export function varyingKeys(records: readonly Params[]): string[] {
  const keys = new Set([...Object.keys(STATED), ...records.flatMap((record) => Object.keys(record))]);
  const [first = {}, ...others] = records;
  return [...keys].filter(
    (key) =>
      !OF_THE_CELL.has(key) &&
      !SILENT.has(key) &&
      others.some((other) => !sameValue(paramOf(other, key), paramOf(first, key))),
  );
}

/** The options every heading states, those in which `varying` names a difference included, as one phrase each. */
export function describeParams(params: Params, varying: readonly string[] = []): string[] {
  const unusual = Object.keys(USUAL).filter((key) => params[key] !== undefined && params[key] !== USUAL[key]);
  const keys = new Set([...Object.keys(STATED), ...unusual, ...varying]);
  return describeKeys(params, [...keys]);
}

/** The given options only, as one phrase each; those without a value are left out. */
export function describeKeys(params: Params, keys: readonly string[]): string[] {
  return keys.flatMap((key) => {
    const value = paramOf(params, key);
    if (value === undefined || value === null) return [];
    return [STATED[key]?.(value) ?? `${key} ${describeValue(params, key)}`];
  });
}

/** One option's value by itself, as a table column shows it. */
export function describeValue(params: Params, key: string): string {
  const value = paramOf(params, key);
  if (value === undefined || value === null) return '';
  if (key === 'bar') return describeBar(value);
  if (key === 'bs') return describeSize(value);
  return Array.isArray(value) ? value.join(',') : String(value);
}

function describeBar(value: ParamValue): string {
  const bytes = bytesOf(value);
  return bytes === undefined ? String(value) : `${formatBytes(bytes)} (memmap ${formatBytes(bytes * MEMMAP_SHARE)})`;
}

function describeSize(value: ParamValue): string {
  const bytes = bytesOf(value);
  return bytes === undefined ? String(value) : formatBytes(bytes);
}
