// Every counter of a result, in the order of the path: what is counted of each I/O, what it is called, what it tells a reader, where a
// table has a column for it, and when a result has it. The machine's own fields are layout/counters.ts: one that is not here, or is
// here and not there, does not compile.
import type { Counters } from '../../build/layout.ts';

export interface CounterDefinition {
  readonly title: string;
  /** One sentence: what a reader learns from it, and of which unit where it is not a number of events. */
  readonly meaning: string;
  /**
   * Column of the table of counts: in every one; where arms differ in it (work that every scheme does); where any arm has it; last.
   * `modelled`: in the table of what an IOMMU costs. `all`: only where every counter is shown.
   */
  readonly column: 'always' | 'differing' | 'counted' | 'last' | 'modelled' | 'all';
  /** In every result, 0 included; in those behind an IOMMU that translates; where it is not 0. */
  readonly stated: 'always' | 'translated' | 'counted';
  /** Also counted of I/Os that are refused. */
  readonly ofRefusals?: true;
  /** Why it is no exact count: no gate can name it. */
  readonly inexact?: string;
}

/** Counted elsewhere than in the machine's Counters: by the device, and while threads run. */
type Elsewhere = 'iotlbMisses' | 'wakeups';
type Counted = Exclude<keyof typeof Counters, 'bytes' | 'ios'> | Elsewhere;

