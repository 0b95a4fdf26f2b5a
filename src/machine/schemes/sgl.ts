// @title homogeneous scatterlist (2018)
// @summary struct pages in scatterlists that are wholly P2P or hold none; map_sg checks the list, dma_map_ops says who can (Gunthorpe 2018-01-04)
// @carries pool,fixed
// @variant quirk=none
// @variant quirk=no-p2p-flag
// @refuses EINVAL(pool,fixed) the queue does not take P2P pages, or provider and client are not below one switch (nvmet_p2pmem_ns_enable, upstream_bridges_match); at mapping, the client's dma_map_ops are not p2p_supported, or the list mixes P2P with host pages
// @refuses EFAULT(user) p2pmem can be mapped since 6.2 only; a BAR mapped otherwise is VM_IO | VM_PFNMAP, which GUP refuses (check_vma_flags)
// @refuses ENOMEM the provider's gen_pool is empty (pci_alloc_p2pmem)
//
// The P2P series of January 2018 with Jason Gunthorpe's change to it: a flag p2p_supported in struct dma_map_ops; where it
// is set, a homogeneous list may be handed to map_sg, and only to that. So P2P bios are marked and never merged, stay out
// of dma_map_page, have every entry of their list tested before any is mapped, and are not unmapped. Places are struct
// page pointers. Host RAM takes the same way and the same test of its list. Drivers with dma_virt_ops (HFI, rxe) get CPU
// addresses; their ops lack the flag. The quirk is the series before the change: P2P lists are mapped past the ops, and
// such a driver takes a bus address for a CPU address.
import { addKernelBuffer, addUserBuffer, releasePages, setSgPage } from "../block/page_bio";
import { Bio, REQ_NOMERGE, REQ_P2PDMA } from "../layout/bio";
import { EFAULT, EINVAL } from "../layout/errno";
import { DMA_OPS_VIRT, DmaClient, Machine } from "../layout/machine";
import { PAGE_SIZE } from "../layout/page";
import { Dio, HostQueue, machineOf } from "../layout/queue";
import { BLK_FEAT_PCI_P2PDMA, Request } from "../layout/request";
import { Scatterlist, sgAt } from "../layout/scatterlist";
import { BUFFERS_USER } from "../layout/stream";
import { initDeviceMemmap } from "../mm/memmap";
import { isPciP2pdmaPage, pageToPhys, physToPage } from "../mm/page";
import { dmaMapHostSg, physToDma } from "../pci/dma_direct";
import { isUnderOneSwitch, NVMET_TAKES_RAM } from "../pci/orchestrator";
import { p2pdmaMapSg } from "../pci/p2pdma_5_2";

/** Kernel virtual address of physical address 0 on x86-64 (page_offset_base). */
const PAGE_OFFSET: u64 = 0xffff888000000000;

@unmanaged
export class Scheme {
  /** The orchestrator's answer for this provider and client. */
  isUnderOneSwitch: u32;
  /** The client's struct dma_map_ops: p2p_supported, and what its map functions add to a physical address. */
  p2pSupported: u32;
  cpuAddressBase: u64;

  setup(machine: Machine): void {
    initDeviceMemmap(machine);
  }

  attach(machine: Machine, client: DmaClient): void {
    this.isUnderOneSwitch = isUnderOneSwitch(machine, client) ? 1 : 0;
    const isVirt = client.dmaOps == DMA_OPS_VIRT;
    this.p2pSupported = isVirt ? 0 : 1;
    this.cpuAddressBase = isVirt ? PAGE_OFFSET : 0;
  }

  @inline
  static memmapBytes(barBytes: f64): f64 {
    return barBytes / 64;
  }

  /** struct pci_p2pdma and its pagemap as of 4.20: dev_pagemap, percpu_ref, completion. */
  @inline
  static mapStateBytes(_barBytes: f64): f64 {
    return 16 + 176 + 56 + 32;
  }

