// The simulator as the lab uses it (core/simulator.ts): its memory laid out, a processor and a placement set, its counts read.
import type { CostModule } from '../../build/exports.ts';
import { assert } from '../base/errors.ts';
import { Arena, growTo, type Span, sharedMemory } from '../lab/machine/arena.ts';
import { costModule } from '../lab/machine/modules.ts';
import { type Cpu, L3_POLICIES, MOST_ENTRIES, type TableShape } from './cpu_file.ts';
import type { Hooks } from './instrument.ts';
import { PAGE_BYTES } from './placement.ts';

/** The two cores: the host's, and that of all devices. */
export const CORES = { host: 0, device: 1 } as const;
export type CoreName = keyof typeof CORES;

/** A part of the simulated memory: all of it one field, or fields that repeat. */
export interface RegionTable {
  at: number;
  bytes: number;
  /** Field of each byte of one element, counted from the region's first field; none: all of it is one. */
  fieldOfByte: readonly number[];
  firstField: number;
}

export interface SimulatedMemory {
  /** Bytes of the memory that is simulated, from 0 on. */
  bytes: number;
  /** In ascending order, without overlaps. Field 0 is what lies in none of them. */
  regions: readonly RegionTable[];
  fields: number;
  sites: number;
  /** For each site that loads: the sites that its address comes from, at most three. */
  sources: ReadonlyMap<number, readonly number[]>;
}

/** What happened to the accesses of a core, a site or a field. */
export const MISSES = ['l1Misses', 'l2Misses', 'l3Misses', 'dtlbMisses', 'stlbMisses', 'transfers'] as const;
export type Misses = Record<(typeof MISSES)[number], number>;
/** Events of a core besides. */
const EVENTS = [...MISSES, 'upgrades', 'writebacks', 'prefetches', 'lookups'] as const;
export type Events = Record<(typeof EVENTS)[number], number>;

/** Accesses of a field by a core; `lines` and `dirtiedLines`: distinct ones in each window. */
const FIELD_COUNTS = ['reads', 'writes', 'atomics', 'atomicStores', 'lines', 'dirtiedLines'] as const;
export type FieldCounts = Record<(typeof FIELD_COUNTS)[number], number>;

export interface Cycles {
  lo: number;
  dep: number;
  hi: number;
}

export interface Simulator {
  /** What instrumented modules of a core call: exact counts, or the caches. */
  counting: Record<CoreName, Hooks>;
  caching: Record<CoreName, Hooks>;
  /** Empty caches of a processor, and where the memory lies (placement.ts). */
  begin(cpu: Cpu, pageTable: Uint32Array, prefetchesNext: boolean): void;
  /** Caches as long use of a region by the host leaves them: reads so many of its lines, all over it. */
  fill(region: Span, lines: number): void;
  /** Forgets what was counted; caches keep what they hold. @param ops of each core's instances so far */
  resetMisses(ops: Record<CoreName, bigint>): void;
  resetCounts(): void;
  /** Distinct lines are counted anew from here on. */
  beginWindow(): void;
  events(core: CoreName): Events;
  /** @param ops of the core's instances so far */
  cycles(core: CoreName, ops: bigint): Cycles;
  fieldMisses(core: CoreName): Misses[];
  siteMisses(): Misses[];
  fieldCounts(core: CoreName): FieldCounts[];
  siteAccesses(): number[];
}

const START = 4096;
const ROW_BYTES = 32;
const REGION_BYTES = 24;
const SOURCE_BYTES = 12;
/** Odd: regions have a power of two lines. */
const FILL_STRIDE = 0x9e3779b1;
const NO_SITE = 0xffff_ffff;
const CLOCKS = 4;
const MOST_MISS_REGISTERS = 512;
/** Room for all tables of the largest processor that a file may describe: five of each core, and an L3. */
const CACHE_BYTES = 11 * 4 * MOST_ENTRIES + 65536;
/** Where the cores are, with the shapes of their caches (core/core.ts). */
const CORE_AT = 1024;
const CORE_BYTES = 1024;

function plan(memory: SimulatedMemory) {
  const arena = new Arena(START);
  const { sites, fields, regions } = memory;
  const maps = regions.map(({ fieldOfByte }, i) => arena.take(`fields of region ${i}`, fieldOfByte.length * 2));
  const spans = {
    maps,
    regions: arena.take('regions', regions.length * REGION_BYTES),
    lastRegions: arena.take('regions of sites', sites * 4),
    siteCounts: arena.take('accesses of sites', sites * 4),
    siteMisses: arena.take('misses of sites', sites * ROW_BYTES),
    fieldCounts: [0, 1].map((core) => arena.take(`accesses of core ${core}`, fields * ROW_BYTES)) as [Span, Span],
    fieldMisses: [0, 1].map((core) => arena.take(`misses of core ${core}`, fields * ROW_BYTES)) as [Span, Span],
    ready: arena.take('values of sites', sites * 8),
    sources: arena.take('sources of sites', sites * SOURCE_BYTES),
    rings: arena.take('loads under way', CLOCKS * MOST_MISS_REGISTERS * 16),
    caches: arena.take('caches', CACHE_BYTES),
    pageTable: arena.take('page table', Math.ceil(memory.bytes / PAGE_BYTES) * 4),
    lines: arena.take('windows of lines', Math.ceil(memory.bytes / 64) * 8),
  };
  arena.checkFits();
  return { ...spans, end: arena.end };
}

type Plan = ReturnType<typeof plan>;

