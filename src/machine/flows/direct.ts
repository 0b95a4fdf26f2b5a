// @summary host and drive
//
// Flow `direct`: the host CPU's agent for one queue pair. It reaps completions and submits what the depth allows, in
// batches with one doorbell. An I/O is one bio, and complete when that has ended.
import { holdForReset, openFlush, openTrim, putBack, submitWithFlush } from "../agents/operations";
import { bindScheme } from "../agents/scheme_instance";
import { getBuffer, nextIo, noteFailure, noteRefusal, openBio, putBuffer, submitBatches } from "../agents/submitter";
import { countForIo, countInto } from "../base/counting";
import { bioFree } from "../block/bio";
import { submitDiscard } from "../block/discard";
import { chainFlush, submitFlush } from "../block/flush";
import { submitBio } from "../block/submit";
import { submitZoneReset } from "../block/zone_reset";
import { noteDone } from "../front/done";
import { addInFlight, overlapsInFlight, removeInFlight } from "../front/in_flight";
import { endSample } from "../front/latency";
import { checkAccess, checkDone, checkTrim, prepareCheck, undoCheck } from "../front/verify";
import { Bio, BLK_STS_OK, REQ_FUA, REQ_OP_DISCARD, REQ_OP_READ, REQ_OP_WRITE, REQ_OP_ZONE_RESET } from "../layout/bio";
import { isChecked, Machine } from "../layout/machine";
import { NVME_OP_DSM, NVME_OP_FLUSH, NVME_OP_WRITE } from "../layout/nvme";
import { dioOf, HostQueue, machineOf } from "../layout/queue";
import { IO_FLUSH, IO_FUA, IO_OPERATION, IO_OVERLAPS, IO_ZONE_RESET, IoDescriptor, opcodeOf } from "../layout/stream";
import { NvmeMqOps, reap } from "../nvme/host";
import { iommuTick } from "../pci/dma_iommu";

@unmanaged
export class Direct extends NvmeMqOps {
  /** Issues the next I/O of the stream. False when the rest of it waits (queue.pendingBio). */
  @inline
  issue<S>(queue: HostQueue, scheme: S): bool {
    const io = nextIo(queue);
    if (io.blocksOp & IO_OPERATION) return issueOperation<S>(queue, scheme, io);
    const bio = prepare(queue, scheme, io);
    return changetype<usize>(bio) == 0 || submitBio<S, Direct>(queue, scheme, bio);
  }

  /** bi_end_io: check what arrived, let go of the buffer, count. */
  @inline
  ended<S>(queue: HostQueue, scheme: S, bio: Bio): void {
    const machine = machineOf(queue);
    const dio = dioOf(bio);
    if (COUNTING) countForIo(dio.ioId);
    endSample(queue, dio);
    const isGood = bio.bi_status == BLK_STS_OK;
    if (isGood) noteDone(queue, dio);
    else noteFailure(queue, bio);
    if (isChecked(machine)) {
      removeInFlight(queue, dio);
      if (isGood) checkDone(queue, machine, dio);
      else undoCheck(queue, dio);
    }
    scheme.release(queue, bio, dio);
    putBuffer(queue, machine, dio);
    queue.completed += 1;
    bioFree(queue, bio);
  }

  /** bi_end_io of a discard, which has no memory. */
  discarded(queue: HostQueue, bio: Bio): void {
    const dio = dioOf(bio);
    endSample(queue, dio);
    if (bio.bi_status == BLK_STS_OK) noteDone(queue, dio);
    else noteFailure(queue, bio);
    if (isChecked(machineOf(queue))) {
      removeInFlight(queue, dio);
      // What a zone reads as after its reset is left open (DLFEAT 000b): the medium keeps what it has.
      if (queue.zoneBlocks == 0) checkTrim(queue, dio, bio.bi_status == BLK_STS_OK);
    }
    queue.completed += 1;
    bioFree(queue, bio);
  }

  /** bi_end_io of a flush: one behind a write (chained to it), or one that is the whole I/O. */
  flushed(queue: HostQueue, flush: Bio, isChained: bool): void {
    endSample(queue, dioOf(flush));
    if (isChained) return;
    if (flush.bi_status != BLK_STS_OK) noteFailure(queue, flush);
    queue.completed += 1;
    bioFree(queue, flush);
  }
}

