// Where in its file the next I/O begins: fio's get_next_offset (io_u.c).
import type { Job } from '../job.ts';
import { type Direction, READ } from './directions.ts';
import { zoneTable } from './distributions.ts';
import type { FileState } from './file_states.ts';
import { resetFile } from './file_states.ts';
import type { Concern } from './seeds.ts';
import { type Tausworthe, taus88, taus258 } from './tausworthe.ts';

/** What is known of the next I/O before its size. */
export interface Place {
  /** From the start of the file. */
  offsetBytes: number;
  /** Drawn anew, not on from the last one. */
  isRandom: boolean;
  /** Blocks that it touches stay free in the random map. */
  leavesMap: boolean;
}

export interface Offsets {
  /** Chooses into `place`; false when the file has no place left. */
  next(file: FileState, direction: Direction, place: Place): boolean;
  /** @param reseeds draws the same places again */
  restart(reseeds: boolean): void;
}

export function createOffsets(job: Job, seed: (concern: Concern) => bigint): Offsets {
  const make = (): Tausworthe =>
    job.generator === 'tausworthe64' ? taus258(seed('position')) : taus88(seed('position'));
  const makePatterns = () => [taus88(seed('pattern')), taus88(seed('pattern'))] as const;
  const tables = zoneTables(job);
  let positions = make();
  let patterns = makePatterns();
  let zonePicks = taus88(seed('zone'));
  let untilRandom = 1;

  /** A block of the first `count`: free where a map is kept; -1 when there is none. */
  const drawnBlock = (file: FileState, count: number): number => {
    const block = file.lfsr === undefined ? Math.floor(count * positions.unit()) : file.lfsr.next();
    if (block < 0 || file.map === undefined || file.map.isFree(block)) return block;
    return file.map.nextFree(block);
  };
  const zonedBlock = (file: FileState, direction: Direction, count: number): number => {
    const span = tables?.[direction][zonePicks.between(1, 100) - 1];
    if (span === undefined) return drawnBlock(file, count);
    const blockAt = (extent: number): number =>
      job.distribution.kind === 'zoned_abs'
        ? Math.floor(extent / alignOf(job, direction))
        : Math.floor((extent * count) / 100);
    const from = blockAt(span.from);
    const width = job.distribution.kind === 'zoned_abs' ? blockAt(span.to) - from : blockAt(span.to - span.from);
    const block = drawnBlock(file, width);
    return block < 0 ? block : block + from;
  };
  const onceRandom = (file: FileState, direction: Direction): number => {
    if (file.ranked !== undefined) return file.ranked();
    const count = blocksOf(job, file, direction);
    if (count <= 0) return -1;
    return tables === undefined ? drawnBlock(file, count) : zonedBlock(file, direction, count);
  };
  /** A full map ends the file, or begins a new pass where the job goes on until its time is up. */
  const random = (file: FileState, direction: Direction, place: Place): boolean => {
    let block = onceRandom(file, direction);
    if (block < 0 && (job.timeBased || job.files.service.kind === 'ranked')) {
      resetFile(file);
      block = onceRandom(file, direction);
    }
    place.offsetBytes = block * alignOf(job, direction);
    return block >= 0;
  };
  const jumps = (direction: Direction): boolean => {
    const percent = job.percentRandom[direction === READ ? 'read' : 'write'];
    return percent === 100 || patterns[direction].between(1, 100) <= percent;
  };

  return {
    next: (file, direction, place) => {
      place.isRandom = false;
      place.leavesMap = false;
      const isTurn = --untilRandom === 0;
      if (isTurn) untilRandom = job.sequence.randomEvery;
      if (!job.rw.random) return onward(job, file, direction, place);
      if (isTurn && jumps(direction)) {
        place.isRandom = true;
        return random(file, direction, place);
      }
      place.leavesMap = true;
      if (!isTurn && job.sequence.between === 'identical') {
        const last = file.lastStart[direction];
        place.offsetBytes = last < 0 ? 0 : last - file.offsetBytes;
        return true;
      }
      return onward(job, file, direction, place) || random(file, direction, place);
    },
    restart: (reseeds) => {
      if (!reseeds) return;
      positions = make();
      patterns = makePatterns();
      zonePicks = taus88(seed('zone'));
    },
  };
}

function alignOf(job: Job, direction: Direction): number {
  return job.blockAlignBytes[direction === READ ? 'read' : 'write'];
}

function zoneTables(job: Job) {
  const { distribution } = job;
  if (distribution.kind !== 'zoned' && distribution.kind !== 'zoned_abs') return undefined;
  return [zoneTable(distribution.zones.read), zoneTable(distribution.zones.write)] as const;
}

/** io_u.c, last_block: how many aligned places a file, or a zone of it, has. */
function blocksOf(job: Job, file: FileState, direction: Direction): number {
  const align = alignOf(job, direction);
  const least = job.sizeRules[direction === READ ? 'read' : 'write'].minBytes;
  const bytes = job.zones?.rangeBytes ?? Math.min(file.ioBytes, file.endBytes);
  return Math.floor((bytes - Math.max(0, least - align)) / align);
}

/** io_u.c, get_next_seq_offset: on from the last I/O of this direction, some bytes skipped. */
function onward(job: Job, file: FileState, direction: Direction, place: Place): boolean {
  const { skipBytes } = job.sequence;
  const { ioBytes, endBytes, lastEnd } = file;
  if (lastEnd[direction] >= ioBytes + file.startBytes && job.timeBased && job.files.count === 1) {
    lastEnd[direction] = file.offsetBytes;
  }
  if (lastEnd[direction] >= endBytes) return false;
  if (lastEnd[direction] === file.offsetBytes && file.offsetBytes > 0 && skipBytes < 0) {
    lastEnd[direction] = Math.min(ioBytes, endBytes);
  }
  let position = lastEnd[direction] - file.offsetBytes;
  if (position !== 0 && skipBytes !== 0) {
    position += skipBytes;
    // In C the sum is unsigned: backwards beyond the start is beyond the end as well.
    if (position >= endBytes || position < 0) {
      position = skipBytes > 0 ? file.offsetBytes : Math.min(ioBytes, endBytes) + skipBytes;
    }
  }
  place.offsetBytes = position;
  return true;
}
