// Splitting a bio to the queue's limits and counting its segments: bio_split_rw_at, bvec_split_segs (6.12).
// Works on the address that the scheme carries (physical or bus), so that no scheme has a copy of it.
// Left out: discard, write-zeroes, zone append; NOWAIT.
import { Bio, vecAt } from "../layout/bio";
import { HostQueue, limitsOf } from "../layout/queue";
import { SECTOR_SHIFT } from "../layout/request";
import { gapBetween, inOnePage, maxSectors, maxSegmentBytes } from "./limits";

/** The front of a bio that fits its queue's limits: bytes, and DMA segments in the upper half. */
export type Split = u64;

@inline
export function splitBytes(split: Split): u32 {
  return <u32>split;
}

@inline
export function splitSegments(split: Split): u32 {
  return <u32>(split >> 32);
}

/** bio_may_exceed_limits: one vector inside one page never needs the walk, and is one segment. */
@inline
export function mayExceedLimits<S>(queue: HostQueue, scheme: S, bio: Bio): bool {
  if (bio.bi_vcnt != 1 || limitsOf(queue).chunk_sectors != 0) return true;
  const vec = vecAt(bio, 0);
  return !inOnePage(scheme.address(queue, vec.place, vec.bv_offset), vec.bv_len);
}

/** The bio's front that fits the limits: all of it, or a multiple of the logical block. */
export function splitPoint<S>(queue: HostQueue, scheme: S, bio: Bio): Split {
  const limits = limitsOf(queue);
  const maxBytes = maxSectors(limits, bio.bi_sector) << SECTOR_SHIFT;
  const maxSegments = <u32>limits.max_segments;
  let bytes: u32 = 0;
  let count: u32 = 0;
  let previousEnd: u64 = 0;
  let idx = bio.bi_idx;
  let done = bio.bi_bvec_done;
  let left = bio.bi_size;
  let whole = true;
  while (left > 0) {
    const vec = vecAt(bio, idx);
    const len = min(vec.bv_len - done, left);
    const address = scheme.address(queue, vec.place, vec.bv_offset + done);
    if (count > 0 && gapBetween(limits, previousEnd, address)) {
      whole = false;
      break;
    }
    if (count < maxSegments && bytes + len <= maxBytes && oneSegment(scheme, address, len)) {
      count++;
      bytes += len;
    } else {
      // bvec_split_segs.
      const room = min(len, maxBytes - bytes);
      let taken: u32 = 0;
      while (taken < room && count < maxSegments) {
        taken += min(maxSegmentBytes(limits, address + taken), room - taken);
        count++;
        if ((address + taken) & limits.virt_boundary_mask) break;
      }
      bytes += taken;
      if (taken < len) {
        whole = false;
        break;
      }
    }
    previousEnd = address + len;
    left -= len;
    done = 0;
    idx++;
  }
  const front = whole ? bytes : bytes & ~(limits.logical_block_size - 1);
  return (<u64>count << 32) | front;
}

/** The walk's own shortcut: a vector inside one page is one segment. A scheme may have its own idea of that. */
@inline
function oneSegment<S>(scheme: S, address: u64, bytes: u32): bool {
  if (isDefined(scheme.isOneSegment)) return scheme.isOneSegment(address, bytes);
  return inOnePage(address, bytes);
}
