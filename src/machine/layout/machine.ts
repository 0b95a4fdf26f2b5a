// The machine's own structures: what set-up writes once and every agent reads. No Linux counterpart; not per I/O state.
import { PAYLOAD_NONE, PAYLOAD_VERIFY } from "./stream";

/** Facts of one machine, written by the lab before any agent runs, read-only afterwards. One per memory. */
@unmanaged
export class Machine {
  /** The provider's BAR: CPU physical address, bytes, and the PCI bus address of its start. */
  barPhys: u64;
  barBytes: u64;
  barBus: u64;
  /** Host RAM: CPU physical address (also its bus address: inbound windows are identity) and bytes. */
  ramPhys: u64;
  ramBytes: u64;
  /**
   * Page pointer = vmemmap + (pfn << 6), as Linux computes it, in 64-bit arithmetic modulo 2^64. The memmaps of RAM and
   * BAR are one linear array because the lab places RAM so that it ends where the BAR begins.
   */
  vmemmap: u64;
  /** Bus address of wasm address 0: what the host adds to a queue's or PRP list's address before the device sees it. */
  dmaBase: u64;
  /** memory behind the BAR and behind host RAM, and their masks: payload lives at `offset & mask`. */
  barWindow: u32;
  barWindowMask: u32;
  ramWindow: u32;
  ramWindowMask: u32;
  /** struct page array of the BAR. */
  memmap: u32;
  /** Pages of it, from the first, that are as an idle device's: they are not written again. Set-up only. */
  memmapReady: u32;
  /** struct page array of host RAM, directly before the BAR's. */
  ramMemmap: u32;
  /** struct dev_pagemap of the BAR (inside its pci_p2pdma_pagemap). */
  pgmap: u32;
  /** struct gen_pool over the BAR. */
  pool: u32;
  /** The DMA clients: an array of DmaClient, and how many. */
  clients: u32;
  clientCount: u32;
  /** Map-type cache of the provider, keyed by client (an xarray in Linux). */
  mapTypes: u32;
  /** Answers of calc_map_type_and_dist for each client, computed by the lab from the topology. */
  mapTypeAnswers: u32;
  mapTypeAnswerCount: u32;
  /** PAYLOAD_*. */
  payload: u32;
  /** BUFFERS_*: where the buffers of this machine's I/Os come from. */
  buffers: u32;
  /** queue_limits.features of every NVMe queue. */
  queueFeatures: u32;
  /** 1: struct page refcounts by locked operations (as Linux); 0: by plain load and store. */
  refcountAtomic: u32;
  /** Counting build: one word for each page of RAM and BAR, the last I/O that touched it. 0 in the timed build. */
  pageStamps: u32;
  /** Table of the schemes' own structures (mm/scheme_state): one wasm address for each of SCHEME_SLOTS variants. */
  schemeStates: u32;
  /** Next free wasm address for them; set-up only. */
  stateNext: u32;
  /** The provider's Lifetime (layout/lifetime). */
  lifetime: u32;
  /** Memory behind BARs that are not the provider's, and its mask. */
  otherWindow: u32;
  otherWindowMask: u32;
  /** IOMMU_*: whether there is one, and whether it translates. */
  iommu: u32;
}

/** A device for which the provider's memory is mapped. Written by the lab, read-only afterwards. */
@unmanaged
export class DmaClient {
  /** Bus address at which it reaches the BAR, whatever the kernel would have programmed (null scheme). */
  barReached: u64;
  /** The same for host RAM: its physical address, or an IOVA by which all of it is mapped once. */
  ramReached: u64;
  /** domain << 16 | bus << 8 | devfn. */
  key: u32;
  /** DMA_OPS_*: what its dma_map_ops hand out. */
  dmaOps: u32;
  /** Its IommuDomain; 0: nothing translates. */
  iommuDomain: u32;
  /** What the orchestrator asks at set-up: bits of REACHABLE_*. */
  reachable: u32;
}

/** One range of bus addresses as the device's transactions are routed: a peer's BAR or host RAM. */
@unmanaged
export class BusWindow {
  busStart: u64;
  sizeBytes: u64;
  /** wasm address behind the window, and the mask that folds an offset into it. */
  memory: u32;
  mask: u32;
  /** What is added to an offset in the window before it is folded: a window may begin inside a BAR. */
  skew: u32;
  /** Transfers that hit this window; written by the one device agent that owns the table. */
  hits: u32;
}

/** Answer of the kernel's distance calculation for one client. */
@unmanaged
export class MapTypeAnswer {
  /** Client's key: domain << 16 | bus << 8 | devfn. */
  key: u32;
  /** enum pci_p2pdma_map_type. */
  mapType: u32;
}

/** enum pci_p2pdma_map_type as of 6.12. */
export const MAP_UNKNOWN: u32 = 0;
export const MAP_NOT_SUPPORTED: u32 = 1;
export const MAP_BUS_ADDR: u32 = 2;
export const MAP_THRU_HOST_BRIDGE: u32 = 3;

/** pci_p2pdma_distance is not negative, by the run's era and by v5.2, which has no map types. */
export const REACHABLE: u32 = 1;
export const REACHABLE_5_2: u32 = 2;

/** The client's dma_map_ops: DMA addresses, or CPU addresses that its driver understands (dma_virt_ops: HFI, rxe). */
export const DMA_OPS_PCI: u32 = 0;
export const DMA_OPS_VIRT: u32 = 1;

/** Where an idle worker sleeps. Padded: seq and sleeping are polled by the peer, so nothing else shares their line. */
@unmanaged
export class Bell {
  /** Counts rings; the worker waits on this word. */
  seq: i32;
  /** 1 while the worker sleeps or is about to. */
  sleeping: i32;
}

/** Variants of schemes that one machine can carry side by side. */
export const SCHEME_SLOTS: u32 = 64;

/** Bytes between words that different threads write: two cache lines, because of the adjacent-line prefetcher. */
export const WRITER_STRIDE: u32 = 128;

/** Whether the data of I/Os are checked: the one place where that is asked. */
@inline
export function isChecked(machine: Machine): bool {
  return machine.payload == PAYLOAD_VERIFY;
}

/** Whether devices move data. */
@inline
export function movesData(machine: Machine): bool {
  return machine.payload != PAYLOAD_NONE;
}

/** Number `index` of the machine's clients. */
@inline
export function clientAt(machine: Machine, index: u32): DmaClient {
  return changetype<DmaClient>(<usize>machine.clients + <usize>index * offsetof<DmaClient>());
}

/** Position among the machine's clients. */
@inline
export function clientIndex(machine: Machine, client: u32): u32 {
  return (client - machine.clients) / <u32>offsetof<DmaClient>();
}
