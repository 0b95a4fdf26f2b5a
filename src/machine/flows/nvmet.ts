// @summary an NVMe-oF target between RNIC and drive
//
// Flow `nvmet`: the host CPU of an NVMe-oF target on RDMA (drivers/nvme/target/rdma.c, io-cmd-bdev.c, 6.12). A command arrives
// in a receive buffer; its buffer is taken and mapped for the RNIC; for a write the data is read over the wire, then the
// block device is asked; for a read it is asked first, and the data goes with the response. The block path is that of
// every flow, one plug for each command, as nvmet_bdev_execute_rw has it.
// Left out: admin queue, keep-alive, metadata, flush and discard, shared receive queues. A request that fails on the RNIC
// ends its own command, where Linux would tear the connection down and the initiator would make a new one.
import { bindScheme, instanceOf } from "../agents/scheme_instance";
import { countForIo, countInto, counters } from "../base/counting";
import { must } from "../base/must";
import { bioAdd, bioAlloc, bioFree } from "../block/bio";
import { submitBio } from "../block/submit";
import { tagFree } from "../block/tags";
import { Bio, BLK_STS_OK, BLK_STS_TARGET, REQ_OP_READ, REQ_OP_WRITE } from "../layout/bio";
import { ENODEV } from "../layout/errno";
import { DmaClient } from "../layout/machine";
import {
  NVME_OP_READ, NVME_OP_WRITE, NVME_SC_INVALID_FIELD, NVME_SC_INVALID_NS, NVME_SC_INVALID_OPCODE, NVME_SC_LBA_RANGE,
  NVME_SC_SUCCESS, NvmeCommand,
} from "../layout/nvme";
import { NVMET_RDMA_REQ_INLINE_DATA, NvmetRdmaCmd, NvmetRdmaQueue, NvmetRdmaRsp, RSP_RW, RSP_SEND_WR } from "../layout/nvmet";
import { PAGE_SIZE } from "../layout/page";
import { Dio, dioOf, HostQueue, machineOf } from "../layout/queue";
import {
  IB_SEND_SIGNALED, IB_WC_RDMA_READ, IB_WC_RECV, IB_WC_SUCCESS, IB_WR_SEND, IB_WR_SEND_WITH_INV, NVME_INLINE_SGL,
  NVME_KEYED_SGL, NVME_KEYED_SGL_INVALIDATE, NVMET_NSID_P2P, NVMET_NSID_RAM, NVMET_RDMA_MAX_BYTES, RdmaCqe,
} from "../layout/rdma";
import { IbSendWr, RdmaRwCtx } from "../layout/rdma_rw";
import { SECTOR_SHIFT } from "../layout/request";
import { peekFree, pushFree } from "../mm/free_stack";
import { physToPage } from "../mm/page";
import { flushPlug, NvmeMqOps, reap } from "../nvme/host";
import { allocBuffer, freeBuffer, ramPhysOf, useInlineBuffer } from "../rdma/buffers";
import { completionsDone, completionsReady, nextCompletion, postRecv, postSend } from "../rdma/queue_pair";
import { rwCtxDestroy, rwCtxInit, rwCtxWrs } from "../rdma/rw";

/** Completions handled before the queue is polled anew (IB_POLL_BATCH). */
const IB_POLL_BATCH: u32 = 16;
const NVME_SC_INTERNAL: u16 = 0x6;
const NVME_SC_SGL_INVALID_TYPE: u16 = 0x11;
const NVME_SC_SGL_INVALID_OFFSET: u16 = 0x16;
const NVME_SC_DNR: u16 = 0x4000;

@inline
function targetOf(queue: HostQueue): NvmetRdmaQueue {
  return changetype<NvmetRdmaQueue>(<usize>queue.nvmet);
}

@inline
function ctxOf(rsp: NvmetRdmaRsp): RdmaRwCtx {
  return changetype<RdmaRwCtx>(changetype<usize>(rsp) + RSP_RW);
}

@inline
function commandOf(rsp: NvmetRdmaRsp): NvmeCommand {
  return changetype<NvmeCommand>(<usize>rsp.req_cmd);
}

