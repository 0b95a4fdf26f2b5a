// The memory table and the break-even for people.
import { formatBytes, formatCount, formatNs, trimNumber } from '../../base/units.ts';
import { eraWords } from '../host_bridge.ts';
import { wrap } from '../view/wrap.ts';
import type { BreakEven, BreakEvenOptions } from './break_even.ts';
import { breakEven } from './break_even.ts';
import type { MemoryOptions, MemoryRow } from './rows.ts';
import { NOT_FOR_P2PDMA, refusedRows } from './rows.ts';

type Column = readonly [head: string, cell: (row: MemoryRow) => string];

/** @param width columns; the table itself takes what it needs, about 110 */
export function memoryReport(
  rows: readonly MemoryRow[],
  options: MemoryOptions,
  worth: BreakEvenOptions,
  width: number,
): string {
  const total = options.barBytes.reduce((sum, bytes) => sum + bytes, 0);
  const bars = options.barBytes.length === 1 ? 'one BAR' : `${options.barBytes.length} BARs, together`;
  const head =
    `Metadata for ${bars} of ${formatBytes(total)}, ${formatBytes(options.pageBytes)} pages, ` +
    `structures of Linux ${eraWords(options.era)}, ${options.queueDepth} I/Os in flight (modelled; resident is measured)`;
  const sections = [
    wrap(head, 0, width),
    tableLines(rows, total),
    refusedLines(options, width),
    noteLines(rows).flatMap((line) => wrap(line, 2, width)),
    breakEvenLines(rows, worth, width),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function tableLines(rows: readonly MemoryRow[], barBytes: number): string[] {
  const columns: Column[] = [
    ['scheme', (row) => `${row.scheme}${row.note.startsWith(NOT_FOR_P2PDMA) ? ' *' : ''}`],
    ['memmap', (row) => bytesCell(row.memmapBytes)],
    ['PTEs', (row) => bytesCell(row.pageTableBytes)],
    ['pool', (row) => bytesCell(row.poolBytes)],
    ['map state', (row) => bytesCell(row.mapStateBytes)],
    ['per I/O', (row) => bytesCell(row.perIoBytes)],
    ['total', (row) => bytesCell(row.totalBytes)],
    ['of BAR', (row) => shareCell(row.totalBytes / barBytes)],
    ['resident', (row) => (row.residentBytes === null ? '-' : bytesCell(row.residentBytes))],
  ];
  const cells = [columns.map(([name]) => name), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  return cells.map((line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function shareCell(share: number): string {
  return share < 1e-5 ? '< 0.001 %' : `${trimNumber(share * 100)} %`;
}

function bytesCell(bytes: number): string {
  return bytes === 0 ? '0' : formatBytes(bytes);
}

function noteLines(rows: readonly MemoryRow[]): string[] {
  const hasOthers = rows.some((row) => row.note.startsWith(NOT_FOR_P2PDMA));
  const notes = rows.map((row) => `${row.scheme}: ${row.note.replace(/; total at .*$/, '')}`);
  return [...(hasOthers ? [`* ${NOT_FOR_P2PDMA}`] : []), ...notes];
}

function refusedLines(options: MemoryOptions, width: number): string[] {
  const refused = refusedRows(options);
  const [first] = refused;
  return first
    ? wrap(`refused by the kernel: ${refused.map((row) => row.scheme).join(', ')}: ${first.why}`, 0, width)
    : [];
}

function breakEvenLines(rows: readonly MemoryRow[], worth: BreakEvenOptions, width: number): string[] {
  if (rows[0]?.scheme !== 'page') return [];
  const candidates = rows.filter((row, i) => i === 0 || !row.scheme.startsWith('page'));
  const lines = breakEven(candidates, worth).flatMap((entry) =>
    wrap(`${entry.scheme}: ${breakEvenWords(entry)}`, 2, width),
  );
  const head = `Break-even at ${formatCount(worth.iops)} I/O/s, if a core is worth ${formatBytes(worth.ramBytesPerCore)} of RAM (an assumption)`;
  return [...wrap(head, 0, width), ...lines];
}

function breakEvenWords({ savedBytes, savedCores, nsPerIo }: BreakEven): string {
  if (savedBytes < 0) {
    const more = `needs ${formatBytes(-savedBytes)} more than page`;
    return `${more}; pays off if it saves an I/O at least ${formatNs(-nsPerIo)}`;
  }
  const saved = `saves ${formatBytes(savedBytes)} = ${trimNumber(savedCores)} cores`;
  return `${saved}; pays off while it costs an I/O less than ${formatNs(nsPerIo)} more than page does`;
}
