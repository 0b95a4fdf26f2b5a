// setup.wasm: what the lab calls once to bring a machine's memory into its first state. Never runs in a timed region.
import { fillMedia as fillMediaOf } from "../front/verify";
import { domainOf, IOMMU_PAGE_BYTES } from "../layout/iommu";
import { DmaClient, Machine } from "../layout/machine";
import { DeviceQueue, HostQueue } from "../layout/queue";
import { poolAlloc, poolAvail as poolAvailOf, poolFree, poolInit } from "../mm/gen_pool";
import { initRamMemmap } from "../mm/memmap";
import { countQueued, flushAll } from "../pci/iommu_invalidate";
import { countMapped } from "../pci/iommu_page_table";
import { attachQueue, iommuRegionBytes, mapFloor, setupIommu as buildIommu } from "../pci/iommu_setup";
import { countRanges } from "../pci/iova";
import { countCached } from "../pci/iova_rcache";
import { mapTypeTreeBytes as treeBytes, mapTypeTreeInit } from "../pci/map_types";
import { initP2pmem } from "../pci/p2pmem";

/** Struct pages of host RAM. */
export function setupRam(machine: usize): void {
  initRamMemmap(changetype<Machine>(machine));
}

/** An empty gen_pool over the BAR, its header at machine.pool and its chunk at `chunk`. */
export function setupPool(machine: usize, chunk: usize): void {
  const m = changetype<Machine>(machine);
  initP2pmem(m);
  poolInit(<usize>m.pool, chunk, m.barBus, m.barBytes);
}

export function poolAvail(machine: usize): f64 {
  return <f64>poolAvailOf(<usize>changetype<Machine>(machine).pool);
}

/** Offset in the BAR, or -1 when nothing fits. */
export function allocate(machine: usize, bytes: u32): f64 {
  const at = poolAlloc(<usize>changetype<Machine>(machine).pool, bytes);
  return at == u64.MAX_VALUE ? -1 : <f64>at;
}

export function free(machine: usize, offset: f64, bytes: u32): void {
  poolFree(<usize>changetype<Machine>(machine).pool, <u64>offset, bytes);
}

export function mapTypeTreeBytes(clients: u32): u32 {
  return treeBytes(clients);
}

export function setupMapTypes(tree: usize, bytes: u32): void {
  mapTypeTreeInit(tree, bytes);
}

/** Bytes of an IOMMU for a machine with these queues and depths, of which it maps `onceBytes` for its whole life. */
export function iommuBytes(queues: u32, tags: u32, onceBytes: f64): f64 {
  return iommuRegionBytes(queues, tags, onceBytes);
}

/** An IOMMU that translates for one client, built at `at`; `windows`: what the client's bus claims itself. */
export function setupIommu(
  client: usize, at: usize, queues: u32, tags: u32, onceBytes: f64, lazy: u32, windows: usize, windowCount: u32,
): void {
  buildIommu(changetype<DmaClient>(client), at, queues, tags, <u64>onceBytes, lazy != 0, windows, windowCount);
}

/** Puts queue pair `index` behind its client's IOMMU. */
export function attachIommu(client: usize, host: usize, device: usize, index: u32): void {
  attachQueue(changetype<DmaClient>(client), changetype<HostQueue>(host), changetype<DeviceQueue>(device), index);
}

/** Maps RAM, and the BAR unless the client's bus claims it, once for the null scheme. 0 when there is no room. */
export function mapFloorBuffers(machine: usize, client: usize, barThroughIommu: u32): u32 {
  return mapFloor(changetype<Machine>(machine), changetype<DmaClient>(client), barThroughIommu != 0) ? 1 : 0;
}

/** Ranges of IOVAs that requests still hold: in the tree, but neither cached, nor waiting for a flush, nor permanent. */
export function iovasHeld(client: usize): f64 {
  const domain = domainOf(changetype<DmaClient>(client));
  return <f64>countRanges(domain) - <f64>countCached(domain) - <f64>countQueued(domain) - <f64>domain.permanentRanges;
}

/** Pages of 4 KiB that requests still have mapped. */
export function iommuPagesHeld(client: usize): f64 {
  const domain = domainOf(changetype<DmaClient>(client));
  return <f64>countMapped(domain) - <f64>domain.permanentPages;
}

/** Ranges that wait for a flush. */
export function iovasQueued(client: usize): u32 {
  return countQueued(domainOf(changetype<DmaClient>(client)));
}

/** What the flush queues' timer does. */
export function flushIommu(client: usize): void {
  flushAll(domainOf(changetype<DmaClient>(client)), 0);
}

/** Bytes of page tables in use. */
export function iommuTableBytes(client: usize): f64 {
  const domain = domainOf(changetype<DmaClient>(client));
  return <f64>min(load<u32>(<usize>domain.tablesUsed), domain.tableCount) * IOMMU_PAGE_BYTES;
}

/** Fills a queue's media window with generation 0 for payload verification. */
export function fillMedia(queue: usize): void {
  fillMediaOf(changetype<HostQueue>(queue));
}
