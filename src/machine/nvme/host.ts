// The host driver of one queue pair: nvme_queue_rqs, nvme_queue_rq, nvme_submit_cmds, nvme_poll_cq
// (drivers/nvme/host/pci.c, 6.12). A plug's requests are prepared one by one, copied to the SQ, and announced by one
// doorbell. Left out: shadow doorbells, timeouts, admin queue.
import { ringIfSleeping } from "../base/bell";
import { counters, countForIo } from "../base/counting";
import { endDiscard } from "../block/discard";
import { endRequest, failRequest, requestIo } from "../block/endio";
import { endFlush } from "../block/flush";
import { endZoneReset } from "../block/zone_reset";
import { BLK_STS_IOERR, BLK_STS_OK, REQ_FUA, REQ_OP_MASK, REQ_OP_WRITE } from "../layout/bio";
import { commandOf, iodOf, NVME_OP_READ, NVME_OP_WRITE, NVME_RW_FUA, NVME_SC_SUCCESS, NvmeCommand, NvmeCompletion } from "../layout/nvme";
import { HostQueue, plugged, QueueShared, requestAt } from "../layout/queue";
import { Request, RQF_FLUSH_SEQ, RQF_ZONE_RESET, SECTOR_SHIFT } from "../layout/request";
import { cleanupDiscard, setupDiscard } from "./discard";
import { sendFlush } from "./flush";
import { mapData, unmapData } from "./map_data";
import { setupZoneReset } from "./zns";

/** Command identifiers carry a generation in their upper 4 bits, so that a stale completion is noticed (nvme_cid). */
const CID_TAG_MASK: u32 = 0xfff;
const CID_GENERATION_SHIFT: u32 = 12;
/** From REQ_FUA to NVME_RW_FUA in the word that begins with the length. */
const FUA_SHIFT: u32 = clz(REQ_FUA) - clz(<u32>NVME_RW_FUA << 16);

/** nvme_queue_rqs: sends every plugged request. What cannot be prepared is tried once more by itself, then fails. */
export function flushPlug<S, F>(queue: HostQueue, scheme: S): void {
  const count = queue.plugCount;
  if (count == 0) return;
  queue.plugCount = 0;
  let failed: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const request = plugged(queue, i);
    if (prepare(queue, scheme, request) == BLK_STS_OK) {
      pushCommand(queue, request);
    } else {
      store<u32>(<usize>queue.plug + (<usize>failed << 2), <u32>changetype<usize>(request));
      failed++;
    }
  }
  if (failed < count) ringSqDoorbell(queue);
  if (failed > 0) retry<S, F>(queue, scheme, failed);
}

/** nvme_mq_ops: what the block layer asks of the driver. A flow inherits it from the driver of its queues. */
@unmanaged
export class NvmeMqOps {
  /** queue_rqs: sends what is plugged. */
  @inline
  queueRqs<S, F>(queue: HostQueue, scheme: S): void {
    flushPlug<S, F>(queue, scheme);
  }

  /** queue_rq of the flush request. */
  @inline
  queueFlush(queue: HostQueue, request: Request): void {
    sendFlush(queue, request);
  }
}

/** The requeue list of nvme_queue_rqs goes through nvme_queue_rq one by one; a second failure ends the request. */
function retry<S, F>(queue: HostQueue, scheme: S, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const request = plugged(queue, i);
    const status = prepare(queue, scheme, request);
    if (status == BLK_STS_OK) {
      pushCommand(queue, request);
      ringSqDoorbell(queue);
    } else {
      failRequest<S, F>(queue, scheme, request, status);
    }
  }
}

/** nvme_prep_rq: builds the command in the request's own memory, then maps its data. */
@inline
function prepare<S>(queue: HostQueue, scheme: S, request: Request): u8 {
  if (request.rq_flags != 0) return setupOperation(queue, request);
  buildCommand(queue, request);
  return mapData(queue, scheme, request);
}

/** nvme_setup_cmd of what is no read or write; a queue's flush builds its command itself. */
function setupOperation(queue: HostQueue, request: Request): u8 {
  return request.rq_flags & RQF_ZONE_RESET ? setupZoneReset(queue, request) : setupDiscard(queue, request);
}

/** nvme_setup_cmd. */
@inline
export function buildCommand(queue: HostQueue, request: Request): void {
  if (COUNTING) {
    countForIo(requestIo(request));
    counters().requests += 1;
    counters().descriptorBytes += offsetof<NvmeCommand>();
    if (request.cmd_flags & REQ_FUA) counters().fuaWrites += 1;
  }
  const cid = nextCid(request);
  const isWrite = (request.cmd_flags & REQ_OP_MASK) == REQ_OP_WRITE;
  const opcode: u64 = isWrite ? NVME_OP_WRITE : NVME_OP_READ;
  // nvme_setup_rw, in whole words: the copy to the SQ loads words, and a processor forwards a store only to a load that
  // it covers.
  const command = changetype<usize>(commandOf(request));
  store<u64>(command, opcode | (<u64>cid << 16) | (<u64>queue.nsid << 32));
  store<u64>(command, 0, offsetof<NvmeCommand>("cdw2"));
  store<u64>(command, 0, offsetof<NvmeCommand>("metadata"));
  store<u64>(command, request.__sector, offsetof<NvmeCommand>("slba"));
  // Length and, in the word's other half, the control bits.
  const control = (request.cmd_flags & REQ_FUA) << FUA_SHIFT;
  store<u64>(command, <u64>(((request.__data_len >> SECTOR_SHIFT) - 1) | control), offsetof<NvmeCommand>("length"));
  store<u64>(command, 0, offsetof<NvmeCommand>("reftag"));
}

