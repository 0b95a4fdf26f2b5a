// @title struct page
// @summary every 4 KiB of the BAR has a 64-byte struct page; bios carry pages, mapping asks the page (Linux; --era says which)
// @carries pool,fixed,user
// @variant era=6.12
// @variant era=5.2
// @variant era=6.17
// @refuses EREMOTEIO(user) the queue does not take P2P pages, so GUP refuses them (BLK_FEAT_PCI_P2PDMA off: no FOLL_PCI_P2PDMA); or the client cannot reach the provider (dma_map_sgtable)
// @refuses EREMOTEIO(pool,fixed) the client cannot reach the provider (dma_map_sgtable)
// @refuses EINVAL(pool,fixed) the queue does not take P2P pages or, asked at set-up in 5.2 and at mapping in 6.17, the client cannot reach the provider (nvmet_p2pmem_ns_enable; BLK_STS_INVAL)
// @refuses EINVAL(user) the client cannot reach the provider (BLK_STS_INVAL of 6.17's blk_rq_dma_map_iter_start)
// @refuses EFAULT(user) p2pmem can be mapped since 6.2 only; a BAR mapped otherwise is VM_IO | VM_PFNMAP, which GUP refuses (check_vma_flags)
// @refuses ENOMEM the provider's gen_pool is empty (pci_alloc_p2pmem)
//
// Where each kernel asks the page of an I/O. All: nvmet's test at submission. 5.2: nvme's single-segment test, its test of
// the scatterlist, a pgmap read for each entry, a test at unmap; user memory by plain references. 6.12: O_DIRECT's pin per
// page and its same-pgmap checks, the single-segment test, a test per entry and one map-type lookup per request. 6.17: the
// test of every new vector, then the bio's flag; no scatterlist, one decision per request. Places are struct page pointers.
// Queue limits are the lab's, not the era's.
import { bioAdd, JOINS, OWN_BIO } from "../block/bio";
import { addKernelBuffer, addUserBuffer, releasePages, setSgPage } from "../block/page_bio";
import { addMarkedPage, isSimple, mapMarkedPages, markP2pPages } from "../block/page_state";
import { Bio, REQ_NOMERGE, REQ_P2PDMA, vecAt } from "../layout/bio";
import { EFAULT, EINVAL, EREMOTEIO } from "../layout/errno";
import { DmaClient, Machine, REACHABLE_5_2 } from "../layout/machine";
import { iodOf } from "../layout/nvme";
import { PAGE_SIZE } from "../layout/page";
import { clientOf, Dio, HostQueue, machineOf } from "../layout/queue";
import { BLK_FEAT_PCI_P2PDMA, Request } from "../layout/request";
import { Scatterlist } from "../layout/scatterlist";
import { BUFFERS_USER } from "../layout/stream";
import { getUserPage, pinUserPage } from "../mm/gup";
import { initDeviceMemmap } from "../mm/memmap";
import { isPciP2pdmaPage, pageFolio, pageToPhys, physToPage, putPage, samePgmap, unpinFolio } from "../mm/page";
import { dmaMapHostSg, physToDma } from "../pci/dma_direct";
import { enableNvmetP2p, isReachableIn52 } from "../pci/orchestrator";
import { dmaMapSg } from "../pci/p2pdma";
import { p2pdmaMapSg } from "../pci/p2pdma_5_2";

/** memremap rounded to whole sections before v5.3: 128 MiB of memory, 2 MiB of struct pages. */
const SECTION_BYTES: f64 = 134217728;

@unmanaged
export class Scheme {
  /** 5.2: the orchestrator's answer for this provider and client. */
  isReachable: u32;

  setup(machine: Machine): void {
    initDeviceMemmap(machine);
  }

  attach(_machine: Machine, client: DmaClient): void {
    this.isReachable = isReachableIn52(client) ? 1 : 0;
  }

  @inline
  static memmapBytes(barBytes: f64): f64 {
    return (ERA_5_2 ? Math.ceil(barBytes / SECTION_BYTES) * SECTION_BYTES : barBytes) / 64;
  }

  /** The client's entry in the map types. */
  @inline
  static attachBytes(_barBytes: f64): f64 {
    return ERA_5_2 ? 0 : 8;
  }

  /**
   * struct pci_p2pdma with the pagemap, and the client's entry in the map types. 5.2 has no map types but a percpu_ref
   * and a completion for each pagemap.
   */
  @inline
  static mapStateBytes(_barBytes: f64): f64 {
    return ERA_5_2 ? 16 + 176 + 56 + 32 : 32 + 176 + 8;
  }

  @inline
  add(queue: HostQueue, bio: Bio, dio: Dio): i32 {
    const machine = machineOf(queue);
    const isUser = machine.buffers == BUFFERS_USER;
    if (!dio.inRam) {
      if (ERA_5_2) {
        if (isUser) return -EFAULT;
        if (!this.isReachable) return -EINVAL;
      }
      if ((machine.queueFeatures & BLK_FEAT_PCI_P2PDMA) == 0) return isUser ? -EREMOTEIO : -EINVAL;
    }
    const phys = (dio.inRam ? machine.ramPhys : machine.barPhys) + dio.bufferOffset;
    if (isUser) {
      const error = addUserBuffer(queue, this, bio, phys, dio.lenBytes);
      if (ERA_6_17) markP2pPages(bio);
      return error;
    }
    const page = physToPage(machine, phys);
    // nvmet_bdev_execute_rw.
    if (isPciP2pdmaPage(page)) bio.bi_opf |= REQ_NOMERGE;
    addKernelBuffer(queue, this, bio, page, <u32>(phys & (PAGE_SIZE - 1)), dio.lenBytes);
    if (ERA_6_17) markP2pPages(bio);
    return 0;
  }

