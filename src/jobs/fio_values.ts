// How fio reads the values of a job file: numbers with units, times, switches, one value per direction.
// Where fio reads on silently after a number (`4x` is 4, `1.5m` is 1), this refuses: the reader meant something else.
import { wordTable } from '../base/word_table.ts';
import { evaluate } from './arithmetic.ts';
import { badValue, type Option } from './option.ts';

/** fio's kb_base: which of k and kib is 1024. */
export type KbBase = 1000 | 1024;

/** One value for reads and one for writes. */
export interface PerDirection<T> {
  readonly read: T;
  readonly write: T;
}

const POWERS = ['', 'k', 'm', 'g', 't', 'p'];

/**
 * Bytes as fio reads them, or NaN. With kb_base=1024 (the default) k, kb and ki are 1024 but **kib is 1000**, as fio's
 * parse.c keeps it for old scripts; kb_base=1000 turns it round. `0x` starts a hexadecimal number.
 */
export function bytesOf(text: string, kbBase: KbBase): number {
  if (text.startsWith('(')) return evaluate(text, (part) => bytesOf(part, kbBase));
  const match = /^(0x[0-9a-f]+|-?\d+)\s*(?:([kmgtp])(i?)(b?)|b)?$/i.exec(text);
  if (!match) return Number.NaN;
  const [, digits = '', prefix = '', i = '', b = ''] = match;
  const iec = i !== '' && b !== '';
  const otherBase = kbBase === 1024 ? 1000 : 1024;
  const factor = (iec ? otherBase : kbBase) ** POWERS.indexOf(prefix.toLowerCase());
  return Number(digits) * factor;
}

/**
 * A byte count of at least `min`.
 * @throws LabError with an example
 */
export function readBytes(option: Option, text: string, kbBase: KbBase, min = 0): number {
  const bytes = bytesOf(text, kbBase);
  if (!Number.isSafeInteger(bytes)) {
    throw badValue(
      option,
      `expected a whole number of bytes with an optional unit, for example ${option.word}=${EXAMPLES[option.name] ?? '64k'}.`,
    );
  }
  if (bytes < min) throw badValue(option, `must be at least ${min}, for example ${option.word}=${exampleOf(option)}.`);
  return bytes;
}

/** A byte count, or a percentage (0 to 100, then `%`). */
export function readBytesOrPercent(option: Option, kbBase: KbBase): { bytes: number } | { percent: number } {
  const text = requireValue(option);
  const percent = /^(\d+)%$/.exec(text)?.[1];
  if (percent === undefined) return { bytes: readBytes(option, text, kbBase) };
  if (Number(percent) > 100) {
    throw badValue(option, `a percentage must be between 0 and 100, for example ${option.word}=50%.`);
  }
  return { percent: Number(percent) };
}

/** A whole number in [min, max]; fio's integers take units too (`number_ios=1m`). */
export function readInteger(option: Option, kbBase: KbBase, min: number, max = Number.MAX_SAFE_INTEGER): number {
  return readIntegerText(option, requireValue(option), kbBase, min, max);
}

export function readIntegerText(option: Option, text: string, kbBase: KbBase, min: number, max: number): number {
  const value = bytesOf(text, kbBase);
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw badValue(option, `expected a whole number ${range}, for example ${option.word}=${exampleOf(option)}.`);
  }
  return value;
}

const MICROSECONDS = wordTable<number>({
  d: 86_400e6,
  h: 3_600e6,
  m: 60e6,
  s: 1e6,
  sec: 1e6,
  ms: 1e3,
  msec: 1e3,
  us: 1,
  usec: 1,
});

/** A time in milliseconds (may be a fraction). Seconds without a unit; d, h, m, s, ms, us. */
export function readMilliseconds(option: Option): number {
  return readMicroseconds(option, 's') / 1000;
}

const UNIT_NAMES = { s: 'seconds', us: 'microseconds' } as const;

/** A time in microseconds (may be a fraction). @param usual unit of a number without one */
export function readMicroseconds(option: Option, usual: keyof typeof UNIT_NAMES): number {
  const text = requireValue(option);
  const microseconds = text.startsWith('(')
    ? evaluate(text, (part) => microsecondsOf(part, 'us'))
    : microsecondsOf(text, usual);
  if (!(microseconds >= 0)) {
    const example = usual === 's' ? '30s or 5m' : '100us or 2ms';
    throw badValue(
      option,
      `expected a time in ${UNIT_NAMES[usual]} or with a unit (d, h, m, s, ms, us), for example ${example}.`,
    );
  }
  return microseconds;
}

function microsecondsOf(text: string, unitWhenNone: string): number {
  const match = /^(\d+)\s*([a-z]*)$/i.exec(text);
  const unit = match?.[2]?.toLowerCase() || unitWhenNone;
  return Number(match?.[1]) * (MICROSECONDS[unit] ?? Number.NaN);
}

/** A switch: set by its name alone, or by 0 and 1. */
export function readSwitch(option: Option): boolean {
  if (option.value === undefined || option.value === '1') return true;
  if (option.value === '0') return false;
  throw badValue(option, `expected 0 or 1, for example ${option.word}=1.`);
}

/** A number with a fraction. */
export function readFloat(option: Option, text: string, expected: string): number {
  const value = /^\s*-?(\d+\.?\d*|\.\d+)(e-?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw badValue(option, expected);
  return value;
}

/**
 * Splits `read,write,trim`. One value alone stands for all; with two, the second is for writes (and trims); an empty
 * place leaves that direction as it was (`bs=,16k` sets writes only).
 */
export function splitDirections(option: Option): PerDirection<string | undefined> {
  const parts = requireValue(option)
    .split(',')
    .map((part) => part.trim() || undefined);
  if (parts.length > 3) {
    throw badValue(option, `expected at most three values (read,write,trim), for example ${option.word}=4k,8k.`);
  }
  return parts.length === 1 ? { read: parts[0], write: parts[0] } : { read: parts[0], write: parts[1] };
}

/** As splitDirections, for a job that trims in place of writes, or before them: the value of trims stands for both. */
export function splitForTrims(option: Option): PerDirection<string | undefined> {
  const { read, write } = splitDirections(option);
  const parts = requireValue(option).split(',');
  return { read, write: parts.length === 3 ? parts[2]?.trim() || undefined : write };
}

/** The value of an option that cannot go without one. */
export function requireValue(option: Option): string {
  if (option.value) return option.value;
  throw badValue(option, `needs a value, for example ${option.word}=${exampleOf(option)}.`);
}

const EXAMPLES = wordTable<string>({
  bs: '4k',
  ba: '4k',
  bsrange: '4k-64k',
  bssplit: '4k/60:64k/40',
  iodepth: '32',
  io_size: '1g',
  numjobs: '4',
  percentage_random: '50',
  ramp_time: '3s',
  random_distribution: 'zipf:1.2',
  runtime: '30s',
  rw: 'randread',
  rwmixread: '70',
  rwmixwrite: '30',
  size: '1g',
  verify: 'crc32c',
});

function exampleOf(option: Option): string {
  return EXAMPLES[option.name] ?? '1';
}
