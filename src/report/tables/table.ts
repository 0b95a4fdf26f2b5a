// Aligned tables for a terminal, and the same tables in Markdown.
import { stripVTControlCharacters } from 'node:util';
import { escapeMarkdown } from '../../base/escape.ts';

export interface Column {
  title: string;
  align: 'left' | 'right';
  /** What it tells, for a page that can show it on demand. */
  meaning?: string | undefined;
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

/** East Asian Wide and Fullwidth (UAX 11), and emoji. */
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u;

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** Columns a text takes in a terminal: user-visible characters, wide ones twice, colours not counted. */
export function textWidth(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes.segment(stripVTControlCharacters(text))) columns += WIDE.test(segment) ? 2 : 1;
  return columns;
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

function pad(text: string, width: number, align: Column['align']): string {
  const space = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'right' ? space + text : text + space;
}
