// What belongs to a processor and a placement: misses, transfers and the band of cycles of one arm, over seeded physical placements, each
// from empty caches through a warm-up to a steady state.
import type { Span } from '../lab/machine/arena.ts';
import { hostModule } from '../lab/machine/modules.ts';
import { type MeasureParams, moduleOf } from '../plan/run_plan.ts';
import { type CostArm, type Instances, instancesOf, moveBuffers } from './cost_arm.ts';
import type { Cpu } from './cpu_file.ts';
import { PAGE_BYTES, placePages } from './placement.ts';
import type { PageSizes } from './regions.ts';
import { type CoreName, type Cycles, MISSES, type Misses } from './simulator.ts';

/** Over the placements. */
export interface Spread {
  mean: number;
  min: number;
  max: number;
}

export type CpuPerIo = Record<keyof Misses, Spread> & { cycles: Cycles };

export interface CacheFigures {
  perIo: Record<CoreName, CpuPerIo>;
  /** Mean misses of each field, per I/O. */
  fields: Record<CoreName, readonly Misses[]>;
  /** Accesses that were simulated. */
  lookups: number;
}

export interface CacheOptions {
  pages: PageSizes;
  prefetchesNext: boolean;
  /** Placements. */
  seeds: number;
  /** Of an I/O, both sides: how much there is to simulate. */
  accessesPerIo: number;
}

/** I/Os between two moves of the buffers: as many, but for I/Os of so many accesses that a placement would take more than this. */
const SLICE_IOS = 1024;
const FEWEST_IOS = 16;
const PLACEMENT_ACCESSES = 8e6;
const MEASURED_SLICES = 8;
/** Warm-up: slices of a look, and how many looks at most; it ends when two of them differ by no more than this share, or this much. */
const LOOK_SLICES = 3;
const MOST_LOOKS = 8;
const STEADY_SHARE = 0.02;
const STEADY_PER_IO = 0.01;
/** Lines of the memmap that are touched before: a multiple of what L3 holds. */
const FILL = 1.25;

interface Placement {
  events: Record<CoreName, Misses>;
  cycles: Record<CoreName, Cycles>;
  fields: Record<CoreName, readonly Misses[]>;
  lookups: number;
}

export function simulateCaches(cost: CostArm, params: MeasureParams, cpu: Cpu, options: CacheOptions): CacheFigures {
  const instances = instancesOf(cost, cost.simulator.caching);
  const usesMemmap =
    cost.arm.buffers !== 'ram' &&
    hostModule(moduleOf(cost.arm, params), cost.machine.memory).memmapBytes(cost.machine.spec.barBytes) > 0;
  const placements = Array.from({ length: options.seeds }, (_, seed) =>
    simulatePlacement(cost, instances, cpu, options, seed, usesMemmap),
  );
  const perIo = (core: CoreName): CpuPerIo => ({
    ...(Object.fromEntries(
      MISSES.map((miss) => [miss, spreadOf(placements.map(({ events }) => events[core][miss]))]),
    ) as Record<keyof Misses, Spread>),
    cycles: {
      lo: mean(placements.map(({ cycles }) => cycles[core].lo)),
      dep: mean(placements.map(({ cycles }) => cycles[core].dep)),
      hi: mean(placements.map(({ cycles }) => cycles[core].hi)),
    },
  });
  const fields = (core: CoreName): Misses[] =>
    cost.map.fields.map(
      (_, field) =>
        Object.fromEntries(
          MISSES.map((miss) => [miss, mean(placements.map((each) => (each.fields[core][field] as Misses)[miss]))]),
        ) as Misses,
    );
  return {
    perIo: { host: perIo('host'), device: perIo('device') },
    fields: { host: fields('host'), device: fields('device') },
    lookups: placements.reduce((sum, { lookups }) => sum + lookups, 0),
  };
}

