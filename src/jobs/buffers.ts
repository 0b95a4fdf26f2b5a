// Where in memory an I/O's buffer lies: anywhere in the BAR or in host RAM, so that the struct pages touched are random
// over all of it, yet never on the payload of another I/O in flight, as only a window of either really exists.
import { assert, LabError } from '../base/errors.ts';
import { type Random, seededRandom, shuffled } from '../base/random.ts';
import { formatBytes } from '../base/units.ts';

const PAGE_BYTES = 4096;

/** One memory and the part of its payload window that belongs to this queue. */
export interface Region {
  /** All of it, as struct pages see it: a multiple of windowBytes. */
  readonly bytes: number;
  /** Power of two: byte b of the region has its payload at b mod windowBytes. */
  readonly windowBytes: number;
  /** Queue q of N uses the window's slots q, q + N, q + 2N, ... */
  readonly slots: { readonly first: number; readonly stride: number };
}

export interface BufferPlace {
  /** Percentage of I/Os on the P2P provider's BAR, the rest in host RAM. */
  readonly p2pShare: number;
  readonly bar: Region;
  readonly ram: Region;
}

export interface BufferNeeds {
  /** Largest I/O. */
  readonly maxBytes: number;
  /** How many consecutive I/Os must not share payload, as far as there is room. */
  readonly reach: number;
  /**
   * Who may share payload where the window is short: `all` when nobody looks at the data; `own`, the I/Os of this queue, when
   * those that do wait for each other.
   */
  readonly sharing: 'all' | 'own' | 'none';
  /** Length of the stream, a power of two: it is read in a circle. */
  readonly entries: number;
  readonly seed: number;
}

/** Set in a buffer word when the buffer is in host RAM. */
export const HOST_RAM_BIT = 0x8000_0000;

export interface BufferDraw {
  /** The buffer word of I/O i: its position in 4 KiB pages, HOST_RAM_BIT for host RAM. */
  at(index: number): number;
  /** I/Os within reach of each other have the same payload. */
  readonly shares: boolean;
}

/** @throws LabError when the window is too small for the I/Os in flight, and they may not share it */
export function createBufferDraw(place: BufferPlace, needs: BufferNeeds): BufferDraw {
  const random = seededRandom(needs.seed);
  const bar = place.p2pShare > 0 ? regionDraw(place.bar, 'BAR', needs, random) : undefined;
  const ram = place.p2pShare < 100 ? regionDraw(place.ram, 'host RAM', needs, random) : undefined;
  const shares = bar?.shares === true || ram?.shares === true;
  if (!ram) return { at: (index) => bar?.at(index) ?? 0, shares };
  if (!bar) return { at: (index) => ram.at(index) + HOST_RAM_BIT, shares };
  const inBar = (): boolean => random.unit() * 100 < place.p2pShare;
  return { at: (index) => (inBar() ? bar.at(index) : ram.at(index) + HOST_RAM_BIT), shares };
}

/**
 * I/O i takes the queue's slot order[i mod n]; n is a power of two so that the pattern also closes where the stream
 * wraps. Any n consecutive I/Os have n different slots. Which copy of the window the slot is in is uniformly random.
 */
function regionDraw(region: Region, what: string, needs: BufferNeeds, random: Random): BufferDraw {
  const { bytes, windowBytes, slots } = region;
  const slotBytes = Math.max(PAGE_BYTES, 2 ** Math.ceil(Math.log2(needs.maxBytes)));
  assert(
    Number.isInteger(Math.log2(windowBytes)) && bytes >= windowBytes,
    `the ${what} window is a power of two within it`,
  );
  assert(bytes / PAGE_BYTES <= HOST_RAM_BIT, `the ${what} has at most 2^31 pages`);
  const all = Math.floor(windowBytes / slotBytes);
  const own = Math.ceil(Math.max(0, all - slots.first) / slots.stride);
  // A queue that has no slot of its own takes another's.
  const { first, stride } = own === 0 && needs.sharing === 'all' ? { first: 0, stride: 1 } : slots;
  const mine = own === 0 && needs.sharing === 'all' ? all : own;
  const usable = mine < 1 ? 0 : Math.min(needs.entries, 2 ** Math.floor(Math.log2(mine)));
  const shares = usable < needs.reach;
  if (usable === 0 || (shares && needs.sharing === 'none')) {
    throw new LabError(
      `${needs.reach} I/Os (twice iodepth) need as many ${formatBytes(slotBytes)} buffers that do not overlap, but this queue has ${usable} in its part of the ${formatBytes(windowBytes)} payload window of the ${what}. Lower iodepth, the largest block size or numjobs, or make --bar and --ram larger.`,
    );
  }
  const order = shuffled(
    Array.from({ length: usable }, (_, i) => i),
    random,
  );
  const slotPages = slotBytes / PAGE_BYTES;
  const pageOf = Uint32Array.from(order, (slot) => (first + slot * stride) * slotPages);
  const copies = Math.floor(bytes / windowBytes);
  const windowPages = windowBytes / PAGE_BYTES;
  const mask = usable - 1;
  const at = (index: number): number => random.below(copies) * windowPages + (pageOf[index & mask] as number);
  return { at, shares };
}
