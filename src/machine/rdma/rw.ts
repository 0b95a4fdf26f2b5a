// RDMA read/write contexts: rdma_rw_ctx_init, rdma_rw_ctx_wrs, rdma_rw_ctx_destroy (drivers/infiniband/core/rw.c, 6.12) and
// rdma_rw_ctx_dma_init of the RFC (20/28), which differs in what stands in the scatterlist: a list made by the scheme is
// mapped for the RNIC by the scheme, then becomes one request with one data segment, requests of at most max_sge segments,
// or a registered region with one request.
// Left out: signature handover, sg_offset (nvmet passes 0), device limits of the page list below 256.
import { counters } from "../base/counting";
import { must } from "../base/must";
import { DmaClient } from "../layout/machine";
import { NvmetRdmaQueue } from "../layout/nvmet";
import { PAGE_SIZE } from "../layout/page";
import { HostQueue, machineOf } from "../layout/queue";
import {
  IB_SEND_SIGNALED, IB_WR_RDMA_READ, IB_WR_RDMA_WRITE, IB_WR_REG_MR, LOCAL_DMA_LKEY, RDMA_KEY_VARIANT, RDMA_MR_PAGES,
} from "../layout/rdma";
import {
  IbMr, IbRdmaWr, IbRegWr, IbSendWr, IbSge, RdmaRwCtx, RdmaRwRegCtx, RDMA_RW_MR, RDMA_RW_MULTI_WR, RDMA_RW_SINGLE_WR,
  REG_CTX_INV_WR, REG_CTX_REG_WR, REG_CTX_WR, RW_CTX_POINTERS, RW_CTX_SGE, RW_CTX_WR,
} from "../layout/rdma_rw";
import { sgAt } from "../layout/scatterlist";
import { peekFree, pushFree } from "../mm/free_stack";
import { dmaMapHostSg } from "../pci/dma_direct";
import { blocksOf, clearInvalidation } from "./queue_pair";

/** map.sges and map.wrs of a context with several data segments: the requests follow RDMA_MR_PAGES segments. */
const MAP_WRS_AT: usize = <usize>RDMA_MR_PAGES << 4;

/**
 * rdma_rw_ctx_init: maps `count` entries for the RNIC and makes the work requests. Returns the blocks of the send queue
 * that they will take, or a negative errno.
 * @param toRemote true for RDMA WRITE, false for RDMA READ
 */
export function rwCtxInit<S>(
  queue: HostQueue, target: NvmetRdmaQueue, ctx: RdmaRwCtx, sgl: usize, count: u32, inRam: bool, remote: u64, rkey: u32,
  toRemote: bool,
): i32 {
  const error = mapForRnic<S>(queue, target, sgl, count, inRam);
  if (error != 0) return error;
  if (target.forceMr != 0) return initRegion(target, ctx, sgl, count, remote, rkey, toRemote);
  if (count > 1) return initMany(target, ctx, sgl, count, remote, rkey, toRemote);
  return initSingle(ctx, sgl, remote, rkey, toRemote);
}

/** ib_dma_map_sgtable for the RNIC. Host pages of a scheme without a hook are known to be host pages. */
@inline
function mapForRnic<S>(queue: HostQueue, target: NvmetRdmaQueue, sgl: usize, count: u32, inRam: bool): i32 {
  const scheme = changetype<S>(<usize>target.scheme);
  if (isDefined(scheme.mapRdma)) return scheme.mapRdma(queue, changetype<DmaClient>(<usize>target.client), sgl, count, inRam);
  dmaMapHostSg(machineOf(queue), sgl, count);
  return 0;
}

/** ib_dma_unmap_sg. */
@inline
function unmapForRnic<S>(queue: HostQueue, target: NvmetRdmaQueue, sgl: usize, inRam: bool): void {
  const scheme = changetype<S>(<usize>target.scheme);
  if (isDefined(scheme.unmapRdma)) scheme.unmapRdma(queue, sgl, inRam);
}

@inline
function fillRdmaWr(at: usize, sges: usize, count: u32, remote: u64, rkey: u32, toRemote: bool): void {
  const wr = changetype<IbRdmaWr>(at);
  wr.next = 0;
  wr.wr_cqe = 0;
  wr.sg_list = <u64>sges;
  wr.num_sge = <i32>count;
  wr.opcode = toRemote ? IB_WR_RDMA_WRITE : IB_WR_RDMA_READ;
  wr.send_flags = 0;
  wr.invalidate_rkey = 0;
  wr.remote_addr = remote;
  wr.rkey = rkey;
}

