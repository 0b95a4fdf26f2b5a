// Merging a new bio into the request plugged last: blk_attempt_plug_merge, ll_back_merge_fn, ll_front_merge_fn (6.12).
// Left out: the I/O scheduler's own merges (nvme queues use none) and discard merges.
import { counters } from "../base/counting";
import { Bio, REQ_DMA_DIRECT, REQ_FUA, REQ_NOMERGE, REQ_OP_MASK, vecAt } from "../layout/bio";
import { HostQueue, limitsOf, plugged } from "../layout/queue";
import { Request, SECTOR_SHIFT } from "../layout/request";
import { gapBetween, maxSectors } from "./limits";

/** REQ_NOMERGE_FLAGS, with the RFC's addition. */
const NEVER_MERGED: u32 = REQ_NOMERGE | REQ_FUA | REQ_DMA_DIRECT;

/** Joins `bio` (of `segments` segments) to the last plugged request if it continues it; false: it needs its own. */
@inline
export function plugMerge<S>(queue: HostQueue, scheme: S, bio: Bio, segments: u32): bool {
  if (queue.plugCount == 0) return false;
  const last = plugged(queue, queue.plugCount - 1);
  const bytes = bio.bi_size;
  if (last.__sector + (last.__data_len >> SECTOR_SHIFT) == bio.bi_sector) {
    return mayJoin(queue, last, bio, segments, last.__sector) && backMerge(queue, scheme, last, bio, segments);
  }
  if (bio.bi_sector + (bytes >> SECTOR_SHIFT) == last.__sector) {
    return mayJoin(queue, last, bio, segments, bio.bi_sector) && frontMerge(queue, scheme, last, bio, segments);
  }
  return false;
}

/** @param sector where the two would begin together */
function mayJoin(queue: HostQueue, request: Request, bio: Bio, segments: u32, sector: u64): bool {
  if ((request.cmd_flags | bio.bi_opf) & NEVER_MERGED) return false;
  if ((request.cmd_flags ^ bio.bi_opf) & REQ_OP_MASK) return false;
  const limits = limitsOf(queue);
  if ((request.__data_len + bio.bi_size) >> SECTOR_SHIFT > maxSectors(limits, sector)) return false;
  return <u32>request.nr_phys_segments + segments <= <u32>limits.max_segments;
}

function backMerge<S>(queue: HostQueue, scheme: S, request: Request, bio: Bio, segments: u32): bool {
  const tail = changetype<Bio>(<usize>request.biotail);
  if (gapAcross(queue, scheme, tail, bio)) return false;
  tail.bi_next = <u64>changetype<usize>(bio);
  request.biotail = <u64>changetype<usize>(bio);
  return grow(request, bio, segments);
}

function frontMerge<S>(queue: HostQueue, scheme: S, request: Request, bio: Bio, segments: u32): bool {
  const head = changetype<Bio>(<usize>request.bio);
  if (gapAcross(queue, scheme, bio, head)) return false;
  bio.bi_next = request.bio;
  request.bio = <u64>changetype<usize>(bio);
  request.__sector = bio.bi_sector;
  return grow(request, bio, segments);
}

function grow(request: Request, bio: Bio, segments: u32): bool {
  request.__data_len += bio.bi_size;
  request.nr_phys_segments += <u16>segments;
  if (COUNTING) counters().merges += 1;
  return true;
}

/** req_gap_to_prev: a hole against the virt boundary where one bio ends and the next begins. */
function gapAcross<S>(queue: HostQueue, scheme: S, first: Bio, second: Bio): bool {
  const limits = limitsOf(queue);
  return gapBetween(limits, lastAddress(queue, scheme, first), firstAddress(queue, scheme, second));
}

function firstAddress<S>(queue: HostQueue, scheme: S, bio: Bio): u64 {
  const vec = vecAt(bio, bio.bi_idx);
  return scheme.address(queue, vec.place, vec.bv_offset + bio.bi_bvec_done);
}

/** Address behind the last byte that is left of the bio. */
function lastAddress<S>(queue: HostQueue, scheme: S, bio: Bio): u64 {
  let idx = bio.bi_idx;
  let left = bio.bi_size + bio.bi_bvec_done;
  while (left > vecAt(bio, idx).bv_len) left -= vecAt(bio, idx++).bv_len;
  const vec = vecAt(bio, idx);
  return scheme.address(queue, vec.place, vec.bv_offset + left);
}