@inline
function isWrite(rsp: NvmetRdmaRsp): bool {
  return commandOf(rsp).opcode == NVME_OP_WRITE;
}

@inline
function isInline(rsp: NvmetRdmaRsp): bool {
  return (rsp.flags & NVMET_RDMA_REQ_INLINE_DATA) != 0;
}

/** What happens when a bio of this flow has ended: nvmet_bio_done, nvmet_req_complete. */
@unmanaged
export class Nvmet extends NvmeMqOps {
  ended<S>(queue: HostQueue, scheme: S, bio: Bio): void {
    const rsp = changetype<NvmetRdmaRsp>(<usize>bio.bi_private);
    if (COUNTING) countForIo(<u32>rsp.req_io);
    const blockStatus = bio.bi_status;
    scheme.release(queue, bio, dioOf(bio));
    bioFree(queue, bio);
    if (blockStatus != BLK_STS_OK && queue.firstError == 0) queue.firstError = <u32>blockStatus << 16;
    queueResponse(targetOf(queue), rsp, statusOf(blockStatus));
  }
}

/** blk_to_nvme_status. */
@inline
function statusOf(blockStatus: u8): u16 {
  if (blockStatus == BLK_STS_OK) return NVME_SC_SUCCESS;
  return (blockStatus == BLK_STS_TARGET ? NVME_SC_LBA_RANGE : NVME_SC_INTERNAL) | NVME_SC_DNR;
}

/**
 * Works until `budget` completions were handled or nothing has moved for more than `idleTurns` turns. Returns what was
 * handled. The front of this flow is the initiator; the queue's own issued and completed count commands received and
 * let go.
 */
export function run<S>(queue: HostQueue, budget: u32, idleTurns: u32): u32 {
  const scheme = bindScheme<S>(queue);
  const target = targetOf(queue);
  target.scheme = instanceOf<S>(machineOf(queue), target.client);
  countInto(<usize>queue.counters, machineOf(queue));
  target.p2p = enableP2p<S>(queue, target);
  let done: u32 = 0;
  let idle: u32 = 0;
  while (idle <= idleTurns && done < budget) {
    let now = reap<S, Nvmet>(queue, scheme, queue.completed + budget);
    if (queue.pendingBio != 0 && tagFree(queue)) now += resume<S>(queue, scheme);
    now += poll<S>(queue, target, min(budget - done, IB_POLL_BATCH));
    done += now;
    idle = now > 0 ? 0 : idle + 1;
  }
  return done;
}

/** nvmet_p2pmem_ns_enable and nvmet_p2pmem_ns_add_p2p: a provider without published memory is none (pci_has_p2pmem). */
@inline
function enableP2p<S>(queue: HostQueue, target: NvmetRdmaQueue): i32 {
  const scheme = changetype<S>(<usize>queue.scheme);
  if (isDefined(scheme.enableNvmet)) return scheme.enableNvmet(queue, changetype<DmaClient>(<usize>target.client));
  return -ENODEV;
}

/** The rest of a bio that waited for tags. */
function resume<S>(queue: HostQueue, scheme: S): u32 {
  const bio = changetype<Bio>(<usize>queue.pendingBio);
  queue.pendingBio = 0;
  submitBio<S, Nvmet>(queue, scheme, bio);
  flushPlug<S, Nvmet>(queue, scheme);
  return 1;
}

/** ib_process_cq_direct: nothing new is begun while a bio waits for tags. */
function poll<S>(queue: HostQueue, target: NvmetRdmaQueue, most: u32): u32 {
  if (queue.pendingBio != 0) return 0;
  const ready = completionsReady(target, most);
  if (ready == 0) return 0;
  let handled: u32 = 0;
  while (handled < ready && queue.pendingBio == 0) {
    const cqe = nextCompletion(target);
    handled++;
    if (cqe.opcode == IB_WC_RECV) {
      receiveDone<S>(queue, target, changetype<NvmetRdmaCmd>(<usize>cqe.token));
      continue;
    }
    const rsp = changetype<NvmetRdmaRsp>(<usize>cqe.token);
    if (COUNTING) countForIo(<u32>rsp.req_io);
    if (cqe.status != IB_WC_SUCCESS) noteRdmaError(target, cqe);
    if (cqe.opcode == IB_WC_RDMA_READ) readDataDone<S>(queue, target, rsp, cqe.status);
    else release<S>(queue, target, rsp);
  }
  completionsDone(target);
  return handled;
}

