// The counts per I/O in words: titles for tables, in the order of the path. A column is worth its place where it tells arms
// apart.
import type { Cell, PerIo } from '../../result/schema.ts';

interface Count {
  field: keyof PerIo;
  title: string;
  /** Work that every scheme does: shown only where arms differ in it. */
  isCommon?: true;
}

/** Shown in every table, also where nothing was counted: what the schemes are about. */
const ALWAYS: readonly Count[] = [
  { field: 'pageLines', title: 'page lines' },
  { field: 'pageAtomics', title: 'page atomics' },
  { field: 'p2pTests', title: 'P2P tests' },
  { field: 'pgmapChecks', title: 'pgmap checks' },
  { field: 'mapCalls', title: 'map calls' },
];

const SOMETIMES: readonly Count[] = [
  { field: 'poolAllocs', title: 'pool allocs', isCommon: true },
  { field: 'requests', title: 'requests', isCommon: true },
  { field: 'segments', title: 'segments', isCommon: true },
  { field: 'splits', title: 'splits', isCommon: true },
  { field: 'merges', title: 'merges', isCommon: true },
  { field: 'providerLookups', title: 'provider lookups' },
  { field: 'pageLookups', title: 'page lookups' },
  { field: 'hasPageTests', title: 'has-page tests' },
  { field: 'listEntries', title: 'list entries' },
  { field: 'mapRefs', title: 'map refs' },
  { field: 'unconverted', title: 'unconverted' },
  { field: 'warnBioIovIterGetPages', title: 'bio_iov_iter_get_pages warnings' },
  { field: 'warnBioAddPage', title: '__bio_add_page warnings' },
  { field: 'boundaryCrossings', title: 'boundary crossings' },
  { field: 'flushCommands', title: 'Flush commands' },
  { field: 'fuaWrites', title: 'FUA writes' },
  { field: 'workRequests', title: 'work requests', isCommon: true },
  { field: 'rdmaDoorbells', title: 'RDMA doorbells', isCommon: true },
  { field: 'mrRegistrations', title: 'MR registrations' },
  { field: 'poolFallbacks', title: 'pool fallbacks' },
  { field: 'inlineWrites', title: 'inline writes' },
];

/** In tables of their own, or that show every field. */
const OTHERS: readonly Count[] = [
  { field: 'pageLoads', title: 'page loads' },
  { field: 'iovaAllocs', title: 'IOVA allocs' },
  { field: 'iovaFrees', title: 'IOVA frees' },
  { field: 'pteWrites', title: 'PTE writes' },
  { field: 'pteClears', title: 'PTE clears' },
  { field: 'pteLines', title: 'PTE lines' },
  { field: 'invalidations', title: 'invalidations' },
  { field: 'flushes', title: 'flushes' },
  { field: 'iotlbMisses', title: 'IOTLB misses' },
];

const LAST: Count = { field: 'descriptorBytes', title: 'descriptor B' };

/** The columns of a table of these cells. */
export function countColumns(cells: readonly Cell[]): readonly Count[] {
  const shown = SOMETIMES.filter(({ field, isCommon }) => {
    const values = cells.flatMap(({ perIo }) => (perIo === null ? [] : [perIo[field] ?? 0]));
    return isCommon === true ? new Set(values).size > 1 : values.some((value) => value > 0);
  });
  return [...ALWAYS, ...shown, LAST];
}

/** What a count is called. */
export function countTitle(field: string): string {
  return [...ALWAYS, ...SOMETIMES, ...OTHERS, LAST].find((count) => count.field === field)?.title ?? field;
}
