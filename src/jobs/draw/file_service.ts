// Which file the next I/O goes to: fio's file_service_type (io_u.c, get_next_file).
import type { Job } from '../job.ts';
import { createRankDraw } from './distributions.ts';
import { type FileState, resetFile } from './file_states.ts';
import type { Concern } from './seeds.ts';
import { type Tausworthe, taus88, taus258 } from './tausworthe.ts';

/** fio.h, FIO_FSERVICE_SHIFT: ranks for each file, so that its share is a sum of many. */
const RANKS_PER_FILE = 1024;

export interface FileService {
  /** The file of the next I/O; undefined when all are done. */
  next(): FileState | undefined;
  /** No I/O of the file can follow: it is done, or begins again where files are chosen by a distribution. */
  ended(file: FileState): void;
  /** All files are to be opened again. @param reseeds draws the same choices again */
  restart(reseeds: boolean): void;
}

export function createFileService(
  job: Job,
  files: readonly FileState[],
  seed: (concern: Concern) => bigint,
  opened: (file: FileState) => void = () => {},
): FileService {
  const { service } = job.files;
  const mostOpen = Math.min(job.files.mostOpen, files.length);
  const isRanked = service.kind === 'ranked';
  let choose = chooser(job, files.length, seed('file'));
  let current: FileState | undefined;
  let left = 0;
  let open = 0;
  let done = 0;
  let turn = 0;

  /** Whether the file may be used now; it is opened when there is room for one more. */
  const mayUse = (file: FileState): boolean => {
    if (file.isDone) return false;
    if (file.isOpen) return true;
    if (open >= mostOpen) return false;
    resetFile(file);
    opened(file);
    file.isOpen = true;
    open++;
    return true;
  };
  const nextInTurn = (): FileState => {
    for (;;) {
      const file = files[turn] as FileState;
      turn = (turn + 1) % files.length;
      if (mayUse(file)) return file;
    }
  };
  const nextChosen = (draw: () => number): FileState => {
    for (;;) {
      const file = files[draw()] as FileState;
      if (mayUse(file)) return file;
    }
  };
  return {
    next: () => {
      if (done >= files.length) return undefined;
      if (current?.isOpen) {
        if (service.kind === 'sequential') return current;
        if (left > 0) {
          left--;
          return current;
        }
      }
      current = choose === undefined ? nextInTurn() : nextChosen(choose);
      left = service.ios - 1;
      return current;
    },
    ended: (file) => {
      file.isOpen = false;
      open--;
      if (isRanked) resetFile(file);
      else {
        file.isDone = true;
        done++;
      }
    },
    restart: (reseeds) => {
      for (const file of files) {
        file.isOpen = false;
        file.isDone = false;
        file.offsetBytes = file.startBytes;
      }
      open = 0;
      done = 0;
      if (reseeds) choose = chooser(job, files.length, seed('file'));
    },
  };
}

/** Draws the index of a file; undefined where files take turns. */
function chooser(job: Job, count: number, seed: bigint): (() => number) | undefined {
  const { service } = job.files;
  if (service.kind === 'random') {
    const random: Tausworthe = job.generator === 'tausworthe64' ? taus258(seed) : taus88(seed);
    return () => Math.floor(count * random.unit());
  }
  if (service.kind !== 'ranked') return undefined;
  const draw = createRankDraw(service.by, count * RANKS_PER_FILE, seed, false);
  return () => Math.floor(draw() / RANKS_PER_FILE);
}
