// @title pfn_t (2015, 2017)
// @summary bios and scatterlists carry a page frame number with flags; every consumer branches on whether a page is behind it
// @carries pool,fixed
// @refuses EFAULT(user) P2P memory without struct pages: get_user_pages is not converted, it hands out pages (check_vma_flags)
// @refuses EINVAL(pool,fixed) the queue's driver is not converted: it would call sg_page, which stops the kernel (BUG_ON); so nothing is submitted to it
// @refuses EREMOTEIO the client cannot reach the provider (dma_map_sgtable)
// @refuses ENOMEM the provider's gen_pool is empty (pci_alloc_p2pmem)
//
// "Unmappable memory in scatterlists", Logan Gunthorpe's RFC 00/16 of 2017-05-24 after Dan Williams' of 2015: SGL and bvec
// on pfn_t, four flag bits at the top of the frame number; the device behind a pageless frame is found in a radix tree.
// Host RAM has a page behind each frame. dma_map_page keeps taking pages, so pageless segments always go through the
// scatterlist. What an unconverted consumer refuses is counted. Left out: the fences in code that this machine has not
// (bounce, integrity, copy).
import { counters } from "../base/counting";
import { bioAdd } from "../block/bio";
import { addUserBuffer, releasePages } from "../block/page_bio";
import { Bio, REQ_NOMERGE } from "../layout/bio";
import { EFAULT, EINVAL, EREMOTEIO } from "../layout/errno";
import { DmaClient, Machine } from "../layout/machine";
import { PAGE_SHIFT, PAGE_SIZE } from "../layout/page";
import { clientOf, Dio, HostQueue, machineOf } from "../layout/queue";
import { BLK_FEAT_PCI_P2PDMA, Request } from "../layout/request";
import { Scatterlist, SG_DMA_BUS_ADDRESS, sgAt } from "../layout/scatterlist";
import { BUFFERS_USER } from "../layout/stream";
import { pageToPhys, physToPage } from "../mm/page";
import { dmaAddressOf, isBusAddress, physToDma } from "../pci/dma_direct";
import { enterProvider, p2pAddress } from "../pci/map_state";
import { enableNvmetP2p } from "../pci/orchestrator";
import { P2pdmaProvider } from "../pci/provider";
import { buildRadix, findInRadix, radixBytes, rangesStateBytes } from "../pci/provider_ranges";

/** include/linux/pfn_t.h of v4.5: the four bits at the top. Two mark scatterlist chaining. */
const PFN_FLAGS_MASK: u64 = 0xf000000000000000;
const PFN_DEV: u64 = 1 << 61;
const PFN_MAP: u64 = 1 << 60;

/** pfn_t_has_page. */
@inline
function hasPage(pfn: u64): bool {
  if (COUNTING) counters().hasPageTests += 1;
  return (pfn & PFN_MAP) != 0 || (pfn & PFN_DEV) == 0;
}

/** pfn_t_to_phys. */
@inline
function pfnToPhys(pfn: u64): u64 {
  return (pfn & ~PFN_FLAGS_MASK) << PAGE_SHIFT;
}

@unmanaged
export class Scheme {
  /** Radix tree from section to provider. */
  providers: u32;

  setup(machine: Machine): void {
    this.providers = <u32>buildRadix(machine);
  }

  @inline
  static stateBytes(barBytes: f64): f64 {
    return rangesStateBytes(barBytes);
  }

  @inline
  static memmapBytes(_barBytes: f64): f64 {
    return 0;
  }

  /** The provider, the client's entry in its map types, and the radix tree's nodes for the BAR. */
  @inline
  static mapStateBytes(barBytes: f64): f64 {
    return <f64>offsetof<P2pdmaProvider>() + 8 + radixBytes(barBytes);
  }

  /** The client's entry in the provider's map types. */
  @inline
  static attachBytes(_barBytes: f64): f64 {
    return 8;
  }

  @inline
  add(queue: HostQueue, bio: Bio, dio: Dio): i32 {
    const machine = machineOf(queue);
    const phys = (dio.inRam ? machine.ramPhys : machine.barPhys) + dio.bufferOffset;
    if (dio.inRam) {
      if (machine.buffers == BUFFERS_USER) return addUserBuffer(queue, this, bio, phys, dio.lenBytes);
    } else {
      const refused = this.refused(machine);
      if (refused != 0) return -refused;
      bio.bi_opf |= REQ_NOMERGE;
    }
    const flags = dio.inRam ? 0 : PFN_DEV;
    bioAdd(queue, this, bio, (phys >> PAGE_SHIFT) | flags, <u32>(phys & (PAGE_SIZE - 1)), dio.lenBytes);
    return 0;
  }

