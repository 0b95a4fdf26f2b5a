// Caches of free IOVA ranges in front of the tree: two magazines for each CPU and size class, and a depot of full ones that
// all CPUs share (iova_rcache, drivers/iommu/iova.c). Ranges of more than 32 pages go to the tree each time.
// As to Linux 6.5: a full depot gives a magazine back to the tree; later kernels let it grow and trim it in the background.
import { must } from "../base/must";
import {
  CpuRcache, Depot, DEPOT_STRIDE, IommuDomain, IOVA_MAG_SIZE, IOVA_RANGE_CACHE_MAX_SIZE, IovaMagazine, MAX_GLOBAL_MAGS,
  MagazineStock,
} from "../layout/iommu";
import { WRITER_STRIDE } from "../layout/machine";
import { peekFree, pushFree } from "../mm/free_stack";
import { spinLock, spinUnlock } from "../mm/spinlock";
import { allocIova, freeIova } from "./iova";

/** order_base_2. */
@inline
export function orderOf(pages: u64): u32 {
  return pages <= 1 ? 0 : <u32>(64 - clz<u64>(pages - 1));
}

@inline
export function cpuRcache(domain: IommuDomain, cpu: u32, order: u32): CpuRcache {
  const index = <usize>(cpu * IOVA_RANGE_CACHE_MAX_SIZE + order);
  return changetype<CpuRcache>(<usize>domain.cpuRcaches + index * WRITER_STRIDE);
}

@inline
export function depotOf(domain: IommuDomain, order: u32): Depot {
  return changetype<Depot>(<usize>domain.depots + <usize>order * DEPOT_STRIDE);
}

@inline
function depotSlot(depot: Depot, index: u32): usize {
  return changetype<usize>(depot) + offsetof<Depot>() + (<usize>index << 2);
}

@inline
function magazine(at: u32): IovaMagazine {
  return changetype<IovaMagazine>(<usize>at);
}

@inline
function pfnSlot(at: u32, index: u64): usize {
  return <usize>at + offsetof<IovaMagazine>() + (<usize>index << 3);
}

@inline
function stockOf(domain: IommuDomain): MagazineStock {
  return changetype<MagazineStock>(<usize>domain.magazines);
}

/** alloc_iova_fast: first page of a range of `pages` (more where the size class is larger) up to `limitPfn`, or 0. */
export function allocIovaFast(domain: IommuDomain, cpu: u32, pages: u64, limitPfn: u64, flushRcache: bool): u64 {
  // Sizes that are cached are rounded up, so that a freed range fits any of its class.
  const rounded = pages < 1 << (IOVA_RANGE_CACHE_MAX_SIZE - 1) ? <u64>1 << orderOf(pages) : pages;
  const order = orderOf(rounded);
  if (order < IOVA_RANGE_CACHE_MAX_SIZE) {
    const cached = popCached(domain, cpu, order, limitPfn + 1 - rounded);
    if (cached != 0) return cached;
  }
  let first = allocIova(domain, rounded, limitPfn);
  if (first == 0 && flushRcache) {
    for (let other: u32 = 0; other < domain.cpus; other++) freeCpuCaches(domain, other);
    freeDepots(domain);
    first = allocIova(domain, rounded, limitPfn);
  }
  return first;
}

/** free_iova_fast. */
export function freeIovaFast(domain: IommuDomain, cpu: u32, first: u64, pages: u64): void {
  const order = orderOf(pages);
  if (order < IOVA_RANGE_CACHE_MAX_SIZE) pushCached(domain, cpu, order, first);
  else freeIova(domain, first);
}

/** __iova_rcache_get. */
function popCached(domain: IommuDomain, cpu: u32, order: u32, limitPfn: u64): u64 {
  const cache = cpuRcache(domain, cpu, order);
  const lock = changetype<usize>(cache);
  spinLock(lock);
  let found: u64 = 0;
  if (magazine(cache.loaded).size > 0) {
    found = pop(cache.loaded, limitPfn);
  } else if (magazine(cache.prev).size > 0) {
    swap(cache);
    found = pop(cache.loaded, limitPfn);
  } else if (loadFromDepot(domain, cache, order)) {
    found = pop(cache.loaded, limitPfn);
  }
  spinUnlock(lock);
  return found;
}

