// Access streams written as fio's logs: for `run --write-iolog`, and where a job has write_iolog.
import { closeSync, openSync, writeSync } from 'node:fs';
import { LabError } from '../base/errors.ts';
import { type IologRequest, iologLines } from '../jobs/iolog.ts';
import type { Job } from '../jobs/job.ts';

/** As many I/Os as an access stream has. */
const MOST_IOS = 2 ** 20;
const PIECE_LINES = 10_000;

interface IologFile {
  readonly path: string;
  readonly job: Job;
  readonly clone: number;
}

/**
 * Writes the stream of each clone: to `path`, or where there are several to `path.N` with fio's number of the thread.
 * @returns one line for each file
 * @throws LabError when a file cannot be written
 */
export function writeIologs(path: string, jobs: readonly Job[], version: IologRequest['version']): string[] {
  return filesOf(path, jobs).map((file) => writeIolog(file, version));
}

/** Writes what jobs ask for by write_iolog, as fio 3.33 does in version 3. @returns one line for each file */
export function writeAskedIologs(jobs: readonly Job[]): string[] {
  const paths = new Set(jobs.flatMap(({ iolog }) => iolog ?? []));
  return [...paths].flatMap((path) =>
    writeIologs(
      path,
      jobs.filter(({ iolog }) => iolog === path),
      3,
    ),
  );
}

function filesOf(path: string, jobs: readonly Job[]): IologFile[] {
  const clones = jobs.flatMap((job) => Array.from({ length: job.numjobs }, (_, clone) => ({ job, clone })));
  if (clones.length === 1) return clones.map((each) => ({ ...each, path }));
  return clones.map(({ job, clone }) => ({ job, clone, path: `${path}.${job.firstClone + clone + 1}` }));
}

function writeIolog({ path, job, clone }: IologFile, version: IologRequest['version']): string {
  let lines = 0;
  try {
    const file = openSync(path, 'w');
    try {
      let piece: string[] = [];
      const flush = (): void => {
        writeSync(file, piece.map((line) => `${line}\n`).join(''));
        piece = [];
      };
      for (const line of iologLines(job, clone, { version, mostIos: MOST_IOS })) {
        lines++;
        if (piece.push(line) === PIECE_LINES) flush();
      }
      flush();
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError(
      `${path}: cannot write the iolog (${(error as Error).message}). Give a file that can be written.`,
    );
  }
  return `${path}: ${lines.toLocaleString('en')} lines, the access stream of [${job.name}]`;
}
