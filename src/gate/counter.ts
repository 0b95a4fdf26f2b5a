// What an exact rule can name, and what it may expect: whole numbers, fractions, sizes, an errno.

import { suggestion } from '../base/errors.ts';
import { parseBytes } from '../base/units.ts';
import { wordTable } from '../base/word_table.ts';
import { counters, METADATA } from '../catalogue/counters.ts';
import type { Cell } from '../result/schema.ts';

const REFUSED = 'refused';

/** Every path in a cell, and why it is no exact count where it is none. */
const PATHS = wordTable<{ inexact?: string }>({
  ...under('perIo', Object.fromEntries(counters())),
  ...under('metadataBytes', METADATA),
  [REFUSED]: {},
});
const EXACT: readonly string[] = Object.keys(PATHS).filter((path) => PATHS[path]?.inexact === undefined);

function under(part: string, of: Readonly<Record<string, { inexact?: string }>>): Record<string, { inexact?: string }> {
  return Object.fromEntries(Object.entries(of).map(([name, definition]) => [`${part}.${name}`, definition]));
}

/** Why a path is none of them. */
export function counterFault(path: string): string | undefined {
  if (EXACT.includes(path)) return undefined;
  const reason = PATHS[path]?.inexact;
  if (reason !== undefined) return `'${path}' is not exact (${reason}); leave it out`;
  return `no counter '${path}'${suggestion(path, EXACT) || '.'} There are: ${EXACT.join(', ')}`;
}

/** What a counter must be: a number, an errno, or `none` for an arm that must not be refused. */
export type Expected = number | string;

/** What the file says as a value to compare with; a fraction is its quotient. Undefined where it is neither. */
export function parseExpected(path: string, value: number | string): Expected | undefined {
  if (path === REFUSED)
    return typeof value === 'string' && /^(E[A-Z0-9]+|misdirected|none)$/.test(value) ? value : undefined;
  if (typeof value === 'number') return value >= 0 && Number.isFinite(value) ? value : undefined;
  const fraction = /^\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(value);
  if (fraction !== null) return Number(fraction[2]) > 0 ? Number(fraction[1]) / Number(fraction[2]) : undefined;
  try {
    return parseBytes(value, path);
  } catch {
    return undefined;
  }
}

/** What a cell has of a counter; null where nothing was counted. */
export function counterOf(cell: Cell, path: string): Expected | null {
  if (path === REFUSED) return cell.refused?.errno ?? 'none';
  const [part, key = ''] = path.split('.');
  const fields = part === 'perIo' ? cell.perIo : cell.metadataBytes;
  return (fields as Readonly<Record<string, number | null>> | null)?.[key] ?? null;
}

/** Counts are integers divided once: equal up to the last digit of that division. */
const DIVISION_ERROR = 1e-12;

export function isExactly(got: Expected | null, expected: Expected): boolean {
  if (typeof got !== 'number' || typeof expected !== 'number') return got === expected;
  return Math.abs(got - expected) <= DIVISION_ERROR * Math.max(1, expected);
}
