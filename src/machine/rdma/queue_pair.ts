// The driver's side of an RDMA queue pair: ib_post_send, ib_post_recv and ib_poll_cq as mlx5 does them
// (drivers/infiniband/hw/mlx5/wr.c, cq.c): work requests become entries of the ring, one doorbell for each chain.
// Left out: several queues on one CQ, inline sends, event channels.
import { ringIfSleeping } from "../base/bell";
import { counters } from "../base/counting";
import { must } from "../base/must";
import { NvmetRdmaCmd, NvmetRdmaQueue } from "../layout/nvmet";
import {
  IB_SEND_SIGNALED, IB_WR_LOCAL_INV, IB_WR_RDMA_READ, IB_WR_RDMA_WRITE, IB_WR_REG_MR, RDMA_BLOCK_SGES, RDMA_FIRST_SGES,
  RDMA_WQE_BYTES, RdmaCqe, RdmaDataSegment, RdmaQpShared, RdmaRecvWqe, RdmaWqe,
} from "../layout/rdma";
import { IbMr, IbRdmaWr, IbRegWr, IbSendWr, IbSge } from "../layout/rdma_rw";

/** Blocks of the send queue that a work request of `sges` data segments takes. */
@inline
export function blocksOf(sges: u32): u32 {
  return sges <= RDMA_FIRST_SGES ? 1 : 1 + (sges - RDMA_FIRST_SGES + RDMA_BLOCK_SGES - 1) / RDMA_BLOCK_SGES;
}

/** ib_post_send: the chain of work requests from `first` on, then the doorbell. Credits were taken before. */
export function postSend(queue: NvmetRdmaQueue, first: usize): void {
  let at = first;
  do {
    const wr = changetype<IbSendWr>(at);
    writeWqe(queue, wr);
    if (COUNTING) counters().workRequests += 1;
    at = <usize>wr.next;
  } while (at != 0);
  // Meets the RNIC's load in serveSends: the entries and what they point to become visible with it.
  atomic.store<u32>(<usize>queue.shared + offsetof<RdmaQpShared>("sqDoorbell"), queue.sqTail);
  if (COUNTING) counters().rdmaDoorbells += 1;
  queue.wakeups += ringIfSleeping(<usize>queue.rnicBell);
}

@inline
function blockAt(queue: NvmetRdmaQueue, block: u32): usize {
  return <usize>queue.sq + (<usize>(block & queue.sqMask) << 6);
}

function writeWqe(queue: NvmetRdmaQueue, wr: IbSendWr): void {
  const opcode = wr.opcode;
  const wqe = changetype<RdmaWqe>(blockAt(queue, queue.sqTail));
  const sges: u32 = opcode == IB_WR_REG_MR ? 1 : <u32>wr.num_sge;
  const blocks = blocksOf(sges);
  store<u64>(
    changetype<usize>(wqe),
    <u64>opcode | (<u64>(wr.send_flags & IB_SEND_SIGNALED) << 8) | (<u64>blocks << 16) | (<u64>sges << 24) | (wr.wr_cqe << 32),
  );
  if (opcode == IB_WR_REG_MR) {
    writeRegistration(wqe, changetype<IbRegWr>(changetype<usize>(wr)));
  } else {
    wqe.key = wr.invalidate_rkey;
    if (opcode == IB_WR_RDMA_WRITE || opcode == IB_WR_RDMA_READ) {
      const rdma = changetype<IbRdmaWr>(changetype<usize>(wr));
      wqe.remoteAddress = rdma.remote_addr;
      wqe.rkey = rdma.rkey;
    }
    for (let i: u32 = 0; i < sges; i++) {
      const sge = changetype<IbSge>(<usize>wr.sg_list + (<usize>i << 4));
      const segment = segmentAt(queue, i);
      segment.byteCount = sge.length;
      segment.lkey = sge.lkey;
      segment.address = sge.addr;
    }
  }
  queue.sqTail += blocks;
  if (COUNTING) counters().descriptorBytes += <u64>(blocks * RDMA_WQE_BYTES);
}

/** Fast registration: the region's range, key and the list of its pages. */
function writeRegistration(wqe: RdmaWqe, wr: IbRegWr): void {
  const mr = changetype<IbMr>(<usize>wr.mr);
  wqe.key = wr.key;
  wqe.remoteAddress = mr.iova;
  const list = changetype<RdmaDataSegment>(changetype<usize>(wqe) + offsetof<RdmaWqe>("sge0"));
  list.byteCount = <u32>mr.length;
  list.lkey = mr.page_count;
  list.address = mr.pages_bus;
}

/** Data segment `index` of the entry at the tail. */
@inline
function segmentAt(queue: NvmetRdmaQueue, index: u32): RdmaDataSegment {
  if (index < RDMA_FIRST_SGES) {
    return changetype<RdmaDataSegment>(blockAt(queue, queue.sqTail) + offsetof<RdmaWqe>("sge0") + (<usize>index << 4));
  }
  const rest = index - RDMA_FIRST_SGES;
  return changetype<RdmaDataSegment>(
    blockAt(queue, queue.sqTail + 1 + rest / RDMA_BLOCK_SGES) + (<usize>(rest % RDMA_BLOCK_SGES) << 4),
  );
}

/** ib_post_recv of one receive buffer. */
export function postRecv(queue: NvmetRdmaQueue, cmd: NvmetRdmaCmd): void {
  const wqe = changetype<RdmaRecvWqe>(
    <usize>queue.rq + <usize>(queue.rqTail & queue.rqMask) * offsetof<RdmaRecvWqe>(),
  );
  wqe.address = cmd.nvme_cmd_bus;
  wqe.byteCount = 64;
  wqe.token = <u32>changetype<usize>(cmd);
  wqe.inlineAddress = cmd.inline_bus;
  wqe.inlineBytes = cmd.inline_bytes;
  queue.rqTail += 1;
  // Meets the RNIC's load in capsuleBuffer.
  atomic.store<u32>(<usize>queue.shared + offsetof<RdmaQpShared>("rqDoorbell"), queue.rqTail);
  if (COUNTING) {
    counters().rdmaDoorbells += 1;
    counters().descriptorBytes += offsetof<RdmaRecvWqe>();
  }
}

/** Completions that wait, at most `most`. */
@inline
export function completionsReady(queue: NvmetRdmaQueue, most: u32): u32 {
  // Meets the RNIC's store in publish: the completions and the data moved before it are visible.
  return min(atomic.load<u32>(<usize>queue.shared + offsetof<RdmaQpShared>("cqPosted")) - queue.cqHead, most);
}

/** The next completion. Only after completionsReady. */
@inline
export function nextCompletion(queue: NvmetRdmaQueue): RdmaCqe {
  const cqe = changetype<RdmaCqe>(<usize>queue.cq + (<usize>(queue.cqHead & queue.cqMask) << 6));
  queue.cqHead += 1;
  return cqe;
}

/** mlx5_cq_set_ci: gives the entries consumed back, once for each poll. */
@inline
export function completionsDone(queue: NvmetRdmaQueue): void {
  // Meets the RNIC's load in hasCqRoom.
  atomic.store<u32>(<usize>queue.shared + offsetof<RdmaQpShared>("cqDoorbell"), queue.cqHead);
  if (COUNTING) counters().rdmaDoorbells += 1;
}

/** A local invalidation has no data and no address. */
export function clearInvalidation(wr: IbSendWr, key: u32): void {
  must(key != 0);
  wr.opcode = IB_WR_LOCAL_INV;
  wr.num_sge = 0;
  wr.wr_cqe = 0;
  wr.send_flags = 0;
  wr.invalidate_rkey = key;
}
