// What the counting build counts, one block for each host queue. Exact integers; the timed build has none of this.

/** Counters of one host queue. 64 bit, written by its host agent only. */
@unmanaged
export class Counters {
  ios: u64;
  /** Distinct struct page cache lines touched, summed over I/Os. */
  pageLines: u64;
  pageLoads: u64;
  pageAtomics: u64;
  /** is_pci_p2pdma_page answered true. */
  p2pTests: u64;
  /** zone_device_pages_have_same_pgmap reached with both pages in ZONE_DEVICE. */
  pgmapChecks: u64;
  /** pci_p2pdma_map_segment calls. */
  mapCalls: u64;
  doorbells: u64;
  /** Bytes of scatterlist, PRP list and SQE written. */
  descriptorBytes: u64;
  requests: u64;
  /** Those of them that are a Flush, and those that are writes with Force Unit Access. */
  flushCommands: u64;
  fuaWrites: u64;
  segments: u64;
  splits: u64;
  merges: u64;
  poolAllocs: u64;
  /** Lookups of a provider by address: hash, interval tree, radix tree. */
  providerLookups: u64;
  /** Ways back from an address to its struct page (phys_to_page), one for each run of pages. */
  pageLookups: u64;
  /** pfn_t_has_page asked, for each piece of memory. */
  hasPageTests: u64;
  /** Buffers that a consumer not converted to page-less memory refused. */
  unconverted: u64;
  /** Entries of lists of DMA addresses written or read: one for each 4 KiB. */
  listEntries: u64;
  /** References taken and given back on maps of buffers. */
  mapRefs: u64;
  /** bio_iov_iter_get_pages warned of a dma-direct bio: of the RFC's misuse checks the one that an I/O here can reach. */
  warnBioIovIterGetPages: u64;
  /** __bio_add_page warned of a page that was added to a dma-direct bio. */
  warnBioAddPage: u64;
  /** Segments handed to the device that cross the queue's segment boundary. */
  boundaryCrossings: u64;
  /** Ranges of I/O virtual addresses taken, and given back to the allocator (after the flush that frees them). */
  iovaAllocs: u64;
  iovaFrees: u64;
  /** Entries of the IOMMU's page tables that map memory: written, and cleared. */
  pteWrites: u64;
  pteClears: u64;
  /** Cache lines of tables written by each map and unmap, upper levels included: what VT-d hardware that does not snoop has written back. */
  pteLines: u64;
  /** Invalidations queued for the hardware: each is one wait. */
  invalidations: u64;
  /** Those of them that emptied a flush queue (lazy). */
  flushes: u64;
  /** Work requests posted to an RNIC's send queue. */
  workRequests: u64;
  /** Doorbells of an RNIC: send queue, receive queue, completion queue. */
  rdmaDoorbells: u64;
  /** Memory regions registered for one RDMA READ or WRITE. */
  mrRegistrations: u64;
  /** I/Os that were to have P2P memory and took host RAM: the pool had none, or the RNIC does not reach it. */
  poolFallbacks: u64;
  /** Writes whose data came in the capsule, into host RAM. */
  inlineWrites: u64;
}
