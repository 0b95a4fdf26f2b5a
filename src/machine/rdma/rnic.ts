// The RNIC of one queue pair: executes work requests in order, routes every access to this host's memory by bus address as
// any other device does, moves data to and from the initiator at the other end of its wire, posts completions.
// InfiniBand specification 1.4, volume 1, chapters 9 and 10. It knows keys and bus addresses: neither pages nor schemes.
// Left out: the wire (packets, latency), and the queue pair's error state. There a failed request would end the connection
// and the initiator would make a new one; here it ends its own command, on both sides.
import { ringIfSleeping } from "../base/bell";
import { Machine, movesData } from "../layout/machine";
import { PAGE_SIZE } from "../layout/page";
import {
  IB_SEND_SIGNALED, IB_WC_LOC_PROT_ERR, IB_WC_RDMA_READ, IB_WC_RECV, IB_WC_REM_ACCESS_ERR, IB_WC_SEND, IB_WC_SUCCESS,
  IB_WC_WR_FLUSH_ERR, IB_WR_LOCAL_INV, IB_WR_RDMA_READ, IB_WR_RDMA_WRITE, IB_WR_REG_MR, IB_WR_SEND_WITH_INV,
  LOCAL_DMA_LKEY, RDMA_BLOCK_SGES, RDMA_FIRST_SGES, RDMA_KEY_SHIFT, RdmaCqe, RdmaDataSegment, RdmaQpShared, RdmaRecvWqe,
  RdmaWqe,
} from "../layout/rdma";
import { Initiator, InitiatorCommand, Rnic, RnicMr } from "../layout/rnic";
import { routeUntranslated } from "../pci/routing";
import { commandByKey, commandLost, responseArrived } from "./initiator";

const PAGE_MASK: u32 = PAGE_SIZE - 1;
/** Completions that are published together at most. */
const COALESCE: u32 = 32;

/** Executes what the send queue's doorbell announces, at most `budget` work requests. Returns how many. */
export function serveSends(rnic: Rnic, initiator: Initiator, budget: u32): u32 {
  // Meets the driver's store in postSend: entries and what they point to are visible up to this block.
  const tail = atomic.load<u32>(<usize>rnic.shared + offsetof<RdmaQpShared>("sqDoorbell"));
  let served: u32 = 0;
  while (rnic.sqHead != tail && served < budget && hasCqRoom(rnic)) {
    const wqe = changetype<RdmaWqe>(blockAt(rnic, rnic.sqHead));
    let status = IB_WC_WR_FLUSH_ERR;
    if (rnic.chainFailed == 0) {
      status = execute(rnic, initiator, wqe);
      if (status != IB_WC_SUCCESS) {
        rnic.errors += 1;
        rnic.chainFailed = 1;
      }
    }
    if (rnic.chainFailed != 0) loseCommand(initiator, wqe);
    if (wqe.flags & <u8>IB_SEND_SIGNALED) {
      postCompletion(rnic, wqe.token, wqe.opcode == <u8>IB_WR_RDMA_READ ? IB_WC_RDMA_READ : IB_WC_SEND, status, 0);
      rnic.chainFailed = 0;
    }
    rnic.sqHead += <u32>wqe.blocks;
    served++;
  }
  rnic.requests += served;
  return served;
}

@inline
function blockAt(rnic: Rnic, block: u32): usize {
  return <usize>rnic.sq + (<usize>(block & rnic.sqMask) << 6);
}

/** Executes one work request; its completion status. */
function execute(rnic: Rnic, initiator: Initiator, wqe: RdmaWqe): u32 {
  const opcode = <u32>wqe.opcode;
  if (opcode == IB_WR_RDMA_WRITE || opcode == IB_WR_RDMA_READ) return transferAll(rnic, initiator, wqe);
  if (opcode == IB_WR_REG_MR) return registerRegion(rnic, wqe);
  if (opcode == IB_WR_LOCAL_INV) {
    mrOf(rnic, wqe.key).key = 0;
    return IB_WC_SUCCESS;
  }
  const sge = sgeAt(rnic, 0);
  const from = local(rnic, sge.lkey, sge.address, sge.byteCount);
  if (from == 0) return IB_WC_LOC_PROT_ERR;
  responseArrived(initiator, from, wqe.key);
  return IB_WC_SUCCESS;
}

