// What a submitter of flow `direct` is asked for besides plain reads and writes: trims, flushes, writes that a Flush follows,
// writes with Force Unit Access, writes to zones that are to be reset, I/Os that wait for others.
// The hot path asks one question of a descriptor (IO_OPERATION) and comes here only when it says so.
import { counters } from "../base/counting";
import { submitDiscard } from "../block/discard";
import { chainFlush, submitFlush } from "../block/flush";
import { submitBio } from "../block/submit";
import { tagFree } from "../block/tags";
import { resetFirst, submitZoneReset } from "../block/zone_reset";
import { noteFlushStart } from "../front/latency";
import { takeBack } from "../front/pacing";
import { Bio, REQ_OP_DISCARD, REQ_OP_FLUSH, REQ_OP_MASK, REQ_OP_ZONE_RESET } from "../layout/bio";
import { dioOf, HostQueue, WAITS_FOR_OTHERS, WAITS_FOR_QUIET, WAITS_FOR_RESET } from "../layout/queue";
import { IO_ZONE_RESET, IoDescriptor } from "../layout/stream";
import { openBio } from "./submitter";

/** fio's trim: BLKDISCARD of the I/O's range, or BLKRESETZONE of its zone. */
export function openTrim(queue: HostQueue, io: IoDescriptor, op: u32): Bio {
  const bio = openBio(queue, io, op);
  if (op == REQ_OP_DISCARD) bio.bi_size = dioOf(bio).lenBytes;
  return bio;
}

/** A Flush that is an I/O itself. */
export function openFlush(queue: HostQueue, io: IoDescriptor): Bio {
  const bio = openBio(queue, io, REQ_OP_FLUSH);
  // Counts are per I/O, of which it is none.
  if (COUNTING) counters().ios -= 1;
  return bio;
}

/** The I/O just taken is the stream's next one again, once others have ended. */
export function putBack(queue: HostQueue): bool {
  queue.streamPos -= 1;
  queue.issued -= 1;
  if (queue.pacing != 0) takeBack(queue);
  queue.pendingBio = WAITS_FOR_OTHERS;
  return false;
}

/** A write, ready to be sent, and the Flush behind it. */
export function submitWithFlush<S, F>(queue: HostQueue, scheme: S, write: Bio): bool {
  const flush = chainFlush(queue, write);
  queue.flushNext = <u32>changetype<usize>(flush);
  return submitBio<S, F>(queue, scheme, write) && submitNext<S, F>(queue, scheme);
}

function submitNext<S, F>(queue: HostQueue, scheme: S): bool {
  const flush = changetype<Bio>(<usize>queue.flushNext);
  queue.flushNext = 0;
  noteFlushStart(queue, dioOf(flush));
  return submitFlush<S, F>(queue, scheme, flush);
}

/** An I/O with a reset before it: it is sent once all before it have ended, and the reset. */
export function holdForReset(queue: HostQueue, bio: Bio): bool {
  dioOf(bio).blocksOp &= ~IO_ZONE_RESET;
  queue.heldBio = <u32>changetype<usize>(bio);
  queue.pendingBio = WAITS_FOR_QUIET;
  return false;
}

/** Whether what the submitter waits for is there. */
export function mayResume(queue: HostQueue): bool {
  if (queue.pendingBio == WAITS_FOR_QUIET) return queue.issued - queue.completed == 1;
  return queue.pendingBio > WAITS_FOR_RESET && tagFree(queue);
}

/** Sends the rest of a bio that waited, and what was to follow it. False when something waits again. */
export function resume<S, F>(queue: HostQueue, scheme: S): bool {
  if (queue.pendingBio == WAITS_FOR_QUIET) return resetFirst<S, F>(queue, scheme);
  const bio = changetype<Bio>(<usize>queue.pendingBio);
  queue.pendingBio = 0;
  const op = bio.bi_opf & REQ_OP_MASK;
  if (op == REQ_OP_DISCARD) return submitDiscard<S, F>(queue, scheme, bio);
  if (op == REQ_OP_ZONE_RESET) return submitZoneReset<S, F>(queue, scheme, bio);
  if (op == REQ_OP_FLUSH) return submitFlush<S, F>(queue, scheme, bio);
  if (!submitBio<S, F>(queue, scheme, bio)) return false;
  return queue.flushNext == 0 || submitNext<S, F>(queue, scheme);
}
