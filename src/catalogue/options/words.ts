// What reports say of one parameter of a result: an option of the run, or what the plan, the job or a sweep added.
import { formatBytes, parseBytes } from '../../base/units.ts';

/** A value in the params of a cell. */
export type ParamValue = string | number | boolean | null | (string | number | boolean)[];

export interface ParameterWords {
  /** fio's option that it states, resolved: a sweep over that option is a sweep over this parameter. */
  readonly fio?: string;
  /** One phrase of a heading; default: name and value. */
  heading?(value: ParamValue): string;
  /** The value by itself, as a table has it. */
  shown?(value: ParamValue): string;
  /** A heading states it where it is anything else; without one, only where groups differ in it. */
  readonly usual?: ParamValue;
  /** Title of an axis, and of a column; default: the name. */
  readonly title?: string;
  readonly column?: string;
  /** How long, how often or by which draw it was measured: no part of what a history is about. */
  readonly isRepetition?: true;
  /** Of a single cell; of the book-keeping, which no heading needs; of how it was measured, which is no condition of the answer. */
  readonly about?: 'cell' | 'bookkeeping' | 'plan';
}

/** A size option as bytes: a number, or text such as 16GiB; undefined for anything else (a bssplit, a missing option). */
export function bytesOf(value: ParamValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  try {
    return parseBytes(value, 'size');
  } catch {
    return undefined;
  }
}

/** A size with its unit. */
export function sizeWords(value: ParamValue): string {
  const bytes = bytesOf(value);
  return bytes === undefined ? String(value) : formatBytes(bytes);
}