  /** Errno of a consumer that wants a page where there is none. */
  @inline
  private refused(machine: Machine): i32 {
    let errno: i32 = 0;
    if (machine.buffers == BUFFERS_USER) errno = EFAULT;
    else if ((machine.queueFeatures & BLK_FEAT_PCI_P2PDMA) == 0) errno = EINVAL;
    if (COUNTING && errno != 0) counters().unconverted += 1;
    return errno;
  }

  /** bio_release_pages asks each vector of a bio that pinned pages. */
  @inline
  release(queue: HostQueue, bio: Bio, _dio: Dio): void {
    releasePages(queue, this, bio);
  }

  @inline
  placeOfPinned(queue: HostQueue, page: u64): u64 {
    return pageToPhys(machineOf(queue), page) >> PAGE_SHIFT;
  }

  @inline
  pageOf(queue: HostQueue, place: u64): u64 {
    if (COUNTING) counters().pageLookups += 1;
    return hasPage(place) ? physToPage(machineOf(queue), pfnToPhys(place)) : 0;
  }

  @inline
  address(_queue: HostQueue, place: u64, offset: u32): u64 {
    return pfnToPhys(place) + offset;
  }

  /** Frames that follow each other merge when both have a page behind them, or neither has. */
  @inline
  sameOwner(a: u64, b: u64): bool {
    return hasPage(a) == hasPage(b);
  }

  /** dma_map_page wants a page. */
  @inline
  isPlain(_request: Request, place: u64): bool {
    return hasPage(place);
  }

  @inline
  mapPlain(queue: HostQueue, place: u64, offset: u32): u64 {
    return physToDma(this.address(queue, place, offset));
  }

  /** sg_set_pfn. */
  @inline
  fillSg(sg: Scatterlist, _request: Request, place: u64, offset: u32, bytes: u32): void {
    sg.page_link = place + (offset >> PAGE_SHIFT);
    sg.offset = offset & (PAGE_SIZE - 1);
    sg.length = bytes;
  }

  @inline
  mapSg(queue: HostQueue, _request: Request, sgl: usize, count: u32): i32 {
    return this.mapList(queue, clientOf(queue), sgl, count);
  }

  @inline
  enableNvmet(queue: HostQueue, rnic: DmaClient): i32 {
    const answer = enableNvmetP2p(queue, rnic, BLK_FEAT_PCI_P2PDMA, 0);
    if (COUNTING && answer == -EINVAL) counters().unconverted += 1;
    return answer;
  }

  @inline
  addHostPage(queue: HostQueue, bio: Bio, phys: u64, bytes: u32): void {
    bioAdd(queue, this, bio, phys >> PAGE_SHIFT, 0, bytes);
  }

  /** sg_set_pfn in nvmet's own list. */
  @inline
  fillRdma(_queue: HostQueue, sg: Scatterlist, phys: u64, bytes: u32, inRam: bool): void {
    sg.page_link = (phys >> PAGE_SHIFT) | (inRam ? 0 : PFN_DEV);
    sg.offset = 0;
    sg.length = bytes;
  }

  @inline
  mapRdma(queue: HostQueue, rnic: DmaClient, sgl: usize, count: u32, _inRam: bool): i32 {
    return this.mapList(queue, rnic, sgl, count);
  }

  /** dma_map_sg on frames: a page behind it or not, entry by entry; the provider of pageless ones is looked up once. */
  private mapList(queue: HostQueue, client: DmaClient, sgl: usize, count: u32): i32 {
    let provider: u32 = 0;
    for (let i: u32 = 0; i < count; i++) {
      const sg = sgAt(sgl, i);
      const phys = pfnToPhys(sg.page_link) + sg.offset;
      sg.dma_length = sg.length;
      sg.dma_flags = 0;
      if (hasPage(sg.page_link)) {
        sg.dma_address = physToDma(phys);
        continue;
      }
      const found = findInRadix(<usize>this.providers, phys);
      if (found == 0) return -EREMOTEIO;
      if (found != provider) enterProvider(queue, client, changetype<P2pdmaProvider>(<usize>found).bus_offset);
      provider = found;
      const answer = p2pAddress(queue, phys);
      if (answer == 0) return -EREMOTEIO;
      sg.dma_address = dmaAddressOf(answer);
      if (isBusAddress(answer)) sg.dma_flags = SG_DMA_BUS_ADDRESS;
    }
    return 0;
  }
}
