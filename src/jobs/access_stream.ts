// Compiles a job into the array of I/Os the machine reads: 16 bytes each, drawn once, the same for every scheme.
// The machine reads it in a circle. What it replaces is fio's per-I/O choice of direction, offset, length and buffer.
import { assert, LabError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import { gcd } from './arithmetic.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { type BufferPlace, createBufferDraw } from './buffers.ts';
import { READ, WRITE } from './draw/directions.ts';
import { createDrawnIos } from './draw/drawn_ios.ts';
import { createInFlightGuard, type InFlightGuard } from './in_flight.ts';
import { bufferBytesOf, type Job, type Replay, usedBlockSizes } from './job.ts';
import { TRACE_OPS, type TraceOp } from './traces/trace.ts';

/** 32-bit words of an entry: first LBA low, first LBA high, blocks | opcode << 24, buffer page | bit 31 for host RAM. */
export const STREAM_WORDS = 4;
const BLOCK_BYTES = 512;
/** An I/O's blocks share a word with its opcode. */
const MOST_BLOCKS = 2 ** 22 - 1;
/** A Flush follows the write, or is the I/O itself; Force Unit Access (layout/stream.ts). */
const FLUSH = 2 ** 23;
const FUA = 2 ** 31;
/** Zones are reset before the I/O. */
const ZONE_RESET = 2 ** 30;
/** NVMe opcode and flags of each kind of I/O. */
const OPERATIONS: Readonly<Record<TraceOp, number>> = {
  read: 0x02 * 2 ** 24,
  write: 0x01 * 2 ** 24,
  fua: 0x01 * 2 ** 24 + FUA,
  trim: 0x09 * 2 ** 24,
  flush: FLUSH,
};
/** The I/O may meet others in flight (layout/stream.ts). */
const OVERLAPS = 2 ** 22;
/** I/Os this close in the stream may be in flight together: iodepth, and as many again that are being completed. */
const REACH_PER_DEPTH = 2;
const REDRAWS = 8;

/** Where one queue's buffers and blocks may lie. */
export interface StreamPlace extends BufferPlace {
  /**
   * 512-byte blocks of this queue's media window when data is checked: the job then works on the first this many blocks
   * instead of its own region, and I/Os in flight together never touch the same block.
   */
  readonly verifyBlocks?: number;
  /** The flow holds back an I/O that meets one in flight: what cannot be kept apart here is only marked. */
  readonly serializes?: boolean;
}

/** What one round through the stream does. */
export interface StreamFacts {
  readonly ios: number;
  readonly bytes: number;
  readonly reads: number;
  readonly writes: number;
  readonly trims: number;
  /** Flushes that are entries of their own, which are no I/Os in figures: of the recorded ones only. */
  readonly flushes: number;
  readonly meanBytes: number;
  readonly maxBytes: number;
  /** Mean time from one I/O to the next in an open loop; undefined in a closed one. */
  readonly meanGapNs: number | undefined;
}

/**
 * Fills `out` with the I/Os of one clone of a job. The same job, clone and place give the same stream; clones differ,
 * as fio's do, by their thread number (also with randrepeat and allrandrepeat).
 * @param clone 0 to job.numjobs - 1
 * @param out a power-of-two number of entries, at least twice iodepth
 * @param gaps of an open loop: takes the nanoseconds from each I/O to the next
 * @throws LabError when a window is too small for the I/Os in flight
 */
export function compileStream(
  job: Job,
  clone: number,
  place: StreamPlace,
  out: Uint32Array,
  gaps?: Float64Array,
): StreamFacts {
  const entries = out.length / STREAM_WORDS;
  const reach = reachOf(job);
  assert(Number.isInteger(Math.log2(entries)) && entries >= reach, 'a power of two of entries, at least twice iodepth');
  assert(!job.verify || place.verifyBlocks !== undefined, 'a job that verifies has a media window');
  const maxBytes = largestOf(job);
  const seed = streamSeed(job, clone);
  const region = regionOf(job, place, maxBytes);
  const source = sourceOf(job, clone, region);
  // A write to a zone has its place at the write pointer: there all wait for those that they meet.
  const isOrdered = place.verifyBlocks !== undefined && job.zoned !== undefined;
  if (isOrdered && !place.serializes) throw unmoved(job);
  const guard = region.isChecked ? guardOf(job, region.blocks, entries, reach) : undefined;
  const buffer = createBufferDraw(place, {
    ...{ maxBytes: bufferBytesOf(job), reach, entries, seed: mixSeeds(seed, 5) },
    sharing: place.verifyBlocks === undefined ? 'all' : place.serializes ? 'own' : 'none',
  });
  const arrivals = arrivalsOf(job, clone);
  let previousNs = 0;
  const extent: Extent = { first: 0, blocks: 0, op: 'read', resets: false };
  const counts = { read: 0, write: 0, fua: 0, trim: 0, flush: 0 };
  let blocks = 0;
  let overlaps = isOrdered || (place.verifyBlocks !== undefined && buffer.shares);
  let runs = 0;
  for (let index = 0, word = 0; index < entries; index++, word += STREAM_WORDS) {
    source.next(index, extent, arrivals?.isWrite());
    if (guard && extent.blocks > 0 && !keepApart({ source, guard, index }, extent)) {
      if (place.serializes !== true) throw tooNarrow(job, extent);
      overlaps = true;
    }
    const { op, first } = extent;
    out[word] = first;
    out[word + 1] = Math.floor(first / 2 ** 32);
    counts[op]++;
    const flush = isWrite(op) && isFlushDue(job, counts.write + counts.fua);
    const resets = extent.resets || (index === 0 && job.zoned?.startsFull === false);
    out[word + 2] = extent.blocks + (flush ? FLUSH : 0) + OPERATIONS[op] + (resets ? ZONE_RESET : 0);
    out[word + 3] = buffer.at(index);
    if (source.runs() > runs && index > 0) flushBehind(out, word - STREAM_WORDS);
    runs = source.runs();
    blocks += extent.blocks;
    const dueNs = arrivals?.take(op !== 'read', extent.blocks * BLOCK_BYTES) ?? 0;
    if (gaps !== undefined && index > 0) gaps[index - 1] = dueNs - previousNs;
    previousNs = dueNs;
  }
  if (overlaps) markAll(out);
  const endNs = arrivals?.end();
  if (gaps !== undefined) gaps[entries - 1] = (endNs ?? previousNs) - previousNs;
  const bytes = blocks * BLOCK_BYTES;
  const meanGapNs = endNs === undefined ? undefined : endNs / entries;
  return {
    ...{ ios: entries, bytes, meanBytes: bytes / entries, maxBytes, meanGapNs },
    ...{ reads: counts.read, writes: counts.write + counts.fua, trims: counts.trim, flushes: counts.flush },
  };
}

/** @throws LabError where a length does not fit a descriptor */
function largestOf(job: Job): number {
  const maxBytes = Math.max(...usedBlockSizes(job).map(({ bytes }) => bytes));
  if (maxBytes / BLOCK_BYTES <= MOST_BLOCKS) return maxBytes;
  throw new LabError(`[${job.name}] bs: less than 2 GiB, the I/O's length field.`);
}

/** The first I/Os meet the last where the stream begins again: with one that overlaps, all are looked at. */
function markAll(out: Uint32Array): void {
  for (let word = 2; word < out.length; word += STREAM_WORDS) out[word] = (out[word] as number) + OVERLAPS;
}

/** The I/O before another time through the job, which a Flush may follow already. */
function flushBehind(out: Uint32Array, word: number): void {
  out[word + 2] = ((out[word + 2] as number) | FLUSH) >>> 0;
}

function isWrite(op: TraceOp): boolean {
  return op === 'write' || op === 'fua';
}

/** Whether a Flush follows the last of so many writes. */
function isFlushDue({ fsync }: Job, writes: number): boolean {
  return fsync?.everyWrites.some((every) => writes % every === 0) === true;
}

/** How many I/Os of a stream must lie apart where data are checked: one at a time needs none. */
function reachOf({ iodepth }: Job): number {
  return iodepth === 1 ? 1 : REACH_PER_DEPTH * iodepth;
}

/** One I/O, in 512-byte blocks from the start of the namespace. */
interface Extent {
  first: number;
  /** 0 of a flush. */
  blocks: number;
  op: TraceOp;
  /** A zone is reset before it. */
  resets: boolean;
}

/** Where the I/Os come from: drawn, or recorded. */
interface IoSource {
  /** @param write the direction, where something else decides it */
  next(index: number, extent: Extent, write?: boolean): void;
  /** Ends of the job that a Flush follows and that came before the last I/O. */
  runs(): number;
  /** Another place may be drawn for an I/O. */
  readonly redraws: boolean;
}

function sourceOf(job: Job, clone: number, region: StreamRegion): IoSource {
  const replay = job.replays?.[clone % job.replays.length];
  if (replay !== undefined) return replayed(replay, region);
  const drawn = createDrawnIos(region.job, clone);
  const writeOp = job.fua ? 'fua' : 'write';
  return {
    next: (_index, extent, write) => {
      const io = drawn.next(write === undefined ? undefined : write ? WRITE : READ);
      const at = io.file.baseBytes + io.offsetBytes;
      extent.first = Math.floor(at / BLOCK_BYTES);
      extent.blocks = Math.ceil(io.bytes / BLOCK_BYTES);
      extent.resets = io.resetsZone;
      extent.op = io.isTrim ? 'trim' : io.direction === WRITE ? writeOp : 'read';
    },
    runs: job.fsync?.atEnd ? drawn.runs : () => 0,
    redraws: job.rw.random && job.norandommap && job.sequence.randomEvery === 1,
  };
}

/** Part of the media that one trim takes at most where data are checked: it is written and looked at, block by block. */
const CHECKED_TRIM_SHARE = 1 / 64;

/** The records in turn, from the first again after the last. A smaller region is used in a circle. */
function replayed(replay: Replay, { blocks: regionBlocks, isChecked }: StreamRegion): IoSource {
  const count = replay.blocks.length;
  const mostTrimmed = isChecked ? Math.ceil(regionBlocks * CHECKED_TRIM_SHARE) : regionBlocks;
  return {
    next: (index, extent) => {
      extent.op = TRACE_OPS[replay.op[index % count] as number] as TraceOp;
      const blocks = replay.blocks[index % count] as number;
      extent.blocks = extent.op === 'trim' ? Math.min(blocks, mostTrimmed) : blocks;
      const first = (replay.firstBlock[index % count] as number) % regionBlocks;
      extent.first = Math.min(first, regionBlocks - extent.blocks);
    },
    runs: () => 0,
    redraws: false,
  };
}

interface StreamRegion {
  readonly blocks: number;
  /** Its data are checked in a window of the media. */
  readonly isChecked: boolean;
  /** The job within it. */
  readonly job: Job;
}

/** What the clone works in: its own files, or one file as large as the media window. */
function regionOf(job: Job, place: StreamPlace, maxBytes: number): StreamRegion {
  const blocks = Math.floor(job.sizeBytes / BLOCK_BYTES);
  if (place.verifyBlocks === undefined || job.zoned !== undefined) return { blocks, isChecked: false, job };
  const window = Math.min(blocks, place.verifyBlocks);
  const windowBytes = window * BLOCK_BYTES;
  if (windowBytes < maxBytes) {
    throw new LabError(
      `[${job.name}] a block of ${formatBytes(maxBytes)} does not fit into the ${formatBytes(windowBytes)} of media this queue checks its data on. Lower bs or numjobs, or raise size.`,
    );
  }
  return { blocks: window, isChecked: true, job: inWindow(job, windowBytes) };
}

function inWindow(job: Job, windowBytes: number): Job {
  const { zones } = job;
  const sizing = { kind: 'shared', bytes: windowBytes, unitBytes: BLOCK_BYTES } as const;
  return {
    ...job,
    offsetBytes: 0,
    offsetIncrementBytes: 0,
    files: { ...job.files, count: 1, mostOpen: 1, sizing, wantedBytes: windowBytes },
    ...(zones && { zones: { ...zones, rangeBytes: Math.min(zones.rangeBytes, windowBytes) } }),
  };
}

function guardOf(job: Job, regionBlocks: number, entries: number, reach: number): InFlightGuard {
  if (job.replays !== undefined) return createInFlightGuard(regionBlocks, 1, entries, reach);
  const steps = usedBlockSizes(job).map(({ bytes }) => bytes);
  if (job.rw.reads) steps.push(job.blockAlignBytes.read);
  if (job.rw.writes) steps.push(job.blockAlignBytes.write);
  // A backward run starts from the end of the region, which need not be a multiple of anything else.
  if (job.sequence.skipBytes !== 0) steps.push(job.sequence.skipBytes, regionBlocks * BLOCK_BYTES);
  return createInFlightGuard(regionBlocks, steps.reduce(gcd) / BLOCK_BYTES, entries, reach);
}

interface Attempt {
  readonly source: IoSource;
  readonly guard: InFlightGuard;
  readonly index: number;
}

/** Draws again while the I/O would meet another in flight, then moves it on to where it does not. False where there is no such place. */
function keepApart(attempt: Attempt, extent: Extent): boolean {
  const { source, guard, index } = attempt;
  const redraws = source.redraws ? REDRAWS : 0;
  for (let tries = 0; tries < redraws && !guard.isFree(index, extent.first, extent.blocks); tries++) {
    source.next(index, extent, extent.op !== 'read');
  }
  const first = guard.nextFree(index, extent.first, extent.blocks);
  if (first >= 0) extent.first = first;
  guard.take(index, extent.first, extent.blocks);
  return first >= 0;
}

function unmoved(job: Job): LabError {
  return new LabError(
    `[${job.name}] zonemode=zbd: data of zones can be checked in flow direct only, where I/Os that meet wait for each other.`,
  );
}

function tooNarrow(job: Job, { blocks }: Extent): LabError {
  return new LabError(
    `[${job.name}] the media this queue checks its data on cannot hold ${reachOf(job)} I/Os (twice iodepth) of up to ${formatBytes(blocks * BLOCK_BYTES)} apart. Lower iodepth, bs or numjobs, or raise size.`,
  );
}

/** When the I/Os of a clone are due; undefined in a closed loop. */
export function arrivalsOf(job: Job, clone: number): Arrivals | undefined {
  return createArrivals(job, clone, mixSeeds(streamSeed(job, clone), 7));
}

/** fio seeds each thread by randseed times its number. */
function streamSeed(job: Job, clone: number): number {
  const folded = (job.randSeed >>> 0) ^ Math.floor(job.randSeed / 2 ** 32);
  return mixSeeds(folded, job.firstClone + clone + 1);
}

function mixSeeds(seed: number, salt: number): number {
  return Math.imul(seed ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b) >>> 0;
}
