// The path of a flow whose I/O is one bio (direct), cut into its stages, so that each can be timed: the first stages of many
// I/Os in a row, in the order and by the functions of the path itself, then apart from that whatever is left to do. What a
// stage costs is the difference between two cuts. Groups of I/Os stand for batches: each is plugged and flushed by itself.
import { countInto } from "../base/counting";
import { must } from "../base/must";
import { endRequest } from "../block/endio";
import { submitBio } from "../block/submit";
import { addInFlight } from "../front/in_flight";
import { prepareCheck } from "../front/verify";
import { Bio, BIO_PAGE_PINNED, BLK_STS_IOERR, BLK_STS_OK, REQ_OP_MASK, REQ_OP_READ, REQ_OP_WRITE, vecAt } from "../layout/bio";
import { isChecked } from "../layout/machine";
import { commandOf, iodOf, NVME_OP_WRITE, NVME_SC_SUCCESS, NvmeCompletion } from "../layout/nvme";
import { dioOf, HostQueue, machineOf, plugged, QueueShared, requestAt } from "../layout/queue";
import { Request } from "../layout/request";
import { opcodeOf } from "../layout/stream";
import { folioRefCount, isPagePointer, physToPage } from "../mm/page";
import { buildCommand, flushPlug, pushCommand, ringSqDoorbell } from "../nvme/host";
import { mapData, unmapData } from "../nvme/map_data";
import { prpAdd, prpBegin, prpFree, prpSimple } from "../nvme/prp";
import { getBuffer, nextIo, openBio } from "./submitter";

/** Stages of submission, in order. 0: none, what the loop alone takes. */
export const STAGE_ALLOC: u32 = 1;
export const STAGE_FILL: u32 = 2;
export const STAGE_SPLIT_MERGE: u32 = 3;
export const STAGE_COMMAND: u32 = 4;
export const STAGE_MAP: u32 = 5;
export const STAGE_SQE: u32 = 6;
/** Stages of completion. */
export const STAGE_REAP: u32 = 1;
export const STAGE_UNMAP: u32 = 2;
export const STAGE_END: u32 = 3;

/** In the hold, a group is a count and up to 62 wasm addresses: of bios before they are requests, of requests then. */
export const HELD_GROUP_BYTES: u32 = 256;
const HELD_AT: usize = 8;
const CID_TAG_MASK: u32 = 0xfff;

@inline
function enter<S>(queue: HostQueue): S {
  countInto(<usize>queue.counters, machineOf(queue));
  return changetype<S>(<usize>queue.scheme);
}

/**
 * Takes `groups` times `perGroup` I/Os of the stream through the stages up to `stage`. The plug must not overflow.
 * @param inTurn no I/O begins before the struct page of the one before has arrived
 */
export function submitFirst<S, F>(queue: HostQueue, stage: u32, groups: u32, perGroup: u32, hold: usize, inTurn: bool): void {
  const scheme = enter<S>(queue);
  const plug = queue.plug;
  // What is plugged stays in the hold, however large its requests are.
  const plugFlushBytes = queue.plugFlushBytes;
  queue.plugFlushBytes = u32.MAX_VALUE;
  for (let group: u32 = 0; group < groups; group++) {
    const at = hold + <usize>(group * HELD_GROUP_BYTES);
    queue.plug = <u32>(at + HELD_AT);
    for (let i: u32 = 0; i < perGroup; i++) {
      if (stage == 0) continue;
      const bio = allocate(queue);
      if (stage >= STAGE_FILL) {
        fill(queue, scheme, bio);
        if (inTurn) queue.streamPos += afterPage(queue, bio);
      }
      if (stage >= STAGE_SPLIT_MERGE) submitBio<S, F>(queue, scheme, bio);
      else store<u32>(at + HELD_AT + (<usize>i << 2), <u32>changetype<usize>(bio));
    }
    if (stage >= STAGE_SPLIT_MERGE) flushFirst(queue, scheme, stage, at);
    else store<u32>(at, stage == 0 ? 0 : perGroup);
  }
  queue.plug = plug;
  queue.plugFlushBytes = plugFlushBytes;
}

@inline
function allocate(queue: HostQueue): Bio {
  const io = nextIo(queue);
  const bio = openBio(queue, io, opcodeOf(io.blocksOp) == NVME_OP_WRITE ? REQ_OP_WRITE : REQ_OP_READ);
  const empty = getBuffer(queue, machineOf(queue), dioOf(bio));
  must(empty == 0);
  return bio;
}

@inline
function fill<S>(queue: HostQueue, scheme: S, bio: Bio): void {
  const machine = machineOf(queue);
  const dio = dioOf(bio);
  const error = scheme.add(queue, bio, dio);
  must(error == 0);
  if (!isChecked(machine)) return;
  addInFlight(queue, dio);
  prepareCheck(queue, machine, dio, (bio.bi_opf & REQ_OP_MASK) == REQ_OP_WRITE);
}

/** 0, known once the struct page of the bio's buffer has arrived, if it has one. */
@inline
function afterPage(queue: HostQueue, bio: Bio): u32 {
  const place = vecAt(bio, 0).place;
  const isPinned = (bio.bi_flags & BIO_PAGE_PINNED) != 0;
  if (!isPagePointer(place) && !isPinned) return 0;
  const machine = machineOf(queue);
  const dio = dioOf(bio);
  const page = physToPage(machine, (dio.inRam ? machine.ramPhys : machine.barPhys) + dio.bufferOffset);
  // Some schemes use the top bit of their places for flags.
  if (place != page && !isPinned) return 0;
  return folioRefCount(page) >> 31;
}

