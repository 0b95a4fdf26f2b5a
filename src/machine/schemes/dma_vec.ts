// @title dma_vec (RFC 2019)
// @summary the caller makes the bus address; flagged bios carry {dma_addr_t, len} and nothing is mapped (RFC 00/28)
// @carries pool,fixed
// @variant quirk=none
// @variant quirk=rfc-as-posted
// @refuses EINVAL(user) a dma-direct bio takes no user pages: bio_iov_iter_get_pages warns and returns -EINVAL (RFC 03/28)
// @refuses EINVAL(pool,fixed) the queue has no QUEUE_FLAG_DMA_DIRECT (bio_add_dma_addr, RFC 18/28), or the client cannot reach the provider (nvmet_p2pmem_ns_enable at set-up)
// @refuses ENOMEM the provider's gen_pool is empty (pci_alloc_p2pmem)
//
// "Removing struct page from P2PDMA", 2019-06-20, on v5.2-rc5: P2P bios are never merged, keep the way through the
// scatterlist (RFC 16, 19), and are not unmapped. Host RAM goes on as pages. A place is a bus address, or a struct page
// pointer, which has its top bit set; the RFC tests the bio's flag for the same distinction.
// As intended; the quirk is patch 14 as posted, which splits by the low 32 bits of the address. Patch 15's inverted branch
// counts segments anew, after partial completions and for stacked devices: nothing in this machine does.
import { counters } from "../base/counting";
import { bioAppend, JOINS } from "../block/bio";
import { addHostRam } from "../block/host_page_bio";
import { inOnePage } from "../block/limits";
import { releasePages, setSgPage } from "../block/page_bio";
import { Bio, REQ_DMA_DIRECT } from "../layout/bio";
import { EINVAL } from "../layout/errno";
import { DmaClient, Machine, REACHABLE } from "../layout/machine";
import { PAGE_SIZE } from "../layout/page";
import { Dio, HostQueue, machineOf } from "../layout/queue";
import { QUEUE_FLAG_DMA_DIRECT, Request } from "../layout/request";
import { Scatterlist, SG_DMA_BUS_ADDRESS } from "../layout/scatterlist";
import { BUFFERS_USER } from "../layout/stream";
import { poolBusAddress } from "../mm/gen_pool";
import { isPagePointer, pageToPhys, physToPage } from "../mm/page";
import { dmaMapHostSg, physToDma } from "../pci/dma_direct";
import { enableNvmetP2p, isReachable } from "../pci/orchestrator";

/** The queue's segment boundary (BLK_SEG_BOUNDARY_MASK). */
const SEG_BOUNDARY_MASK: u64 = 0xffffffff;

@unmanaged
export class Scheme {
  /** The orchestrator's answer for this provider and client: nothing later asks. */
  isReachable: u32;

  attach(_machine: Machine, client: DmaClient): void {
    this.isReachable = isReachable(client) ? 1 : 0;
  }

  @inline
  static memmapBytes(_barBytes: f64): f64 {
    return 0;
  }

  /** One percpu_ref (16 + 56 bytes) for the device instead of a pagemap (RFC 27/28). */
  @inline
  static mapStateBytes(_barBytes: f64): f64 {
    return 72;
  }

  @inline
  add(queue: HostQueue, bio: Bio, dio: Dio): i32 {
    const machine = machineOf(queue);
    if (dio.inRam) return addHostRam(queue, this, bio, dio);
    if ((machine.queueFeatures & QUEUE_FLAG_DMA_DIRECT) == 0 || !this.isReachable) return -EINVAL;
    bio.bi_opf |= REQ_DMA_DIRECT;
    if (machine.buffers == BUFFERS_USER) {
      if (COUNTING) counters().warnBioIovIterGetPages += 1;
      return -EINVAL;
    }
    // bio_add_dma_addr: never grows the vector before.
    bioAppend(queue, bio, poolBusAddress(<usize>machine.pool, dio.bufferOffset), 0, dio.lenBytes);
    return 0;
  }