export const COUNTERS = {
  pageLines: {
    title: 'page lines',
    meaning: 'distinct cache lines of struct page touched: each is a cache miss where the memmap does not fit a cache',
    column: 'always',
    stated: 'always',
  },
  pageLoads: { title: 'page loads', meaning: 'reads of a word of a struct page', column: 'all', stated: 'always' },
  pageAtomics: {
    title: 'page atomics',
    meaning: 'locked operations on a struct page: references taken and given back',
    column: 'always',
    stated: 'always',
  },
  p2pTests: {
    title: 'P2P tests',
    meaning: 'is_pci_p2pdma_page, and its equals in other schemes',
    column: 'always',
    stated: 'always',
  },
  pgmapChecks: {
    title: 'pgmap checks',
    meaning: 'comparisons of two pages by their dev_pagemap, before they are merged',
    column: 'always',
    stated: 'always',
  },
  mapCalls: {
    title: 'map calls',
    meaning: 'decisions which map type a segment or request has (pci_p2pdma_map_segment)',
    column: 'always',
    stated: 'always',
  },
  doorbells: { title: 'doorbells', meaning: 'writes to an SQ tail doorbell', column: 'all', stated: 'always' },
  wakeups: {
    title: 'wakeups',
    meaning: 'times that one side had to wake the other',
    column: 'all',
    stated: 'always',
    inexact: 'wake-ups are counted while threads run',
  },
  descriptorBytes: {
    title: 'descriptor B',
    meaning: 'bytes of scatterlist, PRP list and SQE written',
    column: 'last',
    stated: 'always',
  },
  poolAllocs: {
    title: 'pool allocs',
    meaning: 'pieces of memory taken from the gen_pool',
    column: 'differing',
    stated: 'counted',
  },
  requests: { title: 'requests', meaning: 'commands sent', column: 'differing', stated: 'counted' },
  segments: { title: 'segments', meaning: 'DMA segments handed to the device', column: 'differing', stated: 'counted' },
  splits: { title: 'splits', meaning: "parts split off to the queue's limits", column: 'differing', stated: 'counted' },
  merges: { title: 'merges', meaning: 'bios merged into a plugged request', column: 'differing', stated: 'counted' },
  providerLookups: {
    title: 'provider lookups',
    meaning: 'lookups of a provider by address: hash, interval tree, radix tree',
    column: 'counted',
    stated: 'counted',
  },
  pageLookups: {
    title: 'page lookups',
    meaning: 'ways back from an address to its struct page, one for each run of pages',
    column: 'counted',
    stated: 'counted',
  },
  hasPageTests: {
    title: 'has-page tests',
    meaning: 'pfn_t_has_page: whether a page is behind a frame',
    column: 'counted',
    stated: 'counted',
  },
  listEntries: {
    title: 'list entries',
    meaning: 'entries of lists of DMA addresses written, read or cleared: one for each 4 KiB',
    column: 'counted',
    stated: 'counted',
  },
  mapRefs: {
    title: 'map refs',
    meaning: 'references taken and given back on maps of buffers',
    column: 'counted',
    stated: 'counted',
  },
  unconverted: {
    title: 'unconverted',
    meaning: 'buffers that a consumer not converted to page-less memory refused',
    column: 'counted',
    stated: 'counted',
    ofRefusals: true,
  },
  warnBioIovIterGetPages: {
    title: 'bio_iov_iter_get_pages warnings',
    meaning: "the RFC's warning of a dma-direct bio that is handed user pages",
    column: 'counted',
    stated: 'counted',
    ofRefusals: true,
  },
  warnBioAddPage: {
    title: '__bio_add_page warnings',
    meaning: "the RFC's warning of a page that is added to a dma-direct bio",
    column: 'counted',
    stated: 'counted',
  },
  boundaryCrossings: {
    title: 'boundary crossings',
    meaning: "segments handed to the device that cross the queue's segment boundary",
    column: 'counted',
    stated: 'counted',
  },
  flushCommands: {
    title: 'Flush commands',
    meaning: 'requests that are a Flush',
    column: 'counted',
    stated: 'counted',
  },
  fuaWrites: {
    title: 'FUA writes',
    meaning: 'requests that are writes with Force Unit Access',
    column: 'counted',
    stated: 'counted',
  },
  iovaAllocs: {
    title: 'IOVA allocs',
    meaning: 'ranges of I/O virtual addresses taken from the allocator',
    column: 'modelled',
    stated: 'translated',
  },
  iovaFrees: {
    title: 'IOVA frees',
    meaning: 'ranges given back to the allocator, after the flush that frees them',
    column: 'all',
    stated: 'translated',
  },
  pteWrites: {
    title: 'PTE writes',
    meaning: "entries of the IOMMU's page tables written",
    column: 'modelled',
    stated: 'translated',
  },
  pteClears: {
    title: 'PTE clears',
    meaning: "entries of the IOMMU's page tables cleared",
    column: 'modelled',
    stated: 'translated',
  },
  pteLines: {
    title: 'PTE lines',
    meaning:
      'cache lines of page tables written by maps and unmaps: what an IOMMU that does not snoop has written back',
    column: 'modelled',
    stated: 'translated',
  },
  invalidations: {
    title: 'invalidations',
    meaning: 'invalidations queued for the IOMMU: each is one wait',
    column: 'modelled',
    stated: 'translated',
  },
  flushes: {
    title: 'flushes',
    meaning: 'those of the invalidations that emptied a flush queue (lazy)',
    column: 'all',
    stated: 'translated',
  },
  iotlbMisses: {
    title: 'IOTLB misses',
    meaning: 'pages that the device had to look up in the page tables',
    column: 'modelled',
    stated: 'translated',
  },
  workRequests: {
    title: 'work requests',
    meaning: "work requests posted to an RNIC's send queue",
    column: 'differing',
    stated: 'counted',
  },
  rdmaDoorbells: {
    title: 'RDMA doorbells',
    meaning: 'doorbells of an RNIC: send queue, receive queue, completion queue',
    column: 'differing',
    stated: 'counted',
  },
  mrRegistrations: {
    title: 'MR registrations',
    meaning: 'memory regions registered for one RDMA READ or WRITE',
    column: 'counted',
    stated: 'counted',
  },
  poolFallbacks: {
    title: 'pool fallbacks',
    meaning: 'I/Os that were to have P2P memory and took host RAM: the pool had none, or the RNIC does not reach it',
    column: 'counted',
    stated: 'counted',
  },
  inlineWrites: {
    title: 'inline writes',
    meaning: 'writes whose data came in the capsule, into host RAM',
    column: 'counted',
    stated: 'counted',
  },
} as const satisfies Readonly<Record<Counted, CounterDefinition>>;

export type CounterName = keyof typeof COUNTERS;

/** Names of the counters that results have in this way. */
export type CountersStated<How extends CounterDefinition['stated']> = {
  [Name in CounterName]: (typeof COUNTERS)[Name]['stated'] extends How ? Name : never;
}[CounterName];

/** All counters, in the order of the path. */
export function counters(): [CounterName, CounterDefinition][] {
  return Object.entries(COUNTERS) as [CounterName, CounterDefinition][];
}

/** A counter by a word from a file. */
export function counterNamed(word: string): CounterDefinition | undefined {
  return Object.hasOwn(COUNTERS, word) ? COUNTERS[word as CounterName] : undefined;
}

/** Bytes that a scheme keeps so that I/O can be carried: kinds of them, in the order of a result. */
export const METADATA = {
  memmap: {},
  pageTables: {},
  pool: {},
  mapState: {},
  descriptors: {},
  resident: { inexact: 'resident bytes are asked of the operating system' },
} as const satisfies Readonly<Record<string, { readonly inexact?: string }>>;