/** iova_magazine_pop: the last one that is not above `limitPfn`; 0 when all are. */
@inline
function pop(at: u32, limitPfn: u64): u64 {
  const stack = magazine(at);
  for (let i = stack.size; i > 0; i--) {
    const pfn = load<u64>(pfnSlot(at, i - 1));
    if (pfn > limitPfn) continue;
    stack.size -= 1;
    store<u64>(pfnSlot(at, i - 1), load<u64>(pfnSlot(at, stack.size)));
    return pfn;
  }
  return 0;
}

@inline
function swap(cache: CpuRcache): void {
  const loaded = cache.loaded;
  cache.loaded = cache.prev;
  cache.prev = loaded;
}

function loadFromDepot(domain: IommuDomain, cache: CpuRcache, order: u32): bool {
  const stock = stockOf(domain);
  spinLock(changetype<usize>(stock));
  const depot = depotOf(domain, order);
  const has = depot.size > 0;
  if (has) {
    stock.free = pushFree(stock.stack, stock.free, <usize>cache.loaded);
    depot.size -= 1;
    cache.loaded = load<u32>(depotSlot(depot, depot.size));
  }
  spinUnlock(changetype<usize>(stock));
  return has;
}

/** __iova_rcache_insert. */
function pushCached(domain: IommuDomain, cpu: u32, order: u32, pfn: u64): void {
  const cache = cpuRcache(domain, cpu, order);
  const lock = changetype<usize>(cache);
  spinLock(lock);
  if (magazine(cache.loaded).size == IOVA_MAG_SIZE) {
    if (magazine(cache.prev).size < IOVA_MAG_SIZE) swap(cache);
    else makeRoom(domain, cache, order);
  }
  const stack = magazine(cache.loaded);
  store<u64>(pfnSlot(cache.loaded, stack.size), pfn);
  stack.size += 1;
  spinUnlock(lock);
}

/** The full magazine goes to the depot for an empty one; where that is full, its ranges go back to the tree. */
function makeRoom(domain: IommuDomain, cache: CpuRcache, order: u32): void {
  const stock = stockOf(domain);
  spinLock(changetype<usize>(stock));
  const depot = depotOf(domain, order);
  const keeps = depot.size < MAX_GLOBAL_MAGS && stock.free > 0;
  if (keeps) {
    store<u32>(depotSlot(depot, depot.size), cache.loaded);
    depot.size += 1;
    cache.loaded = <u32>peekFree(stock.stack, stock.free);
    stock.free -= 1;
    must(magazine(cache.loaded).size == 0);
  }
  spinUnlock(changetype<usize>(stock));
  if (!keeps) emptyMagazine(domain, cache.loaded);
}

/** iova_magazine_free_pfns. */
function emptyMagazine(domain: IommuDomain, at: u32): void {
  const stack = magazine(at);
  for (let i: u64 = 0; i < stack.size; i++) freeIova(domain, load<u64>(pfnSlot(at, i)));
  stack.size = 0;
}

/** free_cpu_cached_iovas. */
function freeCpuCaches(domain: IommuDomain, cpu: u32): void {
  for (let order: u32 = 0; order < IOVA_RANGE_CACHE_MAX_SIZE; order++) {
    const cache = cpuRcache(domain, cpu, order);
    spinLock(changetype<usize>(cache));
    emptyMagazine(domain, cache.loaded);
    emptyMagazine(domain, cache.prev);
    spinUnlock(changetype<usize>(cache));
  }
}

/** free_global_cached_iovas. */
function freeDepots(domain: IommuDomain): void {
  const stock = stockOf(domain);
  spinLock(changetype<usize>(stock));
  for (let order: u32 = 0; order < IOVA_RANGE_CACHE_MAX_SIZE; order++) {
    const depot = depotOf(domain, order);
    while (depot.size > 0) {
      depot.size -= 1;
      const at = load<u32>(depotSlot(depot, depot.size));
      emptyMagazine(domain, at);
      stock.free = pushFree(stock.stack, stock.free, <usize>at);
    }
  }
  spinUnlock(changetype<usize>(stock));
}

/** Ranges that the caches hold, for tests. */
export function countCached(domain: IommuDomain): u32 {
  let count: u64 = 0;
  for (let order: u32 = 0; order < IOVA_RANGE_CACHE_MAX_SIZE; order++) {
    for (let cpu: u32 = 0; cpu < domain.cpus; cpu++) {
      const cache = cpuRcache(domain, cpu, order);
      count += magazine(cache.loaded).size + magazine(cache.prev).size;
    }
    const depot = depotOf(domain, order);
    for (let i: u32 = 0; i < depot.size; i++) count += magazine(load<u32>(depotSlot(depot, i))).size;
  }
  return <u32>count;
}
