// Translation of addresses: a first and a second level of TLB for each core, pages of 4 KiB and 2 MiB. The page table is an array with a
// word for each 4 KiB of the simulated memory: its physical frame, and in bit 0 whether it lies in a 2 MiB page.
import { EXCLUSIVE, find, insert } from "./cache";
import { Core, dtlbOf, hugeDtlbOf, stlbOf } from "./core";

/** Where a translation was found. */
export const TLB_FIRST: u32 = 0;
const TLB_SECOND: u32 = 1;
export const TLB_WALK: u32 = 2;

let pageTable: usize = 0;
let hasHugeDtlb: bool = false;

export function setTranslation(table: usize, hugeDtlb: bool): void {
  pageTable = table;
  hasHugeDtlb = hugeDtlb;
}

/** Word of the page table for an address. */
@inline
export function pageOf(address: usize): u32 {
  return load<u32>(pageTable + (address >> 12 << 2));
}

/** Physical line of an address. Frames begin at 1, so no line is 0. */
@inline
export function lineOf(address: usize, page: u32): u32 {
  return page >> 1 << 6 | (<u32>address >> 6 & 63);
}

/** Looks a translation up where it is not the core's last; TLB_*. */
@inline
export function translate(core: Core, address: usize, page: u32): u32 {
  const isHuge = page & 1;
  const number = isHuge ? <u32>address >> 21 : <u32>address >> 12;
  // From 1 on, so that a free word is none of them.
  const key = (number << 1 | isHuge) + 1;
  if (key == core.lastKey) return TLB_FIRST;
  core.lastKey = key;
  return lookUp(core, number, key, isHuge != 0);
}

function lookUp(core: Core, number: u32, key: u32, isHuge: bool): u32 {
  const first = hasHugeDtlb && isHuge ? hugeDtlbOf(core) : dtlbOf(core);
  if (find(first, number, key) != 0) return TLB_FIRST;
  core.dtlbMisses += 1;
  insert(first, number, key << 2 | EXCLUSIVE);
  if (find(stlbOf(core), number, key) != 0) return TLB_SECOND;
  core.stlbMisses += 1;
  insert(stlbOf(core), number, key << 2 | EXCLUSIVE);
  return TLB_WALK;
}