function noteRdmaError(target: NvmetRdmaQueue, cqe: RdmaCqe): void {
  if (target.rdmaErrors == 0) target.firstRdmaStatus = cqe.status;
  target.rdmaErrors += 1;
}

/** nvmet_rdma_recv_done, nvmet_rdma_handle_command. */
function receiveDone<S>(queue: HostQueue, target: NvmetRdmaQueue, cmd: NvmetRdmaCmd): void {
  must(target.rspFree > 0);
  const rsp = changetype<NvmetRdmaRsp>(peekFree(target.rspStack, target.rspFree));
  target.rspFree -= 1;
  queue.issued += 1;
  rsp.cmd = <u64>changetype<usize>(cmd);
  rsp.req_cmd = cmd.nvme_cmd;
  rsp.req_sg = 0;
  rsp.req_transfer_len = 0;
  rsp.n_rdma = 0;
  rsp.flags = 0;
  rsp.invalidate_rkey = 0;
  if (COUNTING) {
    rsp.req_io = counters().ios + 1;
    counters().ios += 1;
    countForIo(<u32>rsp.req_io);
  }
  const status = mapSgl<S>(queue, target, rsp);
  rsp.req_error_loc = status;
  if (!execute<S>(queue, target, rsp)) waitForSendQueue(target, rsp);
}

/** nvmet_req_init and nvmet_rdma_map_sgl: an NVMe status. */
function mapSgl<S>(queue: HostQueue, target: NvmetRdmaQueue, rsp: NvmetRdmaRsp): u16 {
  const command = commandOf(rsp);
  if (command.opcode != NVME_OP_READ && command.opcode != NVME_OP_WRITE) return NVME_SC_INVALID_OPCODE | NVME_SC_DNR;
  if (command.nsid != NVMET_NSID_P2P && command.nsid != NVMET_NSID_RAM) return NVME_SC_INVALID_NS | NVME_SC_DNR;
  const p2p = command.nsid == NVMET_NSID_P2P;
  if (p2p && target.p2p < 0) {
    // The namespace with p2pmem could not be enabled, so there is none.
    if (queue.refused == 0) queue.refused = target.p2p;
    return NVME_SC_INVALID_NS | NVME_SC_DNR;
  }
  const type = <u8>(command.prp2 >> 56);
  if (type == NVME_INLINE_SGL) return mapInline<S>(queue, target, rsp);
  if (type != NVME_KEYED_SGL && type != NVME_KEYED_SGL_INVALIDATE) return NVME_SC_SGL_INVALID_TYPE | NVME_SC_DNR;
  const bytes = <u32>(command.prp2 & 0xffffff);
  if (bytes != (<u32>command.length + 1) << SECTOR_SHIFT || bytes > NVMET_RDMA_MAX_BYTES) {
    return NVME_SC_INVALID_FIELD | NVME_SC_DNR;
  }
  rsp.req_transfer_len = bytes;
  allocBuffer<S>(queue, target, rsp, bytes, p2p);
  const key = <u32>(command.prp2 >> 24);
  const toRemote = !isWrite(rsp);
  const count = <u32>rsp.req_sg_cnt;
  const inRam = rsp.req_p2p_dev == 0;
  const blocks = rwCtxInit<S>(queue, target, ctxOf(rsp), <usize>rsp.req_sg, count, inRam, command.prp1, key, toRemote);
  if (blocks < 0) {
    if (target.refused == 0) target.refused = blocks;
    freeBuffer(queue, target, rsp, false);
    return NVME_SC_INTERNAL;
  }
  rsp.n_rdma = <u8>blocks;
  if (type == NVME_KEYED_SGL_INVALIDATE) rsp.invalidate_rkey = key;
  return NVME_SC_SUCCESS;
}

