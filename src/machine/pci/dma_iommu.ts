// DMA mapping through an IOMMU that translates (drivers/iommu/dma-iommu.c, 6.12; dma_iova_* of 6.17): one range of IOVAs
// for each request, whatever it is mapped by: a single segment (__iommu_dma_map), a scatterlist whose entries become one
// segment (iommu_dma_map_sg), or segments linked one by one (dma_iova_try_alloc, _link). Unmapped as one range.
// Every scheme comes through here: the only place that allocates or frees IOVAs per I/O.
// Left out: swiotlb, attributes, the walk of iommu_dma_unmap_page for bounced pages, dma_iova_sync (VT-d needs none).
import { counters } from "../base/counting";
import { DmaIovaState, domainOf, IOMMU_PAGE_BYTES, IOMMU_PAGE_SHIFT, IommuDomain, IovaTree } from "../layout/iommu";
import { DmaClient } from "../layout/machine";
import { NvmeIod } from "../layout/nvme";
import { HostQueue } from "../layout/queue";
import { Request } from "../layout/request";
import { Scatterlist, SG_DMA_BUS_ADDRESS, sgAt } from "../layout/scatterlist";
import { flushTimer, invalidateRange, queueIova } from "./iommu_invalidate";
import { mapPages, unmapPages } from "./iommu_page_table";
import { allocIova, DMA_32BIT_PFN, DMA_48BIT_PFN } from "./iova";
import { allocIovaFast, freeIovaFast } from "./iova_rcache";

const PAGE_MASK: u64 = IOMMU_PAGE_BYTES - 1;

/** Whether the queue's client is behind an IOMMU that translates. */
@inline
export function isTranslated(queue: HostQueue): bool {
  return queue.iommuDomain != 0;
}

@inline
function queueDomain(queue: HostQueue): IommuDomain {
  return changetype<IommuDomain>(<usize>queue.iommuDomain);
}

@inline
function stateOf(request: Request): DmaIovaState {
  return changetype<DmaIovaState>(changetype<usize>(request) + offsetof<Request>() + offsetof<NvmeIod>());
}

/** iova_align of `bytes` that begin at `phys`: whole pages. */
@inline
function alignedBytes(phys: u64, bytes: u64): u64 {
  return ((phys & PAGE_MASK) + bytes + PAGE_MASK) & ~PAGE_MASK;
}

/** iommu_dma_alloc_iova: below 4 GiB as long as there is room, then anywhere. Address of a free range, or 0. */
export function allocDmaIova(domain: IommuDomain, cpu: u32, bytes: u64): u64 {
  const pages = bytes >> IOMMU_PAGE_SHIFT;
  const tree = changetype<IovaTree>(<usize>domain.tree);
  let first: u64 = 0;
  if (tree.tries32 != 0) {
    first = allocIovaFast(domain, cpu, pages, DMA_32BIT_PFN - 1, false);
    if (first == 0) tree.tries32 = 0;
  }
  if (first == 0) first = allocIovaFast(domain, cpu, pages, DMA_48BIT_PFN - 1, true);
  if (COUNTING && first != 0) counters().iovaAllocs += 1;
  return first << IOMMU_PAGE_SHIFT;
}

function freeDmaIova(domain: IommuDomain, cpu: u32, iova: u64, bytes: u64): void {
  freeIovaFast(domain, cpu, iova >> IOMMU_PAGE_SHIFT, bytes >> IOMMU_PAGE_SHIFT);
  if (COUNTING) counters().iovaFrees += 1;
}

/** A range for `bytes` at `phys` with nothing mapped in it yet; remembered in the request. Page address, or 0. */
function allocFor(queue: HostQueue, request: Request, phys: u64, bytes: u64): u64 {
  const iova = allocDmaIova(queueDomain(queue), queue.queueIndex, alignedBytes(phys, bytes));
  const state = stateOf(request);
  state.addr = iova;
  state.size = iova == 0 ? 0 : alignedBytes(phys, bytes);
  return iova;
}

/** Maps whole pages around [phys, phys + bytes) at `iova` of the request's range; undoes all of it when tables run out. */
function mapAt(queue: HostQueue, request: Request, iova: u64, phys: u64, bytes: u64): bool {
  const domain = queueDomain(queue);
  if (mapPages(domain, iova, phys & ~PAGE_MASK, alignedBytes(phys, bytes))) return true;
  const state = stateOf(request);
  if (iova > state.addr) unmapPages(domain, state.addr, iova - state.addr);
  freeDmaIova(domain, queue.queueIndex, state.addr, state.size);
  state.size = 0;
  return false;
}

