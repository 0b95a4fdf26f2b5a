// Options as words: what a group of cells has in common, and what sets it apart from the other groups.

import { HEADING, namesAbout, parameterWords, UNUSUAL } from '../../catalogue/options/parameters.ts';
import type { Params, ParamValue } from '../../result/schema.ts';

/** Options of a cell, not of its group. */
const OF_THE_CELL = namesAbout('cell');

/** Bookkeeping that no heading needs. */
const SILENT = namesAbout('bookkeeping');

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
  const keys = new Set<string>([...HEADING, ...records.flatMap((record) => Object.keys(record))]);
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
  const unusual = UNUSUAL.filter((key) => params[key] !== undefined && params[key] !== parameterWords(key).usual);
  const keys = new Set<string>([...HEADING, ...unusual, ...varying]);
  return describeKeys(params, [...keys]);
}

/** The given options only, as one phrase each; those without a value are left out. */
export function describeKeys(params: Params, keys: readonly string[]): string[] {
  return keys.flatMap((key) => {
    const value = paramOf(params, key);
    if (value === undefined || value === null) return [];
    return [parameterWords(key).heading?.(value) ?? `${key} ${describeValue(params, key)}`];
  });
}

/** One option's value by itself, as a table column shows it. */
export function describeValue(params: Params, key: string): string {
  const value = paramOf(params, key);
  if (value === undefined || value === null) return '';
  const { shown } = parameterWords(key);
  if (shown !== undefined) return shown(value);
  return Array.isArray(value) ? value.join(',') : String(value);
}
