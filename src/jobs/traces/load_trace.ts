// Reads a trace file of any known format into columns.
import { LabError } from '../../base/errors.ts';
import { folderParts } from '../../base/folder_parts.ts';
import { GIB } from '../../base/units.ts';
import { linesOf } from './lines.ts';
import {
  fioDirection,
  MOST_RECORDS,
  type Trace,
  TraceColumns,
  type TraceFilter,
  type TraceFormat,
  type TraceReader,
  type TraceRecord,
} from './trace.ts';

/** The folder is the registry: each file exports the formats that it reads. */
const FORMATS: readonly TraceFormat[] = (
  await folderParts<{ formats: readonly TraceFormat[] }>(new URL('formats/', import.meta.url))
).flatMap(([, { formats }]) => formats);

/** What an I/O's length has room for, rounded down. Linux cuts such a range too (blkdev_issue_discard). */
const MOST_TRIM_BYTES = GIB;

/** Names of the formats that can be read, for messages. */
export const TRACE_FORMATS: string = FORMATS.map(({ name }) => name).join(', ');

/** The format of a file by its first line, or undefined: for a file that may be a trace or something else. */
export function recogniseTrace(path: string): TraceFormat | undefined {
  for (const line of linesOf(path)) {
    if (line.trim() !== '') return FORMATS.find((format) => format.recognises(line));
  }
  return undefined;
}

/**
 * @throws LabError when it cannot be read, is of no known format, has a line that its format does not allow (file:line), or has no
 *   read, write or trim
 */
export function loadTrace(path: string, skip: TraceFilter = new Set()): Trace {
  const format = recogniseTrace(path);
  if (format === undefined) {
    throw new LabError(`${path}: not a trace in a known format. Known are ${TRACE_FORMATS}; plain or packed by gzip.`);
  }
  const reader = format.reader();
  const columns = new TraceColumns();
  const { ios, notes: counts } = readInto(columns, { path, reader, skip });
  if (ios === 0) throw new LabError(`${path}: has no reads, writes or trims to replay.`);
  const notes = [...counts].map(([what, count]) => `${count.toLocaleString('en')} ${what}`);
  return columns.finish({ source: path, format: format.name, timed: reader.timed, notes });
}

function readInto(
  columns: TraceColumns,
  file: { path: string; reader: TraceReader; skip: TraceFilter },
): { ios: number; notes: ReadonlyMap<string, number> } {
  const notes = new Map<string, number>();
  const note = (what: string): void => {
    notes.set(what, (notes.get(what) ?? 0) + 1);
  };
  let ios = 0;
  const take = (record: TraceRecord): void => {
    const direction = fioDirection(record.op);
    const pieces = record.op === 'trim' ? trimPieces(record) : [record];
    if (record.lengthBytes === 0 && record.op !== 'flush') note('I/Os of no length left out');
    else if (file.skip.has(direction)) note(`${direction === 'sync' ? 'flushe' : direction}s left out (replay_skip)`);
    else if (columns.count >= MOST_RECORDS)
      note(`records beyond the first ${MOST_RECORDS.toLocaleString('en')} left out`);
    else {
      if (record.op !== 'flush') ios++;
      if (pieces.length > 1) note('trims of more than 1 GiB in pieces of that size');
      for (const piece of pieces) {
        if (columns.add(piece)) note("records with a time before the one above them: taken at that one's time");
      }
    }
  };
  let number = 0;
  for (const line of linesOf(file.path)) {
    number++;
    if (line.trim() === '') continue;
    const read = file.reader.read(line);
    if (read === undefined) continue;
    if (typeof read === 'string') throw new LabError(`${file.path}:${number}: '${line.slice(0, 80)}': ${read}.`);
    if ('skip' in read) note(`${read.skip} left out`);
    else for (const record of 'op' in read ? [read] : read) take(record);
  }
  return { ios, notes };
}

function trimPieces(trim: TraceRecord): TraceRecord[] {
  const count = Math.min(MOST_RECORDS, Math.ceil(trim.lengthBytes / MOST_TRIM_BYTES));
  return Array.from({ length: count }, (_, index) => ({
    ...trim,
    offsetBytes: trim.offsetBytes + index * MOST_TRIM_BYTES,
    lengthBytes: Math.min(MOST_TRIM_BYTES, trim.lengthBytes - index * MOST_TRIM_BYTES),
  }));
}