/** __iommu_dma_map for a request of one segment: its DMA address, or 0 when there is no room. */
export function iommuMapRequest(queue: HostQueue, request: Request, phys: u64, bytes: u64): u64 {
  const iova = allocFor(queue, request, phys, bytes);
  if (iova == 0 || !mapAt(queue, request, iova, phys, bytes)) return 0;
  return iova | (phys & PAGE_MASK);
}

/** dma_iova_try_alloc for a request whose first segment is at `phys`: the DMA address of its first byte, or 0. */
export function iovaBegin(queue: HostQueue, request: Request, phys: u64, totalBytes: u64): u64 {
  const iova = allocFor(queue, request, phys, totalBytes);
  return iova == 0 ? 0 : iova | (phys & PAGE_MASK);
}

/** dma_iova_link of one more segment; interior edges lie on pages (virt_boundary). */
export function iovaLink(queue: HostQueue, request: Request, address: u64, phys: u64, bytes: u64): bool {
  return mapAt(queue, request, address & ~PAGE_MASK, phys, bytes);
}

/**
 * iommu_dma_map_sg over a list whose entries hold physical addresses, or bus addresses that stay: one range for all of
 * it, each entry on pages of its own, and what then lies side by side is one segment (__finalise_sg). Returns the
 * entries that are left, 0 when there is no room.
 */
export function iommuMapSg(queue: HostQueue, request: Request, sgl: usize, count: u32): u32 {
  let total: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const sg = sgAt(sgl, i);
    if ((sg.dma_flags & SG_DMA_BUS_ADDRESS) == 0) total += alignedBytes(sg.dma_address, sg.dma_length);
  }
  if (total == 0) return count;
  let iova = allocFor(queue, request, 0, total);
  if (iova == 0) return 0;
  let out: u32 = 0;
  /** Where the entry before ended, if the next may be appended to it; else 0. */
  let end: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const sg = sgAt(sgl, i);
    const address = sg.dma_address;
    const bytes = sg.dma_length;
    if (sg.dma_flags & SG_DMA_BUS_ADDRESS) {
      moveTo(sgAt(sgl, out), address, bytes, SG_DMA_BUS_ADDRESS);
      out++;
      end = 0;
      continue;
    }
    if (!mapAt(queue, request, iova, address, bytes)) return 0;
    const mapped = iova | (address & PAGE_MASK);
    if (out > 0 && mapped == end) {
      sgAt(sgl, out - 1).dma_length += bytes;
    } else {
      moveTo(sgAt(sgl, out), mapped, bytes, 0);
      out++;
    }
    end = mapped + bytes;
    iova += alignedBytes(address, bytes);
  }
  return out;
}

@inline
function moveTo(sg: Scatterlist, address: u64, bytes: u32, flags: u32): void {
  sg.dma_address = address;
  sg.dma_length = bytes;
  sg.dma_flags = flags;
}

/** __iommu_dma_unmap of the request's range, if it has one. */
export function iommuUnmapRequest(queue: HostQueue, request: Request): void {
  const state = stateOf(request);
  if (state.size == 0) return;
  const domain = queueDomain(queue);
  unmapPages(domain, state.addr, state.size);
  const first = state.addr >> IOMMU_PAGE_SHIFT;
  const pages = state.size >> IOMMU_PAGE_SHIFT;
  if (domain.lazy != 0) {
    queueIova(domain, queue.queueIndex, first, pages);
  } else {
    invalidateRange(domain, first, pages);
    freeDmaIova(domain, queue.queueIndex, state.addr, state.size);
  }
  state.size = 0;
}

/** The flush queues' timer, looked at when a host agent begins to work. */
@inline
export function iommuTick(queue: HostQueue): void {
  if (isTranslated(queue) && queueDomain(queue).lazy != 0) flushTimer(queueDomain(queue), queue.queueIndex);
}

/** dma_map_phys of memory that stays mapped for the machine's life: at set-up. Its DMA address, or 0. */
export function iommuMapOnce(client: DmaClient, phys: u64, bytes: u64): u64 {
  if (client.iommuDomain == 0) return phys;
  const domain = domainOf(client);
  const length = alignedBytes(phys, bytes);
  // Above 4 GiB: below it is for what comes and goes.
  const iova = allocIova(domain, length >> IOMMU_PAGE_SHIFT, DMA_48BIT_PFN - 1) << IOMMU_PAGE_SHIFT;
  if (iova == 0 || !mapPages(domain, iova, phys & ~PAGE_MASK, length)) return 0;
  domain.permanentRanges += 1;
  domain.permanentPages += length >> IOMMU_PAGE_SHIFT;
  return iova | (phys & PAGE_MASK);
}
