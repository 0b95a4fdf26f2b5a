// submit_bio -> blk_mq_submit_bio (block/blk-mq.c, 6.12): split to the limits, merge into the plug, or take a tag and
// become a request. The driver behind the queue is the flow's (its hooks queueRqs and queueFlush, as blk-mq's mq_ops).
// When tags run out the rest waits; Linux would sleep there, an agent comes back on its next turn.
import { counters } from "../base/counting";
import { Bio, REQ_NOMERGE } from "../layout/bio";
import { HostQueue, plugged, requestAt } from "../layout/queue";
import { BLK_MAX_REQUEST_COUNT, Request } from "../layout/request";
import { bioSplitFront } from "./bio";
import { plugMerge } from "./merge";
import { mayExceedLimits, splitBytes, splitPoint, splitSegments } from "./split";
import { NO_TAG, tagGet } from "./tags";

/** Sends a bio, or as much of it as there are tags for; the rest is kept in queue.pendingBio and false returned. */
@inline
export function submitBio<S, F>(queue: HostQueue, scheme: S, bio: Bio): bool {
  if (mayExceedLimits(queue, scheme, bio)) return submitParts<S, F>(queue, scheme, bio);
  return submitWhole<S, F>(queue, scheme, bio, 1);
}

function submitParts<S, F>(queue: HostQueue, scheme: S, bio: Bio): bool {
  for (;;) {
    const split = splitPoint(queue, scheme, bio);
    const segments = splitSegments(split);
    if (splitBytes(split) == bio.bi_size) return submitWhole<S, F>(queue, scheme, bio, segments);
    const tag = tagGet(queue);
    if (tag == NO_TAG) return waitForTag(queue, bio);
    // bio_submit_split: a front is never merged, neither into a request nor with what follows it.
    const front = bioSplitFront(queue, bio, splitBytes(split));
    front.bi_opf |= REQ_NOMERGE;
    if (COUNTING) counters().splits += 1;
    plugRequest<S, F>(queue, scheme, front, tag, segments);
  }
  return true;
}

/** What merges needs no tag: blk_mq_submit_bio looks into the plug first, so that merges do not depend on free tags. */
@inline
function submitWhole<S, F>(queue: HostQueue, scheme: S, bio: Bio, segments: u32): bool {
  if (plugMerge(queue, scheme, bio, segments)) return true;
  const tag = tagGet(queue);
  if (tag == NO_TAG) return waitForTag(queue, bio);
  plugRequest<S, F>(queue, scheme, bio, tag, segments);
  return true;
}

function waitForTag(queue: HostQueue, bio: Bio): bool {
  queue.pendingBio = <u32>changetype<usize>(bio);
  return false;
}

/** blk_add_rq_to_plug. */
@inline
export function plugRequest<S, F>(queue: HostQueue, scheme: S, bio: Bio, tag: i32, segments: u32): Request {
  const request = requestAt(queue, <u32>tag);
  request.tag = tag;
  request.cmd_flags = bio.bi_opf;
  request.__sector = bio.bi_sector;
  request.__data_len = bio.bi_size;
  request.nr_phys_segments = <u16>segments;
  request.bio = <u64>changetype<usize>(bio);
  request.biotail = <u64>changetype<usize>(bio);
  if (isPlugFull(queue)) changetype<F>(0).queueRqs<S, F>(queue, scheme);
  const count = queue.plugCount;
  store<u32>(<usize>queue.plug + (<usize>count << 2), <u32>changetype<usize>(request));
  queue.plugCount = count + 1;
  return request;
}

/** By number, or by the size of the last: it is asked before the next request is plugged, as the last may still grow. */
@inline
function isPlugFull(queue: HostQueue): bool {
  const count = queue.plugCount;
  if (count == 0) return false;
  const last = plugged(queue, count - 1);
  return count == BLK_MAX_REQUEST_COUNT || last.__data_len >= queue.plugFlushBytes;
}
