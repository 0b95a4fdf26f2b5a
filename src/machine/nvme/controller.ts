// The NVMe controller of one queue pair: fetches SQEs, walks their PRPs, routes every transfer, moves the data, posts
// CQEs. It knows bus addresses only: neither pages nor schemes. NVMe base specification 2.0, 3.3 and 4.3.1.
// Left out: media timing (it is as fast as this processor), arbitration, SGLs.
import { ringIfSleeping } from "../base/bell";
import { Machine, movesData } from "../layout/machine";
import {
  NVME_CTRL_PAGE_SIZE, NVME_OP_READ, NVME_OP_WRITE, NVME_RW_FUA, NVME_SC_DATA_XFER_ERROR, NVME_SC_INVALID_NS, NVME_SC_LBA_RANGE,
  NVME_SC_PRP_OFFSET_INVALID, NVME_SC_SUCCESS, NvmeCommand, PRP_PAGE_ENTRIES,
} from "../layout/nvme";
import { DeviceQueue, QueueShared } from "../layout/queue";
import { SECTOR_SHIFT } from "../layout/request";
import { route } from "../pci/routing";
import { executeOther } from "./operations";
import { advanceZone, checkZone } from "./zoned";

const PAGE_MASK: u64 = NVME_CTRL_PAGE_SIZE - 1;

/** Serves what the doorbell announces, at most `budget` commands. Returns how many. */
export function serve(queue: DeviceQueue, budget: u32): u32 {
  // Meets the host's store in ringSqDoorbell: SQEs and PRP lists up to this tail are visible.
  const tail = atomic.load<u32>(<usize>queue.shared + offsetof<QueueShared>("sqDoorbell"));
  let served: u32 = 0;
  let unpublished: u32 = 0;
  while (queue.sqHead != tail && served < budget && hasCqRoom(queue)) {
    const command = changetype<NvmeCommand>(<usize>queue.sq + (<usize>queue.sqHead << 6));
    if (++queue.sqHead == queue.depth) queue.sqHead = 0;
    const status = execute(queue, command);
    if (status != NVME_SC_SUCCESS) queue.errors += 1;
    postCompletion(queue, command.command_id, status);
    served++;
    if (++unpublished == queue.coalesce) {
      publish(queue);
      unpublished = 0;
    }
  }
  if (unpublished > 0) publish(queue);
  queue.commands += served;
  return served;
}

/** The CQ is full when its tail would meet the host's head; the head is read again only then. */
@inline
function hasCqRoom(queue: DeviceQueue): bool {
  const next = queue.cqTail + 1 == queue.depth ? 0 : queue.cqTail + 1;
  if (next != queue.cqHeadSeen) return true;
  // Meets the host's store in reap: entries before the new head may be overwritten.
  queue.cqHeadSeen = atomic.load<u32>(<usize>queue.shared + offsetof<QueueShared>("cqDoorbell"));
  return next != queue.cqHeadSeen;
}

@inline
function postCompletion(queue: DeviceQueue, commandId: u16, status: u16): void {
  const cqe = <usize>queue.cq + (<usize>queue.cqTail << 4);
  store<u64>(cqe, 0);
  store<u64>(
    cqe,
    <u64>queue.sqHead | (<u64>queue.sqid << 16) | (<u64>commandId << 32) | (<u64>((<u32>status << 1) | queue.cqPhase) << 48),
    8,
  );
  queue.posted += 1;
  if (++queue.cqTail == queue.depth) {
    queue.cqTail = 0;
    queue.cqPhase ^= 1;
  }
}

@inline
function publish(queue: DeviceQueue): void {
  // Meets the host's load in reap: the CQEs and the data moved before it are visible.
  atomic.store<u32>(<usize>queue.shared + offsetof<QueueShared>("cqPosted"), queue.posted);
  queue.wakeups += ringIfSleeping(<usize>queue.peerBell);
}

/** Executes one command; its status code. */
function execute(queue: DeviceQueue, command: NvmeCommand): u16 {
  const opcode = command.opcode;
  if (opcode != NVME_OP_READ && opcode != NVME_OP_WRITE) return executeOther(queue, command);
  if (command.nsid != queue.nsid) return NVME_SC_INVALID_NS;
  const blocks = <u64>command.length + 1;
  if (command.slba + blocks > queue.nsBlocks) return NVME_SC_LBA_RANGE;
  const isWrite = opcode == NVME_OP_WRITE;
  // On the medium when it ends is what every write is here: there is no write cache.
  if (isWrite && (command.control & NVME_RW_FUA) != 0) queue.fuaWrites += 1;
  if (queue.zones == 0) return moveAll(queue, command, <u32>blocks, isWrite);
  const refusal = checkZone(queue, command.slba, blocks, isWrite);
  if (refusal != NVME_SC_SUCCESS) return refusal;
  const status = moveAll(queue, command, <u32>blocks, isWrite);
  if (isWrite && status == NVME_SC_SUCCESS) advanceZone(queue, command.slba, <u32>blocks);
  return status;
}

