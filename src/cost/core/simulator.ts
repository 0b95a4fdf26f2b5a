// cost.wasm: what instrumented modules call. Two ways to take an access: count it exactly, or send it through the simulated caches of the
// core that its module runs on. The memory is the simulator's own; the lab puts tables into it and says where they are.
import { fieldOf, setRegions } from "./attribution";
import { Cache } from "./cache";
import { busy, hit, locked, miss, resetClocks, setClock } from "./clock";
import { coreAt, Core, dtlbOf, hugeDtlbOf, l1Of, l2Of, l3, MISS_ROW_BYTES, stlbOf } from "./core";
import { EVENT_DTLB, EVENT_L1, EVENT_L2, EVENT_L3, EVENT_STLB, EVENT_TRANSFER } from "./core";
import { count, countRange, KIND_LOAD, KIND_STORE, nextWindow, setCounts } from "./counts";
import { LEVEL_L1, LEVEL_L2, LEVEL_MEMORY, LEVEL_OTHER, setHierarchy, touch } from "./hierarchy";
import { lineOf, pageOf, setTranslation, TLB_FIRST, TLB_WALK, translate } from "./translation";

const HOST: u32 = 0;
const DEVICE: u32 = 1;

/** Misses of each site: rows of MISS_ROW_BYTES. */
let siteMisses: usize = 0;
/** Cycles from an access to its value, by LEVEL_*; what the second TLB and a walk add, by page size. */
let l1Latency: f64 = 0;
let l2Latency: f64 = 0;
let l3Latency: f64 = 0;
let memoryLatency: f64 = 0;
let otherLatency: f64 = 0;
let stlbLatency: f64 = 0;
let walkLatency: f64 = 0;
let hugeWalkLatency: f64 = 0;

/** Shape of a table: 0 to 4 L1, L2, first TLB, its 2 MiB part, second TLB of the core; 5: L3. */
export function setCache(core: u32, which: u32, words: usize, sets: u32, ways: u32): void {
  const cache = cacheOf(coreAt(core), which);
  cache.words = <u32>words;
  cache.setMask = sets - 1;
  cache.ways = ways;
}

function cacheOf(core: Core, which: u32): Cache {
  switch (which) {
    case 0: return l1Of(core);
    case 1: return l2Of(core);
    case 2: return dtlbOf(core);
    case 3: return hugeDtlbOf(core);
    case 4: return stlbOf(core);
    default: return l3();
  }
}

export function setModel(l3Policy: u32, prefetch: bool, pageTable: usize, hugeDtlb: bool): void {
  setHierarchy(l3Policy, prefetch);
  setTranslation(pageTable, hugeDtlb);
}
export function setLatencies(
  l1: f64, l2: f64, l3: f64, memory: f64, other: f64, stlb: f64, walk: f64, hugeWalk: f64,
): void {
  l1Latency = l1;
  l2Latency = l2;
  l3Latency = l3;
  memoryLatency = memory;
  otherLatency = other;
  stlbLatency = stlb;
  walkLatency = walk;
  hugeWalkLatency = hugeWalk;
}
/** `rings`: room for the loads under way of four clocks, 16 bytes for each miss register. */
export function setTiming(
  cyclesPerOp: f64, windowOps: f64, missRegisters: u32, lockedCycles: f64, ready: usize, sources: usize, rings: usize,
): void {
  setClock(cyclesPerOp, windowOps, missRegisters, lockedCycles, ready, sources);
  for (let core: u32 = 0; core < 2; core++) {
    coreAt(core).loRing = <u32>rings + (core * 2) * missRegisters * 16;
    coreAt(core).depRing = <u32>rings + (core * 2 + 1) * missRegisters * 16;
  }
}
/** Tables of what accesses are part of, and where misses of sites and of each core's fields are counted. */
export function setAttribution(
  regions: usize, regionCount: u32, lastRegions: usize, sites: usize, hostFields: usize, deviceFields: usize,
): void {
  setRegions(regions, regionCount, lastRegions);
  siteMisses = sites;
  coreAt(HOST).fieldMisses = <u32>hostFields;
  coreAt(DEVICE).fieldMisses = <u32>deviceFields;
}
export function setExact(fields: usize, bytesOfCore: u32, sites: usize, lines: usize): void {
  setCounts(fields, bytesOfCore, sites, lines);
}
/** Distinct lines are counted anew from here on. */
export function beginWindow(): void {
  nextWindow();
}

/** Event counters of a core: L1, L2, L3, first and second TLB misses, transfers, upgrades, writebacks, prefetches, lookups. */
export function eventsOf(core: u32, event: u32): f64 {
  return <f64>load<u64>(changetype<usize>(coreAt(core)) + offsetof<Core>("l1Misses") + (<usize>event << 3));
}
/** Cycles of a core after `ops` instructions: 0 lo, 1 dep, 2 hi. */
export function cyclesOf(core: u32, clock: u32, ops: i64): f64 {
  const at = coreAt(core);
  return busy(at, <f64>ops) + (clock == 0 ? at.loWaits : clock == 1 ? at.depWaits : at.hiWaits);
}
/** Forgets what a core has counted, and begins its time anew; `ops`: instructions so far. What it holds stays. */
export function resetCore(core: u32, ops: i64): void {
  const at = coreAt(core);
  const first = changetype<usize>(at) + offsetof<Core>("l1Misses");
  memory.fill(first, 0, offsetof<Core>("loWaits") - offsetof<Core>("l1Misses"));
  resetClocks(at, <f64>ops);
}

