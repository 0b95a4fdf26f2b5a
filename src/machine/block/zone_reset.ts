// Zone resets in the block layer (blkdev_zone_mgmt and blk-zoned.c, 6.12): a bio without data that names a zone. As fio sends them
// (BLKRESETZONE, an ioctl that waits), or as the I/O itself where a job trims. Nothing merges with one.
// Left out: zone write plugs. They let one write of a zone go at a time, so that none overtakes another on its way; here a queue's
// commands reach its controller in the order in which they are sent.
import { countForIo } from "../base/counting";
import { must } from "../base/must";
import { Bio, BLK_STS_OK, REQ_OP_ZONE_RESET, REQ_OP_ZONE_RESET_ALL } from "../layout/bio";
import { dioOf, HostQueue, WAITS_FOR_RESET } from "../layout/queue";
import { Request, RQF_ZONE_RESET } from "../layout/request";
import { bioAlloc, bioFree } from "./bio";
import { plugRequest } from "./submit";
import { NO_TAG, tagGet, tagPut } from "./tags";

/** bi_private of a reset that a held I/O waits for. */
const FOR_HELD: u64 = 1;

/** Sends a reset. False when it waits for a tag (queue.pendingBio). */
export function submitZoneReset<S, F>(queue: HostQueue, scheme: S, bio: Bio): bool {
  const tag = tagGet(queue);
  if (tag == NO_TAG) {
    queue.pendingBio = <u32>changetype<usize>(bio);
    return false;
  }
  const request = plugRequest<S, F>(queue, scheme, bio, tag, 0);
  request.rq_flags = RQF_ZONE_RESET;
  return true;
}

/** Resets the zone of the I/O that is held, or all at the start of the stream. Always false: the submitter waits for its end. */
export function resetFirst<S, F>(queue: HostQueue, scheme: S): bool {
  const held = changetype<Bio>(<usize>queue.heldBio);
  const isFirst = ((queue.streamPos - 1) & queue.streamMask) == 0;
  const sector = isFirst ? 0 : held.bi_sector - held.bi_sector % queue.zoneBlocks;
  const reset = bioAlloc(queue, isFirst ? REQ_OP_ZONE_RESET_ALL : REQ_OP_ZONE_RESET, sector);
  reset.bi_private = FOR_HELD;
  dioOf(reset).ioId = dioOf(held).ioId;
  // Nothing else is in flight: there is a tag.
  const isSent = submitZoneReset<S, F>(queue, scheme, reset);
  must(isSent);
  queue.pendingBio = WAITS_FOR_RESET;
  return false;
}

/** The reset has ended: so has its I/O, or the I/O that waited for it may go. One that failed leaves it to the write to fail. */
export function endZoneReset<F>(queue: HostQueue, request: Request, status: u8): void {
  const bio = changetype<Bio>(<usize>request.bio);
  request.bio = 0;
  request.rq_flags = 0;
  tagPut(queue, <u32>request.tag);
  if (bio.bi_private == FOR_HELD) {
    queue.pendingBio = queue.heldBio;
    queue.heldBio = 0;
    bioFree(queue, bio);
    return;
  }
  if (status != BLK_STS_OK) bio.bi_status = status;
  if (COUNTING) countForIo(dioOf(bio).ioId);
  if (isDefined(changetype<F>(0).discarded)) changetype<F>(0).discarded(queue, bio);
}
