// The axes of a result: the options in which its groups differ, without those that only repeat another one.

import { formatBytes } from '../../base/units.ts';
import { namesAbout, type ParameterName, parameterWords } from '../../catalogue/options/parameters.ts';
import { bytesOf } from '../../catalogue/options/words.ts';
import type { Params } from '../../result/schema.ts';
import { describeKeys, describeValue, varyingKeys } from '../words/params.ts';
import type { Group } from './groups.ts';

/** How it was measured is no condition of the answer. */
const PLAN = namesAbout('plan');

/** Never dimensions, but figures of groups that differ in them never share a line or a square. */
export const APART: readonly string[] = ['sweep' satisfies ParameterName, ...PLAN];

/** Options in which groups differ, in heading order, without those that the ones before already tell (`fio.bs` beside `bs`). */
export function dimensionsOf(groups: readonly Group[]): string[] {
  const records = groups.map(({ params }) => params);
  let told = records.map(() => '');
  return varyingKeys(records).filter((key) => {
    if (PLAN.has(key)) return false;
    const refined = records.map((params, i) => `${told[i]} ${valueKey(params, key)}`);
    if (new Set(refined).size === new Set(told).size) return false;
    told = refined;
    return true;
  });
}

/** Distinct values of an option as keys: ascending where all are sizes or numbers, else in order of appearance. */
export function valuesOf(groups: readonly Group[], key: string): string[] {
  const values = new Map(groups.map(({ params }) => [valueKey(params, key), bytesOf(params[key])]));
  const keys = [...values.keys()];
  if (![...values.values()].every((bytes) => bytes !== undefined)) return keys;
  return keys.sort((a, b) => (values.get(a) as number) - (values.get(b) as number));
}

/** A value as a key that is the same for the same value only; a missing one is a value too. */
export function valueKey(params: Params, key: string): string {
  return JSON.stringify(params[key] ?? null);
}

/** A value as a label: `16 GiB`, `64 KiB`, `off`; `-` where the option is not set. */
export function valueLabel(value: string, key: string): string {
  const bytes = key === 'bar' ? bytesOf(JSON.parse(value)) : undefined;
  if (bytes !== undefined) return formatBytes(bytes);
  return describeValue({ [key]: JSON.parse(value) }, key) || '-';
}

/** How an option is called as the title of an axis. */
export function dimensionTitle(key: string): string {
  return parameterWords(key).title ?? key;
}

/** "over BAR size", of groups that differ in what `params.sweep` names: the BAR axis of a run, or the axes of a sweep. */
export function overAxis(option: string): string {
  return `over ${option.split(' x ').map(dimensionTitle).join(' and ')}`;
}

/** "BAR 16 GiB (memmap 256 MiB) · bs 4 KiB" of some of a group's options. */
export function placeOf({ params }: Group, keys: readonly string[]): string {
  return describeKeys(params, keys).join(' · ');
}