  /**
   * bio_add_page of 6.12.117 (zone_device_pages_compatible) and 6.17 (same pgmap); O_DIRECT of 6.12 adds past it
   * (bio_iov_add_folio), that of 6.17 goes through it. 5.2 takes whatever comes: lists are of one kind by convention.
   */
  joins(queue: HostQueue, bio: Bio, dio: Dio): i32 {
    if (ERA_5_2) return JOINS;
    const machine = machineOf(queue);
    if (!ERA_6_17 && machine.buffers == BUFFERS_USER) return JOINS;
    const last = vecAt(bio, <u32>bio.bi_vcnt - 1).place;
    const page = physToPage(machine, (dio.inRam ? machine.ramPhys : machine.barPhys) + dio.bufferOffset);
    if (!ERA_6_17 && !isPciP2pdmaPage(last) && !isPciP2pdmaPage(page)) return JOINS;
    return samePgmap(last, page) ? JOINS : OWN_BIO;
  }

  @inline
  release(queue: HostQueue, bio: Bio, _dio: Dio): void {
    releasePages(queue, this, bio);
  }

  @inline
  pin(page: u64, locked: bool): bool {
    return ERA_5_2 ? getUserPage(page, locked) : pinUserPage(page, locked);
  }

  @inline
  unpin(page: u64, locked: bool): void {
    if (ERA_5_2) putPage(page, locked);
    else unpinFolio(page, locked);
  }

  @inline
  placeOfPinned(_queue: HostQueue, page: u64): u64 {
    return ERA_5_2 ? page : pageFolio(page);
  }

  /** bvec_phys. */
  @inline
  address(queue: HostQueue, place: u64, offset: u32): u64 {
    return pageToPhys(machineOf(queue), place) + offset;
  }

  /** 5.2 merges whatever is contiguous. */
  @inline
  sameOwner(a: u64, b: u64): bool {
    return ERA_5_2 || samePgmap(a, b);
  }

  @inline
  throughSg(): bool {
    return !ERA_6_17;
  }

  /** nvme_map_data: a single segment that is not P2P skips the scatterlist. */
  @inline
  isPlain(_request: Request, place: u64): bool {
    return !isPciP2pdmaPage(place);
  }

  @inline
  mapPlain(queue: HostQueue, place: u64, offset: u32): u64 {
    return physToDma(this.address(queue, place, offset));
  }

  @inline
  fillSg(sg: Scatterlist, _request: Request, place: u64, offset: u32, bytes: u32): void {
    setSgPage(sg, place, offset, bytes);
  }

  @inline
  mapSg(queue: HostQueue, _request: Request, sgl: usize, count: u32): i32 {
    return this.mapList(machineOf(queue), clientOf(queue), sgl, count);
  }

  /** dma_map_sgtable; before it took P2P pages, the caller's test of the first one and the two ways. */
  @inline
  private mapList(machine: Machine, client: DmaClient, sgl: usize, count: u32): i32 {
    if (!ERA_5_2) return dmaMapSg(machine, client, sgl, count);
    if (isPciP2pdmaPage(changetype<Scatterlist>(sgl).page_link)) {
      p2pdmaMapSg(machine, sgl, count);
    } else {
      dmaMapHostSg(machine, sgl, count);
    }
    return 0;
  }

  @inline
  mapSegment(queue: HostQueue, request: Request, place: u64, offset: u32, first: bool): u64 {
    const phys = this.address(queue, place, offset);
    if (first && isSimple(request, place, phys)) return physToDma(phys);
    if ((request.cmd_flags & REQ_P2PDMA) == 0) return physToDma(phys);
    return mapMarkedPages(queue, phys, first);
  }

  @inline
  enableNvmet(queue: HostQueue, rnic: DmaClient): i32 {
    return enableNvmetP2p(queue, rnic, BLK_FEAT_PCI_P2PDMA, ERA_5_2 ? REACHABLE_5_2 : 0);
  }

  @inline
  addHostPage(queue: HostQueue, bio: Bio, phys: u64, bytes: u32): void {
    if (ERA_6_17) addMarkedPage(queue, this, bio, phys, bytes);
    else bioAdd(queue, this, bio, physToPage(machineOf(queue), phys), 0, bytes);
  }

  /** rdma_rw_ctx_init. */
  @inline
  mapRdma(queue: HostQueue, rnic: DmaClient, sgl: usize, count: u32, _inRam: bool): i32 {
    return this.mapList(machineOf(queue), rnic, sgl, count);
  }

  /** rdma_rw_ctx_destroy: 5.2 asks the first page whether there is anything to undo. */
  @inline
  unmapRdma(_queue: HostQueue, sgl: usize, _inRam: bool): void {
    const first = changetype<Scatterlist>(sgl);
    if (ERA_5_2 && !isPciP2pdmaPage(first.page_link)) first.dma_flags = 0;
  }

  /** 6.12: dma_flags say what each entry is. 5.2: nvme_unmap_data asks the first page whether there is anything to undo. */
  @inline
  unmap(_queue: HostQueue, request: Request): void {
    if (ERA_5_2) {
      const iod = iodOf(request);
      if (iod.dma_len == 0 && !isPciP2pdmaPage(changetype<Scatterlist>(<usize>iod.sgt_sgl).page_link)) iod.sgt_nents = 0;
    }
  }
}
