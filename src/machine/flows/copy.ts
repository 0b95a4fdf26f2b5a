// @summary one drive reads into the buffer, another writes from it
//
// Flow `copy`: the host CPU's agent for two queue pairs, each with a controller of its own, A (the front) and B. For each
// I/O of the stream A reads into a buffer and, when that has ended, B writes from the same buffer: the shape of p2pmem-test
// (github.com/sbates130272/p2pmem-test), with several copies in flight. The buffer is the copy's from start to end; each of
// the two requests maps it, and pins it where it is a user's, for its own client. With buffers `ram` the buffer is host RAM:
// the bounce that P2P saves. The stream's opcodes mean nothing here. Latency is that of the whole copy.
import { resume } from "../agents/operations";
import { bindScheme } from "../agents/scheme_instance";
import { getBuffer, nextIo, noteFailure, noteRefusal, openBio, putBuffer, submitBatches } from "../agents/submitter";
import { countForIo, countInto } from "../base/counting";
import { bioAlloc, bioFree } from "../block/bio";
import { submitBio } from "../block/submit";
import { tagFree } from "../block/tags";
import { noteDone } from "../front/done";
import { endSample } from "../front/latency";
import { checkCopy, prepareCopyCheck } from "../front/verify";
import { Bio, BLK_STS_OK, REQ_OP_READ, REQ_OP_WRITE } from "../layout/bio";
import { isChecked } from "../layout/machine";
import { Dio, dioOf, HostQueue, machineOf } from "../layout/queue";
import { BUFFERS_RAM } from "../layout/stream";
import { flushPlug, NvmeMqOps, reap } from "../nvme/host";
import { iommuTick } from "../pci/dma_iommu";

@unmanaged
export class Copy extends NvmeMqOps {
  /** Starts the next copy: A's read. False when the rest of it waits for tags. */
  @inline
  issue<S>(front: HostQueue, scheme: S): bool {
    const machine = machineOf(front);
    const bio = openBio(front, nextIo(front), REQ_OP_READ);
    const dio = dioOf(bio);
    if (machine.buffers == BUFFERS_RAM) {
      dio.inRam = 1;
      dio.bufferOffset &= machine.ramBytes - 1;
    }
    const empty = getBuffer(front, machine, dio);
    if (empty != 0) return refuseRead(front, bio, empty);
    const error = scheme.add(front, bio, dio);
    if (error != 0) {
      putBuffer(front, machine, dio);
      return refuseRead(front, bio, error);
    }
    if (isChecked(machine)) prepareCopyCheck(front, backOf(front), machine, dio);
    return submitBio<S, Copy>(front, scheme, bio);
  }

  /** bi_end_io of both bios. Inside reap and flushPlug nothing is submitted: reads that ended wait on a list. */
  @inline
  ended<S>(queue: HostQueue, scheme: S, bio: Bio): void {
    const dio = dioOf(bio);
    if (COUNTING) countForIo(dio.ioId);
    const isRead = queue.front == <u32>changetype<usize>(queue);
    const isGood = bio.bi_status == BLK_STS_OK;
    if (!isGood) noteFailure(queue, bio);
    scheme.release(queue, bio, dio);
    if (isRead && isGood) {
      addEnded(queue, bio);
      return;
    }
    if (!isRead) queue.completed += 1;
    endCopy(changetype<HostQueue>(<usize>queue.front), dio, isGood);
    bioFree(queue, bio);
  }
}

@inline
function backOf(front: HostQueue): HostQueue {
  return changetype<HostQueue>(<usize>front.next);
}

function refuseRead(front: HostQueue, bio: Bio, error: i32): bool {
  noteRefusal(front, bio, error);
  front.completed += 1;
  return true;
}

/** The copy is over: B's write has ended, or something before it failed. */
@inline
function endCopy(front: HostQueue, dio: Dio, isGood: bool): void {
  const machine = machineOf(front);
  endSample(front, dio);
  if (isGood) {
    noteDone(front, dio);
    if (isChecked(machine)) checkCopy(front, backOf(front), dio);
  }
  putBuffer(front, machine, dio);
  front.completed += 1;
}

/** bio_list_add. */
@inline
function addEnded(front: HostQueue, bio: Bio): void {
  const at = <u32>changetype<usize>(bio);
  bio.bi_next = 0;
  if (front.endedHead == 0) front.endedHead = at;
  else changetype<Bio>(<usize>front.endedTail).bi_next = <u64>at;
  front.endedTail = at;
}

/** bio_list_pop. Only where there is one. */
@inline
function popEnded(front: HostQueue): Bio {
  const bio = changetype<Bio>(<usize>front.endedHead);
  front.endedHead = <u32>bio.bi_next;
  return bio;
}

/** Sends B's writes for the reads that have ended, with one doorbell. True when anything was sent. */
@inline
function startWrites<S>(front: HostQueue, back: HostQueue, scheme: S): bool {
  let sent = false;
  let whole = true;
  if (back.pendingBio != 0) {
    if (!tagFree(back)) return false;
    whole = resume<S, Copy>(back, scheme);
    sent = true;
  }
  while (whole && front.endedHead != 0) {
    whole = startWrite(front, back, scheme);
    sent = true;
  }
  if (sent) flushPlug<S, Copy>(back, scheme);
  return sent;
}

/** One write, from the buffer of the read that ended first. False when the rest of it waits for tags. */
@inline
function startWrite<S>(front: HostQueue, back: HostQueue, scheme: S): bool {
  const read = popEnded(front);
  back.issued += 1;
  const from = dioOf(read);
  const bio = bioAlloc(back, REQ_OP_WRITE, from.block);
  const dio = dioOf(bio);
  memory.copy(changetype<usize>(dio), changetype<usize>(from), offsetof<Dio>());
  bioFree(front, read);
  if (COUNTING) countForIo(dio.ioId);
  const error = scheme.add(back, bio, dio);
  if (error != 0) return refuseWrite(front, back, bio, error);
  return submitBio<S, Copy>(back, scheme, bio);
}

/** The scheme carries the buffer for A but not for B. */
function refuseWrite(front: HostQueue, back: HostQueue, bio: Bio, error: i32): bool {
  putBuffer(front, machineOf(front), dioOf(bio));
  noteRefusal(back, bio, error);
  back.completed += 1;
  front.completed += 1;
  return true;
}

/**
 * Works until the front's completionMark is reached, or `budget` copies were completed or begun, or nothing has moved for
 * more than `idleTurns` turns. Returns the number of copies that completed.
 */
export function run<S>(front: HostQueue, budget: u32, idleTurns: u32): u32 {
  const back = backOf(front);
  const scheme = bindScheme<S>(front);
  const backScheme = bindScheme<S>(back);
  countInto(<usize>front.counters, machineOf(front));
  iommuTick(front);
  iommuTick(back);
  const before = front.completed;
  const issuedBefore = front.issued;
  let idle: u32 = 0;
  while (idle <= idleTurns) {
    const until = min(front.completionMark - before, budget) + before;
    // A write that ends completes a copy: both queues' counts reach their marks together.
    let moved = reap<S, Copy>(back, backScheme, back.completed + (until - front.completed)) > 0;
    if (<i32>(until - front.completed) <= 0) break;
    if (reap<S, Copy>(front, scheme, until) > 0) moved = true;
    if (startWrites(front, back, backScheme)) moved = true;
    if (<i32>(until - front.completed) <= 0) break;
    if (submitBatches<S, Copy>(front, scheme, issuedBefore + budget)) moved = true;
    if (front.issued - issuedBefore >= budget) break;
    idle = moved ? 0 : idle + 1;
  }
  return front.completed - before;
}