/** A bio filled with the I/O's memory; null when it was refused, and counted. */
@inline
function prepare<S>(queue: HostQueue, scheme: S, io: IoDescriptor): Bio {
  const machine = machineOf(queue);
  const isWrite = opcodeOf(io.blocksOp) == NVME_OP_WRITE;
  const bio = openBio(queue, io, isWrite ? REQ_OP_WRITE : REQ_OP_READ);
  const dio = dioOf(bio);
  let error = getBuffer(queue, machine, dio);
  if (error == 0) {
    error = scheme.add(queue, bio, dio);
    if (error != 0) putBuffer(queue, machine, dio);
  }
  if (error != 0) {
    refuse(queue, machine, bio, error);
    return changetype<Bio>(0);
  }
  if (isChecked(machine)) {
    addInFlight(queue, dio);
    prepareCheck(queue, machine, dio, isWrite);
  }
  return bio;
}

/** What is no plain read or write, or may have to wait for others in flight. */
function issueOperation<S>(queue: HostQueue, scheme: S, io: IoDescriptor): bool {
  const machine = machineOf(queue);
  const blocksOp = io.blocksOp;
  const opcode = opcodeOf(blocksOp);
  if (opcode == NVME_OP_FLUSH) return submitFlush<S, Direct>(queue, scheme, openFlush(queue, io));
  const checks = isChecked(machine);
  if ((blocksOp & IO_OVERLAPS) != 0 && checks && overlapsInFlight(queue, machine, io)) return putBack(queue);
  if (opcode == NVME_OP_DSM) {
    // On a zoned device fio's trim is BLKRESETZONE.
    const resets = queue.zoneBlocks != 0;
    const trim = openTrim(queue, io, resets ? REQ_OP_ZONE_RESET : REQ_OP_DISCARD);
    if (checks) addInFlight(queue, dioOf(trim));
    if (blocksOp & IO_ZONE_RESET) return holdForReset(queue, trim);
    return resets ? submitZoneReset<S, Direct>(queue, scheme, trim) : submitDiscard<S, Direct>(queue, scheme, trim);
  }
  const bio = prepare(queue, scheme, io);
  if (changetype<usize>(bio) == 0) return true;
  if (blocksOp & IO_FUA) bio.bi_opf |= REQ_FUA;
  if (blocksOp & IO_ZONE_RESET) {
    if (blocksOp & IO_FLUSH) queue.flushNext = <u32>changetype<usize>(chainFlush(queue, bio));
    return holdForReset(queue, bio);
  }
  return blocksOp & IO_FLUSH ? submitWithFlush<S, Direct>(queue, scheme, bio) : submitBio<S, Direct>(queue, scheme, bio);
}

/** Refused at submission: complete, with its errno. */
function refuse(queue: HostQueue, machine: Machine, bio: Bio, error: i32): void {
  if (isChecked(machine)) checkAccess(queue, machine, dioOf(bio));
  noteRefusal(queue, bio, error);
  queue.completed += 1;
}

/**
 * Works until the queue's completionMark is reached, or `budget` I/Os were reaped or issued, or nothing has moved for
 * more than `idleTurns` turns. Returns the number of I/Os that completed.
 */
export function run<S>(queue: HostQueue, budget: u32, idleTurns: u32): u32 {
  const scheme = bindScheme<S>(queue);
  countInto(<usize>queue.counters, machineOf(queue));
  iommuTick(queue);
  const before = queue.completed;
  const issuedBefore = queue.issued;
  let idle: u32 = 0;
  while (idle <= idleTurns) {
    const until = min(queue.completionMark - before, budget) + before;
    const reaped = reap<S, Direct>(queue, scheme, until);
    if (<i32>(until - queue.completed) <= 0) break;
    const sent = submitBatches<S, Direct>(queue, scheme, issuedBefore + budget);
    if (queue.issued - issuedBefore >= budget) break;
    idle = sent || reaped > 0 ? 0 : idle + 1;
  }
  return queue.completed - before;
}