function sliceIosOf(accessesPerIo: number): number {
  const slices = 2 * LOOK_SLICES + MEASURED_SLICES;
  return Math.max(FEWEST_IOS, Math.min(SLICE_IOS, Math.floor(PLACEMENT_ACCESSES / slices / accessesPerIo)));
}

function simulatePlacement(
  cost: CostArm,
  instances: Instances,
  cpu: Cpu,
  { pages, prefetchesNext, accessesPerIo }: CacheOptions,
  seed: number,
  usesMemmap: boolean,
): Placement {
  const { machine, map, simulator } = cost;
  const table = placePages(machine.memory.buffer.byteLength / PAGE_BYTES, (page) => map.isHuge(page, pages), seed);
  simulator.begin(cpu, table, prefetchesNext);
  fillCaches(cost, cpu, usesMemmap);
  const stream = streamOf(cost, instances, seed, sliceIosOf(accessesPerIo));
  warmUp(cost, instances, stream);
  simulator.resetMisses(instances.ops());
  const ios = stream(MEASURED_SLICES);
  const ops = instances.ops();
  const perIo = (core: CoreName): Misses => {
    const events = simulator.events(core);
    // A shared line that a core makes its own is a transfer as much as one that it brings.
    const counts: Misses = { ...events, transfers: events.transfers + events.upgrades };
    return scaled(counts, ios);
  };
  const cycles = (core: CoreName): Cycles => {
    const { lo, dep, hi } = simulator.cycles(core, ops[core]);
    return { lo: lo / ios, dep: dep / ios, hi: hi / ios };
  };
  const fields = (core: CoreName): Misses[] => simulator.fieldMisses(core).map((row) => scaled(row, ios));
  return {
    events: { host: perIo('host'), device: perIo('device') },
    cycles: { host: cycles('host'), device: cycles('device') },
    fields: { host: fields('host'), device: fields('device') },
    lookups: simulator.events('host').lookups + simulator.events('device').lookups,
  };
}

/** Runs slices, each with its buffers elsewhere; every seed begins elsewhere. */
function streamOf(cost: CostArm, instances: Instances, seed: number, sliceIos: number): (slices: number) => number {
  let turn = seed * MOST_LOOKS * LOOK_SLICES;
  return (slices) => {
    let ios = 0;
    for (let i = 0; i < slices; i++, turn++) {
      moveBuffers(cost, turn);
      ios += instances.run(turn * sliceIos, sliceIos);
    }
    return ios;
  };
}

function warmUp({ simulator }: CostArm, instances: Instances, stream: (slices: number) => number): void {
  let before: Misses | undefined;
  for (let look = 0; look < MOST_LOOKS; look++) {
    simulator.resetMisses(instances.ops());
    const ios = stream(LOOK_SLICES);
    const now = scaled(simulator.events('host'), ios);
    if (before !== undefined && MISSES.every((miss) => isSteady((before as Misses)[miss], now[miss]))) return;
    before = now;
  }
}

function isSteady(before: number, now: number): boolean {
  return Math.abs(now - before) <= Math.max(STEADY_PER_IO, STEADY_SHARE * before);
}

/**
 * An L3 as it is after long I/O all over the BAR, which a warm-up of thousands of I/Os would not reach: it has lines of the memmap, and
 * of the access streams, which a run reads in circles.
 */
function fillCaches({ machine, simulator }: CostArm, { l3 }: Cpu, usesMemmap: boolean): void {
  const most = Math.ceil(l3.sets * l3.ways * FILL);
  const fill = (region: Span): void => simulator.fill(region, Math.min(region.bytes / 64, most));
  if (usesMemmap) fill(machine.barMemmap);
  for (const { stream } of machine.lanes) fill(stream);
}

function scaled(counts: Misses, ios: number): Misses {
  return Object.fromEntries(MISSES.map((miss) => [miss, counts[miss] / ios])) as Misses;
}

function spreadOf(values: readonly number[]): Spread {
  return { mean: mean(values), min: Math.min(...values), max: Math.max(...values) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
