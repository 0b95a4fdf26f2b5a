// Discards in the block layer (6.12): a bio of a range without memory, merged in the plug into the discard before it, whatever
// their distance (blk_try_merge: ELEVATOR_DISCARD_MERGE, bio_attempt_discard_merge), up to max_discard_segments of the queue.
// Left out: splitting (bio_split_discard), as nvme's limit is that of a bio, 4 GiB.
import { counters, countForIo } from "../base/counting";
import { Bio, BLK_STS_OK, REQ_OP_DISCARD, REQ_OP_MASK } from "../layout/bio";
import { NVME_DSM_MAX_RANGES } from "../layout/nvme";
import { dioOf, HostQueue, plugged } from "../layout/queue";
import { Request, RQF_SPECIAL_PAYLOAD, SECTOR_SHIFT } from "../layout/request";
import { plugRequest } from "./submit";
import { NO_TAG, tagGet, tagPut } from "./tags";

/** max_hw_discard_sectors of nvme_config_discard. */
const MAX_DISCARD_SECTORS: u64 = <u64>u32.MAX_VALUE >> SECTOR_SHIFT;

/** Sends a discard. False when it waits for a tag (queue.pendingBio). */
export function submitDiscard<S, F>(queue: HostQueue, scheme: S, bio: Bio): bool {
  if (discardMerge(queue, bio)) return true;
  const tag = tagGet(queue);
  if (tag == NO_TAG) {
    queue.pendingBio = <u32>changetype<usize>(bio);
    return false;
  }
  const request = plugRequest<S, F>(queue, scheme, bio, tag, 1);
  request.rq_flags = RQF_SPECIAL_PAYLOAD;
  return true;
}

/** bio_attempt_discard_merge with the request plugged last. */
function discardMerge(queue: HostQueue, bio: Bio): bool {
  if (queue.plugCount == 0) return false;
  const last = plugged(queue, queue.plugCount - 1);
  if ((last.cmd_flags & REQ_OP_MASK) != REQ_OP_DISCARD) return false;
  if (<u32>last.nr_phys_segments >= NVME_DSM_MAX_RANGES) return false;
  if (<u64>(last.__data_len >> SECTOR_SHIFT) + (bio.bi_size >> SECTOR_SHIFT) > MAX_DISCARD_SECTORS) return false;
  changetype<Bio>(<usize>last.biotail).bi_next = <u64>changetype<usize>(bio);
  last.biotail = <u64>changetype<usize>(bio);
  last.__data_len += bio.bi_size;
  last.nr_phys_segments += 1;
  if (COUNTING) counters().merges += 1;
  return true;
}

/** Ends the request and each of its bios, in a flow whose I/Os may be discards. */
export function endDiscard<F>(queue: HostQueue, request: Request, status: u8): void {
  let at = <usize>request.bio;
  request.bio = 0;
  request.rq_flags = 0;
  tagPut(queue, <u32>request.tag);
  while (at != 0) {
    const bio = changetype<Bio>(at);
    at = <usize>bio.bi_next;
    if (status != BLK_STS_OK) bio.bi_status = status;
    if (COUNTING) countForIo(dioOf(bio).ioId);
    if (isDefined(changetype<F>(0).discarded)) changetype<F>(0).discarded(queue, bio);
  }
}
