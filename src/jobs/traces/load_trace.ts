// Reads a trace file of any known format into columns.
import { LabError } from '../../base/errors.ts';
import { folderParts } from '../../base/folder_parts.ts';
import { linesOf } from './lines.ts';
import {
  MOST_RECORDS,
  type Trace,
  TraceColumns,
  type TraceFilter,
  type TraceFormat,
  type TraceReader,
} from './trace.ts';

/** The folder is the registry: each file exports the formats that it reads. */
const FORMATS: readonly TraceFormat[] = (
  await folderParts<{ formats: readonly TraceFormat[] }>(new URL('formats/', import.meta.url))
).flatMap(([, { formats }]) => formats);

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
 *   read or write
 */
export function loadTrace(path: string, skip: TraceFilter = { reads: false, writes: false }): Trace {
  const format = recogniseTrace(path);
  if (format === undefined) {
    throw new LabError(`${path}: not a trace in a known format. Known are ${TRACE_FORMATS}; plain or packed by gzip.`);
  }
  const reader = format.reader();
  const columns = new TraceColumns();
  const counts = readInto(columns, { path, reader, skip });
  if (columns.count === 0) throw new LabError(`${path}: has no reads or writes to replay.`);
  const notes = [...counts].map(([what, count]) => `${count.toLocaleString('en')} ${what}`);
  return columns.finish({ source: path, format: format.name, timed: reader.timed, notes });
}

function readInto(
  columns: TraceColumns,
  file: { path: string; reader: TraceReader; skip: TraceFilter },
): ReadonlyMap<string, number> {
  const notes = new Map<string, number>();
  const note = (what: string): void => {
    notes.set(what, (notes.get(what) ?? 0) + 1);
  };
  let number = 0;
  for (const line of linesOf(file.path)) {
    number++;
    if (line.trim() === '') continue;
    const read = file.reader.read(line);
    if (read === undefined) continue;
    if (typeof read === 'string') throw new LabError(`${file.path}:${number}: '${line.slice(0, 80)}': ${read}.`);
    if ('skip' in read) note(`${read.skip} left out`);
    else if (read.lengthBytes === 0) note('I/Os of no length left out');
    else if (read.write ? file.skip.writes : file.skip.reads)
      note(`${read.write ? 'writes' : 'reads'} left out (replay_skip)`);
    else if (columns.count < MOST_RECORDS) {
      if (columns.add(read)) note("records with a time before the one above them: taken at that one's time");
    } else note(`records beyond the first ${MOST_RECORDS.toLocaleString('en')} left out`);
  }
  return notes;
}
