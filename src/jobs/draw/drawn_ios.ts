// The I/Os of one clone of a job, one after another, as fio 3.33 draws them: the same directions, files, offsets and sizes from the same
// seeds (io_u.c: fill_io_u; backend.c: do_io, keep_running). What fio decides by its clock (rates) or by completions is left to others.
import { LabError } from '../../base/errors.ts';
import type { Job } from '../job.ts';
import { createSizeDraw, type SizeDraw } from './block_size_draw.ts';
import { createDirections, type Direction, READ, WRITE } from './directions.ts';
import { createFileService } from './file_service.ts';
import { createFiles, type FileState } from './file_states.ts';
import { createOffsets, type Place } from './offsets.ts';
import { threadSeeds } from './seeds.ts';
import { advanceZone } from './strided_zones.ts';
import { taus88, taus258 } from './tausworthe.ts';
import { createZonedDraw } from './zoned_device.ts';

export interface DrawnIo extends Place {
  direction: Direction;
  file: FileState;
  bytes: number;
  /** A trim in place of the write. */
  isTrim: boolean;
  /** The zone of a write is reset before it. */
  resetsZone: boolean;
}

export interface DrawnIos {
  /**
   * Draws the next I/O. Behind the job's last one it begins again with the numbers that follow.
   * @param forced a direction that something else decides
   * @returns the same object each time
   */
  next(forced?: Direction): DrawnIo;
  /** How often the job has begun again up to the I/O given last. */
  readonly runs: () => number;
}

/** So many runs without an I/O in a row: none will have one. */
const EMPTY_RUNS = 1000;

/** @throws LabError where fio would find no I/O to do */
export function createDrawnIos(job: Job, clone: number): DrawnIos {
  const thread = job.firstClone + clone + 1;
  const seed = threadSeeds(job.seeding, thread);
  const files = createFiles(job, clone, thread, seed);
  const zoned = job.zoned && createZonedDraw(job, job.zoned, files);
  const service = createFileService(job, files, seed, (file) => zoned?.opened(file));
  const directions = createDirections(job, seed('mix'));
  const offsets = createOffsets(job, seed);
  let limits = createLimits(job, files);
  let sizes = sizeDraws(job, seed);
  let zoneBytes = 0;
  let runs = 0;
  const io: DrawnIo = {
    direction: READ,
    file: files[0] as FileState,
    offsetBytes: 0,
    bytes: 0,
    isTrim: false,
    resetsZone: false,
    isRandom: false,
    leavesMap: false,
  };

  /** Chooses direction, place and size within `io.file`; false when the file has none left. */
  const fill = (forced: Direction | undefined): boolean => {
    const { file } = io;
    io.direction = forced ?? directions.next();
    if (zoned !== undefined) {
      io.direction = zoned.direction(file, io.direction);
      if (zoned.advance(file, io.direction, zoneBytes)) zoneBytes = 0;
    }
    if (job.zones !== undefined && advanceZone(job.zones, file, io.direction, zoneBytes)) zoneBytes = 0;
    if (!offsets.next(file, io.direction, io) || io.offsetBytes >= file.ioBytes) return false;
    const inZone = io.offsetBytes;
    io.offsetBytes += file.offsetBytes;
    if (io.offsetBytes >= file.endBytes) return false;
    const kind = job.sizesByOrder ? (io.isRandom ? WRITE : READ) : io.direction;
    io.bytes = (sizes[kind] as SizeDraw)(file.ioBytes + file.startBytes - io.offsetBytes);
    if (io.bytes === 0) return false;
    if (zoned !== undefined && !zoned.place(io)) return false;
    if (io.offsetBytes + io.bytes > file.endBytes) return false;
    if (file.map !== undefined && !io.leavesMap) io.bytes = taken(job, file, io, inZone);
    return true;
  };
  const startPass = (reseeds: boolean): void => {
    service.restart(reseeds);
    offsets.restart(reseeds);
    directions.restart(reseeds ? seed('mix') : undefined);
    if (reseeds) sizes = sizeDraws(job, seed);
    zoneBytes = 0;
    limits.passEnded();
  };

  /** The next I/O of this run, in `io`; false behind the last one. */
  const drawn = (forced: Direction | undefined): boolean => {
    if (limits.hasEnded()) return false;
    if (limits.isPassFull()) {
      if (!limits.goesOn(files.every(({ isDone }) => isDone))) return false;
      startPass(job.seeding.reseeds);
    }
    for (let isNewPass = false; ; ) {
      const file = service.next();
      if (file === undefined) {
        // A pass without an I/O would be followed by another one.
        if (isNewPass || !limits.goesOn(true)) return false;
        startPass(job.seeding.reseeds);
        isNewPass = true;
        continue;
      }
      io.file = file;
      if (fill(forced)) return true;
      service.ended(file);
    }
  };
  /** The write that follows a trim; false where a zoned device has no place for it. */
  const writesAfterTrim = (): boolean => {
    if (zoned === undefined) return true;
    const isPlaced = zoned.place(io);
    if (isPlaced) zoned.queued(io);
    else io.isTrim = true;
    return isPlaced;
  };
  const next = (forced?: Direction): DrawnIo => {
    // trimwrite: the write goes where the trim before it went, and is not counted (set_rw_ddir, get_next_offset, do_io).
    const isWriteAfter = job.rw.trims === 'before-write' && io.isTrim;
    io.isTrim = job.rw.trims !== undefined && !isWriteAfter;
    if (isWriteAfter && writesAfterTrim()) return io;
    for (let empty = 0; !drawn(forced); empty++) {
      if (empty === EMPTY_RUNS) throw noIos(job);
      runs++;
      zoned?.restored();
      startPass(false);
      limits = createLimits(job, files);
    }
    zoneBytes += io.bytes;
    io.file.lastStart[io.direction] = io.offsetBytes;
    io.file.lastEnd[io.direction] = io.offsetBytes + io.bytes;
    directions.went(io.direction);
    limits.count(io.bytes);
    zoned?.queued(io);
    return io;
  };
  return { next, runs: () => runs };
}

