// struct page: address arithmetic and the few accesses the block path makes.
// Mirrors include/asm-generic/memory_model.h (SPARSEMEM_VMEMMAP), include/linux/mm.h, memremap.h, mmzone.h of 6.12.
// Address arithmetic never touches the page itself; each function that does says which words it reads.
import { countPageAtomic, countPageLoad, counters } from "../base/counting";
import { Machine } from "../layout/machine";
import {
  DevPagemap, GUP_PIN_COUNTING_BIAS, MEMORY_DEVICE_PCI_P2PDMA, PAGE_SHIFT, PAGE_STRUCT_SHIFT, Page, PG_head,
  ZONE_DEVICE, ZONES_MASK, ZONES_PGSHIFT,
} from "../layout/page";
import { PercpuRef, percpuRefAdd } from "./percpu_ref";

const REFCOUNT_AT: usize = 52;
/** folio._pincount lies in the second struct page of a large folio. */
const PINCOUNT_AT: usize = 92;

/** page_to_phys: no memory access but the (hot) vmemmap base. */
@inline
export function pageToPhys(machine: Machine, page: u64): u64 {
  return ((page - machine.vmemmap) >> PAGE_STRUCT_SHIFT) << PAGE_SHIFT;
}

/** phys_to_page: arithmetic only. */
@inline
export function physToPage(machine: Machine, phys: u64): u64 {
  return machine.vmemmap + ((phys >> PAGE_SHIFT) << PAGE_STRUCT_SHIFT);
}

/** Page pointers have their top bit set, as on x86-64; bus and physical addresses do not. */
@inline
export function isPagePointer(place: u64): bool {
  return <i64>place < 0;
}

@inline
export function page(place: u64): Page {
  return changetype<Page>(<usize>place);
}

@inline
export function isZoneDevice(place: u64): bool {
  countPageLoad(<usize>place);
  return ((page(place).flags >> ZONES_PGSHIFT) & ZONES_MASK) == ZONE_DEVICE;
}

@inline
export function pagePgmap(place: u64): u64 {
  countPageLoad(<usize>place);
  return page(place).pgmap;
}

/** is_pci_p2pdma_page: flags; for ZONE_DEVICE pages also pgmap (same line) and pgmap->type (a hot line elsewhere). */
@inline
export function isPciP2pdmaPage(place: u64): bool {
  if (!isZoneDevice(place)) return false;
  const is = changetype<DevPagemap>(<usize>pagePgmap(place)).type == MEMORY_DEVICE_PCI_P2PDMA;
  if (COUNTING) counters().p2pTests += <u64>is;
  return is;
}

/** zone_device_pages_have_same_pgmap: flags of both; when both are ZONE_DEVICE, pgmap of both. */
@inline
export function samePgmap(a: u64, b: u64): bool {
  const aIsDevice = isZoneDevice(a);
  if (aIsDevice != isZoneDevice(b)) return false;
  if (!aIsDevice) return true;
  if (COUNTING) counters().pgmapChecks += 1;
  return pagePgmap(a) == pagePgmap(b);
}

/**
 * page_folio: reads the compound head word (offset 8; the pgmap of a ZONE_DEVICE page, whose bit 0 is clear). A branch, as in
 * _compound_head: what follows does not wait for the page's cache line. Folios here are one page: a tail is a bug.
 */
@inline
export function pageFolio(place: u64): u64 {
  countPageLoad(<usize>place);
  if (page(place).pgmap & 1) unreachable();
  return place;
}

/** folio_test_large: reads flags. */
@inline
export function folioTestLarge(place: u64): bool {
  countPageLoad(<usize>place);
  return (page(place).flags & PG_head) != 0;
}

/**
 * folio_try_get: compare-and-swap loop that refuses a count of zero (atomic_add_unless). One locked operation. Returns
 * the count after it, 0 when it was refused.
 */
@inline
export function folioTryGet(place: u64, locked: bool): i32 {
  const ref = <usize>place + REFCOUNT_AT;
  countPageAtomic(<usize>place);
  let seen = load<i32>(ref);
  if (!locked) {
    store<i32>(ref, seen + 1);
    return seen + 1;
  }
  while (seen != 0) {
    // Meets the unpin of another queue's agent; nothing but the count itself is published.
    const found = atomic.cmpxchg<i32>(ref, seen, seen + 1);
    if (found == seen) return seen + 1;
    seen = found;
  }
  return 0;
}

/** folio_ref_count. */
@inline
export function folioRefCount(place: u64): u32 {
  return load<u32>(<usize>place + REFCOUNT_AT);
}

/** folio_ref_add / folio_ref_sub: one locked operation. Returns the count after it. */
@inline
export function folioRefAdd(place: u64, delta: i32, locked: bool): i32 {
  return folioRefAddFrom(place, load<i32>(<usize>place + REFCOUNT_AT), delta, locked);
}

/**
 * folio_ref_add where the count is known: wasm has no locked add of its own on x86-64, its compilers make a load and a
 * compare-and-swap loop, and here the load is what the operation before has just returned.
 */
@inline
function folioRefAddFrom(place: u64, count: i32, delta: i32, locked: bool): i32 {
  const ref = <usize>place + REFCOUNT_AT;
  countPageAtomic(<usize>place);
  if (!locked) {
    store<i32>(ref, count + delta);
    return count + delta;
  }
  let seen = count;
  for (;;) {
    // Meets folioTryGet, folioRefAdd and unmapPage of other agents; publishes only the count.
    const found = atomic.cmpxchg<i32>(ref, seen, seen + delta);
    if (found == seen) return seen + delta;
    seen = found;
  }
  return unreachable();
}

/** try_grab_folio of fast GUP with FOLL_PIN on an order-0 folio: get one reference, then add the bias less one. */
@inline
export function pinFolioFast(place: u64, locked: bool): bool {
  const count = folioTryGet(place, locked);
  if (count == 0) return false;
  folioRefAddFrom(place, count, GUP_PIN_COUNTING_BIAS - 1, locked);
  return true;
}

/**
 * unpin_user_folio: flags tell whether the folio is large, and then its pin count goes down as well. The last reference
 * frees the page (folio_put_refs): one that was unmapped while it was pinned.
 */
@inline
export function unpinFolio(place: u64, locked: bool): void {
  if (folioTestLarge(place)) atomic.sub<i32>(<usize>place + PINCOUNT_AT, 1);
  if (folioRefAdd(place, -GUP_PIN_COUNTING_BIAS, locked) == 0) freeDevicePage(<usize>place);
}

/** p2pdma_page_free: the page's reference on its pagemap goes. The lab's user mapping is not taken from the pool. */
export function freeDevicePage(at: usize): void {
  const pgmap = <usize>changetype<Page>(at).pgmap;
  percpuRefAdd(changetype<PercpuRef>(pgmap + offsetof<DevPagemap>("ref")), -1);
}

/** vm_insert_page of p2pmem: from here on the mapping has the page's only reference. */
export function mapPage(at: usize): void {
  changetype<Page>(at)._refcount = 1;
}

/** zap_pte_range for one page: the mapping's reference goes. True when it was the last. */
export function unmapPage(at: usize): bool {
  // Meets folioTryGet and folioRefAdd of the host agents: whoever brings the count to zero frees the page.
  return atomic.sub<i32>(at + REFCOUNT_AT, 1) == 1;
}

/** put_page before folios: reads the compound head, then one locked operation. */
@inline
export function putPage(place: u64, locked: bool): void {
  folioRefAdd(pageFolio(place), -1, locked);
}
