// Buffers of an NVMe-oF target: nvmet_req_alloc_sgls, nvmet_req_free_sgls (drivers/nvme/target/core.c), which take P2P
// memory as one scatterlist entry (pci_p2pmem_alloc_sgl, or pci_alloc_p2pmem in the RFC) and, when there is none, host RAM
// as one entry for each page (sgl_alloc). Pages of host RAM come from a stack, as a CPU's page list hands them out.
import { counters } from "../base/counting";
import { must } from "../base/must";
import { setSgPage } from "../block/page_bio";
import { NvmetRdmaQueue, NvmetRdmaRsp, NVMET_SGL_PAGES_AT } from "../layout/nvmet";
import { PAGE_SHIFT, PAGE_SIZE } from "../layout/page";
import { HostQueue, machineOf } from "../layout/queue";
import { Scatterlist, sgAt } from "../layout/scatterlist";
import { peekFree, pushFree } from "../mm/free_stack";
import { POOL_FULL } from "../mm/gen_pool";
import { physToPage } from "../mm/page";
import { allocP2pmem, freeP2pmem } from "../pci/p2pmem";

/** Takes a buffer of `bytes` (at most 1 MiB) for a response. `p2p`: from the provider's pool while it has any. */
export function allocBuffer<S>(queue: HostQueue, target: NvmetRdmaQueue, rsp: NvmetRdmaRsp, bytes: u32, p2p: bool): void {
  must(target.sglFree > 0);
  const sgl = peekFree(target.sglStack, target.sglFree);
  target.sglFree -= 1;
  rsp.req_sg = <u64>sgl;
  rsp.req_p2p_dev = 0;
  if (p2p) {
    if (allocP2p<S>(queue, target, rsp, bytes)) return;
    target.fallbacks += 1;
    if (COUNTING) counters().poolFallbacks += 1;
  }
  allocRam<S>(queue, target, rsp, bytes);
}

/** pci_p2pmem_alloc_sgl: one entry, contiguous. False when the pool has none, or the RNIC could not reach it. */
@inline
function allocP2p<S>(queue: HostQueue, target: NvmetRdmaQueue, rsp: NvmetRdmaRsp, bytes: u32): bool {
  if (target.p2p != 0) return false;
  const machine = machineOf(queue);
  if (COUNTING) counters().poolAllocs += 1;
  const offset = allocP2pmem(machine, queue.queueIndex, bytes);
  if (offset == POOL_FULL) return false;
  rsp.req_p2p_dev = 1;
  rsp.req_p2p_client = offset;
  rsp.req_sg_cnt = 1;
  fillEntry<S>(queue, target, changetype<Scatterlist>(<usize>rsp.req_sg), machine.barPhys + offset, bytes, false);
  return true;
}

/** sgl_alloc: pages one by one, whether or not they follow each other. */
function allocRam<S>(queue: HostQueue, target: NvmetRdmaQueue, rsp: NvmetRdmaRsp, bytes: u32): void {
  const count = (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
  must(target.pageFree >= count);
  const sgl = <usize>rsp.req_sg;
  for (let i: u32 = 0; i < count; i++) {
    const page = load<u32>(<usize>target.pageStack + (<usize>(target.pageFree - 1 - i) << 2));
    store<u32>(sgl + NVMET_SGL_PAGES_AT + (<usize>i << 2), page);
    fillEntry<S>(queue, target, sgAt(sgl, i), ramPhysOf(queue, sgl, i), min(bytes - (i << PAGE_SHIFT), PAGE_SIZE), true);
  }
  target.pageFree -= count;
  rsp.req_sg_cnt = <i32>count;
}

/** Physical address of entry `index` of a list of host pages. */
@inline
export function ramPhysOf(queue: HostQueue, sgl: usize, index: u32): u64 {
  return machineOf(queue).ramPhys + (<u64>load<u32>(sgl + NVMET_SGL_PAGES_AT + (<usize>index << 2)) << PAGE_SHIFT);
}

/** What stands in a scatterlist entry for memory at `phys`: a struct page pointer where the scheme says nothing else. */
@inline
function fillEntry<S>(queue: HostQueue, target: NvmetRdmaQueue, sg: Scatterlist, phys: u64, bytes: u32, inRam: bool): void {
  const scheme = changetype<S>(<usize>target.scheme);
  if (isDefined(scheme.fillRdma)) scheme.fillRdma(queue, sg, phys, bytes, inRam);
  else setSgPage(sg, physToPage(machineOf(queue), phys), 0, bytes);
}

/** The in-capsule data of a write: pages of the receive buffer, contiguous in the lab. */
export function useInlineBuffer<S>(
  queue: HostQueue, target: NvmetRdmaQueue, rsp: NvmetRdmaRsp, firstPage: u32, bytes: u32,
): void {
  must(target.sglFree > 0);
  const sgl = peekFree(target.sglStack, target.sglFree);
  target.sglFree -= 1;
  const count = (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
  rsp.req_sg = <u64>sgl;
  rsp.req_p2p_dev = 0;
  rsp.req_sg_cnt = <i32>count;
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(sgl + NVMET_SGL_PAGES_AT + (<usize>i << 2), firstPage + i);
    fillEntry<S>(queue, target, sgAt(sgl, i), ramPhysOf(queue, sgl, i), min(bytes - (i << PAGE_SHIFT), PAGE_SIZE), true);
  }
  target.inlineWrites += 1;
  if (COUNTING) counters().inlineWrites += 1;
}

/** nvmet_req_free_sgls; in-capsule pages stay with their receive buffer. */
export function freeBuffer(queue: HostQueue, target: NvmetRdmaQueue, rsp: NvmetRdmaRsp, isInline: bool): void {
  const sgl = <usize>rsp.req_sg;
  if (sgl == 0) return;
  rsp.req_sg = 0;
  if (rsp.req_p2p_dev != 0) {
    freeP2pmem(machineOf(queue), queue.queueIndex, rsp.req_p2p_client, <u32>rsp.req_transfer_len);
  } else if (!isInline) {
    // Last page first, so that the next buffer finds them in the same order.
    for (let i = <u32>rsp.req_sg_cnt; i > 0; i--) {
      target.pageFree = pushFree(target.pageStack, target.pageFree, <usize>load<u32>(sgl + NVMET_SGL_PAGES_AT + (<usize>(i - 1) << 2)));
    }
  }
  target.sglFree = pushFree(target.sglStack, target.sglFree, sgl);
}