/** nvmet_rdma_map_sgl_inline. */
function mapInline<S>(queue: HostQueue, target: NvmetRdmaQueue, rsp: NvmetRdmaRsp): u16 {
  const command = commandOf(rsp);
  const cmd = changetype<NvmetRdmaCmd>(<usize>rsp.cmd);
  const bytes = <u32>command.prp2;
  if (!isWrite(rsp) || bytes != (<u32>command.length + 1) << SECTOR_SHIFT) return NVME_SC_INVALID_FIELD | NVME_SC_DNR;
  if (command.prp1 + bytes > cmd.inline_bytes || command.prp1 != 0) return NVME_SC_SGL_INVALID_OFFSET | NVME_SC_DNR;
  rsp.flags |= NVMET_RDMA_REQ_INLINE_DATA;
  rsp.req_transfer_len = bytes;
  useInlineBuffer<S>(queue, target, rsp, cmd.inline_page, bytes);
  return NVME_SC_SUCCESS;
}

/** nvmet_rdma_execute_command: false when the send queue has no room for what the command will post. */
function execute<S>(queue: HostQueue, target: NvmetRdmaQueue, rsp: NvmetRdmaRsp): bool {
  const blocks = 1 + <i32>rsp.n_rdma;
  if (target.sqAvail < blocks) return false;
  target.sqAvail -= blocks;
  if (rsp.req_error_loc != 0) {
    queueResponse(target, rsp, <u16>rsp.req_error_loc);
    return true;
  }
  if (isWrite(rsp) && !isInline(rsp)) {
    // nvmet_rdma_need_data_in.
    postSend(target, rwCtxWrs(ctxOf(rsp), <u64>changetype<usize>(rsp), 0));
    return true;
  }
  executeRw<S>(queue, rsp);
  return true;
}

/** rsp_wr_wait_list: first come, first served. */
function waitForSendQueue(target: NvmetRdmaQueue, rsp: NvmetRdmaRsp): void {
  rsp.wait_next = 0;
  const at = <u32>changetype<usize>(rsp);
  if (target.waitHead == 0) target.waitHead = at;
  else changetype<NvmetRdmaRsp>(<usize>target.waitTail).wait_next = <u64>at;
  target.waitTail = at;
}

/** nvmet_rdma_process_wr_wait_list. */
function processWaitList<S>(queue: HostQueue, target: NvmetRdmaQueue): void {
  while (target.waitHead != 0 && queue.pendingBio == 0) {
    const rsp = changetype<NvmetRdmaRsp>(<usize>target.waitHead);
    const next = <u32>rsp.wait_next;
    if (COUNTING) countForIo(<u32>rsp.req_io);
    if (!execute<S>(queue, target, rsp)) return;
    target.waitHead = next;
  }
}

/** nvmet_rdma_read_data_done: the data of a write is here, or did not come. */
function readDataDone<S>(queue: HostQueue, target: NvmetRdmaQueue, rsp: NvmetRdmaRsp, status: u32): void {
  target.sqAvail += <i32>rsp.n_rdma;
  rsp.n_rdma = 0;
  rwCtxDestroy<S>(queue, target, ctxOf(rsp), <usize>rsp.req_sg, rsp.req_p2p_dev == 0);
  if (status != IB_WC_SUCCESS) {
    // Nobody is there to answer. The receive buffer goes back, as it would with the next connection.
    postRecv(target, changetype<NvmetRdmaCmd>(<usize>rsp.cmd));
    release<S>(queue, target, rsp);
    return;
  }
  executeRw<S>(queue, rsp);
}

/** nvmet_bdev_execute_rw. */
function executeRw<S>(queue: HostQueue, rsp: NvmetRdmaRsp): void {
  const scheme = changetype<S>(<usize>queue.scheme);
  const command = commandOf(rsp);
  const bio = bioAlloc(queue, isWrite(rsp) ? REQ_OP_WRITE : REQ_OP_READ, command.slba);
  bio.bi_private = <u64>changetype<usize>(rsp);
  const dio = dioOf(bio);
  dio.startNs = 0;
  if (COUNTING) dio.ioId = <u32>rsp.req_io;
  const error = fillBio<S>(queue, scheme, rsp, bio, dio);
  if (error != 0) {
    if (queue.refused == 0) queue.refused = error;
    bioFree(queue, bio);
    queueResponse(targetOf(queue), rsp, NVME_SC_INTERNAL | NVME_SC_DNR);
    return;
  }
  submitBio<S, Nvmet>(queue, scheme, bio);
  flushPlug<S, Nvmet>(queue, scheme);
}