/** A chain whose request failed is flushed up to its signaled end, and the initiator's command is lost with it. */
function loseCommand(initiator: Initiator, wqe: RdmaWqe): void {
  const opcode = <u32>wqe.opcode;
  if (opcode == IB_WR_RDMA_WRITE || opcode == IB_WR_RDMA_READ) commandLost(initiator, wqe.rkey);
  else if (opcode == IB_WR_SEND_WITH_INV) commandLost(initiator, wqe.key);
}

/** Data segment `index` of the entry at the head. */
@inline
function sgeAt(rnic: Rnic, index: u32): RdmaDataSegment {
  if (index < RDMA_FIRST_SGES) {
    return changetype<RdmaDataSegment>(blockAt(rnic, rnic.sqHead) + offsetof<RdmaWqe>("sge0") + (<usize>index << 4));
  }
  const rest = index - RDMA_FIRST_SGES;
  return changetype<RdmaDataSegment>(
    blockAt(rnic, rnic.sqHead + 1 + rest / RDMA_BLOCK_SGES) + (<usize>(rest % RDMA_BLOCK_SGES) << 4),
  );
}

/** RDMA WRITE: this host's memory to the initiator's. RDMA READ: the other way. */
function transferAll(rnic: Rnic, initiator: Initiator, wqe: RdmaWqe): u32 {
  const command = commandByKey(initiator, wqe.rkey);
  if (changetype<usize>(command) == 0) return IB_WC_REM_ACCESS_ERR;
  let remote = wqe.remoteAddress;
  for (let i: u32 = 0; i < <u32>wqe.sges; i++) {
    const sge = sgeAt(rnic, i);
    if (remote < command.address || remote + sge.byteCount > command.address + command.lenBytes) return IB_WC_REM_ACCESS_ERR;
    if (!transfer(rnic, initiator, sge, remote, <u32>wqe.opcode == IB_WR_RDMA_READ)) return IB_WC_LOC_PROT_ERR;
    remote += sge.byteCount;
  }
  return IB_WC_SUCCESS;
}

/** One data segment, page by page: routed always, moved when the run moves payload. */
function transfer(rnic: Rnic, initiator: Initiator, sge: RdmaDataSegment, remote: u64, isRead: bool): bool {
  const moves = movesData(changetype<Machine>(<usize>rnic.machine));
  let address = sge.address;
  let left = sge.byteCount;
  let far = remote;
  while (left > 0) {
    const bytes = min(left, PAGE_SIZE - (<u32>address & PAGE_MASK));
    const here = local(rnic, sge.lkey, address, bytes);
    if (here == 0) return false;
    if (moves) move(rnic, initiator, here, far, bytes, isRead);
    address += bytes;
    far += bytes;
    left -= bytes;
  }
  return true;
}

function move(rnic: Rnic, initiator: Initiator, here: usize, remote: u64, bytes: u32, isRead: bool): void {
  const there = <usize>initiator.memory + (<usize>remote & <usize>initiator.memoryMask);
  if (isRead) memory.copy(here, there, bytes);
  else memory.copy(there, here, bytes);
  rnic.bytesMoved += bytes;
}

/** wasm address behind a local key and an address inside one page; 0 when the key is wrong or nothing claims the address. */
@inline
function local(rnic: Rnic, lkey: u32, address: u64, bytes: u32): usize {
  if (lkey == LOCAL_DMA_LKEY) return routeUntranslated(rnic, address, bytes);
  return inRegion(rnic, lkey, address, bytes);
}

function inRegion(rnic: Rnic, lkey: u32, address: u64, bytes: u32): usize {
  const mr = mrOf(rnic, lkey);
  const offset = address - mr.iova;
  if (mr.key != lkey || offset >= mr.lenBytes || mr.lenBytes - offset < <u64>bytes) return 0;
  const inFirst = mr.iova & PAGE_MASK;
  const page = <u32>((offset + inFirst) / PAGE_SIZE);
  return routeUntranslated(rnic, load<u64>(<usize>mr.pages + (<usize>page << 3)) + (address & PAGE_MASK), bytes);
}

