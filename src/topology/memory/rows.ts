// What each way to carry P2P memory costs in memory, one row each. A scheme's row is one entry of the table below:
// set-up bytes for each BAR, and bytes of one I/O in flight on a buffer that is one piece (gen_pool hands out such).
import { GIB, MIB } from '../../base/units.ts';
import type { Era } from '../host_bridge.ts';
import { NEWEST_ERA } from '../host_bridge.ts';
import type { ReducedMemmap } from './memmap.ts';
import {
  compoundExists,
  compoundMemmap,
  compoundPmdDedup,
  hvoMemmap,
  memmapBytes,
  memmapPageTableBytes,
  PAGE_SIZES,
  SECTION_BYTES,
  spanRefusal,
} from './memmap.ts';
import * as sizes from './struct_sizes.ts';

export interface MemoryOptions {
  /** One entry for each provider's BAR; bytes. */
  readonly barBytes: readonly number[];
  readonly pageBytes: number;
  readonly era: Era;
  /** I/Os in flight, for the total. */
  readonly queueDepth: number;
  /** Devices that use each provider: one map-type entry (or map) each. */
  readonly clients: number;
}

/** A row of `memory --json`. All figures in bytes, over all BARs. */
export interface MemoryRow {
  readonly scheme: string;
  readonly memmapBytes: number;
  readonly pageTableBytes: number;
  readonly poolBytes: number;
  readonly mapStateBytes: number;
  /** Descriptors of one I/O. */
  readonly perIoBytes: number;
  /** Set-up plus `queueDepth` I/Os. */
  readonly totalBytes: number;
  /** Measured in the lab's own memory; null when not measured. */
  readonly residentBytes: number | null;
  readonly note: string;
}

/** Resident bytes of the lab's set-up for a scheme and these BARs; undefined when the lab cannot build it. */
export type MeasureResident = (scheme: string, options: MemoryOptions) => number | undefined;

/** Costs of one BAR. */
interface BarCost {
  readonly memmap: number;
  readonly pageTables: number;
  readonly pool: number;
  readonly mapState: number;
}

interface SchemeModel {
  readonly scheme: string;
  readonly note: string;
  /** Undefined: there is no such thing for this BAR at this page size. */
  bar(barBytes: number, options: MemoryOptions): BarCost | undefined;
  /** What a BAR costs where `bar` gives undefined but another BAR of the machine has it. */
  otherwise?(barBytes: number, options: MemoryOptions): BarCost;
  /** Struct pages are needed, so check_pfn_span has its say. */
  readonly needsPages?: boolean;
  perIo(era: Era): number;
}

export const NOT_FOR_P2PDMA = 'not available to P2PDMA today';

/** gen_pool: one bit for each page in 64-bit words, a header for each BAR's chunk, and the pool itself. */
export function genPoolBytes(barBytes: number, pageBytes: number): number {
  const words = Math.ceil(Math.floor(barBytes / pageBytes) / 64);
  return sizes.GEN_POOL + sizes.GEN_POOL_CHUNK + words * 8;
}

/** What the kernel takes for it: a chunk with its bitmap comes from vzalloc, in whole pages. */
function genPoolAllocated(barBytes: number, pageBytes: number): number {
  const chunk = genPoolBytes(barBytes, pageBytes) - sizes.GEN_POOL;
  return Math.ceil(chunk / pageBytes) * pageBytes + sizes.GEN_POOL;
}

function pageState({ era, clients }: MemoryOptions): number {
  const { p2pdma, pagemap, mapType } = sizes.ERA_SIZES[era];
  return p2pdma + pagemap + clients * mapType;
}

function pageIo(era: Era): number {
  const { requestSg, mapState } = sizes.ERA_SIZES[era];
  return sizes.BIO_VEC + requestSg + mapState;
}

/** Plain struct pages, as P2PDMA has them. */
function pageBar(barBytes: number, options: MemoryOptions): BarCost {
  const { pageBytes, era } = options;
  return {
    memmap: memmapBytes(barBytes, pageBytes, era),
    pageTables: memmapPageTableBytes(barBytes, pageBytes, era),
    pool: genPoolAllocated(barBytes, pageBytes),
    mapState: pageState(options),
  };
}