/** Moves the data of a read or write between its PRPs and the medium. */
@inline
function moveAll(queue: DeviceQueue, command: NvmeCommand, blocks: u32, isWrite: bool): u16 {
  let left = blocks << SECTOR_SHIFT;
  let mediaAt = <u32>(command.slba << SECTOR_SHIFT) & (queue.mediaBytes - 1);
  const first = min(left, NVME_CTRL_PAGE_SIZE - <u32>(command.prp1 & PAGE_MASK));
  if (!transfer(queue, command.prp1, first, mediaAt, isWrite)) return NVME_SC_DATA_XFER_ERROR;
  left -= first;
  if (left == 0) return NVME_SC_SUCCESS;
  mediaAt = wrapMedia(queue, mediaAt + first);
  if (left <= NVME_CTRL_PAGE_SIZE) {
    if (command.prp2 & PAGE_MASK) return NVME_SC_PRP_OFFSET_INVALID;
    return transfer(queue, command.prp2, left, mediaAt, isWrite) ? NVME_SC_SUCCESS : NVME_SC_DATA_XFER_ERROR;
  }
  return walkList(queue, command.prp2, left, mediaAt, isWrite);
}

/** Follows a PRP list, which starts anywhere in its page and whose last entry points on when more remains. */
function walkList(queue: DeviceQueue, listAddress: u64, bytes: u32, mediaStart: u32, isWrite: bool): u16 {
  let list = routeList(queue, listAddress);
  if (list == 0) return NVME_SC_DATA_XFER_ERROR;
  let entriesLeft = PRP_PAGE_ENTRIES - (<u32>(listAddress & PAGE_MASK) >> 3);
  let mediaAt = mediaStart;
  let left = bytes;
  while (left > 0) {
    let entry = load<u64>(list);
    if (entriesLeft == 1 && left > NVME_CTRL_PAGE_SIZE) {
      list = routeList(queue, entry);
      if (list == 0) return NVME_SC_DATA_XFER_ERROR;
      entriesLeft = PRP_PAGE_ENTRIES;
      entry = load<u64>(list);
    }
    if (entry & PAGE_MASK) return NVME_SC_PRP_OFFSET_INVALID;
    const take = min(left, NVME_CTRL_PAGE_SIZE);
    if (!transfer(queue, entry, take, mediaAt, isWrite)) return NVME_SC_DATA_XFER_ERROR;
    mediaAt = wrapMedia(queue, mediaAt + take);
    left -= take;
    list += 8;
    entriesLeft--;
  }
  return NVME_SC_SUCCESS;
}

/** Where a list page is; only the part to the page's end is read. */
@inline
function routeList(queue: DeviceQueue, address: u64): usize {
  return route(queue, address, 8);
}

@inline
function wrapMedia(queue: DeviceQueue, at: u32): u32 {
  return at >= queue.mediaBytes ? at - queue.mediaBytes : at;
}

/** One transfer inside one page: routed always, moved when the run moves payload. */
@inline
function transfer(queue: DeviceQueue, address: u64, bytes: u32, mediaAt: u32, isWrite: bool): bool {
  const memoryAt = route(queue, address, bytes);
  if (memoryAt == 0) return false;
  if (!movesData(changetype<Machine>(<usize>queue.machine))) return true;
  move(queue, memoryAt, bytes, mediaAt, isWrite);
  return true;
}

function move(queue: DeviceQueue, memoryAt: usize, bytes: u32, mediaAt: u32, isWrite: bool): void {
  const toEnd = min(bytes, queue.mediaBytes - mediaAt);
  const mediaPointer = <usize>queue.media + <usize>mediaAt;
  if (isWrite) {
    memory.copy(mediaPointer, memoryAt, toEnd);
    if (toEnd < bytes) memory.copy(<usize>queue.media, memoryAt + toEnd, bytes - toEnd);
  } else {
    memory.copy(memoryAt, mediaPointer, toEnd);
    if (toEnd < bytes) memory.copy(memoryAt + toEnd, <usize>queue.media, bytes - toEnd);
  }
  queue.bytesMoved += bytes;
}
