// iommu.wasm: the parts of the IOMMU by themselves, for tests. Addresses and page numbers are 64 bit.
import { domainOf } from "../layout/iommu";
import { DmaClient } from "../layout/machine";
import { DeviceQueue } from "../layout/queue";
import { mapPages, unmapPages, walk as walkTables } from "../pci/iommu_page_table";
import { translate as translateFor } from "../pci/iotlb";
import { countRanges } from "../pci/iova";
import { allocIovaFast, countCached, freeIovaFast } from "../pci/iova_rcache";

/** First page of a free range whose last page is at most `limitPfn`, 0 when there is none. */
export function alloc(client: usize, cpu: u32, pages: u64, limitPfn: u64, flushRcache: u32): u64 {
  return allocIovaFast(domainOf(changetype<DmaClient>(client)), cpu, pages, limitPfn, flushRcache != 0);
}

export function free(client: usize, cpu: u32, first: u64, pages: u64): void {
  freeIovaFast(domainOf(changetype<DmaClient>(client)), cpu, first, pages);
}

/** Ranges in the tree, and those of them that the caches hold. */
export function ranges(client: usize): u32 {
  return countRanges(domainOf(changetype<DmaClient>(client)));
}

export function cached(client: usize): u32 {
  return countCached(domainOf(changetype<DmaClient>(client)));
}

/** 0 when there is no page left for tables. */
export function map(client: usize, iova: u64, phys: u64, bytes: u64): u32 {
  return mapPages(domainOf(changetype<DmaClient>(client)), iova, phys, bytes) ? 1 : 0;
}

export function unmap(client: usize, iova: u64, bytes: u64): void {
  unmapPages(domainOf(changetype<DmaClient>(client)), iova, bytes);
}

/** What the tables say; all ones where nothing is mapped. */
export function walk(client: usize, iova: u64): u64 {
  return walkTables(domainOf(changetype<DmaClient>(client)), iova);
}

/** What the controller of a queue pair gets, through its IOTLB. */
export function translate(deviceQueue: usize, iova: u64): u64 {
  return translateFor(changetype<DeviceQueue>(deviceQueue), iova);
}