@inline
function fillSge(at: usize, address: u64, bytes: u32, lkey: u32): void {
  const sge = changetype<IbSge>(at);
  sge.addr = address;
  sge.length = bytes;
  sge.lkey = lkey;
}

/** rdma_rw_init_single_wr. */
function initSingle(ctx: RdmaRwCtx, sgl: usize, remote: u64, rkey: u32, toRemote: bool): i32 {
  const sg = sgAt(sgl, 0);
  const at = changetype<usize>(ctx);
  ctx.type = RDMA_RW_SINGLE_WR;
  ctx.nr_ops = 1;
  fillSge(at + RW_CTX_SGE, sg.dma_address, sg.dma_length, LOCAL_DMA_LKEY);
  fillRdmaWr(at + RW_CTX_WR, at + RW_CTX_SGE, 1, remote, rkey, toRemote);
  return 1;
}

/** rdma_rw_init_map_wrs: requests of at most max_sge data segments each. */
function initMany(
  target: NvmetRdmaQueue, ctx: RdmaRwCtx, sgl: usize, count: u32, remote: u64, rkey: u32, toRemote: bool,
): i32 {
  must(target.mapFree > 0 && count <= RDMA_MR_PAGES);
  const sges = peekFree(target.mapStack, target.mapFree);
  target.mapFree -= 1;
  const wrs = sges + MAP_WRS_AT;
  const pointers = changetype<usize>(ctx) + RW_CTX_POINTERS;
  store<u64>(pointers, <u64>sges);
  store<u64>(pointers, <u64>wrs, 8);
  ctx.type = RDMA_RW_MULTI_WR;
  ctx.nr_ops = 0;
  let done: u32 = 0;
  let blocks: u32 = 0;
  let far = remote;
  while (done < count) {
    const take = min(count - done, target.maxSge);
    const wr = wrs + <usize>ctx.nr_ops * offsetof<IbRdmaWr>();
    fillRdmaWr(wr, sges + (<usize>done << 4), take, far, rkey, toRemote);
    if (ctx.nr_ops > 0) changetype<IbSendWr>(wr - offsetof<IbRdmaWr>()).next = <u64>wr;
    for (let i: u32 = 0; i < take; i++, done++) {
      const sg = sgAt(sgl, done);
      fillSge(sges + (<usize>done << 4), sg.dma_address, sg.dma_length, LOCAL_DMA_LKEY);
      far += sg.dma_length;
    }
    blocks += blocksOf(take);
    ctx.nr_ops += 1;
  }
  return <i32>blocks;
}

/** rdma_rw_init_mr_wrs with one region: 256 pages are as much as a transfer has. */
function initRegion(
  target: NvmetRdmaQueue, ctx: RdmaRwCtx, sgl: usize, count: u32, remote: u64, rkey: u32, toRemote: bool,
): i32 {
  must(target.regFree > 0 && target.mrFree > 0);
  const reg = peekFree(target.regStack, target.regFree);
  target.regFree -= 1;
  const mr = changetype<IbMr>(peekFree(target.mrStack, target.mrFree));
  target.mrFree -= 1;
  ctx.type = RDMA_RW_MR;
  ctx.nr_ops = 1;
  store<u64>(changetype<usize>(ctx) + RW_CTX_POINTERS, <u64>reg);
  changetype<RdmaRwRegCtx>(reg).mr = <u64>changetype<usize>(mr);
  let blocks: i32 = 2;
  if (mr.need_inval != 0) {
    // rdma_rw_inv_key.
    clearInvalidation(changetype<IbSendWr>(reg + REG_CTX_INV_WR), mr.lkey);
    changetype<IbSendWr>(reg + REG_CTX_INV_WR).next = <u64>(reg + REG_CTX_REG_WR);
    blocks = 3;
  } else {
    changetype<IbSendWr>(reg + REG_CTX_INV_WR).next = 0;
  }
  listPages(mr, sgl, count);
  const wr = changetype<IbRegWr>(reg + REG_CTX_REG_WR);
  wr.next = <u64>(reg + REG_CTX_WR);
  wr.wr_cqe = 0;
  wr.num_sge = 0;
  wr.opcode = IB_WR_REG_MR;
  wr.send_flags = 0;
  wr.mr = <u64>changetype<usize>(mr);
  fillSge(reg, mr.iova, <u32>mr.length, 0);
  fillRdmaWr(reg + REG_CTX_WR, reg, 1, remote, rkey, toRemote);
  return blocks;
}

