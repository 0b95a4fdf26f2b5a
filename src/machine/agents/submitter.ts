// The submitter: takes the next I/O of the access stream, gets its buffer, fills a bio, sends it; ends it when it is done.
// Stands for the in-kernel user (buffers pool and fixed: nvmet_bdev_execute_rw without its transport) and for O_DIRECT
// (buffers user: __blkdev_direct_IO). Nothing here depends on the scheme but the three calls on it.
import { counters, countForIo } from "../counting";
import { bioAlloc, bioFree, dioOf } from "../block/bio";
import { submitBio } from "../block/submit";
import { Bio, BLK_STS_IOERR, BLK_STS_OK, REQ_OP_READ, REQ_OP_WRITE } from "../layout/bio";
import { Machine } from "../layout/machine";
import { NVME_OP_WRITE } from "../layout/nvme";
import { PAGE_SHIFT } from "../layout/page";
import { Dio, HostQueue } from "../layout/queue";
import { SECTOR_SHIFT } from "../layout/request";
import {
  BUFFERS_POOL, IO_BLOCKS_MASK, IO_BUFFER_MASK, IO_BUFFER_RAM, IO_OPCODE_SHIFT, IoDescriptor, PAYLOAD_VERIFY,
} from "../layout/stream";
import { POOL_FULL } from "../mm/gen_pool";
import { allocP2pmem, freeP2pmem } from "../pci/p2pmem";
import { drawSample, sampleEnd, sampleStart } from "./latency";
import { checkAccess, checkDone, prepareCheck, undoCheck } from "./verify";

/** Errno of an I/O that found the pool empty (pci_alloc_p2pmem returned NULL). */
const ENOMEM: i32 = 12;

/** Issues the next I/O of the stream. False when the rest of it waits for tags (queue.pendingBio). */
@inline
export function issueNext<S, F>(queue: HostQueue, scheme: S): bool {
  const machine = changetype<Machine>(<usize>queue.machine);
  const io = changetype<IoDescriptor>(<usize>queue.stream + (<usize>(queue.streamPos & queue.streamMask) << 4));
  queue.streamPos += 1;
  queue.issued += 1;
  const isWrite = <u8>(io.blocksOp >> IO_OPCODE_SHIFT) == NVME_OP_WRITE;
  const bio = bioAlloc(queue, isWrite ? REQ_OP_WRITE : REQ_OP_READ, io.block);
  const dio = dioOf(bio);
  const blocksOp = io.blocksOp;
  const buffer = io.buffer;
  dio.block = io.block;
  dio.blocksOp = blocksOp;
  dio.lenBytes = (blocksOp & IO_BLOCKS_MASK) << SECTOR_SHIFT;
  dio.inRam = buffer >> 31;
  dio.bufferOffset = <u64>(buffer & IO_BUFFER_MASK) << PAGE_SHIFT;
  dio.startNs = drawSample(queue) ? sampleStart() : 0;
  if (COUNTING) {
    dio.ioId = <u32>(counters().ios + 1);
    counters().ios += 1;
    countForIo(dio.ioId);
  }
  if (machine.buffers == BUFFERS_POOL && !dio.inRam) {
    dio.bufferOffset = allocP2pmem(machine, queue.queueIndex, dio.lenBytes);
    if (COUNTING) counters().poolAllocs += 1;
    if (dio.bufferOffset == POOL_FULL) return refuse(queue, machine, bio, -ENOMEM);
  }
  const error = scheme.add(queue, bio, dio);
  if (error != 0) {
    if (machine.buffers == BUFFERS_POOL && !dio.inRam) freeP2pmem(machine, queue.queueIndex, dio.bufferOffset, dio.lenBytes);
    return refuse(queue, machine, bio, error);
  }
  if (machine.payload == PAYLOAD_VERIFY) prepareCheck(queue, machine, dio, isWrite);
  return submitBio<S, F>(queue, scheme, bio);
}

/** An I/O that never left the submitter: counted as an error with its errno, and complete. */
function refuse(queue: HostQueue, machine: Machine, bio: Bio, error: i32): bool {
  if (queue.refused == 0) queue.refused = error;
  if (machine.payload == PAYLOAD_VERIFY) checkAccess(queue, machine, dioOf(bio));
  queue.errors += 1;
  queue.refusals += 1;
  queue.completed += 1;
  bioFree(queue, bio);
  return true;
}

/** The submitter's bi_end_io: check what arrived, let go of the buffer, count. */
@inline
export function completeIo<S>(queue: HostQueue, scheme: S, bio: Bio): void {
  const machine = changetype<Machine>(<usize>queue.machine);
  const dio = dioOf(bio);
  if (COUNTING) countForIo(dio.ioId);
  if (dio.startNs != 0) sampleEnd(queue, dio.startNs);
  if (bio.bi_status == BLK_STS_OK) {
    queue.bytesDone += dio.lenBytes;
    if (machine.payload == PAYLOAD_VERIFY) checkDone(queue, machine, dio);
  } else {
    noteFailure(queue, bio);
    if (machine.payload == PAYLOAD_VERIFY) undoCheck(queue, dio);
  }
  scheme.release(queue, bio, dio);
  if (machine.buffers == BUFFERS_POOL && !dio.inRam) freeP2pmem(machine, queue.queueIndex, dio.bufferOffset, dio.lenBytes);
  queue.completed += 1;
  bioFree(queue, bio);
}

function noteFailure(queue: HostQueue, bio: Bio): void {
  queue.errors += 1;
  if (bio.bi_status == BLK_STS_IOERR) queue.deviceFailures += 1;
  else queue.mapRefusals += 1;
  if (queue.firstError == 0) queue.firstError = <u32>bio.bi_status << 16;
}
