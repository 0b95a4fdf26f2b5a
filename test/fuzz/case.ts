// One case of the fuzz: plain data that says everything, drawn from a seed, printed as JSON when it fails.
import { type Random, seededRandom } from '../../src/base/random.ts';

export interface FuzzIo {
  /** A flush has no blocks and no buffer, a trim no buffer. */
  op: 'read' | 'write' | 'trim' | 'flush';
  /** First block of 512 bytes. */
  lba: number;
  blocks: number;
  /** Buffer, in pages of 4 KiB from the start of its memory. */
  page: number;
  inRam: boolean;
  /** Of a write: Force Unit Access, and a Flush behind it. */
  fua?: true;
  flushed?: true;
}

export interface FuzzCase {
  seed: number;
  /** A scheme or NAME@VALUE. */
  scheme: string;
  buffers: 'pool' | 'fixed' | 'user';
  /** Where provider and client are: one switch, two root ports that forward, two that do not. */
  place: 'switch' | 'bridge' | 'apart';
  p2pQueue: boolean;
  iodepth: number;
  batch: number;
  /** Entries of SQ and CQ. */
  depthEntries: number;
  /** Bytes; the block layer's own limit is max_sectors, in blocks. */
  mdtsBytes: number;
  maxSectors: number;
  refcount: 'atomic' | 'plain';
  /** Draws the agents' turns. */
  interleaveSeed: number;
  /** Pages of the BAR and of RAM. */
  pages: number;
  mediaBlocks: number;
  /** Pages of the pool that are taken before anything runs, from its start. */
  poolTaken: number;
  /** Position at which the free-running 32-bit counts begin. */
  positions: number;
  /** Whether the submitter sleeps until a Flush has ended; left out: it goes on. */
  flushWaits?: boolean;
  /** Share of the I/Os after which the provider is removed; 0: it stays. */
  removeAt: number;
  ios: FuzzIo[];
}

/** Pages of BAR and of RAM, and blocks of the medium: a few transfers of the largest size must fit. */
const SMALL = { pages: 512, mediaBlocks: 4096 };
const BIG = { pages: 2048, mediaBlocks: 16384 };
/** Blocks of the largest transfer where it is not a big one. */
const SMALL_MOST = 512;

/** A case for `seed`. `schemes`: what there is to choose from. */
export function drawCase(seed: number, schemes: readonly string[]): FuzzCase {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[random.below(items.length)] as T;
  const buffers = pick(['pool', 'fixed', 'fixed', 'user', 'user'] as const);
  const mdtsBytes = pick([4096, 8192, 16384, 65536, 131072, 1 << 20, 4 << 20]);
  const hardware = mdtsBytes / 512;
  const isTaken = buffers === 'pool' && random.unit() < 0.3;
  // One at a time where the pool is short, so that what fits does not depend on what ends when.
  const iodepth = isTaken ? 1 : 1 + random.below(24);
  const big = mdtsBytes === 4 << 20 && random.unit() < 0.7;
  const removeAt = random.unit() < 0.15 ? 0.02 + 0.96 * random.unit() : 0;
  // Without overlaps where what an I/O does depends on when another one ends.
  const apart = checksItself({ buffers, removeAt });
  const count = 4 + random.below(apart ? 28 : big ? 12 : 60);
  const sizes = big ? BIG : SMALL;
  const shape = { random, apart, big, ...sizes, ramShare: pick([0, 0, 0, 0.5, 1]), adjacent: pick([0, 0.3, 0.8]) };
  return {
    seed,
    scheme: pick(schemes),
    buffers,
    place: pick(['switch', 'switch', 'switch', 'bridge', 'bridge', 'apart']),
    p2pQueue: random.unit() < 0.93,
    iodepth,
    batch: 1 + random.below(iodepth),
    depthEntries: pick([8, 16, 33, 64, 128]),
    mdtsBytes,
    maxSectors: random.unit() < 0.5 ? hardware : Math.min(hardware, pick([8, 9, 16, 20, 64, 100, 256, 2560])),
    refcount: removeAt > 0 || random.unit() < 0.8 ? 'atomic' : 'plain',
    interleaveSeed: random.below(2 ** 31),
    ...sizes,
    poolTaken: isTaken ? sizes.pages - pick([0, 1, 3, 24]) : 0,
    positions: random.unit() < 0.3 ? 2 ** 32 - 1 - random.below(200) : 0,
    removeAt,
    ...drawOperations(seededRandom(seed ^ 0x5f1a5e), drawIos(shape, count)),
  };
}