/** @throws LabError where its tables do not fit one memory */
export function createSimulator(simulated: SimulatedMemory): Simulator {
  const memory = sharedMemory();
  const spans = plan(simulated);
  growTo(memory, spans.end);
  const module = costModule(memory);
  const u8 = new Uint8Array(memory.buffer);
  const u32 = new Uint32Array(memory.buffer);
  writeTables(new DataView(memory.buffer), simulated, spans);
  setAttribution(module, simulated, spans);
  const [first, second] = spans.fieldCounts;
  module.setExact(first.at, second.at - first.at, spans.siteCounts.at, spans.lines.at);
  const clear = ({ at, bytes }: Span): void => void u8.fill(0, at, at + bytes);
  const rows = <Name extends string>(names: readonly Name[], { at, bytes }: Span): Record<Name, number>[] =>
    Array.from({ length: bytes / ROW_BYTES }, (_, row) => {
      const word = (at + row * ROW_BYTES) / 4;
      return Object.fromEntries(names.map((name, i) => [name, u32[word + i]])) as Record<Name, number>;
    });
  return {
    counting: {
      host: { access: module.countHost, range: module.countRangeHost },
      device: { access: module.countDevice, range: module.countRangeDevice },
    },
    caching: {
      host: { access: module.simulateHost, range: module.simulateRangeHost },
      device: { access: module.simulateDevice, range: module.simulateRangeDevice },
    },
    begin: (cpu, pageTable, prefetchesNext) => {
      clear(spans.ready);
      for (const core of Object.values(CORES))
        u8.fill(0, CORE_AT + core * CORE_BYTES, CORE_AT + (core + 1) * CORE_BYTES);
      u32.set(pageTable, spans.pageTable.at / 4);
      clear({ at: spans.caches.at, bytes: setProcessor(module, cpu, spans, prefetchesNext) });
      setAttribution(module, simulated, spans);
    },
    fill: ({ at, bytes }, lines) => module.fill(CORES.host, at, bytes / 64, lines, FILL_STRIDE),
    resetMisses: (ops) => {
      [...spans.fieldMisses, spans.siteMisses, spans.ready].forEach(clear);
      for (const [name, core] of Object.entries(CORES)) module.resetCore(core, ops[name as CoreName]);
    },
    resetCounts: () => [...spans.fieldCounts, spans.siteCounts].forEach(clear),
    beginWindow: module.beginWindow,
    events: (core) =>
      Object.fromEntries(EVENTS.map((name, i) => [name, module.eventsOf(CORES[core], i)])) as unknown as Events,
    cycles: (core, ops) => {
      const [lo, dep, hi] = [0, 1, 2].map((clock) => module.cyclesOf(CORES[core], clock, ops)) as [
        number,
        number,
        number,
      ];
      return { lo: Math.min(lo, dep), dep, hi: Math.max(hi, dep) };
    },
    fieldMisses: (core) => rows(MISSES, spans.fieldMisses[CORES[core]]),
    siteMisses: () => rows(MISSES, spans.siteMisses),
    fieldCounts: (core) => rows(FIELD_COUNTS, spans.fieldCounts[CORES[core]]),
    siteAccesses: () => [...u32.subarray(spans.siteCounts.at / 4, spans.siteCounts.at / 4 + simulated.sites)],
  };
}

function setAttribution(module: CostModule, { regions }: SimulatedMemory, spans: Plan): void {
  const { lastRegions, siteMisses, fieldMisses } = spans;
  module.setAttribution(
    spans.regions.at,
    regions.length,
    lastRegions.at,
    siteMisses.at,
    fieldMisses[0].at,
    fieldMisses[1].at,
  );
}

function writeTables(view: DataView, { regions, sites, sources }: SimulatedMemory, spans: Plan): void {
  regions.forEach(({ at, bytes, fieldOfByte, firstField }, i) => {
    const map = spans.maps[i] as Span;
    fieldOfByte.forEach((field, byte) => {
      view.setUint16(map.at + byte * 2, field, true);
    });
    [at, at + bytes, fieldOfByte.length, map.at, firstField].forEach((word, n) => {
      view.setUint32(spans.regions.at + i * REGION_BYTES + n * 4, word, true);
    });
  });
  for (let site = 0; site < sites; site++) {
    const own = sources.get(site) ?? [];
    for (let i = 0; i < 3; i++) view.setUint32(spans.sources.at + site * SOURCE_BYTES + i * 4, own[i] ?? NO_SITE, true);
  }
}

/** Bytes that the processor's caches take. */
function setProcessor(module: CostModule, cpu: Cpu, spans: Plan, prefetchesNext: boolean): number {
  const arena = new Arena(spans.caches.at);
  const set = (core: number, which: number, { sets, ways }: TableShape): void => {
    module.setCache(core, which, arena.take('cache', sets * ways * 4).at, sets, ways);
  };
  for (const core of Object.values(CORES)) {
    const tables = [cpu.l1, cpu.l2, cpu.dtlb, cpu.dtlb2m ?? { sets: 1, ways: 1 }, cpu.stlb];
    tables.forEach((shape, which) => {
      set(core, which, shape);
    });
  }
  set(0, 5, cpu.l3);
  module.setModel(
    L3_POLICIES[cpu.l3Policy],
    prefetchesNext ? 1 : 0,
    spans.pageTable.at,
    cpu.dtlb2m === undefined ? 0 : 1,
  );
  const { l1, l2, l3, memory, other, stlb, walk4k, walk2m } = cpu.latency;
  module.setLatencies(l1, l2, l3, memory, other, stlb, walk4k, walk2m);
  module.setTiming(
    cpu.cyclesPerOp,
    cpu.windowOps,
    cpu.missRegisters,
    cpu.lockedCycles,
    spans.ready.at,
    spans.sources.at,
    spans.rings.at,
  );
  assert(arena.end <= spans.caches.at + spans.caches.bytes, 'caches of the processor fit');
  return arena.end - spans.caches.at;
}