  /**
   * bio_add_dma_addr refuses a bio that is not dma-direct; __bio_add_page only warns of one that is, and puts a page where
   * the device will find an address (RFC 03/28). nvmet's union of buffers keeps its own I/Os from either (RFC 22/28).
   */
  joins(_queue: HostQueue, bio: Bio, dio: Dio): i32 {
    const isDirect = (bio.bi_opf & REQ_DMA_DIRECT) != 0;
    if (!dio.inRam) return isDirect ? JOINS : -EINVAL;
    if (COUNTING && isDirect) counters().warnBioAddPage += 1;
    return JOINS;
  }

  @inline
  release(queue: HostQueue, bio: Bio, _dio: Dio): void {
    releasePages(queue, this, bio);
  }

  @inline
  address(queue: HostQueue, place: u64, offset: u32): u64 {
    return isPagePointer(place) ? pageToPhys(machineOf(queue), place) + offset : place + offset;
  }

  /** The series removes MEMORY_DEVICE_PCI_P2PDMA and with it every pgmap the block layer could meet (RFC 28/28). */
  @inline
  sameOwner(_a: u64, _b: u64): bool {
    return true;
  }

  /**
   * Patch 14 as posted passes the address as a 32-bit offset to the test for "inside one page": it misses for every real
   * address, and hits by mistake where address and length wrap at 4 GiB. Such a vector counts as one segment although it
   * crosses the segment boundary.
   */
  @inline
  isOneSegment(address: u64, bytes: u32): bool {
    return QUIRK_RFC_AS_POSTED ? <u32>address + bytes <= PAGE_SIZE : inOnePage(address, bytes);
  }

  /** nvme_map_data: dma-direct requests stay out of the single-segment path (RFC 19/28). */
  @inline
  isPlain(request: Request, _place: u64): bool {
    return (request.cmd_flags & REQ_DMA_DIRECT) == 0;
  }

  @inline
  mapPlain(queue: HostQueue, place: u64, offset: u32): u64 {
    return physToDma(this.address(queue, place, offset));
  }

  /** blk_rq_map_sg copies address and length into the DMA fields; page_link stays empty (RFC 16/28). */
  @inline
  fillSg(sg: Scatterlist, request: Request, place: u64, offset: u32, bytes: u32): void {
    if ((request.cmd_flags & REQ_DMA_DIRECT) == 0) {
      setSgPage(sg, place, offset, bytes);
      return;
    }
    sg.page_link = 0;
    sg.length = bytes;
    sg.dma_address = place + offset;
    sg.dma_length = bytes;
    sg.dma_flags = SG_DMA_BUS_ADDRESS;
    if (COUNTING) {
      const last = sg.dma_address + bytes - 1;
      if ((last ^ sg.dma_address) & ~SEG_BOUNDARY_MASK) counters().boundaryCrossings += 1;
    }
  }

  @inline
  mapSg(queue: HostQueue, request: Request, sgl: usize, count: u32): i32 {
    if ((request.cmd_flags & REQ_DMA_DIRECT) == 0) dmaMapHostSg(machineOf(queue), sgl, count);
    return 0;
  }

  @inline
  enableNvmet(queue: HostQueue, rnic: DmaClient): i32 {
    return enableNvmetP2p(queue, rnic, QUEUE_FLAG_DMA_DIRECT, REACHABLE);
  }

  /** rdma_rw_ctx_dma_init's list on the stack: the address that the caller made, the same for every client (RFC 20, 22/28). */
  @inline
  fillRdma(queue: HostQueue, sg: Scatterlist, phys: u64, bytes: u32, inRam: bool): void {
    const machine = machineOf(queue);
    if (inRam) {
      setSgPage(sg, physToPage(machine, phys), 0, bytes);
      return;
    }
    sg.dma_address = poolBusAddress(<usize>machine.pool, phys - machine.barPhys);
    sg.dma_length = bytes;
    sg.dma_flags = SG_DMA_BUS_ADDRESS;
  }

  /** Nothing is mapped for P2P, and nothing undone (rdma_rw_ctx_dma_destroy). */
  @inline
  mapRdma(queue: HostQueue, _rnic: DmaClient, sgl: usize, count: u32, inRam: bool): i32 {
    if (inRam) dmaMapHostSg(machineOf(queue), sgl, count);
    return 0;
  }
}
