// @title struct page
// @summary every 4 KiB of the BAR has a 64-byte struct page; bios carry pages, mapping asks the page (Linux 6.12)
// @refuses EREMOTEIO the queue does not take P2P pages (BLK_FEAT_PCI_P2PDMA is off): GUP without FOLL_PCI_P2PDMA refuses them
// @refuses ENOMEM the provider's gen_pool is empty (pci_alloc_p2pmem)
//
// Linux 6.12: nvmet's is-P2P test at submission, O_DIRECT's pin per page, nvme's single-segment test, dma_map_sgtable's
// test per entry and one map-type lookup per request, nothing at unmap. Places are struct page pointers.
import { addKernelBuffer, addUserBuffer, releasePages, setSgPage } from "../block/page_bio";
import { Bio, REQ_NOMERGE } from "../layout/bio";
import { Machine } from "../layout/machine";
import { PAGE_SIZE } from "../layout/page";
import { Dio, HostQueue } from "../layout/queue";
import { BLK_FEAT_PCI_P2PDMA, Request } from "../layout/request";
import { Scatterlist } from "../layout/scatterlist";
import { BUFFERS_USER } from "../layout/stream";
import { initDeviceMemmap } from "../mm/memmap";
import { isPciP2pdmaPage, pageToPhys, physToPage, samePgmap } from "../mm/page";
import { physToDma } from "../pci/dma_direct";
import { dmaMapSg, EREMOTEIO } from "../pci/p2pdma";
import { machineOf } from "../block/bio";

@unmanaged
export class Scheme {
  @inline
  static setup(machine: Machine): void {
    initDeviceMemmap(machine);
  }

  @inline
  static memmapBytes(barBytes: f64): f64 {
    return barBytes / 64;
  }

  /** struct pci_p2pdma_pagemap for the provider, pci_p2pdma_map_state while a request is mapped. */
  @inline
  static mapStateBytes(): f64 {
    return 176 + 24;
  }

  @inline
  add(queue: HostQueue, bio: Bio, dio: Dio): i32 {
    const machine = machineOf(queue);
    const phys = (dio.inRam ? machine.ramPhys : machine.barPhys) + dio.bufferOffset;
    if (!dio.inRam && (machine.queueFeatures & BLK_FEAT_PCI_P2PDMA) == 0) return -EREMOTEIO;
    if (machine.buffers == BUFFERS_USER) return addUserBuffer(queue, this, bio, phys, dio.lenBytes);
    const page = physToPage(machine, phys);
    // nvmet_bdev_execute_rw.
    if (isPciP2pdmaPage(page)) bio.bi_opf |= REQ_NOMERGE;
    addKernelBuffer(queue, this, bio, page, <u32>(phys & (PAGE_SIZE - 1)), dio.lenBytes);
    return 0;
  }

  @inline
  release(queue: HostQueue, bio: Bio, _dio: Dio): void {
    releasePages(queue, bio);
  }

  /** bvec_phys. */
  @inline
  address(queue: HostQueue, place: u64, offset: u32): u64 {
    return pageToPhys(machineOf(queue), place) + offset;
  }

  @inline
  sameOwner(a: u64, b: u64): bool {
    return samePgmap(a, b);
  }

  @inline
  throughSg(): bool {
    return true;
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
    const machine = machineOf(queue);
    return dmaMapSg(machine, machine.clientKey, sgl, count);
  }

  @inline
  mapSegment(_queue: HostQueue, _request: Request, _place: u64, _offset: u32, _first: bool): u64 {
    return 0;
  }

  /** dma_unmap_sgtable without an IOMMU: dma_flags say what each entry is; no page is touched. */
  @inline
  unmap(_queue: HostQueue, _request: Request): void {}
}
