// Memory of the provider and what keeps it: pci_alloc_p2pmem and pci_free_p2pmem, the pagemap's reference, and the steps
// of its removal (drivers/pci/p2pdma.c and mm/memremap.c, 6.12). Every allocation holds one reference, as every page that
// a process has mapped does (p2pmem_alloc_mmap); v5.2 and the RFC's patch 27 have the same per-CPU reference elsewhere.
// Left out: the reference that each page holds from registration on; memunmap_pages gives it back before it waits.
import { Lifetime, lifetimeOf, REMOVAL_GONE, REMOVAL_NONE } from "../layout/lifetime";
import { Machine } from "../layout/machine";
import { DevPagemap, PAGE_SHIFT, PAGE_STRUCT_SHIFT } from "../layout/page";
import { poolAlloc, poolFree, POOL_FULL } from "../mm/gen_pool";
import { freeDevicePage, mapPage, unmapPage } from "../mm/page";
import {
  initPercpuRef, PercpuRef, percpuRefAdd, percpuRefCount, percpuRefKill, percpuRefPut, percpuRefRevive, percpuRefTryGet,
} from "../mm/percpu_ref";

/** pgmap->ref. */
@inline
function p2pmemRef(machine: Machine): PercpuRef {
  return changetype<PercpuRef>(<usize>machine.pgmap + offsetof<DevPagemap>("ref"));
}

export function initP2pmem(machine: Machine): void {
  initPercpuRef(machine, p2pmemRef(machine), false);
}

/** pci_alloc_p2pmem on CPU `cpu`: offset in the BAR, or POOL_FULL when nothing fits or the provider is going. */
@inline
export function allocP2pmem(machine: Machine, cpu: u32, bytes: u32): u64 {
  if (!percpuRefTryGet(p2pmemRef(machine), cpu)) return POOL_FULL;
  const offset = poolAlloc(<usize>machine.pool, bytes);
  if (offset == POOL_FULL) percpuRefPut(p2pmemRef(machine), cpu);
  return offset;
}

/** pci_free_p2pmem. */
@inline
export function freeP2pmem(machine: Machine, cpu: u32, offset: u64, bytes: u32): void {
  poolFree(<usize>machine.pool, offset, bytes);
  percpuRefPut(p2pmemRef(machine), cpu);
}

/** References that long-lived users of the provider's memory take (positive) and give back. */
export function holdP2pmem(machine: Machine, count: i64): void {
  percpuRefAdd(p2pmemRef(machine), count);
}

/** References that keep the provider: none when nothing is allocated, held or mapped. */
export function p2pmemReferences(machine: Machine): i64 {
  return percpuRefCount(p2pmemRef(machine));
}

/** memunmap_pages before it waits. */
export function killP2pmem(machine: Machine): void {
  percpuRefKill(p2pmemRef(machine));
}

/** p2pmem_alloc_mmap of the whole BAR: every page has one reference, the mapping's. */
export function mapPages(machine: Machine): void {
  const pages = <u32>(machine.barBytes >> PAGE_SHIFT);
  for (let i: u32 = 0; i < pages; i++) mapPage(<usize>machine.memmap + (<usize>i << PAGE_STRUCT_SHIFT));
}

/**
 * unmap_mapping_range of `bytes` more: each page first loses its PTE, then the reference that the PTE had; a page that
 * nobody has pinned is freed at once. True when nothing is left to unmap.
 */
export function unmapP2pmem(machine: Machine, bytes: u64): bool {
  const lifetime = lifetimeOf(machine);
  const from = lifetime.unmappedBytes;
  const to = min(from + bytes, machine.barBytes);
  // Meets mappingLost in GUP: a pin taken before this store is on the page's count below, a later one is given back.
  atomic.store<u64>(changetype<usize>(lifetime) + offsetof<Lifetime>("unmappedBytes"), to);
  for (let at = from >> PAGE_SHIFT; at < to >> PAGE_SHIFT; at++) {
    const page = <usize>machine.memmap + (<usize>at << PAGE_STRUCT_SHIFT);
    if (unmapPage(page)) freeDevicePage(page);
  }
  return to == machine.barBytes;
}

/** Whether the byte at CPU address `phys` is in a part of the BAR that the user's mapping has lost. */
@inline
export function mappingLost(machine: Machine, phys: u64): bool {
  // Meets unmapP2pmem.
  return phys - machine.barPhys < atomic.load<u64>(<usize>machine.lifetime + offsetof<Lifetime>("unmappedBytes"));
}

/** Whether the CPU's own way to the provider's memory has gone: the user's mapping, or at the end the kernel's. */
@inline
export function isCpuAccessLost(machine: Machine, offset: u64, isUser: bool): bool {
  const lifetime = lifetimeOf(machine);
  if (lifetime.phase == REMOVAL_NONE) return false;
  if (isUser && offset < lifetime.unmappedBytes) return true;
  return lifetime.phase == REMOVAL_GONE;
}

/** The provider is plugged in again: as after its first set-up, without a reference. A scheme restores its own structures. */
export function reviveP2pmem(machine: Machine): void {
  const lifetime = lifetimeOf(machine);
  lifetime.unmappedBytes = 0;
  lifetime.phase = REMOVAL_NONE;
  percpuRefRevive(p2pmemRef(machine));
  percpuRefAdd(p2pmemRef(machine), -percpuRefCount(p2pmemRef(machine)));
}
