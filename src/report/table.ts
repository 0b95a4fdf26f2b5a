// Aligned tables for a terminal, and the same tables in Markdown.
import { stripVTControlCharacters } from 'node:util';

export interface Column {
  title: string;
  align: 'left' | 'right';
}

export interface Row {
  /** One per column; a row with a note may give only the leading ones. */
  cells: readonly string[];
  /** Text that stands behind the cells and takes what room it needs. */
  note?: string;
}

export interface Table {
  columns: readonly Column[];
  rows: readonly Row[];
}

const GAP = '  ';
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns a text takes in a terminal: user-visible characters, colours not counted. */
export function textWidth(text: string): number {
  return [...graphemes.segment(stripVTControlCharacters(text))].length;
}

/** The table as lines: titles, a rule, rows. Cells may carry colours. */
export function textTable({ columns, rows }: Table): string[] {
  const widths = columns.map(({ title }, i) =>
    Math.max(textWidth(title), ...rows.map((row) => textWidth(row.cells[i] ?? ''))),
  );
  const line = (cells: readonly string[], note?: string): string => {
    const padded = cells.map((cell, i) => pad(cell, widths[i] ?? 0, columns[i]?.align ?? 'left'));
    return [...padded, ...(note === undefined ? [] : [note])].join(GAP).trimEnd();
  };
  return [
    line(columns.map(({ title }) => title)),
    widths.map((width) => '-'.repeat(width)).join(GAP),
    ...rows.map((row) => line(row.cells, row.note)),
  ];
}

/** The table in GitHub's Markdown, as lines. A note stands in the cell behind the given ones. */
export function markdownTable({ columns, rows }: Table): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    `|${columns.map(({ align }) => (align === 'right' ? ' ---: ' : ' --- ')).join('|')}|`,
    ...rows.map(({ cells, note }) => {
      const given = note === undefined ? cells : [...cells, note];
      return line(columns.map((_, i) => given[i] ?? ''));
    }),
  ];
}

/** Text that Markdown would read as markup, made plain. Names with underscores and [lo, hi] stay as they are. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\|*`<>]|(?<!\w)_|_(?!\w)/g, '\\$&')
    .replace(/\]\(/g, ']\\(')
    .replace(/\s*\n\s*/g, ' ');
}

function pad(text: string, width: number, align: Column['align']): string {
  const space = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'right' ? space + text : text + space;
}
