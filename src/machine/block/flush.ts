// Flushes (block/blk-flush.c, 6.12): blkdev_issue_flush sends an empty bio (REQ_OP_WRITE | REQ_PREFLUSH); a queue has one
// Flush command under way, and those who ask meanwhile share the next one (flush_queue, flush_pending_idx).
// Who asks is a write's owner (fio's fsync): the flush bio is chained to the write's, so that the I/O ends when both have. The
// Flush is sent after the write, not after its end: like fsync() of a block device it covers what had ended before.
// A flush may also be an I/O of its own (a recorded one). A write with REQ_FUA needs none of this: nvme's queues take it as it is.
// Left out: writes with REQ_PREFLUSH of their own, the timeout of pending flushes (they begin when the running one ends).
import { Bio, BIO_CHAIN, BLK_STS_OK, REQ_OP_FLUSH } from "../layout/bio";
import { HostQueue, requestAt, WAITS_FOR_FLUSH } from "../layout/queue";
import { Request, RQF_FLUSH_SEQ } from "../layout/request";
import { bioAlloc } from "./bio";
import { bioEndio } from "./endio";
import { NO_TAG, tagGet, tagPut } from "./tags";

/** bio_chain: the flush that follows `write`, which has not been sent yet. */
export function chainFlush(queue: HostQueue, write: Bio): Bio {
  const flush = bioAlloc(queue, REQ_OP_FLUSH, 0);
  flush.bi_flags |= BIO_CHAIN;
  flush.bi_private = <u64>changetype<usize>(write);
  write.__bi_remaining += 1;
  return flush;
}

/** Sends a flush behind everything that is plugged. False when the submitter waits: for a tag, or for the flush's end. */
export function submitFlush<S, F>(queue: HostQueue, scheme: S, flush: Bio): bool {
  changetype<F>(0).queueRqs<S, F>(queue, scheme);
  if (queue.flushRequest != 0) {
    addPending(queue, flush);
  } else {
    const tag = tagGet(queue);
    if (tag == NO_TAG) {
      queue.pendingBio = <u32>changetype<usize>(flush);
      return false;
    }
    const request = requestAt(queue, <u32>tag);
    request.tag = tag;
    queue.flushRequest = <u32>changetype<usize>(request);
    start<F>(queue, request, changetype<usize>(flush));
  }
  if (!queue.flushWaits) return true;
  queue.pendingBio = WAITS_FOR_FLUSH;
  return false;
}

function addPending(queue: HostQueue, flush: Bio): void {
  const at = <u32>changetype<usize>(flush);
  if (queue.flushPendingHead == 0) queue.flushPendingHead = at;
  else changetype<Bio>(<usize>queue.flushPendingTail).bi_next = <u64>at;
  queue.flushPendingTail = at;
}

/** blk_kick_flush: one Flush for a list of bios. */
function start<F>(queue: HostQueue, request: Request, bios: usize): void {
  request.cmd_flags = REQ_OP_FLUSH;
  request.rq_flags = RQF_FLUSH_SEQ;
  request.__sector = 0;
  request.__data_len = 0;
  request.nr_phys_segments = 0;
  request.bio = <u64>bios;
  changetype<F>(0).queueFlush(queue, request);
}

/** flush_end_io: ends those whom the Flush served; the request goes on to the next list, or back to the queue. */
export function endFlush<S, F>(queue: HostQueue, scheme: S, request: Request, status: u8): void {
  let at = <usize>request.bio;
  queue.flushCommands += 1;
  const next = <usize>queue.flushPendingHead;
  if (next != 0) {
    queue.flushPendingHead = 0;
    start<F>(queue, request, next);
  } else {
    queue.flushRequest = 0;
    request.bio = 0;
    request.rq_flags = 0;
    tagPut(queue, <u32>request.tag);
  }
  if (queue.pendingBio == WAITS_FOR_FLUSH) queue.pendingBio = 0;
  while (at != 0) {
    const flush = changetype<Bio>(at);
    at = <usize>flush.bi_next;
    if (status == BLK_STS_OK) queue.flushes += 1;
    else flush.bi_status = status;
    const isChained = (flush.bi_flags & BIO_CHAIN) != 0;
    if (isDefined(changetype<F>(0).flushed)) changetype<F>(0).flushed(queue, flush, isChained);
    if (isChained) bioEndio<S, F>(queue, scheme, flush);
  }
}
