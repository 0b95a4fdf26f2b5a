// The controller's commands besides Read and Write: Zone Management Send (zoned.ts), Flush (NVMe base specification 2.0, 7.1: 00h) and Dataset
// Management (NVM command set specification 1.0, 3.2.3: 09h). Trimmed blocks read as zeroes (DLFEAT 001b), which is written where data are looked at: a drive
// changes its mapping tables instead.
import { isChecked, Machine } from "../layout/machine";
import {
  NVME_CTRL_PAGE_SIZE, NVME_DSMGMT_AD, NVME_OP_DSM, NVME_OP_FLUSH, NVME_OP_ZONE_MGMT_SEND, NVME_SC_DATA_XFER_ERROR, NVME_SC_INVALID_NS,
  NVME_SC_INVALID_OPCODE, NVME_SC_LBA_RANGE, NVME_SC_PRP_OFFSET_INVALID, NVME_SC_SUCCESS, NvmeCommand, NvmeDsmRange,
} from "../layout/nvme";
import { DeviceQueue } from "../layout/queue";
import { SECTOR_SHIFT } from "../layout/request";
import { route } from "../pci/routing";
import { manageZones } from "./zoned";

const PAGE_MASK: u64 = NVME_CTRL_PAGE_SIZE - 1;
/** NSID that means all namespaces; this controller has one. */
const NVME_NSID_ALL: u32 = 0xffffffff;

/** Executes a command that moves no data of the host's; its status code. */
export function executeOther(queue: DeviceQueue, command: NvmeCommand): u16 {
  const opcode = command.opcode;
  if (opcode == NVME_OP_FLUSH) return flush(queue, command);
  if (opcode != NVME_OP_DSM && opcode != NVME_OP_ZONE_MGMT_SEND) return NVME_SC_INVALID_OPCODE;
  if (command.nsid != queue.nsid) return NVME_SC_INVALID_NS;
  return opcode == NVME_OP_DSM ? manageDataset(queue, command) : manageZones(queue, command);
}

/** What has ended is on the medium already: the write cache holds nothing longer than a command. */
function flush(queue: DeviceQueue, command: NvmeCommand): u16 {
  const isKnown = command.nsid == queue.nsid || command.nsid == NVME_NSID_ALL;
  return isKnown ? NVME_SC_SUCCESS : NVME_SC_INVALID_NS;
}

/** Command dword 10: number of ranges, zero based, in its low byte; dword 11: attributes. */
function manageDataset(queue: DeviceQueue, command: NvmeCommand): u16 {
  const count = <u32>(command.slba & 0xff) + 1;
  const isDeallocate = (<u32>(command.slba >> 32) & NVME_DSMGMT_AD) != 0;
  if (command.prp1 & 3) return NVME_SC_PRP_OFFSET_INVALID;
  for (let i: u32 = 0; i < count; i++) {
    const at = rangeAt(queue, command, i);
    if (at == 0) return NVME_SC_DATA_XFER_ERROR;
    const range = changetype<NvmeDsmRange>(at);
    const blocks = <u64>range.nlb;
    if (blocks > queue.nsBlocks || range.slba > queue.nsBlocks - blocks) return NVME_SC_LBA_RANGE;
    if (isDeallocate) deallocate(queue, range.slba, blocks);
  }
  return NVME_SC_SUCCESS;
}

/** Where a range is: in the page of PRP1 or, behind that, of PRP2. 0 when nothing is there. */
function rangeAt(queue: DeviceQueue, command: NvmeCommand, index: u32): usize {
  const offset = <u32>(command.prp1 & PAGE_MASK) + index * offsetof<NvmeDsmRange>();
  const page = offset < NVME_CTRL_PAGE_SIZE ? command.prp1 & ~PAGE_MASK : command.prp2;
  return route(queue, page + <u64>(offset & <u32>PAGE_MASK), offsetof<NvmeDsmRange>());
}

function deallocate(queue: DeviceQueue, slba: u64, blocks: u64): void {
  if (!isChecked(changetype<Machine>(<usize>queue.machine))) return;
  const bytes = <u32>min<u64>(blocks << SECTOR_SHIFT, <u64>queue.mediaBytes);
  const first = <u32>(slba << SECTOR_SHIFT) & (queue.mediaBytes - 1);
  const toEnd = min(bytes, queue.mediaBytes - first);
  memory.fill(<usize>queue.media + <usize>first, 0, toEnd);
  if (toEnd < bytes) memory.fill(<usize>queue.media, 0, bytes - toEnd);
}
