// Exact counts: accesses of each site and field, and the distinct lines of a window, which is what the lab says it is (one I/O).
import { fieldOf } from "./attribution";

/** What one core did to one field. */
@unmanaged
export class FieldCounts {
  reads: u32;
  writes: u32;
  /** Read-modify-writes. */
  atomics: u32;
  atomicStores: u32;
  /** Lines first touched, first written in a window here. */
  lines: u32;
  dirtiedLines: u32;
  pad0: u32;
  pad1: u32;
}

/** Kinds of a site. */
export const KIND_LOAD: u32 = 0;
export const KIND_STORE: u32 = 1;

/** Each core's FieldCounts, the accesses of each site, and the last window of each line: two words, one for each core. */
let fieldCounts: usize = 0;
let fieldCountBytes: u32 = 0;
let siteCounts: usize = 0;
let lineWindows: usize = 0;
/** Number of the window, times two; a line's word has bit 0 set once it is written. */
let current: u32 = 2;

export function setCounts(fields: usize, bytesOfCore: u32, sites: usize, lines: usize): void {
  fieldCounts = fields;
  fieldCountBytes = bytesOfCore;
  siteCounts = sites;
  lineWindows = lines;
}

export function nextWindow(): void {
  current += 2;
}

@inline
export function count(core: u32, address: u32, site: u32, kind: u32, bytes: u32): void {
  const counter = siteCounts + (<usize>site << 2);
  store<u32>(counter, load<u32>(counter) + 1);
  const field = countsOf(core, fieldOf(address, site));
  const slot = changetype<usize>(field) + (<usize>kind << 2);
  store<u32>(slot, load<u32>(slot) + 1);
  countLine(core, address >> 6, field, kind != KIND_LOAD);
  const last = (address + bytes - 1) >> 6;
  if (last != address >> 6) countLine(core, last, countsOf(core, fieldOf(last << 6, site)), kind != KIND_LOAD);
}

/** A range is one access for each line that it touches. */
export function countRange(core: u32, address: u32, site: u32, kind: u32, bytes: u32): void {
  for (let at = address, end = address + bytes; at < end; at = (at & ~63) + 64) count(core, at, site, kind, 1);
}

@inline
function countsOf(core: u32, field: u32): FieldCounts {
  return changetype<FieldCounts>(fieldCounts + <usize>core * fieldCountBytes + (<usize>field << 5));
}

@inline
function countLine(core: u32, line: u32, field: FieldCounts, writes: bool): void {
  const at = lineWindows + (<usize>line << 3) + (<usize>core << 2);
  const seen = load<u32>(at);
  if ((seen & ~1) != current) {
    field.lines += 1;
    if (writes) field.dirtiedLines += 1;
    store<u32>(at, current | <u32>writes);
  } else if (writes && (seen & 1) == 0) {
    field.dirtiedLines += 1;
    store<u32>(at, current | 1);
  }
}
