// Walk over a request's memory in DMA segments: adjacent vectors, also of merged bios, become one segment where the
// address goes on and the owner is the same. Mirrors __blk_rq_map_sg (6.12) and blk_map_iter_next (6.17).
// It yields places; turning a place into a DMA address is the scheme's decision, made elsewhere.
import { Bio, vecAt } from "../layout/bio";
import { HostQueue, limitsOf, MapIter } from "../layout/queue";
import { Request } from "../layout/request";
import { maxSegmentBytes, physMergeable } from "./limits";

/** Starts the walk at the request's first bio. */
@inline
export function mapIterStart(queue: HostQueue, request: Request): MapIter {
  const iter = changetype<MapIter>(<usize>queue.mapIter);
  enterBio(iter, <u32>request.bio);
  return iter;
}

@inline
function enterBio(iter: MapIter, at: u32): void {
  iter.bio = at;
  if (at == 0) return;
  const bio = changetype<Bio>(<usize>at);
  iter.idx = bio.bi_idx;
  iter.done = bio.bi_bvec_done;
  iter.left = bio.bi_size;
}

/** True while there is memory left to walk. */
@inline
export function mapIterMore(iter: MapIter): bool {
  return iter.bio != 0;
}

/** Next segment into iter.place, iter.offset, iter.len. Only after mapIterMore. */
@inline
export function mapIterNext<S>(queue: HostQueue, scheme: S, iter: MapIter): void {
  const limits = limitsOf(queue);
  const vec = vecAt(changetype<Bio>(<usize>iter.bio), iter.idx);
  const place = vec.place;
  const offset = vec.bv_offset + iter.done;
  const address = scheme.address(queue, place, offset);
  let len = min(min(vec.bv_len - iter.done, iter.left), maxSegmentBytes(limits, address));
  consume(iter, vec.bv_len, len);
  while (iter.bio != 0) {
    const next = vecAt(changetype<Bio>(<usize>iter.bio), iter.idx);
    const nextLen = min(next.bv_len - iter.done, iter.left);
    const nextAddress = scheme.address(queue, next.place, next.bv_offset + iter.done);
    if (!physMergeable(limits, address, len, nextAddress, nextLen)) break;
    if (len + nextLen > maxSegmentBytes(limits, address) || !scheme.sameOwner(place, next.place)) break;
    len += nextLen;
    consume(iter, next.bv_len, nextLen);
  }
  iter.place = place;
  iter.offset = offset;
  iter.len = len;
}

@inline
function consume(iter: MapIter, vecLen: u32, bytes: u32): void {
  iter.left -= bytes;
  iter.done += bytes;
  if (iter.left == 0) {
    enterBio(iter, <u32>changetype<Bio>(<usize>iter.bio).bi_next);
  } else if (iter.done == vecLen) {
    iter.idx += 1;
    iter.done = 0;
  }
}
