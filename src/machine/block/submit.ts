// submit_bio -> blk_mq_submit_bio (block/blk-mq.c, 6.12): split to the limits, merge into the plug, or take a tag and
// become a request. When tags run out the rest waits; Linux would sleep there, an agent comes back on its next turn.
import { counters } from "../counting";
import { Bio } from "../layout/bio";
import { HostQueue } from "../layout/queue";
import { BLK_MAX_REQUEST_COUNT, Request } from "../layout/request";
import { flushPlug, requestAt } from "../nvme/host";
import { bioSplitFront } from "./bio";
import { plugMerge } from "./merge";
import { mayExceedLimits, splitPoint, splitSegments } from "./split";
import { NO_TAG, tagGet, tagPut } from "./tags";

/** Sends a bio, or as much of it as there are tags for; the rest is kept in queue.pendingBio and false returned. */
@inline
export function submitBio<S, F>(queue: HostQueue, scheme: S, bio: Bio): bool {
  if (mayExceedLimits(queue, scheme, bio)) return submitParts<S, F>(queue, scheme, bio);
  const tag = tagGet(queue);
  if (tag == NO_TAG) return waitForTag(queue, bio);
  startRequest<S, F>(queue, scheme, bio, tag);
  return true;
}

function submitParts<S, F>(queue: HostQueue, scheme: S, bio: Bio): bool {
  for (;;) {
    const tag = tagGet(queue);
    if (tag == NO_TAG) return waitForTag(queue, bio);
    let front = bio;
    const bytes = splitPoint(queue, scheme, bio);
    if (bytes < bio.bi_size) {
      front = bioSplitFront(queue, bio, bytes);
      if (COUNTING) counters().splits += 1;
    }
    // The last part is the bio itself: it may have ended once it is sent, so nothing reads it afterwards.
    const last = front == bio;
    startRequest<S, F>(queue, scheme, front, tag);
    if (last) return true;
  }
  return true;
}

function waitForTag(queue: HostQueue, bio: Bio): bool {
  queue.pendingBio = <u32>changetype<usize>(bio);
  return false;
}

@inline
function startRequest<S, F>(queue: HostQueue, scheme: S, bio: Bio, tag: i32): void {
  if (plugMerge(queue, scheme, bio, splitSegments())) {
    tagPut(queue, <u32>tag);
    return;
  }
  const request = requestAt(queue, <u32>tag);
  request.tag = tag;
  request.cmd_flags = bio.bi_opf;
  request.__sector = bio.bi_sector;
  request.__data_len = bio.bi_size;
  request.nr_phys_segments = <u16>splitSegments();
  request.bio = <u64>changetype<usize>(bio);
  request.biotail = <u64>changetype<usize>(bio);
  const plugged = queue.plugCount;
  store<u32>(<usize>queue.plug + (<usize>plugged << 2), <u32>changetype<usize>(request));
  queue.plugCount = plugged + 1;
  if (plugged + 1 == BLK_MAX_REQUEST_COUNT) flushPlug<S, F>(queue, scheme);
}
