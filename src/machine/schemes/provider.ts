// @title page-less provider (6.19)
// @summary {owner, bus_offset} and no pages: bios carry physical addresses, one mapping decision per request (p2pdma_provider, v6.19)
// @carries fixed
// @refuses EFAULT(user) a BAR without struct pages is mapped VM_IO | VM_PFNMAP, which GUP refuses (check_vma_flags)
// @refuses ENOMEM(pool) a provider without pages has no gen_pool: pcim_p2pdma_init makes none, pci_alloc_p2pmem returns NULL
// @refuses ENODEV(pool) nvmet's p2pmem attribute takes no provider without published p2pmem (pci_p2pdma_enable_store: pci_has_p2pmem)
// @refuses EINVAL(fixed) the queue does not take P2P memory, or the client cannot reach the provider (BLK_STS_INVAL)
//
// Upstream since v6.19 (vfio-pci's dma-buf export): whoever hands out the memory knows its provider, so nothing is looked
// up; the map type of (provider, client) is asked once for each request and its state kept while it is mapped, as
// blk_rq_dma_map_iter_start does with pages. The block layer has no such bios yet; the lab gives them a physical address as
// a place. Marked and never merged, as P2P bios are since 6.17. Host RAM goes as in 6.18. Page pointers have their top bit
// set, physical addresses do not.
import { bioAdd, joinsMarked } from "../block/bio";
import { releasePages } from "../block/page_bio";
import { addMarkedPage } from "../block/page_state";
import { addTestedRam, mapTestedRam } from "../block/tested_page_bio";
import { Bio, REQ_NOMERGE, REQ_P2PDMA } from "../layout/bio";
import { EFAULT, EINVAL, ENOMEM } from "../layout/errno";
import { DmaClient, Machine } from "../layout/machine";
import { clientOf, Dio, HostQueue, machineOf } from "../layout/queue";
import { BLK_FEAT_PCI_P2PDMA, Request } from "../layout/request";
import { BUFFERS_POOL, BUFFERS_USER } from "../layout/stream";
import { isPagePointer, pageToPhys, samePgmap } from "../mm/page";
import { enterProvider, p2pAddress } from "../pci/map_state";
import { dmaMapSg } from "../pci/p2pdma";
import { initProvider, P2pdmaProvider } from "../pci/provider";

/** struct pci_p2pdma since v6.19: pool, flags, map types, and six providers. */
const PCI_P2PDMA_BYTES: f64 = 128;

@unmanaged
export class Scheme {
  // struct p2pdma_provider of the machine's BAR.
  owner: u64;
  bus_offset: i64;

  setup(machine: Machine): void {
    initProvider(machine, changetype<P2pdmaProvider>(changetype<usize>(this)));
  }

  @inline
  static memmapBytes(_barBytes: f64): f64 {
    return 0;
  }

  /** The provider in its pci_p2pdma, and the client's entry in the map types. */
  @inline
  static mapStateBytes(_barBytes: f64): f64 {
    return PCI_P2PDMA_BYTES + 8;
  }

  /** The client's entry in the map types. */
  @inline
  static attachBytes(_barBytes: f64): f64 {
    return 8;
  }

  @inline
  add(queue: HostQueue, bio: Bio, dio: Dio): i32 {
    if (dio.inRam) return addTestedRam(queue, this, bio, dio);
    const machine = machineOf(queue);
    if (machine.buffers == BUFFERS_POOL) return -ENOMEM;
    if (machine.buffers == BUFFERS_USER) return -EFAULT;
    if ((machine.queueFeatures & BLK_FEAT_PCI_P2PDMA) == 0) return -EINVAL;
    bio.bi_opf |= REQ_P2PDMA | REQ_NOMERGE;
    bioAdd(queue, this, bio, machine.barPhys + dio.bufferOffset, 0, dio.lenBytes);
    return 0;
  }

  /** A marked bio is one provider's, as since 6.17. */
  joins(_queue: HostQueue, bio: Bio, dio: Dio): i32 {
    return joinsMarked(bio, REQ_P2PDMA, !dio.inRam);
  }

  @inline
  release(queue: HostQueue, bio: Bio, _dio: Dio): void {
    releasePages(queue, this, bio);
  }

  @inline
  address(queue: HostQueue, place: u64, offset: u32): u64 {
    return isPagePointer(place) ? pageToPhys(machineOf(queue), place) + offset : place + offset;
  }

  /** A marked bio is one provider's. */
  @inline
  sameOwner(a: u64, b: u64): bool {
    return isPagePointer(a) ? samePgmap(a, b) : true;
  }

  @inline
  mapSegment(queue: HostQueue, request: Request, place: u64, offset: u32, first: bool): u64 {
    const phys = this.address(queue, place, offset);
    if ((request.cmd_flags & REQ_P2PDMA) == 0) return mapTestedRam(queue, request, place, phys, first);
    if (first) enterProvider(queue, clientOf(queue), this.bus_offset);
    return p2pAddress(queue, phys);
  }

  @inline
  addHostPage(queue: HostQueue, bio: Bio, phys: u64, bytes: u32): void {
    addMarkedPage(queue, this, bio, phys, bytes);
  }

  /** dma_map_sgtable tests each entry, as any page may be P2P. */
  @inline
  mapRdma(queue: HostQueue, rnic: DmaClient, sgl: usize, count: u32, _inRam: bool): i32 {
    return dmaMapSg(machineOf(queue), rnic, sgl, count);
  }
}