/** A page row with less memmap. */
function reducedPage(
  scheme: string,
  what: string,
  compoundBytes: number,
  reduce: (barBytes: number, pageBytes: number) => ReducedMemmap,
): SchemeModel {
  return {
    scheme,
    note: `${NOT_FOR_P2PDMA}: ${what}`,
    needsPages: true,
    otherwise: pageBar,
    bar: (barBytes, options) => {
      if (!compoundExists(barBytes, options.pageBytes, compoundBytes)) return undefined;
      const { memmapBytes: memmap, pageTableBytes: pageTables } = reduce(barBytes, options.pageBytes);
      return { ...pageBar(barBytes, options), memmap, pageTables };
    },
    perIo: pageIo,
  };
}

/** Page rows of kernels built with another page size. */
const OTHER_PAGE_SIZES: readonly SchemeModel[] = [...PAGE_SIZES].map(([word, pageBytes]) => ({
  scheme: `page-${word}`,
  note: `struct pages on a kernel built with ${pageBytes / 1024} KiB pages`,
  needsPages: true,
  bar: (barBytes, options) =>
    options.pageBytes === pageBytes ? undefined : pageBar(barBytes, { ...options, pageBytes }),
  perIo: pageIo,
}));

/**
 * Without pages but with the gen_pool: the provider's own state is all that is left.
 * @param state of one provider besides, by its BAR
 * @param asks for a map type: an entry for each client, and the state of a mapping that goes on
 */
function pageless(
  scheme: string,
  note: string,
  { vec, state, asks }: { vec: number; state: (barBytes: number) => number; asks: boolean },
): SchemeModel {
  return {
    scheme,
    note,
    bar: (barBytes, { pageBytes, clients }) => ({
      memmap: 0,
      pageTables: 0,
      pool: genPoolAllocated(barBytes, pageBytes),
      mapState: sizes.P2PDMA_PROVIDER + state(barBytes) + (asks ? clients * sizes.MAP_TYPE_ENTRY : 0),
    }),
    perIo: () => vec + (asks ? sizes.ERA_SIZES[NEWEST_ERA].mapState : 0),
  };
}

/** Nodes of a radix tree over sections of 128 MiB: 64 of them in each, and two above. */
function radixBytes(barBytes: number): number {
  return (Math.ceil(barBytes / (64 * SECTION_BYTES)) + 2) * sizes.XA_NODE;
}

/** One client's map of a BAR as a dma-buf: nvme's map and its token, a percpu_ref, the list, and the exporter's scatterlist. */
function dmabufMap(barBytes: number, pageBytes: number): number {
  const list = Math.ceil(barBytes / pageBytes) * sizes.DMA_ADDRESS;
  const sg = sizes.SG_TABLE + Math.ceil(barBytes / sizes.MAX_SG_BYTES) * sizes.SCATTERLIST;
  return sizes.DMABUF_MAP + sizes.DMABUF_TOKEN + sizes.PERCPU_REF + sizes.PERCPU_COUNT + list + sg;
}

