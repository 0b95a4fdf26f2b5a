// An access stream as fio's own log (HOWTO, "Trace file format v2" and "v3"; iolog.c): what write_iolog makes, to read or to compare.
import { arrivalsOf } from './access_stream.ts';
import type { Arrivals } from './arrivals.ts';
import { READ, WRITE } from './draw/directions.ts';
import { createDrawnIos } from './draw/drawn_ios.ts';
import { fileNames } from './file_names.ts';
import type { Job } from './job.ts';

export interface IologRequest {
  readonly version: 2 | 3;
  /** No more I/Os than this, however many the job has. */
  readonly mostIos: number;
}

interface LoggedIo {
  readonly name: string;
  readonly write: boolean;
  readonly isTrim?: boolean;
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
  for (const { name, write, isTrim, offsetBytes, bytes } of iosOf(job, clone, arrivals, mostIos)) {
    const dueUs = Math.floor((arrivals?.take(write, bytes) ?? 0) / 1000);
    if (version === 2 && dueUs > waitedUs) {
      yield `${name} wait ${dueUs - waitedUs} 0`;
      waitedUs = dueUs;
    }
    yield `${stamp(dueUs)}${name} ${isTrim ? 'trim' : write ? 'write' : 'read'} ${offsetBytes} ${bytes}`;
  }
  const endUs = Math.floor((arrivals?.end() ?? 0) / 1000);
  for (const name of names) yield `${stamp(endUs)}${name} close`;
}

function* iosOf(job: Job, clone: number, arrivals: Arrivals | undefined, mostIos: number): Generator<LoggedIo> {
  const replay = job.replays?.[clone % job.replays.length];
  if (replay !== undefined) {
    const [name = job.name] = fileNames(job, clone);
    for (let index = 0; index < Math.min(mostIos, replay.blocks.length); index++) {
      const offsetBytes = (replay.firstBlock[index] as number) * 512;
      yield { name, write: replay.write[index] === 1, offsetBytes, bytes: (replay.blocks[index] as number) * 512 };
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
    yield { name: file.name, write: direction === WRITE, isTrim, offsetBytes, bytes };
  }
}
