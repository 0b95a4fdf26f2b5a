// What a queue's limits say about one address (block/blk-merge.c, 6.12).
import { PAGE_SIZE } from "../layout/page";
import { QueueLimits } from "../layout/request";

/** blk_rq_get_max_sectors, get_max_io_size: of an I/O from `sector` on; none crosses from one zone into the next. */
@inline
export function maxSectors(limits: QueueLimits, sector: u64): u32 {
  const chunk = limits.chunk_sectors;
  return chunk == 0 ? limits.max_sectors : min(limits.max_sectors, chunk - <u32>(sector % chunk));
}

/** get_max_segment_size: bytes that one segment starting at `address` may have. */
@inline
export function maxSegmentBytes(limits: QueueLimits, address: u64): u32 {
  const toBoundary = limits.seg_boundary_mask - (limits.seg_boundary_mask & address);
  const limit = min<u64>(toBoundary, <u64>limits.max_segment_size - 1);
  return <u32>min<u64>(limit + 1, <u64>u32.MAX_VALUE);
}

/** bvec_gap_to_prev: a hole against the virt boundary between a vector that ends at `end` and one that starts at `start`. */
@inline
export function gapBetween(limits: QueueLimits, end: u64, start: u64): bool {
  return ((end | start) & limits.virt_boundary_mask) != 0;
}

/** Two pieces of memory may be one segment: the second follows the first and no segment boundary lies between. */
@inline
export function physMergeable(limits: QueueLimits, first: u64, firstBytes: u32, second: u64, secondBytes: u32): bool {
  return first + firstBytes == second
    && (first | limits.seg_boundary_mask) == ((second + secondBytes - 1) | limits.seg_boundary_mask);
}

/** Fits in one page: such a vector is always one segment. */
@inline
export function inOnePage(address: u64, bytes: u32): bool {
  return <u32>(address & (PAGE_SIZE - 1)) + bytes <= PAGE_SIZE;
}
