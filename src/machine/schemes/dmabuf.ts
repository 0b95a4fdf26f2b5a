// @title dma-buf, pre-mapped (2026)
// @summary a buffer is mapped once for a device; bios carry the map, I/O takes a reference and copies PRPs from its list (Begunkov v3)
// @carries fixed
// @variant map-ref=percpu
// @variant map-ref=atomic
// @refuses EFAULT(user) a dma-buf is registered, not pinned: its mmap is VM_IO | VM_PFNMAP, which GUP refuses (check_vma_flags)
// @refuses ENOMEM(pool) an exported BAR has no gen_pool: pci_alloc_p2pmem returns NULL
// @refuses ENODEV(pool) nvmet's p2pmem attribute takes no exporter without published p2pmem (pci_p2pdma_enable_store: pci_has_p2pmem)
// @refuses EINVAL(fixed) the queue's driver makes no maps, or none for this exporter: dma_buf_map_attachment fails where the client cannot reach it
// @refuses ENODEV(fixed) the exporter was removed: the map is revoked (move_notify) and cannot be made anew
//
// Long-lived buffers in one dma-buf over the provider's BAR, mapped for the controller at set-up. The bio is marked and never
// merged; it has one vector whose place stands for (map, offset). Its reference on the map is a percpu_ref, as posted: a
// counter of the CPU, no locked operation; dmabuf@atomic has one count that all queues share. The list has 8 bytes for each
// 4 KiB: a line of it is what an I/O touches instead of a struct page's. Host RAM goes as in 6.18. Page pointers have their
// top bit set, offsets do not.
import { bioAppend, joinsMarked } from "../block/bio";
import { releasePages } from "../block/page_bio";
import { addMarkedPage } from "../block/page_state";
import { addTestedRam, mapTestedRam } from "../block/tested_page_bio";
import { Bio, REQ_NOMERGE } from "../layout/bio";
import { EFAULT, EINVAL, ENODEV, ENOMEM } from "../layout/errno";
import { DmaClient, Machine } from "../layout/machine";
import { Dio, HostQueue, machineOf } from "../layout/queue";
import { BLK_FEAT_PCI_P2PDMA, Request } from "../layout/request";
import { BUFFERS_POOL, BUFFERS_USER } from "../layout/stream";
import { isPagePointer, pageToPhys, samePgmap } from "../mm/page";
import {
  dmabufMapBytes, entryOf, getMap, invalidateMap, listBytes, mapBarDmabuf, mapReferences, putMap, restoreMap,
} from "../pci/dma_buf_map";
import { dmaMapSg } from "../pci/p2pdma";

/** The series' mark: bi_flags BIO_DMABUF_MAP in v3, a REQ_ flag from v4 on. */
const REQ_DMABUF_MAP: u32 = 1 << 29;

@unmanaged
export class Scheme {
  /** The map of the BAR for the controller, 0 when it could not be made. */
  map: u32;

  attach(machine: Machine, client: DmaClient): void {
    this.map = <u32>mapBarDmabuf(machine, client, MAP_REF_ATOMIC != 0);
  }

  @inline
  static stateBytes(barBytes: f64): f64 {
    return listBytes(barBytes) + 65536;
  }

  @inline
  static memmapBytes(_barBytes: f64): f64 {
    return 0;
  }

  @inline
  static mapStateBytes(barBytes: f64): f64 {
    return dmabufMapBytes(barBytes);
  }

  @inline
  static attachBytes(barBytes: f64): f64 {
    return dmabufMapBytes(barBytes);
  }

  /** References on the map: none when no I/O is in flight. */
  held(_machine: Machine): f64 {
    return mapReferences(<usize>this.map);
  }

  revoke(_machine: Machine): void {
    invalidateMap(<usize>this.map);
  }

  restore(_machine: Machine): void {
    restoreMap(<usize>this.map);
  }

  @inline
  add(queue: HostQueue, bio: Bio, dio: Dio): i32 {
    if (dio.inRam) return addTestedRam(queue, this, bio, dio);
    const machine = machineOf(queue);
    if (machine.buffers == BUFFERS_POOL) return -ENOMEM;
    if (machine.buffers == BUFFERS_USER) return -EFAULT;
    if (this.map == 0 || (machine.queueFeatures & BLK_FEAT_PCI_P2PDMA) == 0) return -EINVAL;
    if (!getMap(<usize>this.map, queue.queueIndex)) return -ENODEV;
    // bio_dmabuf_map_set.
    bio.bi_opf |= REQ_DMABUF_MAP | REQ_NOMERGE;
    bioAppend(queue, bio, dio.bufferOffset, 0, dio.lenBytes);
    return 0;
  }

  /** A bio has a map or pages (bio_dmabuf_map_set). */
  joins(_queue: HostQueue, bio: Bio, dio: Dio): i32 {
    return joinsMarked(bio, REQ_DMABUF_MAP, !dio.inRam);
  }

  @inline
  release(queue: HostQueue, bio: Bio, _dio: Dio): void {
    if (bio.bi_opf & REQ_DMABUF_MAP) putMap(<usize>this.map, queue.queueIndex);
    else releasePages(queue, this, bio);
  }

  @inline
  address(queue: HostQueue, place: u64, offset: u32): u64 {
    return isPagePointer(place) ? pageToPhys(machineOf(queue), place) + offset : place + offset;
  }

  /** Only pages come here: a marked bio has one vector and is never merged. */
  @inline
  sameOwner(a: u64, b: u64): bool {
    return samePgmap(a, b);
  }

  @inline
  isListed(request: Request): bool {
    return (request.cmd_flags & REQ_DMABUF_MAP) != 0;
  }

  @inline
  dmaList(_queue: HostQueue, _request: Request, place: u64, offset: u32): usize {
    return entryOf(<usize>this.map, place + offset);
  }

  @inline
  mapSegment(queue: HostQueue, request: Request, place: u64, offset: u32, first: bool): u64 {
    return mapTestedRam(queue, request, place, this.address(queue, place, offset), first);
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