/** As flushPlug, as far as `stage`. */
@inline
function flushFirst<S>(queue: HostQueue, scheme: S, stage: u32, at: usize): void {
  const count = queue.plugCount;
  queue.plugCount = 0;
  store<u32>(at, count);
  if (stage < STAGE_COMMAND) return;
  for (let i: u32 = 0; i < count; i++) {
    const request = plugged(queue, i);
    buildCommand(queue, request);
    if (stage >= STAGE_MAP) map(queue, scheme, request);
    if (stage >= STAGE_SQE) pushCommand(queue, request);
  }
  if (stage >= STAGE_SQE && count > 0) ringSqDoorbell(queue);
}

@inline
function map<S>(queue: HostQueue, scheme: S, request: Request): void {
  const status = mapData(queue, scheme, request);
  must(status == BLK_STS_OK);
}

/** What submitFirst left. */
export function submitRest<S, F>(queue: HostQueue, stage: u32, groups: u32, hold: usize): void {
  const scheme = enter<S>(queue);
  const plug = queue.plug;
  for (let group: u32 = 0; group < groups; group++) {
    const at = hold + <usize>(group * HELD_GROUP_BYTES);
    const count = load<u32>(at);
    if (stage < STAGE_SPLIT_MERGE) {
      for (let i: u32 = 0; i < count; i++) {
        const bio = changetype<Bio>(<usize>load<u32>(at + HELD_AT + (<usize>i << 2)));
        if (stage < STAGE_FILL) fill(queue, scheme, bio);
        submitBio<S, F>(queue, scheme, bio);
      }
      flushPlug<S, F>(queue, scheme);
    } else if (stage < STAGE_SQE) {
      queue.plug = <u32>(at + HELD_AT);
      sendHeld(queue, scheme, stage, count);
      queue.plug = plug;
    }
  }
}

function sendHeld<S>(queue: HostQueue, scheme: S, stage: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const request = plugged(queue, i);
    if (stage < STAGE_COMMAND) buildCommand(queue, request);
    if (stage < STAGE_MAP) map(queue, scheme, request);
    pushCommand(queue, request);
  }
  if (count > 0) ringSqDoorbell(queue);
}

/** Writes the PRPs of all that is held and mapped once more, so that their cost can be told from that of mapping. */
export function rewritePrps(queue: HostQueue, groups: u32, hold: usize): void {
  for (let group: u32 = 0; group < groups; group++) {
    const at = hold + <usize>(group * HELD_GROUP_BYTES);
    const count = load<u32>(at);
    for (let i: u32 = 0; i < count; i++) {
      const request = changetype<Request>(<usize>load<u32>(at + HELD_AT + (<usize>i << 2)));
      if (request.nr_phys_segments == 1) rewrite(queue, request);
    }
  }
}

@inline
function rewrite(queue: HostQueue, request: Request): void {
  const iod = iodOf(request);
  const command = commandOf(request);
  const address = command.prp1;
  const bytes = request.__data_len;
  if (iod.nr_allocations < 0) {
    prpSimple(command, address, bytes);
    return;
  }
  prpFree(queue, iod);
  prpBegin(queue, iod, command, address, bytes);
  prpAdd(queue, iod, command, address, bytes);
}

/** Takes everything posted through the stages of completion up to `stage`; the number of requests. */
export function completeFirst<S, F>(queue: HostQueue, stage: u32, hold: usize): u32 {
  const scheme = enter<S>(queue);
  const posted = atomic.load<u32>(<usize>queue.shared + offsetof<QueueShared>("cqPosted"));
  const ready = posted - queue.cqConsumed;
  if (stage == 0) return 0;
  for (let i: u32 = 0; i < ready; i++) {
    const cqe = changetype<NvmeCompletion>(<usize>queue.cq + (<usize>queue.cqHead << 4));
    const status = cqe.status >> 1;
    const request = requestAt(queue, <u32>cqe.command_id & CID_TAG_MASK);
    if (++queue.cqHead == queue.depth) {
      queue.cqHead = 0;
      queue.cqPhase ^= 1;
    }
    must(status == NVME_SC_SUCCESS && request.bio != 0);
    if (stage >= STAGE_UNMAP) unmapData(queue, scheme, request);
    if (stage >= STAGE_END) endRequest<S, F>(queue, scheme, request, status == NVME_SC_SUCCESS ? BLK_STS_OK : BLK_STS_IOERR);
    else store<u32>(hold + (<usize>i << 2), <u32>changetype<usize>(request));
  }
  queue.cqConsumed += ready;
  atomic.store<u32>(<usize>queue.shared + offsetof<QueueShared>("cqDoorbell"), queue.cqHead);
  return ready;
}

/** What completeFirst left of `count` requests. */
export function completeRest<S, F>(queue: HostQueue, stage: u32, count: u32, hold: usize): void {
  const scheme = enter<S>(queue);
  if (stage >= STAGE_END) return;
  for (let i: u32 = 0; i < count; i++) {
    const request = changetype<Request>(<usize>load<u32>(hold + (<usize>i << 2)));
    if (stage < STAGE_UNMAP) unmapData(queue, scheme, request);
    endRequest<S, F>(queue, scheme, request, BLK_STS_OK);
  }
}
