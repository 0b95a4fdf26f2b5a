// With data checks, what is in flight. I/Os that share blocks or buffers go one after another (fio's serialize_overlap), so
// that each check is exact whatever the depth is and however little the stream works on. The stream says which to look at
// (IO_OVERLAPS): those that the lab could not keep apart when it compiled it.
import { Machine } from "../layout/machine";
import { NVME_OP_DSM } from "../layout/nvme";
import { PAGE_SHIFT } from "../layout/page";
import { Dio, HostQueue, WAITS_FOR_OTHERS } from "../layout/queue";
import { SECTOR_SHIFT } from "../layout/request";
import { BUFFERS_POOL, IO_BLOCKS_MASK, IO_BUFFER_MASK, IoDescriptor, opcodeOf } from "../layout/stream";

/** Whether the I/O meets one in flight, on the medium or in memory, as both are folded into their windows. */
export function overlapsInFlight(queue: HostQueue, machine: Machine, io: IoDescriptor): bool {
  const bytes = (io.blocksOp & IO_BLOCKS_MASK) << SECTOR_SHIFT;
  const mediaMask = (queue.mediaBlocks << SECTOR_SHIFT) - 1;
  for (let i: u32 = 0; i < queue.inFlightCount; i++) {
    const other = changetype<Dio>(<usize>load<u32>(<usize>queue.inFlight + (<usize>i << 2)));
    if (meets(io.block << SECTOR_SHIFT, bytes, other.block << SECTOR_SHIFT, other.lenBytes, mediaMask)) return true;
    if (sharesBuffer(queue, machine, io, other)) return true;
  }
  return false;
}

function sharesBuffer(queue: HostQueue, machine: Machine, io: IoDescriptor, other: Dio): bool {
  const inRam = io.buffer >> 31;
  if (inRam != other.inRam || hasNoBuffer(io.blocksOp) || hasNoBuffer(other.blocksOp)) return false;
  // The pool gives memory to one I/O at a time.
  if (!inRam && machine.buffers == BUFFERS_POOL) return false;
  const bytes = (io.blocksOp & IO_BLOCKS_MASK) << SECTOR_SHIFT;
  const offset = <u64>((io.buffer & IO_BUFFER_MASK) ^ queue.bufferSkew) << PAGE_SHIFT;
  return meets(offset, bytes, other.bufferOffset, other.lenBytes, inRam ? machine.ramWindowMask : machine.barWindowMask);
}

@inline
function hasNoBuffer(blocksOp: u32): bool {
  return opcodeOf(blocksOp) == NVME_OP_DSM;
}

/** Whether two ranges meet in a window of mask + 1 bytes. */
@inline
function meets(a: u64, aBytes: u32, b: u64, bBytes: u32, mask: u32): bool {
  return (<u32>(b - a) & mask) < aBytes || (<u32>(a - b) & mask) < bBytes;
}

export function addInFlight(queue: HostQueue, dio: Dio): void {
  const place = queue.inFlightCount;
  dio.partner = place;
  store<u32>(<usize>queue.inFlight + (<usize>place << 2), <u32>changetype<usize>(dio));
  queue.inFlightCount = place + 1;
}

/** The I/O has ended: who waited for others looks again. */
export function removeInFlight(queue: HostQueue, dio: Dio): void {
  const last = queue.inFlightCount - 1;
  const moved = load<u32>(<usize>queue.inFlight + (<usize>last << 2));
  store<u32>(<usize>queue.inFlight + (<usize>dio.partner << 2), moved);
  changetype<Dio>(<usize>moved).partner = dio.partner;
  queue.inFlightCount = last;
  if (queue.pendingBio == WAITS_FOR_OTHERS) queue.pendingBio = 0;
}
