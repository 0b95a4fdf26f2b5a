// The caches of lines: private L1D and L2, which holds all of L1D; one L3 of both cores, which takes what L2s evict (victim: a line goes
// back on a hit; non-inclusive: it stays) or holds all that they hold (inclusive). Coherent by MESI. Host and controller take turns, so
// no two accesses are ever under way at once.
import { Cache, EXCLUSIVE, find, insert, MODIFIED, peek, remove, setState, SHARED, STATE } from "./cache";
import { Core, l1Of, l2Of, l3 } from "./core";

/** Where a line was found. */
export const LEVEL_L1: u32 = 0;
export const LEVEL_L2: u32 = 1;
const LEVEL_L3: u32 = 2;
export const LEVEL_MEMORY: u32 = 3;
/** In the other core's caches. */
export const LEVEL_OTHER: u32 = 4;

const L3_VICTIM: u32 = 0;
const L3_NON_INCLUSIVE: u32 = 1;
const L3_INCLUSIVE: u32 = 2;

let policy: u32 = L3_VICTIM;
let prefetchesNext: bool = false;

export function setHierarchy(l3Policy: u32, prefetch: bool): void {
  policy = l3Policy;
  prefetchesNext = prefetch;
}

/** Reads or writes a line; where it was found. A write that had to take the line from the other core is LEVEL_OTHER. */
@inline
export function touch(core: Core, other: Core, line: u32, writes: bool): u32 {
  const l1 = find(l1Of(core), line, line);
  if (l1 == 0) return missL1(core, other, line, writes);
  if (!writes) return LEVEL_L1;
  const state = load<u32>(l1) & STATE;
  if (state == MODIFIED) return LEVEL_L1;
  setState(l1, MODIFIED);
  if (state == EXCLUSIVE) return LEVEL_L1;
  upgrade(core, other, line);
  return LEVEL_OTHER;
}

/** A shared line becomes the core's own. */
function upgrade(core: Core, other: Core, line: u32): void {
  core.upgrades += 1;
  remove(l1Of(other), line, line);
  remove(l2Of(other), line, line);
  setState(peek(l2Of(core), line, line), EXCLUSIVE);
}

function missL1(core: Core, other: Core, line: u32, writes: bool): u32 {
  core.l1Misses += 1;
  const l2 = find(l2Of(core), line, line);
  if (l2 != 0) {
    const isShared = (load<u32>(l2) & STATE) == SHARED;
    if (writes && isShared) upgrade(core, other, line);
    insertL1(core, line, writes ? MODIFIED : isShared ? SHARED : EXCLUSIVE);
    return writes && isShared ? LEVEL_OTHER : LEVEL_L2;
  }
  core.l2Misses += 1;
  const level = bring(core, other, line, writes);
  if (prefetchesNext) prefetch(core, other, line + 1);
  return level;
}

/** Brings a line that neither of the core's caches has. */
function bring(core: Core, other: Core, line: u32, writes: bool): u32 {
  const theirs = peek(l2Of(other), line, line);
  if (theirs != 0) {
    core.transfers += 1;
    const state = takeFrom(core, other, theirs, line, writes);
    insertL2(core, line, state);
    insertL1(core, line, writes ? MODIFIED : SHARED);
    return LEVEL_OTHER;
  }
  const dirty = takeFromL3(line);
  if (dirty < 0) {
    core.l3Misses += 1;
    if (policy == L3_INCLUSIVE) insertInclusive(core, other, line);
  }
  insertL2(core, line, dirty > 0 ? MODIFIED : EXCLUSIVE);
  insertL1(core, line, writes ? MODIFIED : EXCLUSIVE);
  return dirty < 0 ? LEVEL_MEMORY : LEVEL_L3;
}

/** The other core gives a line away, or shares it; the state in which the core's L2 gets it. */
function takeFrom(core: Core, other: Core, theirs: usize, line: u32, writes: bool): u32 {
  const l1 = peek(l1Of(other), line, line);
  const isDirty = (load<u32>(theirs) & STATE) == MODIFIED || (l1 != 0 && (load<u32>(l1) & STATE) == MODIFIED);
  if (writes) {
    remove(l1Of(other), line, line);
    remove(l2Of(other), line, line);
    return isDirty ? MODIFIED : EXCLUSIVE;
  }
  if (l1 != 0) setState(l1, SHARED);
  setState(theirs, SHARED);
  if (isDirty) {
    core.writebacks += 1;
    if (policy == L3_INCLUSIVE) markDirty(l3(), line);
  }
  return SHARED;
}

/** 1: it was there and is written back with the L2's copy; 0: it was there, or a copy stays; -1: it was not there. */
function takeFromL3(line: u32): i32 {
  const found = find(l3(), line, line);
  if (found == 0) return -1;
  if (policy != L3_VICTIM) return 0;
  return <i32>((remove(l3(), line, line) & STATE) == MODIFIED);
}

/** A line comes to an L3 that holds all that L2s hold: what it evicts leaves them. */
function insertInclusive(core: Core, other: Core, line: u32): void {
  const gone = insert(l3(), line, line << 2 | EXCLUSIVE);
  if (gone == 0) return;
  const key = gone >> 2;
  let isDirty = (gone & STATE) == MODIFIED;
  isDirty = takeOut(core, key) || isDirty;
  isDirty = takeOut(other, key) || isDirty;
  if (isDirty) core.writebacks += 1;
}

/** A line leaves a core's caches; whether it had been written. */
function takeOut(core: Core, line: u32): bool {
  const l1 = remove(l1Of(core), line, line);
  const l2 = remove(l2Of(core), line, line);
  return (l1 & STATE) == MODIFIED || (l2 & STATE) == MODIFIED;
}

function insertL2(core: Core, line: u32, state: u32): void {
  const gone = insert(l2Of(core), line, line << 2 | state);
  if (gone == 0) return;
  const key = gone >> 2;
  const isDirty = (remove(l1Of(core), key, key) & STATE) == MODIFIED || (gone & STATE) == MODIFIED;
  if (policy == L3_INCLUSIVE) {
    if (isDirty) markDirty(l3(), key);
    return;
  }
  const kept = find(l3(), key, key);
  if (kept != 0) {
    if (isDirty) setState(kept, MODIFIED);
    return;
  }
  const evicted = insert(l3(), key, key << 2 | (isDirty ? MODIFIED : EXCLUSIVE));
  if ((evicted & STATE) == MODIFIED) core.writebacks += 1;
}

function insertL1(core: Core, line: u32, state: u32): void {
  const gone = insert(l1Of(core), line, line << 2 | state);
  if ((gone & STATE) == MODIFIED) markDirty(l2Of(core), gone >> 2);
}

@inline
function markDirty(cache: Cache, line: u32): void {
  const at = peek(cache, line, line);
  if (at != 0) setState(at, MODIFIED);
}

/** The line behind one that missed L2 comes to L2, within its 4 KiB page, unless a core has it. */
function prefetch(core: Core, other: Core, line: u32): void {
  if ((line & 63) == 0 || peek(l2Of(core), line, line) != 0 || peek(l2Of(other), line, line) != 0) return;
  core.prefetches += 1;
  const dirty = takeFromL3(line);
  if (dirty < 0 && policy == L3_INCLUSIVE) insertInclusive(core, other, line);
  insertL2(core, line, dirty > 0 ? MODIFIED : EXCLUSIVE);
}
