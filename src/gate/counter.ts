// What an exact rule can name, and what it may expect: whole numbers, fractions, sizes, an errno.

import { suggestion } from '../base/errors.ts';
import { parseBytes } from '../base/units.ts';
import { wordTable } from '../base/word_table.ts';
import { type Cell, METADATA_KEYS, PER_IO_KEYS } from '../result/schema.ts';

/** Figures that come from time or from the operating system: never exact. */
const NOT_EXACT = wordTable<string>({
  'perIo.wakeups': 'wake-ups are counted while threads run',
  'metadataBytes.resident': 'resident bytes are asked of the operating system',
});
const REFUSED = 'refused';

/** Every counter, by its path in a cell. */
const COUNTERS: readonly string[] = [
  ...PER_IO_KEYS.map((key) => `perIo.${key}`),
  ...METADATA_KEYS.map((key) => `metadataBytes.${key}`),
  REFUSED,
].filter((path) => !(path in NOT_EXACT));

/** Why a path is none of them. */
export function counterFault(path: string): string | undefined {
  if (COUNTERS.includes(path)) return undefined;
  const reason = NOT_EXACT[path];
  if (reason !== undefined) return `'${path}' is not exact (${reason}); leave it out`;
  return `no counter '${path}'${suggestion(path, COUNTERS) || '.'} There are: ${COUNTERS.join(', ')}`;
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