/** In part of the cases, other commands in place of some I/Os: from numbers of their own, so that the others stay as they are. */
function drawOperations(random: Random, ios: FuzzIo[]): Pick<FuzzCase, 'ios' | 'flushWaits'> {
  const share = [0, 0, 0, 0.2, 0.8][random.below(5)] as number;
  return {
    flushWaits: random.unit() < 0.5,
    ios: ios.map((io): FuzzIo => {
      if (random.unit() >= share) return io;
      const kind = random.below(5);
      if (kind === 0) return { op: 'flush', lba: 0, blocks: 0, page: 0, inRam: false };
      if (kind < 3) return { ...io, op: 'trim' };
      if (io.op === 'read') return io;
      return kind === 3
        ? { ...io, fua: true }
        : { ...io, flushed: true, ...(io.blocks % 2 === 1 ? { fua: true } : {}) };
    }),
  };
}

/** Whether the machine's own check looks at the data, instead of a comparison of all memory at the end. */
export function checksItself({ buffers, removeAt }: Pick<FuzzCase, 'buffers' | 'removeAt'>): boolean {
  return buffers === 'pool' || removeAt > 0;
}

interface Shape {
  random: Random;
  apart: boolean;
  big: boolean;
  ramShare: number;
  pages: number;
  mediaBlocks: number;
  /** Share of I/Os that go on where the one before ended, on the medium and mostly in memory too. */
  adjacent: number;
}

function drawIos(shape: Shape, count: number): FuzzIo[] {
  const { random, apart, big, ramShare, adjacent, pages: room, mediaBlocks } = shape;
  const ios: FuzzIo[] = [];
  const slot = Math.floor(mediaBlocks / count);
  for (let i = 0; i < count; i++) {
    const blocks = drawBlocks(
      random,
      big,
      apart ? Math.min(slot, Math.floor(room / count / 2) * 8, SMALL_MOST) : mediaBlocks / 2,
    );
    const inRam = random.unit() < ramShare;
    const pages = Math.ceil(blocks / 8);
    const before = ios[i - 1];
    const op = random.unit() < 0.5 ? 'read' : 'write';
    const io: FuzzIo = {
      op,
      lba: apart ? i * slot : random.below(mediaBlocks - blocks),
      blocks,
      page: apart ? i * Math.floor(room / count) : random.below(room - pages),
      inRam,
    };
    ios.push(before !== undefined && !apart && random.unit() < adjacent ? following(shape, before, io) : io);
  }
  return ios;
}

/** Behind, or in front of, the I/O before it. */
function following({ random, pages: allPages, mediaBlocks }: Shape, before: FuzzIo, io: FuzzIo): FuzzIo {
  const op = random.unit() < 0.8 ? before.op : io.op;
  const inRam = random.unit() < 0.8 ? before.inRam : io.inRam;
  const pages = Math.ceil(io.blocks / 8);
  const behind = before.page + Math.floor(before.blocks / 8);
  const room = allPages - pages;
  const page = random.unit() < 0.7 && behind <= room ? behind : Math.min(io.page, room);
  if (random.unit() < 0.3 && before.lba >= io.blocks) return { ...io, op, inRam, page, lba: before.lba - io.blocks };
  const lba = before.lba + before.blocks;
  return lba + io.blocks <= mediaBlocks ? { ...io, op, inRam, page, lba } : { ...io, op, inRam, page };
}

function drawBlocks(random: Random, big: boolean, most: number): number {
  const kind = random.unit();
  const wanted =
    kind < 0.2
      ? 1 + random.below(8)
      : kind < 0.5
        ? 8 * (1 + random.below(8))
        : kind < 0.8
          ? 1 + random.below(256)
          : big
            ? 4096 + random.below(4096)
            : 8 * (1 + random.below(64));
  return Math.max(1, Math.min(wanted, most));
}
