// Payload verification (fio's verify): every 512-byte block carries its address, its generation and a pattern made from
// both. Reads are checked where they should have landed, writes where the medium should hold them, at each completion.
// Trimmed blocks read as zeroes. The access stream never has two I/Os in flight on the same blocks or buffer, so each check is exact.
import { Machine } from "../layout/machine";
import { NVME_OP_WRITE } from "../layout/nvme";
import { BUFFER_REMOTE, Dio, HostQueue } from "../layout/queue";
import { SECTOR_SHIFT } from "../layout/request";
import { Initiator } from "../layout/rnic";
import { BUFFERS_USER, opcodeOf } from "../layout/stream";
import { POOL_FULL } from "../mm/gen_pool";
import { isCpuAccessLost } from "../pci/p2pmem";

const WORDS: u32 = 64;
const SPREAD: u64 = 0x9e3779b97f4a7c15;
/** In a generation: the block has been trimmed since it was written, and reads as zeroes. */
const DEALLOCATED: u32 = 1 << 31;

/** Fills the media window with generation 0 of every block. */
export function fillMedia(queue: HostQueue): void {
  for (let block: u32 = 0; block < queue.mediaBlocks; block++) {
    store<u32>(<usize>queue.generations + (<usize>block << 2), 0);
    writeBlock(<usize>queue.media + (<usize>block << SECTOR_SHIFT), block, 0);
  }
}

/** One look of the CPU at the I/O's buffer. False, and a counted SIGBUS, when the mapping that it would go through is gone. */
export function checkAccess(queue: HostQueue, machine: Machine, dio: Dio): bool {
  // A pool buffer that was not given is not looked at.
  if (dio.inRam || dio.bufferOffset == POOL_FULL || !isCpuAccessLost(machine, dio.bufferOffset, machine.buffers == BUFFERS_USER)) return true;
  queue.sigbus += 1;
  return false;
}

/** Before submission: a write's buffer gets the next generation, a read's buffer is spoilt. */
export function prepareCheck(queue: HostQueue, machine: Machine, dio: Dio, isWrite: bool): void {
  dio.unfilled = checkAccess(queue, machine, dio) ? 0 : 1;
  if (dio.unfilled) return;
  const blocks = dio.lenBytes >> SECTOR_SHIFT;
  for (let i: u32 = 0; i < blocks; i++) {
    const at = bufferBlock(queue, machine, dio, i);
    if (isWrite) {
      const block = mediaBlock(queue, dio, i);
      const slot = <usize>queue.generations + (<usize>block << 2);
      store<u32>(slot, (load<u32>(slot) & ~DEALLOCATED) + 1);
      writeBlock(at, block, load<u32>(slot));
    } else {
      store<u64>(at, u64.MAX_VALUE);
    }
  }
}

/**
 * After a failure: a write that did not happen leaves the generation before it. It may have happened in part, so its
 * blocks are written anew, as a file system would: nothing else has I/O on them.
 */
export function undoCheck(queue: HostQueue, dio: Dio): void {
  if (opcodeOf(dio.blocksOp) != NVME_OP_WRITE) return;
  const blocks = dio.lenBytes >> SECTOR_SHIFT;
  for (let i: u32 = 0; i < blocks; i++) {
    const block = mediaBlock(queue, dio, i);
    const slot = <usize>queue.generations + (<usize>block << 2);
    if (!dio.unfilled) store<u32>(slot, load<u32>(slot) - 1);
    writeBlock(<usize>queue.media + (<usize>block << SECTOR_SHIFT), block, load<u32>(slot));
  }
}

/** After completion: counts blocks that are right and blocks that are not. */
export function checkDone(queue: HostQueue, machine: Machine, dio: Dio): void {
  const blocks = dio.lenBytes >> SECTOR_SHIFT;
  const isWrite = opcodeOf(dio.blocksOp) == NVME_OP_WRITE;
  if (!isWrite && (dio.unfilled || !checkAccess(queue, machine, dio))) return;
  for (let i: u32 = 0; i < blocks; i++) {
    const block = mediaBlock(queue, dio, i);
    const generation = load<u32>(<usize>queue.generations + (<usize>block << 2));
    const at = isWrite ? <usize>queue.media + (<usize>block << SECTOR_SHIFT) : bufferBlock(queue, machine, dio, i);
    if (isBlock(at, block, generation)) continue;
    queue.verifyErrors += 1;
    if (isWrite) writeBlock(at, block, generation);
  }
  queue.verifiedBlocks += blocks;
}

