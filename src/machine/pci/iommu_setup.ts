// An IOMMU domain before its first I/O: iommu_setup_dma_ops, iova_domain_init_rcaches, iommu_dma_init_fq. Everything is
// carved from one region that the lab has planned by `iommuRegionBytes`. Ranges that the client's bus claims otherwise are
// reserved (iova_reserve_pci_windows), and the floor's buffers, all of RAM and BAR, are mapped once.
import {
  CpuRcache, DEPOT_STRIDE, domainOf, FlushState, FQ_BYTES, InvalidationQueue, IOMMU_PAGE_BYTES, IOMMU_PAGE_SHIFT,
  IommuDomain, IOTLB_ENTRIES, IotlbEntry, IOVA_MAG_BYTES, IOVA_MAG_SIZE, IOVA_NODE_STRIDE, IOVA_RANGE_CACHE_MAX_SIZE,
  IovaTree, MagazineStock, MAX_GLOBAL_MAGS, QI_ENTRIES, QiDescriptor,
} from "../layout/iommu";
import { BusWindow, DmaClient, Machine, WRITER_STRIDE } from "../layout/machine";
import { DeviceQueue, HostQueue } from "../layout/queue";
import { pushFree } from "../mm/free_stack";
import { iommuMapOnce } from "./dma_iommu";
import { initPageTable } from "./iommu_page_table";
import { initIovaTree, reserveIova } from "./iova";
import { cpuRcache } from "./iova_rcache";

/** Pages of the largest mapping with a size class of its own, rounded up as the tree aligns it. */
const MOST_PAGES: u32 = 64;
const SIZE_CLASSES: u32 = IOVA_RANGE_CACHE_MAX_SIZE;
/** Ranges that the magazines of one CPU, and those of all depots, hold. */
const CPU_CACHED: u32 = 2 * IOVA_MAG_SIZE * SIZE_CLASSES;
const DEPOT_CACHED: u32 = MAX_GLOBAL_MAGS * IOVA_MAG_SIZE * SIZE_CLASSES;
/** Pages in one range of each size class. */
const CLASS_PAGES: u32 = (1 << SIZE_CLASSES) - 1;
/** Ranges for set-up: windows, buffers mapped once. */
const OTHER_RANGES: u32 = 256;
const PTES_SHIFT: u32 = 9;
/** Tables of the upper levels, and a few at the edges of what is mapped once. */
const OTHER_TABLES: u32 = 64;
/** What is mapped once takes 2 MiB entries at least: a table for each GiB. */
const ONCE_SHIFT: u64 = 30;
const IOTLB_BYTES: usize = IOTLB_ENTRIES * offsetof<IotlbEntry>();
/** VT-d reserves what writes of interrupts are told by (IOAPIC_RANGE_START, IOAPIC_RANGE_END). */
const MSI_START: u64 = 0xfee00000;
const MSI_END: u64 = 0xfeefffff;

function nodeCount(queues: u32, tags: u32): u32 {
  return queues * (tags + 256 + CPU_CACHED) + DEPOT_CACHED + OTHER_RANGES;
}

function magazineCount(queues: u32): u32 {
  return SIZE_CLASSES * (2 * queues + MAX_GLOBAL_MAGS + 1);
}

/** Tables for every range that can be in use, waiting or cached at a time, with half as much again for gaps. */
function tableCount(queues: u32, tags: u32, onceBytes: u64): u32 {
  const own = (tags + 256) * MOST_PAGES + 2 * IOVA_MAG_SIZE * CLASS_PAGES;
  const pages = queues * own + MAX_GLOBAL_MAGS * IOVA_MAG_SIZE * CLASS_PAGES;
  return ((pages + (pages >> 1)) >> PTES_SHIFT) + <u32>(onceBytes >> ONCE_SHIFT) + OTHER_TABLES;
}

// Where the parts lie: filled by layOut, for the size alone or for building.
let next: usize = 0;
let domainAt: usize = 0;
let treeAt: usize = 0;
let stockAt: usize = 0;
let qiAt: usize = 0;
let ringAt: usize = 0;
let flushesAt: usize = 0;
let tablesUsedAt: usize = 0;
let flushQueuesAt: usize = 0;
let cpuRcachesAt: usize = 0;
let depotsAt: usize = 0;
let iotlbsAt: usize = 0;
let nodeStackAt: usize = 0;
let magazineStackAt: usize = 0;
let nodesAt: usize = 0;
let magazinesAt: usize = 0;
let tablesAt: usize = 0;

function take(bytes: usize): usize {
  const at = next;
  next += (bytes + WRITER_STRIDE - 1) & ~(<usize>WRITER_STRIDE - 1);
  return at;
}