const MODELS: readonly SchemeModel[] = [
  {
    scheme: 'page',
    note: 'struct page for every page of the BAR, as P2PDMA needs today',
    needsPages: true,
    bar: pageBar,
    perIo: pageIo,
  },
  ...OTHER_PAGE_SIZES,
  reducedPage('page-compound-2M', 'device-dax only, 2 of 8 vmemmap pages kept for each 2 MiB', 2 * MIB, (bar, page) =>
    compoundMemmap(bar, page, 2 * MIB),
  ),
  reducedPage('page-compound-1G', 'device-dax only, 2 vmemmap pages kept for each 1 GiB', GIB, (bar, page) =>
    compoundMemmap(bar, page, GIB),
  ),
  reducedPage('page-compound-1G-pmd', 'proposed in 2021, PTE pages shared too', GIB, compoundPmdDedup),
  reducedPage('page-hvo-2M', 'hugetlb only, 1 of 8 vmemmap pages kept for each 2 MiB', 2 * MIB, (bar, page) =>
    hvoMemmap(bar, page, 2 * MIB),
  ),
  reducedPage('page-hvo-1G', 'hugetlb only, 1 vmemmap page kept for each 1 GiB', GIB, (bar, page) =>
    hvoMemmap(bar, page, GIB),
  ),
  pageless('dma_vec', '2019 RFC: bus address made by the caller', {
    vec: sizes.DMA_VEC,
    // RFC 27/28: one percpu_ref for the device instead of a pagemap.
    state: () => sizes.PERCPU_REF,
    asks: false,
  }),
  pageless('phys', "phys_addr_t + length, provider numbered in the vector's flags", {
    vec: sizes.PHYS_VEC,
    state: () => 0,
    asks: true,
  }),
  pageless('pfn_t', 'pfn with flags, no page behind it, device found in a radix tree', {
    vec: sizes.PFN_VEC,
    state: radixBytes,
    asks: true,
  }),
  {
    scheme: 'vma',
    note: '2019 HMM proposal: p2p_map gives one DMA address for each page, whole BAR mapped once for each client',
    bar: (barBytes, { pageBytes, clients }) => ({
      memmap: 0,
      pageTables: 0,
      pool: 0,
      mapState: sizes.VMA_RECORD + clients * Math.ceil(barBytes / pageBytes) * sizes.DMA_ADDRESS,
    }),
    perIo: () => sizes.BIO_VEC,
  },
  {
    scheme: 'sgl',
    note: '2018 proposal: homogeneous scatterlists over struct pages',
    needsPages: true,
    bar: (barBytes, options) => ({ ...pageBar(barBytes, options), mapState: sizes.P2PDMA_4_20 }),
    perIo: () => sizes.BIO_VEC + sizes.SG_TABLE + sizes.SCATTERLIST,
  },
  {
    scheme: 'dmabuf',
    note: 'one map for each (BAR, client), made once, with one DMA address for each page; an I/O carries the map and an offset',
    bar: (barBytes, { pageBytes, clients }) => ({
      memmap: 0,
      pageTables: 0,
      pool: 0,
      mapState: clients * dmabufMap(barBytes, pageBytes),
    }),
    perIo: () => sizes.BIO_VEC,
  },
  {
    scheme: 'provider',
    note: 'v6.19 p2pdma_provider alone (pcim_p2pdma_provider): no pages, no pool, dma-buf only',
    bar: (_, { clients }) => ({
      memmap: 0,
      pageTables: 0,
      pool: 0,
      mapState: sizes.ERA_SIZES[NEWEST_ERA].p2pdma + clients * sizes.MAP_TYPE_ENTRY,
    }),
    perIo: () => 0,
  },
];

/** Every row that the kernel allows for these BARs, `page` first. */
export function memoryRows(options: MemoryOptions, measure?: MeasureResident): MemoryRow[] {
  const isRefused = refusalOf(options) !== undefined;
  return MODELS.filter((model) => !(isRefused && model.needsPages)).flatMap((model) => rowOf(model, options, measure));
}

/** A scheme that the kernel does not set up for one of the BARs. */
export interface RefusedRow {
  readonly scheme: string;
  readonly why: string;
}

/** The schemes left out of `memoryRows` because struct pages are refused for one of the BARs. */
export function refusedRows(options: MemoryOptions): RefusedRow[] {
  const why = refusalOf(options);
  if (why === undefined) return [];
  const exists = (model: SchemeModel): boolean => options.barBytes.some((bytes) => model.bar(bytes, options));
  return MODELS.filter((model) => model.needsPages && exists(model)).map(({ scheme }) => ({ scheme, why }));
}

function refusalOf({ barBytes, era }: MemoryOptions): string | undefined {
  return barBytes.map((bytes) => spanRefusal(bytes, era)).find((why) => why !== undefined);
}

function rowOf(model: SchemeModel, options: MemoryOptions, measure: MeasureResident | undefined): MemoryRow[] {
  const own = options.barBytes.map((bytes) => model.bar(bytes, options));
  if (own.every((cost) => cost === undefined)) return [];
  const costs = own.map((cost, i) => cost ?? model.otherwise?.(options.barBytes[i] ?? 0, options));
  if (costs.some((cost) => cost === undefined)) return [];
  const sum = (pick: (cost: BarCost) => number): number =>
    costs.reduce((total, cost) => total + (cost ? pick(cost) : 0), 0);
  const memmap = sum((cost) => cost.memmap);
  const pageTables = sum((cost) => cost.pageTables);
  const pool = sum((cost) => cost.pool);
  const mapState = sum((cost) => cost.mapState);
  const perIoBytes = model.perIo(options.era);
  return [
    {
      scheme: model.scheme,
      memmapBytes: memmap,
      pageTableBytes: pageTables,
      poolBytes: pool,
      mapStateBytes: mapState,
      perIoBytes,
      totalBytes: memmap + pageTables + pool + mapState + perIoBytes * options.queueDepth,
      residentBytes: measure?.(model.scheme, options) ?? null,
      note: `${model.note}; total at ${options.queueDepth} I/Os in flight`,
    },
  ];
}
