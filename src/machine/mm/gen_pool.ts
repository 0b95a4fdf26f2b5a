// The allocator behind pci_alloc_p2pmem: first fit from bit 0, 4 KiB granules, one cmpxchg for each bitmap word.
// Mirrors lib/genalloc.c (gen_pool_alloc_algo_owner, gen_pool_free_owner, bitmap_set_ll) with one chunk.
// Left out: the chunk list's RCU walk and the per-provider percpu_ref (a per-CPU increment without a shared line).
import { must } from "../base/must";
import { GenPool, GenPoolChunk } from "../layout/gen_pool";
import { PAGE_SHIFT } from "../layout/page";

/** The chunk's bitmap follows its header. */
const BITS_AT: usize = 56;
/** Answer of poolAlloc when nothing fits. */
export const POOL_FULL: u64 = u64.MAX_VALUE;

@inline
function chunkOf(pool: usize): GenPoolChunk {
  return changetype<GenPoolChunk>(<usize>changetype<GenPool>(pool).chunks);
}

/** Makes an empty pool over `bytes` of BAR whose bus address is `bus`. The bitmap must be zero. */
export function poolInit(pool: usize, chunk: usize, bus: u64, bytes: u64): void {
  const head = changetype<GenPool>(pool);
  head.chunks = chunk;
  head.min_alloc_order = PAGE_SHIFT;
  const first = changetype<GenPoolChunk>(chunk);
  first.avail = <i64>bytes;
  first.phys_addr = bus;
  first.start_addr = 0;
  first.end_addr = bytes - 1;
}

/** Allocates `bytes` (rounded up to 4 KiB), contiguous. Returns the byte offset in the BAR, or POOL_FULL. */
export function poolAlloc(pool: usize, bytes: u32): u64 {
  const chunk = chunkOf(pool);
  const count = (bytes + (1 << PAGE_SHIFT) - 1) >> PAGE_SHIFT;
  const need = <i64>count << PAGE_SHIFT;
  if (atomic.load<i64>(changetype<usize>(chunk) + offsetof<GenPoolChunk>("avail")) < need) return POOL_FULL;
  const bits = changetype<usize>(chunk) + BITS_AT;
  const end = <u32>((chunk.end_addr + 1 - chunk.start_addr) >> PAGE_SHIFT);
  let start: u32 = 0;
  for (;;) {
    start = findClear(bits, end, start, count);
    if (start == u32.MAX_VALUE) return POOL_FULL;
    const left = setBits(bits, start, count);
    if (left == 0) break;
    // Another agent took some of them first: give back what was set and look again from here.
    clearBits(bits, start, count - left);
  }
  // Meets avail's load above in other agents; a stale view costs one retry, never a double allocation.
  atomic.sub<i64>(changetype<usize>(chunk) + offsetof<GenPoolChunk>("avail"), need);
  return chunk.start_addr + (<u64>start << PAGE_SHIFT);
}

/** Returns what poolAlloc gave. */
export function poolFree(pool: usize, offset: u64, bytes: u32): void {
  const chunk = chunkOf(pool);
  const count = (bytes + (1 << PAGE_SHIFT) - 1) >> PAGE_SHIFT;
  const left = clearBits(changetype<usize>(chunk) + BITS_AT, <u32>((offset - chunk.start_addr) >> PAGE_SHIFT), count);
  must(left == 0);
  atomic.add<i64>(changetype<usize>(chunk) + offsetof<GenPoolChunk>("avail"), <i64>count << PAGE_SHIFT);
}

/** Bytes that are free now. */
export function poolAvail(pool: usize): u64 {
  return <u64>atomic.load<i64>(changetype<usize>(chunkOf(pool)) + offsetof<GenPoolChunk>("avail"));
}

/** gen_pool_virt_to_phys: for p2pmem the bus address of an allocation (pci_p2pmem_virt_to_bus). */
@inline
export function poolBusAddress(pool: usize, offset: u64): u64 {
  const chunk = chunkOf(pool);
  return chunk.phys_addr + (offset - chunk.start_addr);
}

/** First run of `count` clear bits at or after `from`; u32.MAX_VALUE when there is none (bitmap_find_next_zero_area). */
function findClear(bits: usize, end: u32, from: u32, count: u32): u32 {
  let start = from;
  for (;;) {
    start = nextClear(bits, end, start);
    if (start + count > end) return u32.MAX_VALUE;
    if (count == 1) return start;
    const taken = nextSet(bits, start + count, start);
    if (taken == start + count) return start;
    start = taken + 1;
  }
  return u32.MAX_VALUE;
}

function nextClear(bits: usize, end: u32, from: u32): u32 {
  let word = from >> 6;
  let value = ~load<u64>(bits + (<usize>word << 3)) & (~(<u64>0) << (from & 63));
  while (value == 0) {
    if (++word << 6 >= end) return end;
    value = ~load<u64>(bits + (<usize>word << 3));
  }
  return min(end, (word << 6) + <u32>ctz(value));
}

function nextSet(bits: usize, end: u32, from: u32): u32 {
  let word = from >> 6;
  let value = load<u64>(bits + (<usize>word << 3)) & (~(<u64>0) << (from & 63));
  while (value == 0) {
    if (++word << 6 >= end) return end;
    value = load<u64>(bits + (<usize>word << 3));
  }
  return min(end, (word << 6) + <u32>ctz(value));
}

/** Sets `count` bits from `start`; returns how many could not be set because somebody holds one (bitmap_set_ll). */
function setBits(bits: usize, start: u32, count: u32): u32 {
  let at = start;
  let left = count;
  while (left > 0) {
    const take = min(64 - (at & 63), left);
    const mask = maskOf(at & 63, take);
    const word = bits + (<usize>(at >> 6) << 3);
    let seen = load<u64>(word);
    for (;;) {
      if (seen & mask) return left;
      // Meets setBits and clearBits of other agents on the same word; the winner owns the granules.
      const found = atomic.cmpxchg<u64>(word, seen, seen | mask);
      if (found == seen) break;
      seen = found;
    }
    at += take;
    left -= take;
  }
  return 0;
}

/** Clears `count` bits from `start`; returns how many could not be cleared because one was clear already. */
function clearBits(bits: usize, start: u32, count: u32): u32 {
  let at = start;
  let left = count;
  while (left > 0) {
    const take = min(64 - (at & 63), left);
    const mask = maskOf(at & 63, take);
    const word = bits + (<usize>(at >> 6) << 3);
    let seen = load<u64>(word);
    for (;;) {
      if ((seen & mask) != mask) return left;
      // Meets setBits of other agents: the granules are free for them from here on.
      const found = atomic.cmpxchg<u64>(word, seen, seen & ~mask);
      if (found == seen) break;
      seen = found;
    }
    at += take;
    left -= take;
  }
  return 0;
}

@inline
function maskOf(first: u32, count: u32): u64 {
  return (~(<u64>0) >> (64 - count)) << first;
}