/** The region that a key names, whether or not it is valid. Keys come from the driver's own regions. */
@inline
function mrOf(rnic: Rnic, key: u32): RnicMr {
  const index = min((key >> RDMA_KEY_SHIFT) - 1, rnic.mrCount - 1);
  return changetype<RnicMr>(<usize>rnic.mrs + <usize>index * offsetof<RnicMr>());
}

/** Fast registration: the page list is fetched from host memory once, here. */
function registerRegion(rnic: Rnic, wqe: RdmaWqe): u32 {
  const mr = mrOf(rnic, wqe.key);
  const list = sgeAt(rnic, 0);
  if (mr.key != 0) return IB_WC_LOC_PROT_ERR;
  const from = routeUntranslated(rnic, list.address, list.lkey << 3);
  if (from == 0) return IB_WC_LOC_PROT_ERR;
  memory.copy(<usize>mr.pages, from, <usize>list.lkey << 3);
  mr.key = wqe.key;
  mr.iova = wqe.remoteAddress;
  mr.lenBytes = list.byteCount;
  mr.pageCount = list.lkey;
  return IB_WC_SUCCESS;
}

/** Where the next capsule of the initiator goes: a receive entry's buffer, or 0 when none is posted (receiver not ready). */
@inline
export function capsuleBuffer(rnic: Rnic): usize {
  if (rnic.rqHead == rnic.rqSeen) {
    // Meets the driver's store in postRecv.
    rnic.rqSeen = atomic.load<u32>(<usize>rnic.shared + offsetof<RdmaQpShared>("rqDoorbell"));
    if (rnic.rqHead == rnic.rqSeen) return 0;
  }
  if (!hasCqRoom(rnic)) return 0;
  return routeUntranslated(rnic, recvAt(rnic).address, 64);
}

@inline
function recvAt(rnic: Rnic): RdmaRecvWqe {
  return changetype<RdmaRecvWqe>(<usize>rnic.rq + <usize>(rnic.rqHead & rnic.rqMask) * offsetof<RdmaRecvWqe>());
}

/** The capsule is in its buffer; `inlineBytes` of data from the initiator's memory follow. Completes the receive. */
export function capsuleArrived(rnic: Rnic, initiator: Initiator, command: InitiatorCommand, inlineBytes: u32): void {
  const recv = recvAt(rnic);
  const moves = movesData(changetype<Machine>(<usize>rnic.machine));
  for (let done: u32 = 0; done < inlineBytes; done += PAGE_SIZE) {
    const bytes = min(inlineBytes - done, PAGE_SIZE);
    const here = routeUntranslated(rnic, recv.inlineAddress + done, bytes);
    if (moves && here != 0) move(rnic, initiator, here, command.address + done, bytes, true);
  }
  rnic.rqHead += 1;
  postCompletion(rnic, recv.token, IB_WC_RECV, IB_WC_SUCCESS, 64 + inlineBytes);
}

@inline
function hasCqRoom(rnic: Rnic): bool {
  if (rnic.posted - rnic.cqSeen <= rnic.cqMask) return true;
  // Meets the driver's store in completionsDone: entries before this position may be written again.
  rnic.cqSeen = atomic.load<u32>(<usize>rnic.shared + offsetof<RdmaQpShared>("cqDoorbell"));
  return rnic.posted - rnic.cqSeen <= rnic.cqMask;
}

@inline
function postCompletion(rnic: Rnic, token: u32, opcode: u32, status: u32, bytes: u32): void {
  const cqe = changetype<RdmaCqe>(<usize>rnic.cq + (<usize>(rnic.posted & rnic.cqMask) << 6));
  cqe.token = token;
  cqe.opcode = opcode;
  cqe.status = status;
  cqe.byteCount = bytes;
  rnic.posted += 1;
  if (rnic.posted - rnic.published >= COALESCE) publish(rnic);
}

/** Makes the completions posted so far visible and wakes the host. */
export function publish(rnic: Rnic): void {
  if (rnic.posted == rnic.published) return;
  rnic.published = rnic.posted;
  // Meets the driver's load in completionsReady: the completions and the data moved before it are visible.
  atomic.store<u32>(<usize>rnic.shared + offsetof<RdmaQpShared>("cqPosted"), rnic.posted);
  rnic.wakeups += ringIfSleeping(<usize>rnic.hostBell);
}
