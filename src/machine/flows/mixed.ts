// @summary one I/O on two kinds of memory
// @build counting
//
// Flow `mixed`, of the counting build only, for tests of rules that no workload of the lab meets: an I/O whose memory is two
// pieces, host RAM and P2P, as O_DIRECT has it from an iovec of two and nvmet from an sg list of two. Two descriptors of the
// stream, one after the other on the medium, are one I/O. The second piece goes into the bio of the first where the scheme's
// kernel lets it (hook `joins`), else into a bio of its own, as bio_add_page's callers do when it answers 0; the I/O has
// ended when both have. Needs as many tags as there are bios.
import { bindScheme } from "../agents/scheme_instance";
import { getBuffer, nextIo, noteFailure, noteRefusal, openBio, putBuffer, submitBatches } from "../agents/submitter";
import { countForIo, countInto } from "../base/counting";
import { must } from "../base/must";
import { bioAlloc, bioFree, JOINS } from "../block/bio";
import { submitBio } from "../block/submit";
import { checkDone, prepareCheck, undoCheck } from "../front/verify";
import { Bio, BLK_STS_OK, REQ_OP_READ, REQ_OP_WRITE } from "../layout/bio";
import { isChecked } from "../layout/machine";
import { NVME_OP_WRITE } from "../layout/nvme";
import { PAGE_SHIFT } from "../layout/page";
import { Dio, dioOf, HostQueue, machineOf, nextDescriptor } from "../layout/queue";
import { SECTOR_SHIFT } from "../layout/request";
import { IO_BLOCKS_MASK, IO_BUFFER_MASK, opcodeOf } from "../layout/stream";
import { NvmeMqOps, reap } from "../nvme/host";

@unmanaged
export class Mixed extends NvmeMqOps {
  issue<S>(queue: HostQueue, scheme: S): bool {
    const machine = machineOf(queue);
    const io = nextIo(queue);
    const isWrite = opcodeOf(io.blocksOp) == NVME_OP_WRITE;
    const bio = openBio(queue, io, isWrite ? REQ_OP_WRITE : REQ_OP_READ);
    const rest = openRest(queue, bio);
    let error = fill(queue, scheme, bio, dioOf(bio));
    if (error != 0) return refuse(queue, bio, error);
    const answer = joins(queue, scheme, bio, dioOf(rest));
    if (answer == JOINS) dioOf(rest).isJoined = 1;
    error = answer < 0 ? answer : fill(queue, scheme, answer == JOINS ? bio : rest, dioOf(rest));
    if (error != 0) {
      scheme.release(queue, bio, dioOf(bio));
      putBuffer(queue, machine, dioOf(bio));
      return refuse(queue, bio, error);
    }
    if (isChecked(machine)) {
      prepareCheck(queue, machine, dioOf(bio), isWrite);
      prepareCheck(queue, machine, dioOf(rest), isWrite);
    }
    must(submitBio<S, Mixed>(queue, scheme, bio));
    if (answer != JOINS) must(submitBio<S, Mixed>(queue, scheme, rest));
    return true;
  }

  ended<S>(queue: HostQueue, scheme: S, bio: Bio): void {
    const dio = dioOf(bio);
    const partner = changetype<Bio>(<usize>dio.partner);
    countForIo(dio.ioId);
    if (bio.bi_status != BLK_STS_OK) noteFailure(queue, bio);
    scheme.release(queue, bio, dio);
    endPiece(queue, bio, dio);
    if (dioOf(partner).isJoined) endPiece(queue, bio, dioOf(partner));
    dio.hasEnded = 1;
    if (!dioOf(partner).hasEnded) return;
    queue.completed += 1;
    bioFree(queue, bio);
    bioFree(queue, partner);
  }
}

/** The second piece, whatever bio it will lie in: the stream's next descriptor. */
function openRest(queue: HostQueue, bio: Bio): Bio {
  const io = nextDescriptor(queue);
  queue.streamPos += 1;
  const rest = bioAlloc(queue, bio.bi_opf, io.block);
  const first = dioOf(bio);
  const dio = dioOf(rest);
  memory.copy(changetype<usize>(dio), changetype<usize>(first), offsetof<Dio>());
  dio.block = io.block;
  dio.blocksOp = io.blocksOp;
  dio.lenBytes = (io.blocksOp & IO_BLOCKS_MASK) << SECTOR_SHIFT;
  dio.inRam = io.buffer >> 31;
  dio.bufferOffset = <u64>(io.buffer & IO_BUFFER_MASK) << PAGE_SHIFT;
  pair(first, rest);
  pair(dio, bio);
  must(bio.bi_sector + (first.lenBytes >> SECTOR_SHIFT) == io.block);
  return rest;
}

function pair(dio: Dio, partner: Bio): void {
  dio.partner = <u32>changetype<usize>(partner);
  dio.isJoined = 0;
  dio.hasEnded = 0;
}

function fill<S>(queue: HostQueue, scheme: S, bio: Bio, dio: Dio): i32 {
  const empty = getBuffer(queue, machineOf(queue), dio);
  if (empty != 0) return empty;
  const error = scheme.add(queue, bio, dio);
  if (error != 0) putBuffer(queue, machineOf(queue), dio);
  return error;
}

/** Without the hook a bio takes whatever memory comes. */
function joins<S>(queue: HostQueue, scheme: S, bio: Bio, dio: Dio): i32 {
  if (isDefined(scheme.joins)) return scheme.joins(queue, bio, dio);
  return JOINS;
}

function refuse(queue: HostQueue, bio: Bio, error: i32): bool {
  bioFree(queue, changetype<Bio>(<usize>dioOf(bio).partner));
  noteRefusal(queue, bio, error);
  queue.completed += 1;
  return true;
}

function endPiece(queue: HostQueue, bio: Bio, dio: Dio): void {
  const machine = machineOf(queue);
  if (isChecked(machine)) {
    if (bio.bi_status == BLK_STS_OK) checkDone(queue, machine, dio);
    else undoCheck(queue, dio);
  }
  putBuffer(queue, machine, dio);
  if (dio.isJoined) dio.hasEnded = 1;
}

/** As flow direct. */
export function run<S>(queue: HostQueue, budget: u32, idleTurns: u32): u32 {
  const scheme = bindScheme<S>(queue);
  countInto(<usize>queue.counters, machineOf(queue));
  const before = queue.completed;
  const issuedBefore = queue.issued;
  let idle: u32 = 0;
  while (idle <= idleTurns) {
    const until = min(queue.completionMark - before, budget) + before;
    const reaped = reap<S, Mixed>(queue, scheme, until);
    if (<i32>(until - queue.completed) <= 0) break;
    const sent = submitBatches<S, Mixed>(queue, scheme, issuedBefore + budget);
    if (queue.issued - issuedBefore >= budget) break;
    idle = sent || reaped > 0 ? 0 : idle + 1;
  }
  return queue.completed - before;
}