function sizeDraws(job: Job, seed: ReturnType<typeof threadSeeds>): readonly [SizeDraw, SizeDraw] {
  const random = (concern: 'readSize' | 'writeSize' | 'trimSize') =>
    (job.generator === 'tausworthe64' ? taus258 : taus88)(seed(concern));
  const { read, write } = job.sizeRules;
  return [
    createSizeDraw(read, random('readSize')),
    // A trim before a write has the write's size (td_fill_rand_seeds_internal).
    createSizeDraw(write, random(job.rw.trims === 'all' ? 'trimSize' : job.verify ? 'readSize' : 'writeSize')),
  ];
}

/** Takes the blocks of an I/O in the map: its size is what was free from its first block on. */
function taken(job: Job, file: FileState, io: DrawnIo, offsetInZone: number): number {
  const unit = job.sizeRules[io.direction === READ ? 'read' : 'write'].minBytes;
  const first = Math.floor(offsetInZone / unit);
  const blocks = file.map?.take(first, Math.ceil(io.bytes / unit)) ?? 0;
  return Math.min(io.bytes, blocks * unit);
}

function noIos(job: Job): LabError {
  return new LabError(
    `[${job.name}] no I/O fits into its files: fio would end at once. Lower bs, offset or zonerange, or raise size.`,
  );
}

interface Limits {
  count(bytes: number): void;
  /** Everything that the job was to do is done. */
  hasEnded(): boolean;
  /** Enough was done for one pass over the files. */
  isPassFull(): boolean;
  /** Whether another pass follows. */
  goesOn(allFilesDone: boolean): boolean;
  passEnded(): void;
}

/** How many bytes and I/Os the job has (backend.c). */
function createLimits(job: Job, files: readonly FileState[]): Limits {
  const present = files.reduce((sum, { ioBytes }) => sum + ioBytes, 0);
  const { sizeBytes, loopBytes } = bytesToDo(job, present);
  const endBytes = loopBytes * job.loops;
  const endIos = job.iosPerLoop * job.loops;
  const overwrites = job.rw.writes && job.rw.random && job.norandommap;
  const passBytes = overwrites ? Math.max(sizeBytes, loopBytes) : sizeBytes;
  const largest = Math.max(job.sizeRules.read.maxBytes, job.sizeRules.write.maxBytes);
  let loopsLeft = job.loops - 1;
  let bytes = 0;
  let ios = 0;
  let bytesOfPass = 0;
  return {
    count: (more) => {
      bytes += more;
      bytesOfPass += more;
      ios++;
    },
    hasEnded: () => !job.timeBased && (bytes >= endBytes || ios >= endIos),
    isPassFull: () => !job.timeBased && !job.isSynchronous && bytesOfPass >= passBytes,
    goesOn: (allFilesDone) => {
      if (job.timeBased || loopsLeft > 0) return true;
      return loopBytes - bytes >= largest && !(allFilesDone && job.ioSize === undefined);
    },
    passEnded: () => {
      bytesOfPass = 0;
      loopsLeft--;
    },
  };
}

/** The bytes of one pass over the files, and of one loop (io_size). */
export function bytesToDo(
  job: Pick<Job, 'files' | 'ioSize'>,
  presentBytes: number,
): { sizeBytes: number; loopBytes: number } {
  const sizeBytes = Math.min(job.files.wantedBytes, presentBytes);
  const { ioSize } = job;
  const loopBytes =
    ioSize === undefined
      ? sizeBytes
      : 'bytes' in ioSize
        ? ioSize.bytes
        : Math.floor((sizeBytes * ioSize.percent) / 100);
  return { sizeBytes, loopBytes };
}
