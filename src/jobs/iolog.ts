// An access stream as fio's own log (HOWTO, "Trace file format v2" and "v3"; iolog.c): what write_iolog makes, to read or to compare.
import { arrivalsOf } from './access_stream.ts';
import type { Arrivals } from './arrivals.ts';
import { READ, WRITE } from './draw/directions.ts';
import { createDrawnIos } from './draw/drawn_ios.ts';
import { fileNames } from './file_names.ts';
import type { Job } from './job.ts';
import { type FioDirection, fioDirection, TRACE_OPS, type TraceOp } from './traces/trace.ts';

export interface IologRequest {
  readonly version: 2 | 3;
  /** No more I/Os than this, however many the job has. */
  readonly mostIos: number;
}

interface LoggedIo {
  readonly name: string;
  readonly op: FioDirection;
  readonly offsetBytes: number;
  readonly bytes: number;
}

/**
 * The lines of one clone's log, without line ends: all I/Os of the job, or the first of an endless one. Times are those at which I/Os are
 * due; a job without a pace has none.
 * @throws LabError where fio would find no I/O to do
 */
export function* iologLines(job: Job, clone: number, { version, mostIos }: IologRequest): Generator<string> {
  const names = fileNames(job, clone);
  const stamp = (microseconds: number): string => (version === 3 ? `${microseconds} ` : '');
  yield `fio version ${version} iolog`;
  for (const name of names) yield `${stamp(0)}${name} add`;
  for (const name of names) yield `${stamp(0)}${name} open`;
  let waitedUs = 0;
  const arrivals = arrivalsOf(job, clone);
  let writes = 0;
  // As fio, which asks before the next I/O: there is none behind the last.
  let isSyncDue = false;
  let lastUs = 0;
  for (const { name, op, offsetBytes, bytes } of iosOf(job, clone, arrivals, mostIos)) {
    if (isSyncDue) yield `${stamp(lastUs)}${name} sync 0 0`;
    const dueUs = Math.floor((arrivals?.take(op !== 'read', bytes) ?? 0) / 1000);
    if (version === 2 && dueUs > waitedUs) {
      yield `${name} wait ${dueUs - waitedUs} 0`;
      waitedUs = dueUs;
    }
    yield `${stamp(dueUs)}${name} ${op} ${offsetBytes} ${bytes}`;
    lastUs = dueUs;
    if (op === 'write') writes++;
    isSyncDue = op === 'write' && isFsyncDue(job, writes);
  }
  const endUs = Math.floor((arrivals?.end() ?? 0) / 1000);
  for (const name of names) yield `${stamp(endUs)}${name} close`;
}

/** fsync and fdatasync; the Flush of a synchronous write is Linux's, and in no log. */
function isFsyncDue({ fsync }: Job, writes: number): boolean {
  return fsync !== undefined && fsync.isOfSync !== true && fsync.everyWrites.some((every) => writes % every === 0);
}

function* iosOf(job: Job, clone: number, arrivals: Arrivals | undefined, mostIos: number): Generator<LoggedIo> {
  const replay = job.replays?.[clone % job.replays.length];
  if (replay !== undefined) {
    const [name = job.name] = fileNames(job, clone);
    for (let index = 0; index < Math.min(mostIos, replay.blocks.length); index++) {
      const offsetBytes = (replay.firstBlock[index] as number) * 512;
      const op = fioDirection(TRACE_OPS[replay.op[index] as number] as TraceOp);
      yield { name, op, offsetBytes, bytes: (replay.blocks[index] as number) * 512 };
    }
    return;
  }
  const drawn = createDrawnIos(job, clone);
  for (let index = 0; index < mostIos; index++) {
    const write = arrivals?.isWrite();
    const { file, direction, isTrim, offsetBytes, bytes } = drawn.next(
      write === undefined ? undefined : write ? WRITE : READ,
    );
    if (drawn.runs() > 0) return;
    yield { name: file.name, op: isTrim ? 'trim' : direction === WRITE ? 'write' : 'read', offsetBytes, bytes };
  }
}
