// The files of one clone of a job, one behind another in the namespace, and how far each has got (filesetup.c: setup_files,
// get_start_offset, init_random_map).
import { fileNames } from '../file_names.ts';
import type { Job } from '../job.ts';
import { createRankDraw, type Draw, isRanked } from './distributions.ts';
import { jenkinsHash } from './hashes.ts';
import { createLfsr, type Lfsr } from './lfsr.ts';
import { createRandomMap, type RandomMap } from './random_map.ts';
import type { Concern } from './seeds.ts';
import { taus88 } from './tausworthe.ts';

/** All bytes, from the start of the file. */
export interface FileState {
  readonly name: string;
  /** Where in the namespace the file begins. */
  readonly baseBytes: number;
  /** Where the job's part of the file begins, how long it is, and where the file ends. */
  readonly startBytes: number;
  readonly ioBytes: number;
  readonly endBytes: number;
  readonly map: RandomMap | undefined;
  readonly lfsr: Lfsr | undefined;
  /** Draws a block by a distribution with ranks. */
  readonly ranked: Draw | undefined;
  /** The start of the zone in use; without zones that of the part. */
  offsetBytes: number;
  /** Of each direction: where its last I/O ended, and where it began (-1: none yet). */
  readonly lastEnd: [number, number];
  readonly lastStart: [number, number];
  isOpen: boolean;
  isDone: boolean;
}

/** @param thread fio's number of the thread, from 1 */
export function createFiles(job: Job, clone: number, thread: number, seed: (concern: Concern) => bigint): FileState[] {
  let baseBytes = 0;
  return fileExtents(job, clone, seed('fileSize')).map((extent, index) => {
    const base = baseBytes;
    baseBytes += spaceOf(job, extent.endBytes);
    const name = fileNames(job, clone)[index] as string;
    const file = fileOf(name, base, { ...extent, ...wholeZones(job, extent) });
    const rankSeed = job.seeding.reseeds ? BigInt(jenkinsHash(name)) * BigInt(thread) : seed('position');
    return { ...file, ...orderOf(job, file, seed('position'), rankSeed) };
  });
}

/** Files begin at whole pages of the namespace. */
const FILE_ALIGN_BYTES = 4096;

/** The space that a file takes in the namespace. */
export function spaceOf({ zoned }: Pick<Job, 'zoned'>, bytes: number): number {
  const unit = zoned?.zoneBytes ?? FILE_ALIGN_BYTES;
  return Math.ceil(bytes / unit) * unit;
}

/** zbd_zone_align_file_sizes: all but sequential reads work in whole zones, from the first that begins in their part. */
export function wholeZones(
  { zoned, rw }: Pick<Job, 'zoned' | 'rw'>,
  { startBytes, ioBytes }: FileExtent,
): Pick<FileState, 'offsetBytes' | 'ioBytes'> {
  if (zoned === undefined || !(rw.writes || rw.random)) return { offsetBytes: startBytes, ioBytes };
  const { zoneBytes } = zoned;
  const offsetBytes = Math.ceil(startBytes / zoneBytes) * zoneBytes;
  const end = Math.floor((startBytes + ioBytes) / zoneBytes) * zoneBytes;
  return { offsetBytes, ioBytes: Math.max(0, end - offsetBytes) };
}

export interface FileExtent {
  readonly startBytes: number;
  readonly ioBytes: number;
  readonly endBytes: number;
}

/** Where each file's part lies within it. */
export function fileExtents(
  job: Pick<Job, 'files' | 'offsetBytes' | 'offsetIncrementBytes'>,
  clone: number,
  seed: bigint,
): FileExtent[] {
  const { count, sizing } = job.files;
  const startBytes = job.offsetBytes + clone * job.offsetIncrementBytes;
  const random = taus88(seed);
  const extent = (fileBytes: number, ioBytes: number): FileExtent => ({ startBytes, ioBytes, endBytes: fileBytes });
  return Array.from({ length: count }, (_, index) => {
    if (sizing.kind === 'whole') return extent(sizing.fileBytes, partOf(sizing.fileBytes, startBytes, sizing));
    if (sizing.kind === 'each') {
      const { leastBytes, mostBytes } = sizing;
      const fileBytes = leastBytes === mostBytes ? leastBytes : drawnFileBytes(sizing, random.unit());
      return extent(fileBytes, partOf(fileBytes, startBytes, sizing));
    }
    const even = Math.floor(sizing.bytes / count);
    const isLarger = index < Math.floor((sizing.bytes - even * count) / sizing.unitBytes);
    const ioBytes = even + (isLarger ? sizing.unitBytes : 0);
    return extent(startBytes + ioBytes, ioBytes);
  });
}

/** A share of the file, as far as it goes behind the offset. */
function partOf(
  fileBytes: number,
  startBytes: number,
  { percent, unitBytes }: { percent: number; unitBytes: number },
): number {
  if (percent === 100) return fileBytes - startBytes;
  const bytes = Math.min(Math.floor((fileBytes * percent) / 100), fileBytes - startBytes);
  return bytes - (bytes % unitBytes);
}

/** filesetup.c, get_rand_file_size. */
function drawnFileBytes(sizing: { leastBytes: number; mostBytes: number; unitBytes: number }, unit: number): number {
  const drawn = sizing.leastBytes + Math.floor((sizing.mostBytes - sizing.leastBytes) * unit);
  return drawn - (drawn % sizing.unitBytes);
}

function fileOf(
  name: string,
  baseBytes: number,
  extent: FileExtent & Pick<FileState, 'offsetBytes'>,
): Omit<FileState, 'map' | 'lfsr' | 'ranked'> {
  return {
    name,
    baseBytes,
    ...extent,
    lastEnd: [0, 0],
    lastStart: [-1, -1],
    isOpen: false,
    isDone: false,
  };
}

/** What decides the order of random I/Os in a file. */
function orderOf(
  job: Job,
  file: FileExtent,
  seed: bigint,
  rankSeed: bigint,
): Pick<FileState, 'map' | 'lfsr' | 'ranked'> {
  const none = { map: undefined, lfsr: undefined, ranked: undefined };
  const leastOf = (direction: 'read' | 'write'): number => job.sizeRules[direction].minBytes;
  const unitBytes = Math.min(leastOf('read'), leastOf('write'));
  const ranked = isRanked(job.distribution)
    ? createRankDraw(job.distribution, Math.ceil(file.ioBytes / unitBytes), rankSeed, true)
    : undefined;
  if (!job.rw.random) return none;
  const blocks = Math.floor((job.zones?.rangeBytes ?? file.ioBytes) / unitBytes);
  if (job.generator === 'lfsr') return { ...none, ranked, lfsr: createLfsr(blocks, seed) };
  return { ...none, ranked, map: job.norandommap ? undefined : createRandomMap(blocks) };
}

/** fio_file_reset: from the start, with no block taken. */
export function resetFile(file: FileState): void {
  for (const direction of [0, 1] as const) {
    file.lastEnd[direction] = file.offsetBytes;
    file.lastStart[direction] = -1;
  }
  file.map?.clear();
  file.lfsr?.reset();
}