  @inline
  add(queue: HostQueue, bio: Bio, dio: Dio): i32 {
    const machine = machineOf(queue);
    const isUser = machine.buffers == BUFFERS_USER;
    if (!dio.inRam) {
      if (isUser) return -EFAULT;
      if (!this.isUnderOneSwitch || (machine.queueFeatures & BLK_FEAT_PCI_P2PDMA) == 0) return -EINVAL;
    }
    const phys = (dio.inRam ? machine.ramPhys : machine.barPhys) + dio.bufferOffset;
    if (isUser) return addUserBuffer(queue, this, bio, phys, dio.lenBytes);
    const page = physToPage(machine, phys);
    // nvmet's request to the block device.
    if (isPciP2pdmaPage(page)) bio.bi_opf |= REQ_P2PDMA | REQ_NOMERGE;
    addKernelBuffer(queue, this, bio, page, <u32>(phys & (PAGE_SIZE - 1)), dio.lenBytes);
    return 0;
  }

  @inline
  release(queue: HostQueue, bio: Bio, _dio: Dio): void {
    releasePages(queue, this, bio);
  }

  @inline
  address(queue: HostQueue, place: u64, offset: u32): u64 {
    return pageToPhys(machineOf(queue), place) + offset;
  }

  /** Bios are wholly one kind by convention, and the mark keeps the kinds in different requests. */
  @inline
  sameOwner(_a: u64, _b: u64): bool {
    return true;
  }

  /** Only map_sg takes P2P. */
  @inline
  isPlain(request: Request, _place: u64): bool {
    return (request.cmd_flags & REQ_P2PDMA) == 0;
  }

  @inline
  mapPlain(queue: HostQueue, place: u64, offset: u32): u64 {
    return physToDma(this.address(queue, place, offset)) + this.cpuAddressBase;
  }

  @inline
  fillSg(sg: Scatterlist, _request: Request, place: u64, offset: u32, bytes: u32): void {
    setSgPage(sg, place, offset, bytes);
  }

  @inline
  mapSg(queue: HostQueue, _request: Request, sgl: usize, count: u32): i32 {
    return this.mapList(machineOf(queue), sgl, count);
  }

  /** Namespace and port are asked the same (nvmet_p2pmem_ns_enable, upstream_bridges_match). */
  @inline
  enableNvmet(queue: HostQueue, rnic: DmaClient): i32 {
    const machine = machineOf(queue);
    if (!this.isUnderOneSwitch || (machine.queueFeatures & BLK_FEAT_PCI_P2PDMA) == 0) return -EINVAL;
    return isUnderOneSwitch(machine, rnic) ? 0 : NVMET_TAKES_RAM;
  }

  /** rdma_rw_ctx_init with the series' flag: the same map_sg, by the RNIC's own dma_map_ops. Nothing to undo. */
  @inline
  mapRdma(queue: HostQueue, _rnic: DmaClient, sgl: usize, count: u32, _inRam: bool): i32 {
    return this.mapList(machineOf(queue), sgl, count);
  }

  @inline
  private mapList(machine: Machine, sgl: usize, count: u32): i32 {
    let p2p: u32 = 0;
    for (let i: u32 = 0; i < count; i++) {
      if (isPciP2pdmaPage(sgAt(sgl, i).page_link)) p2p++;
    }
    if (p2p == 0) {
      dmaMapHostSg(machine, sgl, count);
      if (this.cpuAddressBase != 0) this.toCpuAddresses(sgl, count);
      return 0;
    }
    if (p2p != count || (!QUIRK_NO_P2P_FLAG && !this.p2pSupported)) return -EINVAL;
    p2pdmaMapSg(machine, sgl, count);
    return 0;
  }

  /** dma_virt_map_sg. */
  private toCpuAddresses(sgl: usize, count: u32): void {
    for (let i: u32 = 0; i < count; i++) {
      sgAt(sgl, i).dma_address += this.cpuAddressBase;
    }
  }
}