/**
 * Reads lines of a region on a core, once round all of them or so many: `stride` has no factor in common with how many there are.
 * What caches hold afterwards is what long use of the region leaves.
 */
export function fill(core: u32, region: usize, lines: u32, count: u32, stride: u32): void {
  const own = coreAt(core);
  const other = coreAt(1 - core);
  for (let i: u32 = 0; i < count; i++) {
    const at = region + (<usize>(i * stride % lines) << 6);
    const page = pageOf(at);
    translate(own, at, page);
    touch(own, other, lineOf(at, page), false);
  }
}

export function countHost(address: usize, site: u32, ops: i64): void {
  count(HOST, <u32>address, site >> 6, site >> 3 & 7, 1 << (site & 7));
}
export function countDevice(address: usize, site: u32, ops: i64): void {
  count(DEVICE, <u32>address, site >> 6, site >> 3 & 7, 1 << (site & 7));
}
export function countRangeHost(address: usize, site: u32, bytes: u32, ops: i64): void {
  countRange(HOST, <u32>address, site >> 6, site >> 3 & 7, bytes);
}
export function countRangeDevice(address: usize, site: u32, bytes: u32, ops: i64): void {
  countRange(DEVICE, <u32>address, site >> 6, site >> 3 & 7, bytes);
}

export function simulateHost(address: usize, site: u32, ops: i64): void {
  simulate(coreAt(HOST), coreAt(DEVICE), address, site, 1 << (site & 7), ops);
}
export function simulateDevice(address: usize, site: u32, ops: i64): void {
  simulate(coreAt(DEVICE), coreAt(HOST), address, site, 1 << (site & 7), ops);
}
export function simulateRangeHost(address: usize, site: u32, bytes: u32, ops: i64): void {
  simulateRange(coreAt(HOST), coreAt(DEVICE), address, site, bytes, ops);
}
export function simulateRangeDevice(address: usize, site: u32, bytes: u32, ops: i64): void {
  simulateRange(coreAt(DEVICE), coreAt(HOST), address, site, bytes, ops);
}

/** One lookup for each line. */
function simulateRange(core: Core, other: Core, address: usize, site: u32, bytes: u32, ops: i64): void {
  for (let at = address, end = address + bytes; at < end; at = (at & ~63) + 64) simulate(core, other, at, site, 1, ops);
}

@inline
function simulate(core: Core, other: Core, address: usize, site: u32, bytes: u32, ops: i64): void {
  look(core, other, address, site, ops);
  const last = address + bytes - 1;
  if (last >> 6 != address >> 6) look(core, other, last & ~63, site, ops);
}

@inline
function look(core: Core, other: Core, address: usize, site: u32, ops: i64): void {
  const kind = site >> 3 & 7;
  const id = site >> 6;
  core.lookups += 1;
  const page = pageOf(address);
  const translation = translate(core, address, page);
  const level = touch(core, other, lineOf(address, page), kind != KIND_LOAD);
  if (translation == TLB_FIRST && level == LEVEL_L1 && kind <= KIND_STORE) {
    if (kind == KIND_LOAD) hit(core, id, <f64>ops, l1Latency);
    return;
  }
  slow(core, address, id, kind, <f64>ops, translation, page, level);
}

/** What is seldom: misses, and operations that are locked. */
function slow(core: Core, address: usize, site: u32, kind: u32, ops: f64, translation: u32, page: u32, level: u32): void {
  const latency = latencyOf(level) + translationLatency(translation, page);
  if (kind > KIND_STORE) locked(core, site, ops, latency);
  else if (kind == KIND_LOAD) miss(core, site, ops, latency);
  if (translation == TLB_FIRST && level == LEVEL_L1) return;
  const row = siteMisses + <usize>site * MISS_ROW_BYTES;
  const field = <usize>core.fieldMisses + <usize>fieldOf(<u32>address, site) * MISS_ROW_BYTES;
  if (translation != TLB_FIRST) note(row, field, EVENT_DTLB);
  if (translation == TLB_WALK) note(row, field, EVENT_STLB);
  if (level == LEVEL_L1) return;
  noteLevel(core, row, field, level);
}

/** Misses by level; an upgrade of a line that L1 had is a transfer and no miss. */
function noteLevel(core: Core, row: usize, field: usize, level: u32): void {
  if (level == LEVEL_OTHER) note(row, field, EVENT_TRANSFER);
  const l1 = core.l1Misses;
  const l2 = core.l2Misses;
  if (l1 != core.seenL1Misses) note(row, field, EVENT_L1);
  if (l2 != core.seenL2Misses) note(row, field, EVENT_L2);
  core.seenL1Misses = l1;
  core.seenL2Misses = l2;
  if (level == LEVEL_MEMORY) note(row, field, EVENT_L3);
}

@inline
function note(row: usize, field: usize, event: u32): void {
  const at = row + (<usize>event << 2);
  store<u32>(at, load<u32>(at) + 1);
  const own = field + (<usize>event << 2);
  store<u32>(own, load<u32>(own) + 1);
}

function latencyOf(level: u32): f64 {
  switch (level) {
    case LEVEL_L1: return l1Latency;
    case LEVEL_L2: return l2Latency;
    case LEVEL_MEMORY: return memoryLatency;
    case LEVEL_OTHER: return otherLatency;
    default: return l3Latency;
  }
}

function translationLatency(translation: u32, page: u32): f64 {
  if (translation == TLB_FIRST) return 0;
  if (translation != TLB_WALK) return stlbLatency;
  return page & 1 ? hugeWalkLatency : walkLatency;
}
