// The matrix of providers (rows) against clients (columns) for a terminal: one cell of three characters for each pair,
// so that 31 functions fit 100 columns; more go into further blocks of columns.
import type { MapType, Verdict } from '../decide.ts';
import { V52_ROOT_COMPLEX_DISTANCE } from '../decide.ts';
import type { FunctionId } from '../model.ts';
import type { Style } from './style.ts';

/** Letter and two digits; one more column between cells when all of them still fit side by side. */
const CELL_CHARS = 3;
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
  const cellChars = ids.length * (CELL_CHARS + 1) + LABEL_CHARS <= width ? CELL_CHARS + 1 : CELL_CHARS;
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

function cell(verdict: Verdict | undefined, style: Style, cellChars: number): string {
  if (!verdict) return ' '.repeat(cellChars);
  const text = `${LETTERS[verdict.mapType]}${distanceText(verdict)}`.padStart(cellChars);
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
