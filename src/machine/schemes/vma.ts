// @title VMA with p2p_map (2019)
// @summary the exporter's VMA answers p2p_map with one DMA address for each page; no page, no pin (Glisse 2019-01-29, Gunthorpe 2019-01-30)
// @carries fixed
// @refuses EFAULT(user) O_DIRECT fails early: GUP finds a VM_IO | VM_PFNMAP mapping without struct pages (check_vma_flags)
// @refuses EFAULT(fixed) the queue's driver is no importer: it knows no p2p_map, and GUP refuses the mapping
// @refuses EINVAL(fixed) p2p_map refuses: the client cannot reach the exporter (pci_test_p2p), or the range is not in the VMA (any more: the exporter was removed)
// @refuses ENODEV(pool) nvmet's p2pmem attribute takes no exporter without published p2pmem (pci_p2pdma_enable_store: pci_has_p2pmem)
// @refuses ENOMEM(pool) the exporter has no gen_pool (pci_alloc_p2pmem returns NULL): its memory is what a process has mapped
//
// Long-lived buffers in a mapping registered with the importer, as RDMA's memory regions: p2p_map on each request, p2p_unmap
// on its completion, PRPs copied from the list between. The mails have no way through the block layer for it; the lab gives
// it the shared one, with the address in the VMA as a place. Merging looks at that address; requests never merge. Host RAM
// goes on as pages. Page pointers have their top bit set, user addresses do not.
import { bioAdd, joinsMarked } from "../block/bio";
import { addHostRam } from "../block/host_page_bio";
import { releasePages, setSgPage } from "../block/page_bio";
import { Bio, REQ_NOMERGE, REQ_P2PDMA, vecAt } from "../layout/bio";
import { EFAULT, EINVAL, ENOMEM } from "../layout/errno";
import { DmaClient, Machine } from "../layout/machine";
import { Dio, HostQueue, machineOf } from "../layout/queue";
import { BLK_FEAT_PCI_P2PDMA, Request } from "../layout/request";
import { Scatterlist } from "../layout/scatterlist";
import { BUFFERS_POOL, BUFFERS_USER } from "../layout/stream";
import { isPagePointer, pageToPhys } from "../mm/page";
import { dmaMapHostSg, physToDma } from "../pci/dma_direct";
import { isInVma, listBytes, mappedPages, mmapBar, p2pMap, p2pUnmap, P2pVma, restoreVma, revokeVma, walkRevoked } from "../pci/p2p_vma";

@unmanaged
export class Scheme {
  /** P2pVma of the exporter's mapping. */
  vma: u32;

  attach(machine: Machine, _client: DmaClient): void {
    this.vma = <u32>changetype<usize>(mmapBar(machine));
  }

  @inline
  static stateBytes(barBytes: f64): f64 {
    return <f64>offsetof<P2pVma>() + listBytes(barBytes);
  }

  @inline
  static memmapBytes(_barBytes: f64): f64 {
    return 0;
  }

  @inline
  static mapStateBytes(barBytes: f64): f64 {
    return <f64>offsetof<P2pVma>() + listBytes(barBytes);
  }

  /** Each importer has a list of its own. */
  @inline
  static attachBytes(barBytes: f64): f64 {
    return listBytes(barBytes);
  }

  /** Pages that are mapped for the importer: none when no I/O is in flight. */
  held(machine: Machine): f64 {
    return mappedPages(this.mapping, machine);
  }

  revoke(_machine: Machine): void {
    revokeVma(this.mapping);
  }

  isDrained(machine: Machine): bool {
    return walkRevoked(this.mapping, machine);
  }

  restore(machine: Machine): void {
    restoreVma(this.mapping, machine);
  }

  @inline
  add(queue: HostQueue, bio: Bio, dio: Dio): i32 {
    if (dio.inRam) return addHostRam(queue, this, bio, dio);
    const machine = machineOf(queue);
    if (machine.buffers == BUFFERS_POOL) return -ENOMEM;
    if (machine.buffers == BUFFERS_USER || (machine.queueFeatures & BLK_FEAT_PCI_P2PDMA) == 0) return -EFAULT;
    const start = this.mapping.vm_start + dio.bufferOffset;
    if (!isInVma(this.mapping, start, start + dio.lenBytes)) return -EINVAL;
    bio.bi_opf |= REQ_P2PDMA | REQ_NOMERGE;
    bioAdd(queue, this, bio, start, 0, dio.lenBytes);
    return 0;
  }

  @inline
  private get mapping(): P2pVma {
    return changetype<P2pVma>(<usize>this.vma);
  }

  /** A marked bio is a range of one VMA. */
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

  /** One VMA: neighbours in it belong together. */
  @inline
  sameOwner(_a: u64, _b: u64): bool {
    return true;
  }

  @inline
  isListed(request: Request): bool {
    return (request.cmd_flags & REQ_P2PDMA) != 0;
  }

  @inline
  dmaList(queue: HostQueue, request: Request, place: u64, offset: u32): usize {
    const start = place + offset;
    return p2pMap(queue, request, this.mapping, start, start + request.__data_len);
  }

  @inline
  unmap(_queue: HostQueue, request: Request): void {
    if (!this.isListed(request)) return;
    const bio = changetype<Bio>(<usize>request.bio);
    const vec = vecAt(bio, bio.bi_idx);
    const start = vec.place + vec.bv_offset + bio.bi_bvec_done;
    p2pUnmap(this.mapping, start, start + request.__data_len);
  }

  @inline
  isPlain(_request: Request, _place: u64): bool {
    return true;
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
    dmaMapHostSg(machineOf(queue), sgl, count);
    return 0;
  }
}
