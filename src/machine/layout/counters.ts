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
  segments: u64;
  splits: u64;
  merges: u64;
  poolAllocs: u64;
}