function layOut(start: usize, queues: u32, tags: u32, onceBytes: u64): void {
  next = start;
  domainAt = take(offsetof<IommuDomain>());
  treeAt = take(offsetof<IovaTree>());
  stockAt = take(offsetof<MagazineStock>());
  qiAt = take(2 * WRITER_STRIDE);
  ringAt = take(QI_ENTRIES * offsetof<QiDescriptor>());
  flushesAt = take(offsetof<FlushState>());
  tablesUsedAt = take(4);
  flushQueuesAt = take(queues * FQ_BYTES);
  cpuRcachesAt = take(queues * SIZE_CLASSES * WRITER_STRIDE);
  depotsAt = take(SIZE_CLASSES * DEPOT_STRIDE);
  iotlbsAt = take(queues * IOTLB_BYTES);
  nodeStackAt = take(nodeCount(queues, tags) * 4);
  magazineStackAt = take(magazineCount(queues) * 4);
  nodesAt = take((nodeCount(queues, tags) + 1) * IOVA_NODE_STRIDE);
  magazinesAt = take(magazineCount(queues) * IOVA_MAG_BYTES);
  next = (next + IOMMU_PAGE_BYTES - 1) & ~(<usize>IOMMU_PAGE_BYTES - 1);
  tablesAt = take(tableCount(queues, tags, onceBytes) * IOMMU_PAGE_BYTES);
}

/** Bytes that setupIommu needs, from a page boundary on. `onceBytes`: memory that is mapped for the machine's life. */
export function iommuRegionBytes(queues: u32, tags: u32, onceBytes: f64): f64 {
  layOut(0, queues, tags, <u64>onceBytes);
  return <f64>next;
}

/** Builds the domain of `client` at `start`. `windows`: what the client's bus claims. */
export function setupIommu(
  client: DmaClient, start: usize, queues: u32, tags: u32, onceBytes: u64, lazy: bool, windows: usize, windowCount: u32,
): void {
  layOut(start, queues, tags, onceBytes);
  memory.fill(start, 0, tablesAt - start);
  const domain = changetype<IommuDomain>(domainAt);
  domain.lazy = lazy ? 1 : 0;
  domain.cpus = queues;
  domain.tree = <u32>treeAt;
  domain.magazines = <u32>stockAt;
  domain.cpuRcaches = <u32>cpuRcachesAt;
  domain.depots = <u32>depotsAt;
  domain.flushQueues = <u32>flushQueuesAt;
  domain.flushes = <u32>flushesAt;
  domain.qi = <u32>qiAt;
  changetype<InvalidationQueue>(qiAt).ring = <u32>ringAt;
  domain.tables = <u32>tablesAt;
  domain.tableCount = tableCount(queues, tags, onceBytes);
  domain.tablesUsed = <u32>tablesUsedAt;
  initPageTable(domain);
  fillNodes(domain, nodeCount(queues, tags));
  fillMagazines(domain, magazineCount(queues));
  reserveIova(domain, MSI_START >> IOMMU_PAGE_SHIFT, MSI_END >> IOMMU_PAGE_SHIFT);
  for (let i: u32 = 0; i < windowCount; i++) {
    const window = changetype<BusWindow>(windows + <usize>i * offsetof<BusWindow>());
    reserveIova(domain, window.busStart >> IOMMU_PAGE_SHIFT, (window.busStart + window.sizeBytes - 1) >> IOMMU_PAGE_SHIFT);
  }
  domain.iotlbs = <u32>iotlbsAt;
  client.iommuDomain = <u32>domainAt;
}

function fillNodes(domain: IommuDomain, count: u32): void {
  const tree = changetype<IovaTree>(<usize>domain.tree);
  tree.nodes = <u32>nodeStackAt;
  for (let i: u32 = 0; i < count; i++) pushFree(tree.nodes, i, nodesAt + <usize>(i + 1) * IOVA_NODE_STRIDE);
  tree.nodesFree = count;
  initIovaTree(domain, nodesAt);
}

/** Two magazines for each CPU and size class (iova_domain_init_rcaches), the rest in stock. */
function fillMagazines(domain: IommuDomain, count: u32): void {
  const stock = changetype<MagazineStock>(<usize>domain.magazines);
  stock.stack = <u32>magazineStackAt;
  let at = magazinesAt;
  for (let cpu: u32 = 0; cpu < domain.cpus; cpu++) {
    for (let order: u32 = 0; order < SIZE_CLASSES; order++) {
      const cache: CpuRcache = cpuRcache(domain, cpu, order);
      cache.loaded = <u32>at;
      cache.prev = <u32>(at + IOVA_MAG_BYTES);
      at += 2 * IOVA_MAG_BYTES;
    }
  }
  for (const end = magazinesAt + <usize>count * IOVA_MAG_BYTES; at < end; at += IOVA_MAG_BYTES) {
    stock.free = pushFree(stock.stack, stock.free, at);
  }
}

/** What the host of queue pair `index` maps in, and its controller translates by. */
export function attachQueue(client: DmaClient, host: HostQueue, device: DeviceQueue, index: u32): void {
  const domain = domainOf(client);
  host.iommuDomain = client.iommuDomain;
  device.iommu = client.iommuDomain;
  device.iotlb = <u32>(<usize>domain.iotlbs + <usize>index * IOTLB_BYTES);
}

/** Maps the floor's buffers once: RAM, and the BAR where the client reaches it through the host bridge. False: no tables left. */
export function mapFloor(machine: Machine, client: DmaClient, barThroughIommu: bool): bool {
  client.ramReached = iommuMapOnce(client, machine.ramPhys, machine.ramBytes);
  if (barThroughIommu) client.barReached = iommuMapOnce(client, machine.barPhys, machine.barBytes);
  return client.ramReached != 0 && client.barReached != 0;
}