/** nvme_cid: the tag with the request's next generation. */
@inline
export function nextCid(request: Request): u32 {
  const iod = iodOf(request);
  const generation = (<u32>iod.req_genctr + 1) & 0xf;
  iod.req_genctr = <u8>generation;
  return (generation << CID_GENERATION_SHIFT) | <u32>request.tag;
}

/** nvme_sq_copy_cmd: 64 bytes into the submission queue. Tags are one fewer than entries, so there is always room. */
@inline
export function pushCommand(queue: HostQueue, request: Request): void {
  const from = changetype<usize>(commandOf(request));
  const tail = queue.sqTail;
  const to = <usize>queue.sq + (<usize>tail << 6);
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
  store<u64>(to, load<u64>(from, 16), 16);
  store<u64>(to, load<u64>(from, 24), 24);
  store<u64>(to, load<u64>(from, 32), 32);
  store<u64>(to, load<u64>(from, 40), 40);
  store<u64>(to, load<u64>(from, 48), 48);
  store<u64>(to, load<u64>(from, 56), 56);
  queue.sqTail = tail + 1 == queue.depth ? 0 : tail + 1;
}

/** nvme_write_sq_db. */
@inline
export function ringSqDoorbell(queue: HostQueue): void {
  // Meets the controller's load in serve: the SQEs and PRP lists before it become visible with it.
  atomic.store<u32>(<usize>queue.shared + offsetof<QueueShared>("sqDoorbell"), queue.sqTail);
  if (COUNTING) counters().doorbells += 1;
  queue.wakeups += ringIfSleeping(<usize>queue.peerBell);
}

/**
 * nvme_poll_cq: consumes posted completions until `most` I/Os (bios without parents) have ended. Returns the
 * number of completions consumed; the CQ head doorbell is rung once.
 */
export function reap<S, F>(queue: HostQueue, scheme: S, until: u32): u32 {
  // Meets the controller's store in publish: the CQEs (and moved data) before it are visible.
  const posted = atomic.load<u32>(<usize>queue.shared + offsetof<QueueShared>("cqPosted"));
  const ready = posted - queue.cqConsumed;
  if (ready == 0) return 0;
  let consumed: u32 = 0;
  while (<i32>(until - queue.completed) > 0) {
    const cqe = changetype<NvmeCompletion>(<usize>queue.cq + (<usize>queue.cqHead << 4));
    const status = cqe.status;
    // nvme_cqe_pending. An entry that was counted and not written never comes: the lab's watchdog says so.
    if ((<u32>status & 1) != queue.cqPhase) break;
    const cid = <u32>cqe.command_id;
    const next = queue.cqHead + 1;
    queue.cqHead = next;
    if (next == queue.depth) {
      queue.cqHead = 0;
      queue.cqPhase ^= 1;
    }
    completeCommand<S, F>(queue, scheme, cid, status >> 1);
    consumed++;
    if (consumed == ready) break;
  }
  queue.cqConsumed += consumed;
  if (consumed == 0) return 0;
  // Meets the controller's load in hasCqRoom: the entries before this head may be written again.
  atomic.store<u32>(<usize>queue.shared + offsetof<QueueShared>("cqDoorbell"), queue.cqHead);
  if (COUNTING) counters().doorbells += 1;
  return consumed;
}

@inline
function completeCommand<S, F>(queue: HostQueue, scheme: S, cid: u32, status: u16): void {
  const request = requestAt(queue, cid & CID_TAG_MASK);
  if (!isOutstanding(queue, request, cid)) {
    noteInvalidId(queue, cid);
    return;
  }
  if (COUNTING) countForIo(requestIo(request));
  if (request.rq_flags != 0) {
    endOperation<S, F>(queue, scheme, request, status);
    return;
  }
  unmapData(queue, scheme, request);
  if (status != NVME_SC_SUCCESS) {
    noteError(queue, status);
    failRequest<S, F>(queue, scheme, request, BLK_STS_IOERR);
  } else {
    endRequest<S, F>(queue, scheme, request, BLK_STS_OK);
  }
}

/** The end of what is no read or write: nvme_cleanup_cmd, then the block layer's own. */
function endOperation<S, F>(queue: HostQueue, scheme: S, request: Request, status: u16): void {
  if (status != NVME_SC_SUCCESS) noteError(queue, status);
  const blockStatus = status == NVME_SC_SUCCESS ? BLK_STS_OK : BLK_STS_IOERR;
  if (request.rq_flags & RQF_FLUSH_SEQ) {
    endFlush<S, F>(queue, scheme, request, blockStatus);
    return;
  }
  if (request.rq_flags & RQF_ZONE_RESET) {
    endZoneReset<F>(queue, request, blockStatus);
    return;
  }
  cleanupDiscard(queue, request);
  endDiscard<F>(queue, request, blockStatus);
}

/** nvme_find_rq: a command that the queue has, of this generation, and that has not ended. Linux looks in every build. */
@inline
function isOutstanding(queue: HostQueue, request: Request, cid: u32): bool {
  // Tags are one fewer than entries; behind the last there is no request to look at.
  if ((cid & CID_TAG_MASK) + 1 >= queue.depth) return false;
  return <u32>iodOf(request).req_genctr == cid >> CID_GENERATION_SHIFT && request.bio != 0;
}

/** nvme_handle_cqe: "invalid id %d completed on queue %d"; nothing is ended. */
function noteInvalidId(queue: HostQueue, cid: u32): void {
  if (queue.invalidIds == 0) queue.firstInvalidId = cid;
  queue.invalidIds += 1;
}

function noteError(queue: HostQueue, status: u16): void {
  if (queue.firstError == 0) queue.firstError = <u32>status;
}
