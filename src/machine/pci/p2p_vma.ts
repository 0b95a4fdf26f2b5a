// The special VMA of "HMM p2p" (Jerome Glisse, RFC 3/5 of 2019-01-29): the exporting driver's mmap makes it and sets
// p2p_map and p2p_unmap in its vm_operations. The importer hands them a range and its list of DMA addresses, one for each
// page, which is all that I/O on the range uses. The importer keeps one list for the whole VMA, as RDMA's ODP does.
// Revocation: the exporter takes its memory out of the VMA; an importer must let go at any time, which for an NVMe request
// means that the notifier waits for it (mmu_notifier_invalidate_range_start may sleep).
// Left out: the CPU mapping, which such a VMA may have or not.
import { counters } from "../base/counting";
import { Machine, MAP_BUS_ADDR, MAP_THRU_HOST_BRIDGE } from "../layout/machine";
import { PAGE_SHIFT } from "../layout/page";
import { clientOf, HostQueue, machineOf } from "../layout/queue";
import { Request } from "../layout/request";
import { takeState } from "../mm/scheme_state";
import { physToDma } from "./dma_direct";
import { iommuMapRequest, isTranslated } from "./dma_iommu";
import { mapType } from "./map_types";

/** The parts of vm_area_struct that p2p_map works on: 32 bytes. */
@unmanaged
export class P2pVma {
  vm_start: u64;
  /** First address behind it. */
  vm_end: u64;
  /** CPU physical address of its first byte: the exporter's BAR. */
  phys: u64;
  /** The importer's list for this VMA (dma_addr_t *pa of p2p_map). */
  pa: u32;
  /** Entries from the list's start that a revocation has found empty; written by whoever revokes. */
  walked: u32;
}

/** Where user space sees the BAR: page aligned, far from everything. */
const VM_START: u64 = 0x7f0000000000;

/** The exporter's mmap of its whole BAR as one importer knows it, with its empty list. */
export function mmapBar(machine: Machine): P2pVma {
  const vma = changetype<P2pVma>(takeState(machine, offsetof<P2pVma>()));
  vma.vm_start = VM_START;
  vma.vm_end = VM_START + machine.barBytes;
  vma.phys = machine.barPhys;
  vma.pa = <u32>takeState(machine, (machine.barBytes >> PAGE_SHIFT) << 3);
  return vma;
}

/** Bytes of an importer's list for a VMA of `bytes`: a dma_addr_t for each page, 0.195 %. */
export function listBytes(bytes: f64): f64 {
  return (bytes / 4096) * 8;
}

@inline
function entryOf(vma: P2pVma, address: u64): usize {
  return <usize>vma.pa + (<usize>((address - vma.vm_start) >> PAGE_SHIFT) << 3);
}

@inline
function pagesOf(start: u64, end: u64): u32 {
  return <u32>(((end - 1) >> PAGE_SHIFT) - (start >> PAGE_SHIFT)) + 1;
}

/**
 * vm_operations.p2p_map for [start, end): the exporter tests whether the importer can reach it (pci_test_p2p of RFC 1/5)
 * and writes the DMA address of each page. wasm address of the first entry, or 0.
 */
@inline
export function p2pMap(queue: HostQueue, request: Request, vma: P2pVma, start: u64, end: u64): usize {
  const machine = machineOf(queue);
  const client = clientOf(queue);
  if (!isInVma(vma, start, end)) return 0;
  if (COUNTING) counters().mapCalls += 1;
  const type = mapType(machine, client.key);
  if (type != MAP_BUS_ADDR && type != MAP_THRU_HOST_BRIDGE) return 0;
  const phys = vma.phys + (((start - vma.vm_start) >> PAGE_SHIFT) << PAGE_SHIFT);
  let address = physToDma(phys);
  if (type == MAP_BUS_ADDR) {
    address = machine.barBus + (phys - machine.barPhys);
  } else if (isTranslated(queue)) {
    // dma_map_resource by the exporter; the request remembers the range.
    address = iommuMapRequest(queue, request, phys, <u64>pagesOf(start, end) << PAGE_SHIFT);
    if (address == 0) return 0;
  }
  const first = entryOf(vma, start);
  const last = first + (<usize>pagesOf(start, end) << 3);
  for (let entry = first; entry < last; entry += 8) {
    store<u64>(entry, address);
    address += 1 << PAGE_SHIFT;
    if (COUNTING) counters().listEntries += 1;
  }
  return first;
}

/** vm_operations.p2p_unmap: the importer's entries are no longer valid. */
@inline
export function p2pUnmap(vma: P2pVma, start: u64, end: u64): void {
  const first = entryOf(vma, start);
  const last = first + (<usize>pagesOf(start, end) << 3);
  for (let entry = first; entry < last; entry += 8) {
    store<u64>(entry, 0);
    if (COUNTING) counters().listEntries += 1;
  }
}

/** The importer's look at a range of its registration: at submission, and again where it maps. */
@inline
export function isInVma(vma: P2pVma, start: u64, end: u64): bool {
  return start >= vma.vm_start && end <= vma.vm_end;
}

/** The exporter's memory leaves the VMA: p2p_map finds nothing in it any more. */
export function revokeVma(vma: P2pVma): void {
  // Meets isInVma.
  atomic.store<u64>(changetype<usize>(vma) + offsetof<P2pVma>("vm_end"), vma.vm_start);
}

/**
 * The revocation's walk over the importer's list, which it must see empty once: no entry is filled again after revokeVma and
 * a grace period. True when it has been through; false at the first entry that is still in use, where it will go on.
 */
export function walkRevoked(vma: P2pVma, machine: Machine): bool {
  const pages = <u32>(machine.barBytes >> PAGE_SHIFT);
  let at = vma.walked;
  // Meets p2pUnmap of the importer's agents.
  while (at < pages && atomic.load<u64>(<usize>vma.pa + (<usize>at << 3)) == 0) at++;
  vma.walked = at;
  return at == pages;
}

/** The exporter offers its BAR again. */
export function restoreVma(vma: P2pVma, machine: Machine): void {
  vma.vm_end = vma.vm_start + machine.barBytes;
  vma.walked = 0;
}

/** Pages that are mapped for the importer now. */
export function mappedPages(vma: P2pVma, machine: Machine): f64 {
  let pages: f64 = 0;
  const end = vma.vm_start + machine.barBytes;
  // Meets p2pUnmap of the importer's agents.
  for (let at = vma.vm_start; at < end; at += 1 << PAGE_SHIFT) if (atomic.load<u64>(entryOf(vma, at)) != 0) pages += 1;
  return pages;
}
