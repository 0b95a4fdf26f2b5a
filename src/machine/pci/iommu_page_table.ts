// The IOMMU's page tables: VT-d second-level tables of 512 entries in four levels (Intel VT-d specification 9.8), as
// __domain_mapping and dma_pte_clear_range write them (drivers/iommu/intel/iommu.c, 6.12). Tables lie in the kernel's
// memory, where physical addresses are wasm addresses. Large aligned ranges take 2 MiB and 1 GiB entries, as iommu_pgsize
// has it. Tables are never freed: Linux frees one only when a single unmap covers all of it.
// Left out: read and write permission by direction; the write-back of entries to memory (modelled, by counted lines).
import { counters } from "../base/counting";
import { must } from "../base/must";
import {
  IOMMU_PAGE_BYTES, IOMMU_PAGE_SHIFT, IommuDomain, PTE_ADDRESS, PTE_READ, PTE_SUPERPAGE, PTE_WRITE,
} from "../layout/iommu";

const LEVELS: u32 = 4;
const LEVEL_BITS: u64 = 9;
const INDEX_MASK: u64 = 511;
const LINE_MASK: usize = 63;
const PRESENT: u64 = PTE_READ | PTE_WRITE;

@inline
function shiftOf(level: u32): u64 {
  return IOMMU_PAGE_SHIFT + LEVEL_BITS * <u64>(level - 1);
}

@inline
function entryAt(table: usize, iova: u64, level: u32): usize {
  return table + (<usize>((iova >> shiftOf(level)) & INDEX_MASK) << 3);
}

/** alloc_pgtable_page: a zeroed table, or 0. */
function takeTable(domain: IommuDomain): usize {
  const index = atomic.add<u32>(<usize>domain.tablesUsed, 1);
  if (index >= domain.tableCount) return 0;
  const table = <usize>domain.tables + <usize>index * IOMMU_PAGE_BYTES;
  memory.fill(table, 0, IOMMU_PAGE_BYTES);
  return table;
}

/** The table of the highest level. */
export function initPageTable(domain: IommuDomain): void {
  domain.pgd = <u32>takeTable(domain);
}

/** pfn_to_dma_pte: the entry of `level` for `iova`, with the tables above it made where they are missing; 0: none left. */
function entryFor(domain: IommuDomain, iova: u64, level: u32): usize {
  let table = <usize>domain.pgd;
  for (let at = LEVELS; at > level; at--) {
    const entry = entryAt(table, iova, at);
    // Meets the exchange of another CPU that made the table: its zeroes are visible.
    let value = atomic.load<u64>(entry);
    if (value == 0) {
      const made = takeTable(domain);
      if (made == 0) return 0;
      // Meets the load above. A table that came second stays unused until the machine ends.
      const other = atomic.cmpxchg<u64>(entry, 0, <u64>made | PRESENT);
      value = other == 0 ? <u64>made : other;
      if (COUNTING) counters().pteLines += 1;
    }
    must((value & PTE_SUPERPAGE) == 0);
    table = <usize>(value & PTE_ADDRESS);
  }
  return entryAt(table, iova, level);
}

/** iommu_pgsize: the level whose pages fit what is left of a range. */
@inline
function levelFor(iova: u64, phys: u64, bytes: u64): u32 {
  const both = iova | phys;
  if (bytes >= <u64>1 << shiftOf(3) && (both & ((<u64>1 << shiftOf(3)) - 1)) == 0) return 3;
  if (bytes >= <u64>1 << shiftOf(2) && (both & ((<u64>1 << shiftOf(2)) - 1)) == 0) return 2;
  return 1;
}