/** ib_map_mr_sg -> ib_sg_to_pages: the DMA address of every page, whose interior edges are page edges. */
function listPages(mr: IbMr, sgl: usize, count: u32): void {
  const first = sgAt(sgl, 0).dma_address;
  mr.iova = first;
  mr.length = 0;
  let entry = <usize>mr.pages;
  for (let i: u32 = 0; i < count; i++) {
    const sg = sgAt(sgl, i);
    const end = sg.dma_address + sg.dma_length;
    for (let page = sg.dma_address & ~(<u64>PAGE_SIZE - 1); page < end; page += PAGE_SIZE) {
      store<u64>(entry, page);
      entry += 8;
    }
    mr.length += sg.dma_length;
  }
  mr.page_count = <u32>((entry - <usize>mr.pages) >> 3);
  must(mr.page_count <= RDMA_MR_PAGES);
  if (COUNTING) {
    counters().mrRegistrations += 1;
    counters().descriptorBytes += mr.page_count << 3;
  }
}

/**
 * rdma_rw_ctx_wrs: the first work request of the context's chain. `chained` (a wasm address) follows its last one; without
 * it the last one completes with `token`.
 */
export function rwCtxWrs(ctx: RdmaRwCtx, token: u64, chained: usize): usize {
  const at = changetype<usize>(ctx);
  let first: usize;
  let last: usize;
  if (ctx.type == RDMA_RW_MR) {
    const reg = <usize>load<u64>(at + RW_CTX_POINTERS);
    updateKey(reg);
    first = changetype<IbSendWr>(reg + REG_CTX_INV_WR).next != 0 ? reg + REG_CTX_INV_WR : reg + REG_CTX_REG_WR;
    last = reg + REG_CTX_WR;
  } else if (ctx.type == RDMA_RW_MULTI_WR) {
    first = <usize>load<u64>(at + RW_CTX_POINTERS, 8);
    last = first + <usize>(ctx.nr_ops - 1) * offsetof<IbRdmaWr>();
  } else {
    first = at + RW_CTX_WR;
    last = first;
  }
  const wr = changetype<IbSendWr>(last);
  if (chained != 0) {
    wr.next = <u64>chained;
  } else {
    wr.wr_cqe = token;
    wr.send_flags |= IB_SEND_SIGNALED;
  }
  return first;
}

/** rdma_rw_update_lkey: a posted region has a new key and is to be invalidated before its next use. */
function updateKey(reg: usize): void {
  const mr = changetype<IbMr>(<usize>changetype<RdmaRwRegCtx>(reg).mr);
  mr.need_inval = 1;
  mr.lkey = (mr.lkey & ~RDMA_KEY_VARIANT) | ((mr.lkey + 1) & RDMA_KEY_VARIANT);
  mr.rkey = mr.lkey;
  changetype<IbRegWr>(reg + REG_CTX_REG_WR).key = mr.lkey;
  changetype<IbSge>(reg).lkey = mr.lkey;
}

/** rdma_rw_ctx_destroy. */
export function rwCtxDestroy<S>(
  queue: HostQueue, target: NvmetRdmaQueue, ctx: RdmaRwCtx, sgl: usize, inRam: bool,
): void {
  const pointers = changetype<usize>(ctx) + RW_CTX_POINTERS;
  if (ctx.type == RDMA_RW_MR) {
    const reg = <usize>load<u64>(pointers);
    target.mrFree = pushFree(target.mrStack, target.mrFree, <usize>changetype<RdmaRwRegCtx>(reg).mr);
    target.regFree = pushFree(target.regStack, target.regFree, reg);
  } else if (ctx.type == RDMA_RW_MULTI_WR) {
    target.mapFree = pushFree(target.mapStack, target.mapFree, <usize>load<u64>(pointers));
  }
  unmapForRnic<S>(queue, target, sgl, inRam);
}
