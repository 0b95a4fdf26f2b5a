// The submitter: takes the next I/O of the access stream, gets its buffer, fills a bio, sends it; ends it when it is done.
// Stands for the in-kernel user (buffers pool and fixed: nvmet_bdev_execute_rw without its transport) and for O_DIRECT
// (buffers user: __blkdev_direct_IO). Nothing here depends on the scheme but the calls on its hooks; what a flow does
// between an I/O's start and its end is the flow's (direct.ts, copy.ts).
import { counters, countForIo } from "../base/counting";
import { bioAlloc, bioFree } from "../block/bio";
import { noteStart, nowNs } from "../front/latency";
import { isOneByOne, mayGo, noteGoing } from "../front/pacing";
import { Bio, BLK_STS_IOERR } from "../layout/bio";
import { ENOMEM } from "../layout/errno";
import { Machine } from "../layout/machine";
import { PAGE_SHIFT } from "../layout/page";
import { Dio, dioOf, HostQueue, nextDescriptor } from "../layout/queue";
import { SECTOR_SHIFT } from "../layout/request";
import { BUFFERS_POOL, IO_BLOCKS_MASK, IO_BUFFER_MASK, IoDescriptor } from "../layout/stream";
import { POOL_FULL } from "../mm/gen_pool";
import { flushPlug } from "../nvme/host";
import { allocP2pmem, freeP2pmem } from "../pci/p2pmem";
import { mayResume, resume } from "./operations";


/**
 * Issues whole batches while the depth has room and `issued` stays below `until`; the flow F issues each I/O. True when
 * anything was sent. A batch that met a lack of tags goes on where it stopped, under the same plug, as a task does that
 * slept in blk_mq_get_tag.
 */
@inline
export function submitBatches<S, F>(queue: HostQueue, scheme: S, until: u32): bool {
  let sent = false;
  if (queue.pendingBio != 0) {
    if (!mayResume(queue)) return false;
    if (!resumeBatch<S, F>(queue, scheme)) return true;
    sent = true;
  }
  if (queue.pacing != 0) return submitPaced<S, F>(queue, scheme, until) || sent;
  while (<i32>(until - queue.issued) > 0) {
    const left = queue.issueTarget - queue.issued;
    if (<i32>left <= 0) return sent;
    const batch = min(queue.batch, left);
    if (queue.iodepth - (queue.issued - queue.completed) < batch) return sent;
    sent = true;
    if (!issueBatch<S, F>(queue, scheme, batch)) return true;
  }
  return sent;
}

/** Issues the next `count` I/Os and flushes the plug. False when tags ran out: queue.batchLeft have not been issued then. */
@inline
function issueBatch<S, F>(queue: HostQueue, scheme: S, count: u32): bool {
  let left = count;
  let whole = true;
  while (left > 0 && whole) {
    whole = changetype<F>(0).issue<S>(queue, scheme);
    left--;
  }
  flushPlug<S, F>(queue, scheme);
  if (!whole) queue.batchLeft = left;
  return whole;
}

/** The rest of the bio that waited for tags, and of its batch as far as I/Os are still to be issued. False when it waits again. */
function resumeBatch<S, F>(queue: HostQueue, scheme: S): bool {
  const toTarget = queue.issueTarget - queue.issued;
  const left = <i32>toTarget > 0 ? min(queue.batchLeft, toTarget) : 0;
  if (resume<S, F>(queue, scheme)) {
    queue.batchLeft = 0;
    return issueBatch<S, F>(queue, scheme, left);
  }
  flushPlug<S, F>(queue, scheme);
  return false;
}

/**
 * Issues what may go by now as far as the depth has room. What is due and has none waits, and keeps the time at which it was due;
 * what has no time of its own waits until there is room for its batch. True when anything was sent.
 */
function submitPaced<S, F>(queue: HostQueue, scheme: S, until: u32): bool {
  const time = nowNs();
  let sent = false;
  while (<i32>(until - queue.issued) > 0) {
    const left = queue.issueTarget - queue.issued;
    if (<i32>left <= 0) return sent;
    const batch = min(queue.batch, left);
    const room = min(queue.iodepth - (queue.issued - queue.completed), batch);
    if (room < batch && !isOneByOne(queue)) return sent;
    let count: u32 = 0;
    let whole = true;
    while (count < room && whole && mayGo(queue, time)) {
      noteGoing(queue);
      whole = changetype<F>(0).issue<S>(queue, scheme);
      count++;
    }
    if (count == 0) return sent;
    sent = true;
    flushPlug<S, F>(queue, scheme);
    if (!whole) return true;
  }
  return sent;
}

/** The stream's next descriptor. */
@inline
export function nextIo(queue: HostQueue): IoDescriptor {
  const io = nextDescriptor(queue);
  queue.streamPos += 1;
  queue.issued += 1;
  return io;
}

/** An empty bio for an I/O, with what the submitter keeps of it. */
@inline
export function openBio(queue: HostQueue, io: IoDescriptor, op: u32): Bio {
  const block = io.block;
  const blocksOp = io.blocksOp;
  const buffer = io.buffer;
  const bio = bioAlloc(queue, op, block);
  const dio = dioOf(bio);
  dio.block = block;
  dio.blocksOp = blocksOp;
  dio.lenBytes = (blocksOp & IO_BLOCKS_MASK) << SECTOR_SHIFT;
  dio.inRam = buffer >> 31;
  dio.bufferOffset = <u64>((buffer & IO_BUFFER_MASK) ^ queue.bufferSkew) << PAGE_SHIFT;
  noteStart(queue, dio);
  if (COUNTING) {
    dio.ioId = <u32>(counters().ios + 1);
    counters().ios += 1;
    countForIo(dio.ioId);
  }
  return bio;
}

/** The I/O's buffer where it is allocated for each I/O, by the CPU that `queue` stands for. 0 or -ENOMEM. */
@inline
export function getBuffer(queue: HostQueue, machine: Machine, dio: Dio): i32 {
  if (machine.buffers == BUFFERS_POOL && !dio.inRam) {
    dio.bufferOffset = allocP2pmem(machine, queue.queueIndex, dio.lenBytes);
    if (COUNTING) counters().poolAllocs += 1;
    if (dio.bufferOffset == POOL_FULL) return -ENOMEM;
  }
  return 0;
}

@inline
export function putBuffer(queue: HostQueue, machine: Machine, dio: Dio): void {
  if (machine.buffers == BUFFERS_POOL && !dio.inRam) freeP2pmem(machine, queue.queueIndex, dio.bufferOffset, dio.lenBytes);
}

/** An I/O that never left the submitter: counted as an error with its errno, and its bio given back. */
export function noteRefusal(queue: HostQueue, bio: Bio, error: i32): void {
  if (queue.refused == 0) queue.refused = error;
  queue.errors += 1;
  queue.refusals += 1;
  bioFree(queue, bio);
}

export function noteFailure(queue: HostQueue, bio: Bio): void {
  queue.errors += 1;
  if (bio.bi_status == BLK_STS_IOERR) queue.deviceFailures += 1;
  else queue.mapRefusals += 1;
  if (queue.firstError == 0) queue.firstError = <u32>bio.bi_status << 16;
}
