// The counts of a result: exact means per I/O, from the counting build. Anything that was not counted is null, never 0.
import { z } from 'zod';

const count = z.number().nonnegative().nullable();
/** What some schemes or workloads do and others never: absent where there is none. */
const sometimes = count.optional();

/** Exact means per I/O, from the counting build. */
export const perIo = z.object({
  /** Distinct cache lines of struct page touched. */
  pageLines: count,
  pageLoads: count,
  pageAtomics: count,
  /** is_pci_p2pdma_page and its equals in other schemes. */
  p2pTests: count,
  pgmapChecks: count,
  mapCalls: count,
  doorbells: count,
  wakeups: count,
  descriptorBytes: count,
  poolAllocs: sometimes,
  requests: sometimes,
  /** DMA segments. */
  segments: sometimes,
  /** Parts split off to the queue's limits, and bios merged into a plugged request. */
  splits: sometimes,
  merges: sometimes,
  /** Lookups of a provider by address: hash, interval tree, radix tree. */
  providerLookups: sometimes,
  /** Ways back from an address to its struct page, one for each run of pages. */
  pageLookups: sometimes,
  /** pfn_t_has_page. */
  hasPageTests: sometimes,
  /** Entries of lists of DMA addresses written, read or cleared. */
  listEntries: sometimes,
  /** References taken and given back on maps of buffers. */
  mapRefs: sometimes,
  /** Buffers that a consumer not converted to page-less memory refused. */
  unconverted: sometimes,
  /** The RFC's warning of dma-direct bios that are handed user pages. */
  warnBioIovIterGetPages: sometimes,
  /** Its warning of pages added to such bios. */
  warnBioAddPage: sometimes,
  /** Segments that cross the queue's segment boundary. */
  boundaryCrossings: sometimes,
  /** Flush commands, and writes with Force Unit Access. */
  flushCommands: sometimes,
  fuaWrites: sometimes,
  /** Behind an IOMMU that translates: ranges of I/O virtual addresses taken, and given back to the allocator. */
  iovaAllocs: sometimes,
  iovaFrees: sometimes,
  /** Page-table entries written and cleared, and the cache lines they lie on. */
  pteWrites: sometimes,
  pteClears: sometimes,
  pteLines: sometimes,
  /** Invalidations queued for the hardware, each a wait; those of them that empty a flush queue. */
  invalidations: sometimes,
  flushes: sometimes,
  /** Pages that the device had to look up in the tables. */
  iotlbMisses: sometimes,
  /** Flow nvmet: work requests and doorbells of the RNIC, regions registered, fallbacks to host RAM, writes with data in the capsule. */
  workRequests: sometimes,
  rdmaDoorbells: sometimes,
  mrRegistrations: sometimes,
  poolFallbacks: sometimes,
  inlineWrites: sometimes,
});