/** iommu_map of whole pages. False, with nothing mapped, when there is no page left for tables. */
export function mapPages(domain: IommuDomain, iovaStart: u64, physStart: u64, totalBytes: u64): bool {
  let iova = iovaStart;
  let phys = physStart;
  let bytes = totalBytes;
  while (bytes > 0) {
    const level = levelFor(iova, phys, bytes);
    let entry = entryFor(domain, iova, level);
    if (entry == 0) {
      unmapPages(domain, iovaStart, iova - iovaStart);
      return false;
    }
    const step = <u64>1 << shiftOf(level);
    const large = level > 1 ? PTE_SUPERPAGE : 0;
    if (COUNTING) counters().pteLines += 1;
    do {
      must(load<u64>(entry) == 0);
      store<u64>(entry, phys | large | PRESENT);
      if (COUNTING) counters().pteWrites += 1;
      iova += step;
      phys += step;
      bytes -= step;
      entry += 8;
      if (COUNTING && (entry & LINE_MASK) == 0 && bytes >= step) counters().pteLines += 1;
      // Up to the end of this table, while entries of this level are the right ones.
    } while (bytes >= step && (entry & (IOMMU_PAGE_BYTES - 1)) != 0 && (level > 1 || levelFor(iova, phys, bytes) == 1));
  }
  return true;
}

/** iommu_unmap of pages that mapPages mapped with small entries. */
export function unmapPages(domain: IommuDomain, iovaStart: u64, totalBytes: u64): void {
  let iova = iovaStart;
  let bytes = totalBytes;
  while (bytes > 0) {
    let entry = lastLevelEntry(domain, iova);
    must(entry != 0);
    if (COUNTING) counters().pteLines += 1;
    do {
      must((load<u64>(entry) & PTE_READ) != 0);
      store<u64>(entry, 0);
      if (COUNTING) counters().pteClears += 1;
      iova += IOMMU_PAGE_BYTES;
      bytes -= IOMMU_PAGE_BYTES;
      entry += 8;
      if (COUNTING && (entry & LINE_MASK) == 0 && bytes > 0) counters().pteLines += 1;
    } while (bytes > 0 && (entry & (IOMMU_PAGE_BYTES - 1)) != 0);
  }
}

function lastLevelEntry(domain: IommuDomain, iova: u64): usize {
  let table = <usize>domain.pgd;
  for (let level = LEVELS; level > 1; level--) {
    const value = load<u64>(entryAt(table, iova, level));
    if ((value & PTE_READ) == 0 || (value & PTE_SUPERPAGE) != 0) return 0;
    table = <usize>(value & PTE_ADDRESS);
  }
  return entryAt(table, iova, 1);
}

/** What the hardware's walk finds: physical address of `iova`; u64.MAX_VALUE when nothing is mapped there. */
export function walk(domain: IommuDomain, iova: u64): u64 {
  if (iova >> (shiftOf(LEVELS) + LEVEL_BITS)) return u64.MAX_VALUE;
  let table = <usize>domain.pgd;
  for (let level = LEVELS; level > 0; level--) {
    const value = load<u64>(entryAt(table, iova, level));
    if ((value & PTE_READ) == 0) return u64.MAX_VALUE;
    if (level == 1 || (value & PTE_SUPERPAGE) != 0) {
      const inPage = (<u64>1 << shiftOf(level)) - 1;
      return (value & PTE_ADDRESS & ~inPage) | (iova & inPage);
    }
    table = <usize>(value & PTE_ADDRESS);
  }
  return u64.MAX_VALUE;
}

/** Pages of 4 KiB that are mapped, for tests. */
export function countMapped(domain: IommuDomain): u64 {
  return countIn(<usize>domain.pgd, LEVELS);
}

function countIn(table: usize, level: u32): u64 {
  let pages: u64 = 0;
  for (let i: usize = 0; i < 512; i++) {
    const value = load<u64>(table + (i << 3));
    if ((value & PTE_READ) == 0) continue;
    if (level == 1 || (value & PTE_SUPERPAGE) != 0) pages += <u64>1 << (LEVEL_BITS * <u64>(level - 1));
    else pages += countIn(<usize>(value & PTE_ADDRESS), level - 1);
  }
  return pages;
}
