// One of the two cores: its caches of lines and translations, what it has counted, its clocks.
import { Cache } from "./cache";


@unmanaged
export class Core {
  /** Translation of the last access: nothing is looked up while it stays the same. */
  lastKey: u32;
  /** Misses of each field: rows of MISS_ROW_BYTES. */
  fieldMisses: u32;
  /** Instructions at which its time began. */
  startOps: f64;
  // Events, in the order of EVENT_*.
  l1Misses: u64;
  l2Misses: u64;
  l3Misses: u64;
  dtlbMisses: u64;
  stlbMisses: u64;
  transfers: u64;
  upgrades: u64;
  writebacks: u64;
  prefetches: u64;
  lookups: u64;
  /** L1 and L2 misses that are attributed: the difference is that of the access in hand. */
  seenL1Misses: u64;
  seenL2Misses: u64;
  // What clocks have waited: all misses overlap; those wait that depend on each other; none overlap.
  loWaits: f64;
  loRing: u32;
  loFirst: u32;
  loCount: u32;
  loPad: u32;
  depWaits: f64;
  depRing: u32;
  depFirst: u32;
  depCount: u32;
  depPad: u32;
  hiWaits: f64;
}

export const EVENT_L1: u32 = 0;
export const EVENT_L2: u32 = 1;
export const EVENT_L3: u32 = 2;
export const EVENT_DTLB: u32 = 3;
export const EVENT_STLB: u32 = 4;
export const EVENT_TRANSFER: u32 = 5;
/** Bytes of the misses of one site or field: six counts of 32 bits. */
export const MISS_ROW_BYTES: u32 = 32;

// Fixed places in the memory, below everything that the lab puts there.
const CORES: usize = 1024;
const CORE_BYTES: usize = 1024;
const CACHES_AT: usize = 512;
const CACHE_STRIDE: usize = 16;

@inline
export function coreAt(index: u32): Core {
  return changetype<Core>(CORES + <usize>index * CORE_BYTES);
}

@inline
export function l1Of(core: Core): Cache {
  return cacheIn(core, 0);
}
@inline
export function l2Of(core: Core): Cache {
  return cacheIn(core, 1);
}
@inline
export function dtlbOf(core: Core): Cache {
  return cacheIn(core, 2);
}
/** Translations of 2 MiB pages where they have a table of their own. */
@inline
export function hugeDtlbOf(core: Core): Cache {
  return cacheIn(core, 3);
}
@inline
export function stlbOf(core: Core): Cache {
  return cacheIn(core, 4);
}
/** Shared by both. */
@inline
export function l3(): Cache {
  return changetype<Cache>(CACHES_AT - CACHE_STRIDE);
}

@inline
function cacheIn(core: Core, index: usize): Cache {
  return changetype<Cache>(changetype<usize>(core) + CACHES_AT + index * CACHE_STRIDE);
}