/** bio_add_page for each entry of the scatterlist, or bio_add_dma_addr for the RFC's one buffer. 0 or a negative errno. */
@inline
function fillBio<S>(queue: HostQueue, scheme: S, rsp: NvmetRdmaRsp, bio: Bio, dio: Dio): i32 {
  if (rsp.req_p2p_dev != 0) {
    dio.inRam = 0;
    dio.bufferOffset = rsp.req_p2p_client;
    dio.lenBytes = <u32>rsp.req_transfer_len;
    return scheme.add(queue, bio, dio);
  }
  const sgl = <usize>rsp.req_sg;
  const bytes = <u32>rsp.req_transfer_len;
  dio.inRam = 1;
  dio.bufferOffset = ramPhysOf(queue, sgl, 0) - machineOf(queue).ramPhys;
  dio.lenBytes = min(bytes, PAGE_SIZE);
  const error = scheme.add(queue, bio, dio);
  if (error != 0) return error;
  const count = <u32>rsp.req_sg_cnt;
  for (let i: u32 = 1; i < count; i++) {
    addHostPage<S>(queue, scheme, bio, ramPhysOf(queue, sgl, i), min(bytes - i * PAGE_SIZE, PAGE_SIZE));
  }
  return 0;
}

/** bio_add_page of one more page of host RAM. */
@inline
function addHostPage<S>(queue: HostQueue, scheme: S, bio: Bio, phys: u64, bytes: u32): void {
  if (isDefined(scheme.addHostPage)) scheme.addHostPage(queue, bio, phys, bytes);
  else bioAdd(queue, scheme, bio, physToPage(machineOf(queue), phys), 0, bytes);
}

/** nvmet_rdma_queue_response: the receive buffer goes back first, then the data of a read and the response, in one chain. */
function queueResponse(target: NvmetRdmaQueue, rsp: NvmetRdmaRsp, status: u16): void {
  const cqe = <usize>rsp.req_cqe;
  store<u64>(cqe, 0);
  store<u64>(cqe, (<u64>commandOf(rsp).command_id << 32) | (<u64>status << 49), 8);
  const at = changetype<usize>(rsp) + RSP_SEND_WR;
  const send = changetype<IbSendWr>(at);
  const hasData = !isWrite(rsp) && rsp.n_rdma > 0 && status == NVME_SC_SUCCESS;
  send.next = 0;
  send.wr_cqe = <u64>changetype<usize>(rsp);
  send.sg_list = <u64>changetype<usize>(rsp);
  send.num_sge = 1;
  send.opcode = rsp.invalidate_rkey != 0 ? IB_WR_SEND_WITH_INV : IB_WR_SEND;
  send.send_flags = IB_SEND_SIGNALED;
  send.invalidate_rkey = rsp.invalidate_rkey;
  postRecv(target, changetype<NvmetRdmaCmd>(<usize>rsp.cmd));
  postSend(target, hasData ? rwCtxWrs(ctxOf(rsp), 0, at) : at);
}

/** nvmet_rdma_release_rsp. */
function release<S>(queue: HostQueue, target: NvmetRdmaQueue, rsp: NvmetRdmaRsp): void {
  target.sqAvail += 1 + <i32>rsp.n_rdma;
  if (rsp.n_rdma != 0) rwCtxDestroy<S>(queue, target, ctxOf(rsp), <usize>rsp.req_sg, rsp.req_p2p_dev == 0);
  freeBuffer(queue, target, rsp, isInline(rsp));
  target.rspFree = pushFree(target.rspStack, target.rspFree, changetype<usize>(rsp));
  queue.completed += 1;
  if (target.waitHead != 0) processWaitList<S>(queue, target);
}