/** After a trim: its blocks read as zeroes. After one that failed, and may have happened in part, they are written anew. */
export function checkTrim(queue: HostQueue, dio: Dio, isDone: bool): void {
  const blocks = min(dio.lenBytes >> SECTOR_SHIFT, queue.mediaBlocks);
  for (let i: u32 = 0; i < blocks; i++) {
    const block = mediaBlock(queue, dio, i);
    const slot = <usize>queue.generations + (<usize>block << 2);
    const at = <usize>queue.media + (<usize>block << SECTOR_SHIFT);
    if (isDone) {
      store<u32>(slot, load<u32>(slot) | DEALLOCATED);
      if (isBlock(at, block, load<u32>(slot))) continue;
      queue.verifyErrors += 1;
    }
    writeBlock(at, block, load<u32>(slot));
  }
  if (isDone) queue.verifiedBlocks += blocks;
}

/** Before a copy: its buffer and the blocks that it will write on B are spoilt. */
export function prepareCopyCheck(front: HostQueue, back: HostQueue, machine: Machine, dio: Dio): void {
  const blocks = dio.lenBytes >> SECTOR_SHIFT;
  for (let i: u32 = 0; i < blocks; i++) {
    store<u64>(bufferBlock(front, machine, dio, i), u64.MAX_VALUE);
    store<u64>(<usize>back.media + (<usize>mediaBlock(front, dio, i) << SECTOR_SHIFT), u64.MAX_VALUE);
  }
}

/** After a copy: B's medium must hold what A's holds, and that is what A was filled with. */
export function checkCopy(front: HostQueue, back: HostQueue, dio: Dio): void {
  const blocks = dio.lenBytes >> SECTOR_SHIFT;
  for (let i: u32 = 0; i < blocks; i++) {
    const block = mediaBlock(front, dio, i);
    const at = <usize>block << SECTOR_SHIFT;
    const generation = load<u32>(<usize>front.generations + (<usize>block << 2));
    const isRight = isBlock(<usize>front.media + at, block, generation) && isBlock(<usize>back.media + at, block, generation);
    if (!isRight) front.verifyErrors += 1;
  }
  front.verifiedBlocks += blocks;
}

@inline
function mediaBlock(queue: HostQueue, dio: Dio, index: u32): u32 {
  return <u32>(dio.block + index) & (queue.mediaBlocks - 1);
}

/** Memory of the buffer's block: the initiator's, or behind the BAR or RAM window, folded as the device folds it. */
@inline
function bufferBlock(queue: HostQueue, machine: Machine, dio: Dio, index: u32): usize {
  const offset = <usize>(dio.bufferOffset + (<u64>index << SECTOR_SHIFT));
  if (dio.inRam == BUFFER_REMOTE) {
    const initiator = changetype<Initiator>(changetype<usize>(queue));
    return <usize>initiator.memory + (offset & <usize>initiator.memoryMask);
  }
  return dio.inRam
    ? <usize>machine.ramWindow + (offset & <usize>machine.ramWindowMask)
    : <usize>machine.barWindow + (offset & <usize>machine.barWindowMask);
}

/** The first word of a block, and what each is more than the one before it. */
@inline
function seedOf(block: u32, generation: u32): u64 {
  return generation & DEALLOCATED ? 0 : ((<u64>block << 32) | generation) * SPREAD + 1;
}

@inline
function spreadOf(generation: u32): u64 {
  return generation & DEALLOCATED ? 0 : SPREAD;
}

function writeBlock(at: usize, block: u32, generation: u32): void {
  const spread = spreadOf(generation);
  let value = seedOf(block, generation);
  for (let i: u32 = 0; i < WORDS; i++) {
    store<u64>(at + (<usize>i << 3), value);
    value += spread;
  }
}

function isBlock(at: usize, block: u32, generation: u32): bool {
  const spread = spreadOf(generation);
  let value = seedOf(block, generation);
  let different: u64 = 0;
  for (let i: u32 = 0; i < WORDS; i++) {
    different |= load<u64>(at + (<usize>i << 3)) ^ value;
    value += spread;
  }
  return different == 0;
}
