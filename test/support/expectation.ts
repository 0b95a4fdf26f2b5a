// What the tests expect of an address scheme: one file for each scheme in test/schemes, one entry for each of its variants. The tests
// that all schemes pass take their lists and figures from there (expected.ts); a scheme without an entry fails one of them.
import { KIB, MIB } from '../../src/base/units.ts';
import type { CounterName } from '../../src/catalogue/counters.ts';
import type { RemovalRule } from '../../src/lab/workers/removal.ts';

export type Source = 'pool' | 'fixed' | 'user';

/** What becomes of one I/O on both kinds of memory: carried in so many requests, an errno, or another end in words. */
export type Outcome = 1 | 2 | string;
export interface MixedRow {
  hostFirst: Outcome;
  p2pFirst: Outcome;
}

/** What a scheme does with one kind of memory, as the fuzz's model knows it. */
export interface ModelRules {
  /** Errno of an I/O that is not even submitted. */
  refusal: string | undefined;
  /** Never merged with another request's bios. */
  noMerge: boolean;
  /** Through a scatterlist: always, or only where a single plain segment does not do. */
  sg: 'always' | 'unless plain' | 'never';
  /** Calls of the map-type decision: for each entry, each request, or never. */
  mapCalls: 'entry' | 'request' | 'never';
  /** With what mapping fails, where it does. */
  mapError: string | undefined;
}

export interface ModelCase {
  buffers: Source;
  p2pQueue: boolean;
  /** The client cannot reach the provider; or reaches it below one switch. */
  isApart: boolean;
  isUnderSwitch: boolean;
}

/** Which table of test/race/outcomes.ts says what may come of a removal. */
export type Race = 'pinned' | 'allocated' | 'held' | 'unowned' | 'referenced' | 'mapped';

export interface RemovalExpectation {
  /** What removal waits for. */
  rule: RemovalRule;
  /** Of an I/O afterwards, where it is refused. */
  errno?: string;
  race?: Race;
}

/** Counts of one I/O that is one request, by its bytes. */
export interface CountExpectation {
  title: string;
  buffers: readonly Source[];
  bytes: readonly number[];
  inRam?: true;
  expected(bytes: number): Partial<Record<CounterName, number>>;
}

export interface VariantExpectation {
  /** In-kernel buffers; and O_DIRECT, where the scheme has it at all. */
  mixed: { fixed: MixedRow; user?: MixedRow };
  /** Buffer sources with which requests of unlike memory merge. */
  merges?: readonly Source[];
  model: { ram: 'direct' | 'through sg'; p2p(of: ModelCase): Partial<ModelRules> };
  /** Of each buffer source that it carries. */
  removal: Partial<Record<Source, RemovalExpectation>>;
  /** Across host bridges that add an offset: data is right, goes astray, or is refused with an errno. */
  acrossBridges: 'right' | 'astray' | string;
  /** Behind an IOMMU that translates and that P2P passes. */
  iommu: 'mapped for each request' | 'mapped once' | 'refused';
  /** Bytes of struct page, and of all else that is set up, for one BAR and one client; what each further client adds. */
  memory: { memmap(barBytes: number): number; mapState(barBytes: number): number; attach(barBytes: number): number };
  /** Words of struct pages read for a 4 KiB I/O on in-kernel host RAM. */
  hostPageLoads: number;
  /** Atomics on the 32 pages of a user buffer in host RAM; 3 for each where nothing is said. */
  hostPinAtomics?: number;
  counts: readonly CountExpectation[];
  /** Counts of one I/O of an NVMe-oF target; or the errno with which it is refused there. */
  nvmet: ((bytes: number) => Partial<Record<CounterName, number>>) | string;
}

/** The variants of one scheme, by their words of --scheme. Deliberate faults (quirks) have tests of their own. */
export type SchemeExpectation = Readonly<Record<string, VariantExpectation>>;

export const both = (outcome: Outcome): MixedRow => ({ hostFirst: outcome, p2pFirst: outcome });

/** What no scheme without pages does to P2P memory. */
export const NO_PAGE = { pageLines: 0, pageLoads: 0, pageAtomics: 0, p2pTests: 0, pgmapChecks: 0, pageLookups: 0 };
export const IN_KERNEL = ['pool', 'fixed'] as const;
export const SIZES = [4 * KIB, 128 * KIB, MIB] as const;

/** Bytes of one command, of one scatterlist entry, and of the PRP list of a buffer that starts at a page. */
export const SQE = 64;
export const SG = 32;
export const listBytes = (bytes: number): number => (bytes > 8 * KIB ? (bytes / 4096 - 1) * 8 : 0);

/** An I/O that waits for what removal frees is refused with this afterwards. */
export const ALLOCATED: RemovalExpectation = { rule: 'allocations', errno: 'ENOMEM', race: 'allocated' };
export const HELD: RemovalExpectation = { rule: 'holders', race: 'held' };
export const UNOWNED: RemovalExpectation = { rule: 'none', race: 'unowned' };
