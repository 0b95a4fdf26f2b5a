// Where on the namespace each I/O of a job goes and how large it is: fio's get_next_offset and get_next_buflen (io_u.c).
import { type Random, seededRandom } from '../base/random.ts';
import { createDraw, type Draw } from './distributions.ts';
import type { BlockSize, Job } from './job.ts';
import { usedBlockSizes } from './job.ts';
import { createClaimMap, createPasses } from './random_map.ts';

const BLOCK_BYTES = 512;

/** One I/O, in 512-byte blocks from the start of the job's region. */
export interface Extent {
  first: number;
  blocks: number;
}

export interface Placer {
  /** Chooses the next I/O into `extent`. */
  place(write: boolean, extent: Extent): void;
  /** Says where it finally went: sequential I/Os go on from there. Reads and writes each have their own place. */
  went(write: boolean, extent: Extent): void;
}

/** Draws for each concern from a sequence of its own, so that changing one leaves the others as they were. */
export type SeedFor = (concern: 'position' | 'size' | 'pattern' | 'spread') => number;

interface Direction {
  readonly size: () => number;
  /** The largest size of at most `room` blocks, or 0. */
  readonly fitting: (room: number) => number;
  readonly percentRandom: number;
  /** Chooses a random position and a size that fits there. */
  random: (extent: Extent) => void;
  lastFirst: number;
  lastEnd: number;
}

/** @param regionBlocks size of the region, at least the job's largest block */
export function createPlacer(job: Job, regionBlocks: number, seedFor: SeedFor): Placer {
  const sizes = seededRandom(seedFor('size'));
  const pattern = seededRandom(seedFor('pattern'));
  const read = createDirection(job.blockSizes.read, job.percentRandom.read, sizes);
  const write = createDirection(job.blockSizes.write, job.percentRandom.write, sizes);
  if (job.rw.random) addRandomPositions(job, regionBlocks, { read, write }, seedFor);
  const { randomEvery, between, skipBytes } = job.sequence;
  const skip = skipBytes / BLOCK_BYTES;
  let untilRandom = 0;

  const place = (writes: boolean, extent: Extent): void => {
    const direction = writes ? write : read;
    if (!job.rw.random) {
      goOn(direction, extent, regionBlocks, skip);
      return;
    }
    if (untilRandom === 0) {
      untilRandom = randomEvery;
      const jumps = direction.percentRandom === 100 || pattern.unit() * 100 < direction.percentRandom;
      if (jumps || !fitsAfter(direction, extent, direction.lastEnd, regionBlocks)) direction.random(extent);
    } else {
      const first = between === 'identical' ? direction.lastFirst : direction.lastEnd;
      if (!fitsAfter(direction, extent, first, regionBlocks)) direction.random(extent);
    }
    untilRandom--;
  };
  const went = (writes: boolean, extent: Extent): void => {
    const direction = writes ? write : read;
    direction.lastFirst = extent.first;
    direction.lastEnd = extent.first + extent.blocks;
  };
  return { place, went };
}

function createDirection(sizes: readonly BlockSize[], percentRandom: number, random: Random): Direction {
  const blocks = sizes.map(({ bytes }) => bytes / BLOCK_BYTES);
  return {
    size: sizeDraw(sizes, random),
    fitting: (room) => blocks.reduce((best, size) => (size <= room && size > best ? size : best), 0),
    percentRandom,
    random: () => {},
    lastFirst: 0,
    lastEnd: 0,
  };
}

/** Draws sizes by weight, in blocks. */
function sizeDraw(sizes: readonly BlockSize[], random: Random): () => number {
  const blocks = Uint32Array.from(sizes, ({ bytes }) => bytes / BLOCK_BYTES);
  const last = blocks.length - 1;
  if (last === 0) return () => blocks[0] as number;
  let sum = 0;
  const upTo = Float64Array.from(sizes, ({ weight }) => {
    sum += weight;
    return sum;
  });
  return () => {
    const u = random.unit();
    let low = 0;
    let high = last;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (u < (upTo[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return blocks[low] as number;
  };
}

/** Sequential: after the last I/O of this direction, some blocks skipped; from the start again where none fits. */
function goOn(direction: Direction, extent: Extent, regionBlocks: number, skip: number): void {
  let first = direction.lastEnd === 0 ? 0 : direction.lastEnd + skip;
  if (first >= regionBlocks || first < 0) first = skip < 0 ? regionBlocks + skip : 0;
  if (fitsAfter(direction, extent, first, regionBlocks)) return;
  extent.first = skip < 0 ? Math.max(0, regionBlocks - extent.blocks) : 0;
}

/** Puts an I/O of a drawn size at `first`, or of the largest size that fits; false (size drawn) when none does. */
function fitsAfter(direction: Direction, extent: Extent, first: number, regionBlocks: number): boolean {
  const drawn = direction.size();
  const room = regionBlocks - first;
  const blocks = first >= 0 && drawn > room ? direction.fitting(room) : drawn;
  extent.first = first;
  extent.blocks = blocks || drawn;
  return first >= 0 && blocks > 0;
}

/**
 * The random positions of both directions. With a map, I/Os of one size go through the positions in a random order, and
 * I/Os of several sizes claim free runs of a map that reads and writes share.
 */
function addRandomPositions(
  job: Job,
  regionBlocks: number,
  directions: { readonly read: Direction; readonly write: Direction },
  seedFor: SeedFor,
): void {
  const used = [...new Set(usedBlockSizes(job).map(({ bytes }) => bytes / BLOCK_BYTES))];
  const random = seededRandom(seedFor('position'));
  if (!job.norandommap) {
    const choose =
      used.length === 1
        ? passPositions(used[0] as number, regionBlocks, seedFor('position'))
        : claimedPositions(used.reduce(gcd), regionBlocks, random);
    for (const direction of [directions.read, directions.write])
      direction.random = (extent) => choose(direction, extent);
    return;
  }
  for (const key of ['read', 'write'] as const) {
    const direction = directions[key];
    const alignBlocks = job.blockAlignBytes[key] / BLOCK_BYTES;
    const smallest = Math.min(...job.blockSizes[key].map(({ bytes }) => bytes)) / BLOCK_BYTES;
    const count = Math.max(1, Math.floor((regionBlocks - Math.max(0, smallest - alignBlocks)) / alignBlocks));
    const positions = { count, strideBytes: job.blockAlignBytes[key] };
    const draw = createDraw(job.distribution, key, positions, random, seedFor('spread'));
    direction.random = drawnPositions(direction, draw, alignBlocks, regionBlocks);
  }
}

function drawnPositions(direction: Direction, draw: Draw, alignBlocks: number, regionBlocks: number) {
  return (extent: Extent): void => {
    if (!fitsAfter(direction, extent, draw() * alignBlocks, regionBlocks)) extent.first = 0;
  };
}

function passPositions(blocks: number, regionBlocks: number, seed: number) {
  const next = createPasses(Math.floor(regionBlocks / blocks), seed);
  return (_direction: Direction, extent: Extent): void => {
    extent.first = next() * blocks;
    extent.blocks = blocks;
  };
}

function claimedPositions(unitBlocks: number, regionBlocks: number, random: Random) {
  const map = createClaimMap(Math.floor(regionBlocks / unitBlocks), random);
  return (direction: Direction, extent: Extent): void => {
    extent.blocks = map.claim(direction.size() / unitBlocks) * unitBlocks;
    extent.first = map.claimedFirst() * unitBlocks;
  };
}

/** Greatest common divisor. */
export function gcd(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : gcd(b, a % b);
}
