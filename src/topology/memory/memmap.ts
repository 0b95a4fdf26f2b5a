// How many bytes of struct page a range of device memory costs: the memmap itself, the page tables that map it, and
// what compound pages or HVO would leave of it. Formulas of mm/sparse-vmemmap.c, mm/memremap.c and mm/hugetlb_vmemmap.c.
import { LabError, suggestion } from '../../base/errors.ts';
import { formatBytes, GIB, MIB } from '../../base/units.ts';
import type { Era } from '../host_bridge.ts';
import { PTE, STRUCT_PAGE } from './struct_sizes.ts';

/** x86-64 SECTION_SIZE_BITS 27. */
export const SECTION_BYTES = 128 * MIB;
/** SUBSECTION_SHIFT 21, since v5.3. */
export const SUBSECTION_BYTES = 2 * MIB;
/** VMEMMAP_RESERVE_NR: what deduplication keeps of a compound page's vmemmap. */
const DEDUP_KEPT_PAGES = 2;
/** HUGETLB_VMEMMAP_RESERVE_PAGES: what HVO keeps of a huge page's. */
const HVO_KEPT_PAGES = 1;

const X86_PAGE_BYTES = 4096;

export const PAGE_SIZES: ReadonlyMap<string, number> = new Map([
  ['4K', 4096],
  ['16K', 16_384],
  ['64K', 65_536],
]);

/**
 * Reads `4K`, `16K` or `64K` (also `4KiB`, `4096`).
 * @throws LabError on anything else
 */
export function parsePageSize(text: string): number {
  const word = text.trim().toUpperCase().replace(/I?B$/, '');
  const bytes = PAGE_SIZES.get(word) ?? [...PAGE_SIZES.values()].find((size) => String(size) === word);
  if (bytes !== undefined) return bytes;
  throw new LabError(
    `--page-size: '${text}' is no page size${suggestion(word, PAGE_SIZES.keys()) || '.'} There are 4K, 16K and 64K.`,
  );
}

/** The range that gets struct pages for a BAR: whole sections in v5.2, whole subsections since. Start aligned. */
function mappedBytes(barBytes: number, era: Era): number {
  const unit = era === '5.2' ? SECTION_BYTES : SUBSECTION_BYTES;
  return Math.ceil(barBytes / unit) * unit;
}

/**
 * Why memremap_pages refuses struct pages for a BAR of this size; undefined when it does not. Since v5.3 check_pfn_span
 * (mm/memory_hotplug.c) wants whole subsections; v5.2 rounded to whole sections instead.
 */
export function spanRefusal(barBytes: number, era: Era): string | undefined {
  if (era === '5.2' || barBytes % SUBSECTION_BYTES === 0) return undefined;
  return (
    `EINVAL: ${formatBytes(barBytes)} is not a multiple of ${formatBytes(SUBSECTION_BYTES)}, which check_pfn_span wants ` +
    'for struct pages since v5.3'
  );
}

/** Bytes of struct page for a BAR: 64 for each page of the range. */
export function memmapBytes(barBytes: number, pageBytes: number, era: Era): number {
  return (mappedBytes(barBytes, era) / pageBytes) * STRUCT_PAGE;
}

/** Pages of 8-byte entries that map a memmap with base pages: one page of entries for each `entries * page` bytes. */
export function pteBytes(memmap: number, pageBytes: number): number {
  const mappedByOne = (pageBytes / PTE) * pageBytes;
  return Math.ceil(memmap / mappedByOne) * pageBytes;
}

/**
 * Page tables that a plain memmap costs on its own. x86 maps the memmap of whole sections by huge pages (PMD), so only a
 * partial section costs any (vmemmap_populate); arm64 with 16 or 64 KiB pages maps all of it by base pages.
 */
export function memmapPageTableBytes(barBytes: number, pageBytes: number, era: Era): number {
  const mapped = mappedBytes(barBytes, era);
  const byBasePages = pageBytes === X86_PAGE_BYTES ? mapped % SECTION_BYTES : mapped;
  return pteBytes((byBasePages / pageBytes) * STRUCT_PAGE, pageBytes);
}

/** Whether compound pages of this size fit a BAR, and whether sharing vmemmap pages saves any at this page size. */
export function compoundExists(barBytes: number, pageBytes: number, compoundBytes: number): boolean {
  return barBytes % compoundBytes === 0 && (compoundBytes / pageBytes) * STRUCT_PAGE > DEDUP_KEPT_PAGES * pageBytes;
}

export interface ReducedMemmap {
  readonly memmapBytes: number;
  readonly pageTableBytes: number;
}

/** device-dax with compound pages (v5.17 and v5.19): two vmemmap pages for each compound page. */
export function compoundMemmap(barBytes: number, pageBytes: number, compoundBytes: number): ReducedMemmap {
  return reduced(barBytes, pageBytes, compoundBytes, DEDUP_KEPT_PAGES);
}

/** The same with PMD-page deduplication (2021, not merged): two vmemmap pages and two PTE pages for each 1 GiB. */
export function compoundPmdDedup(barBytes: number, pageBytes: number): ReducedMemmap {
  const compounds = Math.ceil(barBytes / GIB);
  const kept = compounds * DEDUP_KEPT_PAGES * pageBytes;
  return { memmapBytes: kept, pageTableBytes: kept };
}

/** hugetlb's vmemmap optimisation: one vmemmap page for each huge page. */
export function hvoMemmap(barBytes: number, pageBytes: number, hugeBytes: number): ReducedMemmap {
  return reduced(barBytes, pageBytes, hugeBytes, HVO_KEPT_PAGES);
}

/** Keeps `keptPages` of each compound page's vmemmap, when it has more; the page tables stay whole. */
function reduced(barBytes: number, pageBytes: number, compoundBytes: number, keptPages: number): ReducedMemmap {
  const compounds = Math.ceil(barBytes / compoundBytes);
  const fullBytes = (compoundBytes / pageBytes) * STRUCT_PAGE;
  const keptBytes = Math.min(fullBytes, keptPages * pageBytes);
  return {
    memmapBytes: compounds * keptBytes,
    pageTableBytes: keptBytes < fullBytes ? pteBytes(compounds * fullBytes, pageBytes) : 0,
  };
}
