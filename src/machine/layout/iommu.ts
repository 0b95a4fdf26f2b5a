// The IOMMU of one machine: IOVA ranges (drivers/iommu/iova.c), flush queues (dma-iommu.c), and what VT-d's hardware reads:
// page tables and invalidation queue. Sizes of struct iova, iova_magazine and dma_iova_state are those of Linux 6.12.
import { DmaClient } from "./machine";

/** The DMA domain of the NVMe controller: where its parts are. Written at set-up, read-only afterwards. */
@unmanaged
export class IommuDomain {
  /** 1: unmapped ranges wait in the flush queue (lazy). 0: each unmap invalidates (strict). */
  lazy: u32;
  /** Queue pairs, each with a CPU of its own. */
  cpus: u32;
  tree: u32;
  magazines: u32;
  /** CpuRcache of each CPU and size class, Depot of each size class. */
  cpuRcaches: u32;
  depots: u32;
  /** FlushQueue of each CPU. */
  flushQueues: u32;
  flushes: u32;
  /** Page table of the highest level, and the pages that tables are made of: wasm addresses. */
  pgd: u32;
  tables: u32;
  tableCount: u32;
  tablesUsed: u32;
  qi: u32;
  /** IOTLB of each queue pair. */
  iotlbs: u32;
  pad52: u32;
  /** Ranges and pages that stay for the machine's life: reserved windows and buffers mapped once. */
  permanentRanges: u64;
  permanentPages: u64;
}

/** The ranges in use: what struct iova_domain keeps, with the slab of nodes. */
@unmanaged
export class IovaTree {
  /** iova_rbtree_lock. */
  lock: u32;
  root: u32;
  /** Where the next search below 2^32 starts, and the one above. */
  cached32Node: u32;
  cachedNode: u32;
  /** The range above all others. */
  anchor: u32;
  /** Stack of free nodes. */
  nodes: u32;
  nodesFree: u32;
  /** An allocation below 2^32 of this many pages failed last (max32_alloc_size). */
  max32AllocPages: u32;
  /** 1 until the space below 2^32 was found full (pci_32bit_workaround). */
  tries32: u32;
}

/** Magazines that no CPU has loaded. The lock protects the depots too. */
@unmanaged
export class MagazineStock {
  lock: u32;
  stack: u32;
  free: u32;
}

/** VT-d's invalidation queue. The free running tail lies WRITER_STRIDE behind: the hardware polls it. */
@unmanaged
export class InvalidationQueue {
  /** q_lock. */
  lock: u32;
  /** QI_ENTRIES descriptors. */
  ring: u32;
}

/** What all flush queues share. */
@unmanaged
export class FlushState {
  /** Flushes of the whole IOTLB begun and finished (fq_flush_start_cnt, fq_flush_finish_cnt). */
  started: u64;
  finished: u64;
  /** When the timer ends (ms); only while it is on. */
  timerEndMs: f64;
  /** 1 while it runs (fq_timer_on). */
  timerOn: u32;
}

/** struct iova, 40 bytes: an rb_node and the range, both ends included. One cache line each (SLAB_HWCACHE_ALIGN). */
@unmanaged
export class IovaNode {
  /** Parent's address; bit 0: black. */
  parentColor: u64;
  right: u64;
  left: u64;
  pfn_hi: u64;
  pfn_lo: u64;
}
export const IOVA_NODE_STRIDE: u32 = 64;

/** struct iova_magazine, 1 KiB: ranges of one size, by their first page. */
@unmanaged
export class IovaMagazine {
  size: u64;
}
export const IOVA_MAG_SIZE: u32 = 127;
export const IOVA_MAG_BYTES: u32 = 1024;
/** Size classes 1, 2, 4 ... 32 pages (IOVA_RANGE_CACHE_MAX_SIZE): 128 KiB is the largest that is cached. */
export const IOVA_RANGE_CACHE_MAX_SIZE: u32 = 6;
/** Magazines of each size class that all CPUs share (MAX_GLOBAL_MAGS, to 6.5; later kernels keep more and trim). */
export const MAX_GLOBAL_MAGS: u32 = 32;

/** struct iova_cpu_rcache. */
@unmanaged
export class CpuRcache {
  lock: u32;
  loaded: u32;
  prev: u32;
  pad12: u32;
}

/** The shared part of struct iova_rcache; the magazines' addresses follow. */
@unmanaged
export class Depot {
  size: u32;
  pad4: u32;
}
export const DEPOT_STRIDE: u32 = 256;

/** struct iova_fq: a ring of unmapped ranges that wait for the next flush. The entries follow. */
@unmanaged
export class FlushQueue {
  lock: u32;
  head: u32;
  tail: u32;
  pad12: u32;
}

/** struct iova_fq_entry without its list of freed tables. */
@unmanaged
export class FlushQueueEntry {
  iova_pfn: u64;
  pages: u64;
  /** flushesStarted when the entry was added: a flush begun later has covered it. */
  counter: u64;
}
/** IOVA_DEFAULT_FQ_SIZE: one entry fewer fits. */
export const FQ_SIZE: u32 = 256;
/** IOVA_DEFAULT_FQ_TIMEOUT, milliseconds. */
export const FQ_TIMEOUT_MS: f64 = 10;
export const FQ_BYTES: u32 = 16 + 256 * 24 + 112;

/** A VT-d invalidation descriptor (specification 6.5.2), 16 bytes. */
@unmanaged
export class QiDescriptor {
  low: u64;
  high: u64;
}
/** Entries of the invalidation queue (QI_LENGTH). */
export const QI_ENTRIES: u32 = 256;
/** Descriptor types and granularities: bits 3:0 and 5:4 of the low word. */
export const QI_IOTLB_TYPE: u64 = 2;
export const QI_IWD_TYPE: u64 = 5;
export const QI_IOTLB_DOMAIN: u64 = 2 << 4;
export const QI_IOTLB_PAGES: u64 = 3 << 4;

/** Second-level page table entries (VT-d specification 9.8). */
export const PTE_READ: u64 = 1;
export const PTE_WRITE: u64 = 2;
export const PTE_SUPERPAGE: u64 = 1 << 7;
export const PTE_ADDRESS: u64 = 0x000ffffffffff000;
export const IOMMU_PAGE_SHIFT: u64 = 12;
export const IOMMU_PAGE_BYTES: u32 = 4096;

/** One entry of a controller's IOTLB: a translated 4 KiB page. Direct mapped. */
@unmanaged
export class IotlbEntry {
  /** IOVA page + 1; 0: empty. */
  tag: u64;
  /** CPU physical address of the page. */
  phys: u64;
}
export const IOTLB_ENTRIES: u32 = 1024;

/** struct dma_iova_state, 16 bytes: the range that a request is mapped in; behind nvme_iod as in 6.17. */
@unmanaged
export class DmaIovaState {
  addr: u64;
  /** Bytes; 0: nothing to unmap. */
  size: u64;
}

/** --iommu. */
export const IOMMU_OFF: u32 = 0;
export const IOMMU_PASSTHROUGH: u32 = 1;
export const IOMMU_LAZY: u32 = 2;
export const IOMMU_STRICT: u32 = 3;
/** dma_opt_mapping_size: the largest mapping that the IOVA caches hold (iova_rcache_range), bytes. */
export const IOVA_RCACHE_RANGE: u32 = 131072;

/** The IOMMU behind a client. */
@inline
export function domainOf(client: DmaClient): IommuDomain {
  return changetype<IommuDomain>(<usize>client.iommuDomain);
}
