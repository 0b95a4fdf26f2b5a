// The matrix of providers (rows) against clients (columns) for a terminal: one cell of three characters for each pair,
// so that 31 functions fit 100 columns; more go into further blocks of columns.
import type { MapType, Verdict } from '../decide.ts';
import { V52_ROOT_COMPLEX_DISTANCE } from '../decide.ts';
import type { FunctionId } from '../model.ts';
import type { Style } from './style.ts';

/** A letter and a digit. */
const MIN_TEXT_CHARS = 2;
const LABEL_CHARS = 4;

const LETTERS: Readonly<Record<MapType, string>> = {
  BUS_ADDR: 'B',
  THRU_HOST_BRIDGE: 'H',
  NOT_SUPPORTED: 'x',
  UNKNOWN: '?',
};

export const LEGEND: readonly string[] = [
  'rows: provider, columns: client (numbers as in the tree); letter: map type, number: distance',
  'B BUS_ADDR (direct)   H THRU_HOST_BRIDGE   x NOT_SUPPORTED   ? not known from this source',
];

/**
 * Lines of the matrix.
 * @param verdicts every ordered pair of `ids`
 * @param width columns of the terminal, at least 20
 */
export function matrixLines(
  ids: readonly FunctionId[],
  numbers: ReadonlyMap<FunctionId, number>,
  verdicts: readonly Verdict[],
  style: Style,
  width: number,
): string[] {
  const byPair = new Map(verdicts.map((verdict) => [`${verdict.provider} ${verdict.client}`, verdict]));
  const cellChars = charsPerCell(ids, numbers, verdicts, width);
  const perBlock = Math.max(1, Math.floor((width - LABEL_CHARS) / cellChars));
  const lines: string[] = [];
  for (let start = 0; start < ids.length; start += perBlock) {
    const columns = ids.slice(start, start + perBlock);
    if (start > 0) lines.push('');
    const heads = columns.map((id) => String(numbers.get(id) ?? '').padStart(cellChars));
    lines.push(style.dim(`${' '.repeat(LABEL_CHARS)}${heads.join('')}`));
    for (const row of ids) {
      const cells = columns.map((column) => cell(byPair.get(`${row} ${column}`), style, cellChars));
      lines.push(`${style.dim(String(numbers.get(row) ?? '').padStart(LABEL_CHARS))}${cells.join('')}`);
    }
  }
  return lines;
}

/** Room for the longest text and a blank, and for one blank more when all columns still fit side by side. */
function charsPerCell(
  ids: readonly FunctionId[],
  numbers: ReadonlyMap<FunctionId, number>,
  verdicts: readonly Verdict[],
  width: number,
): number {
  let longest = MIN_TEXT_CHARS;
  for (const verdict of verdicts) longest = Math.max(longest, cellText(verdict).length);
  for (const id of ids) longest = Math.max(longest, String(numbers.get(id) ?? '').length);
  return ids.length * (longest + 2) + LABEL_CHARS <= width ? longest + 2 : longest + 1;
}

function cellText(verdict: Verdict): string {
  return `${LETTERS[verdict.mapType]}${distanceText(verdict)}`;
}

function cell(verdict: Verdict | undefined, style: Style, cellChars: number): string {
  if (!verdict) return ' '.repeat(cellChars);
  const text = cellText(verdict).padStart(cellChars);
  switch (verdict.mapType) {
    case 'BUS_ADDR':
      return style.good(text);
    case 'THRU_HOST_BRIDGE':
      return style.fair(text);
    case 'NOT_SUPPORTED':
      return style.bad(text);
    case 'UNKNOWN':
      return style.unsure(text);
  }
}

/** At most two characters; refusals need no distance. */
function distanceText({ mapType, distance }: Verdict): string {
  if (mapType === 'NOT_SUPPORTED' || distance === null || distance < 0) return '';
  const ports = distance >= V52_ROOT_COMPLEX_DISTANCE ? distance - V52_ROOT_COMPLEX_DISTANCE : distance;
  return ports > 99 ? '+' : String(ports);
}
