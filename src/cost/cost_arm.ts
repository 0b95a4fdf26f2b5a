// One arm as it is counted and simulated: a machine in a memory of its own, its modules instrumented, the simulator beside it. What
// comes of an arm does not depend on which others were asked for.
import type { DeviceModule, HostModule } from '../../build/exports.ts';
import { LabError } from '../base/errors.ts';
import { sharedMemory } from '../lab/machine/arena.ts';
import { type BuiltMachine, setBuffers, skewBuffers } from '../lab/machine/build_machine.ts';
import type { DeviceKind } from '../lab/machine/lanes.ts';
import { type Outcome, takeOutcome } from '../lab/machine/queue_state.ts';
import { buildGroupMachine } from '../lab/measure/group_machine.ts';
import { runInlineSlice } from '../lab/workers/inline.ts';
import { type Arm, type GroupPlan, type MeasureParams, moduleOf } from '../plan/run_plan.ts';
import { loadDependences } from './dependence.ts';
import { type Hooks, type Instrumented, instantiateInstrumented, instrument } from './instrument.ts';
import { type MemoryMap, mapMemory } from './regions.ts';
import { blockRuns, opsOf, sitesByOffset } from './rewrite.ts';
import { type CoreName, createSimulator, type Simulator } from './simulator.ts';

/** Time that one instruction takes on the machine's clock: nothing waits for it, latency samples are made of it. */
const NS_PER_OP = 0.25;
/** The plan of a machine must not depend on the computer: as many cores as the simulator has. */
const CORES = 2;
/** Enough of a stream for all that is run of it; how long a run would measure must not matter. */
const PLANNED = { rounds: 1, roundMs: 8.4, processes: 1 } as const;

export interface CostArm {
  plan: GroupPlan;
  arm: Arm;
  machine: BuiltMachine;
  host: Instrumented;
  devices: ReadonlyMap<DeviceKind, Instrumented>;
  map: MemoryMap;
  simulator: Simulator;
  /** Whether I/Os have buffers in host RAM as well. */
  isMixed: boolean;
}

/** Instances of an arm's modules that tell one kind of hooks. */
export interface Instances {
  /** Runs I/Os of each lane from an idle machine to an idle machine; I/Os of all lanes. */
  run(streamStart: number, ios: number): number;
  /** Instructions of each core so far. */
  ops(): Record<CoreName, bigint>;
  /** Runs of each block so far, of each module. */
  blocks(): Map<Instrumented, bigint[]>;
}

const instrumented = new Map<string, Instrumented>();

function instrumentedHost(name: string): Instrumented {
  const found = instrumented.get(name) ?? instrument(name);
  instrumented.set(name, found);
  return found;
}

/** @throws LabError for a workload that has times of its own: there is no time in a simulation of turns */
export function prepareArm(group: GroupPlan, params: MeasureParams, arm: Arm): CostArm {
  const plan = { ...group, arms: [arm] };
  const { machine } = buildGroupMachine(plan, { ...params, ...PLANNED }, sharedMemory(), CORES);
  if (machine.lanes.some(({ pacing }) => pacing !== undefined)) {
    throw new LabError(
      `cost: ${group.jobs.map(({ name }) => `[${name}]`).join(', ')} has a rate, think time or flow share: there is no time in a simulation of turns. Leave it out, or measure it with p2plab run.`,
    );
  }
  const host = instrumentedHost(`host.${moduleOf(arm, params)}`);
  let sites = host.sites.length;
  const devices = new Map<DeviceKind, Instrumented>();
  for (const { kind } of machine.lanes.flatMap((lane) => lane.devices)) {
    if (devices.has(kind)) continue;
    const module = instrument(kind === 'nvme' ? 'device' : kind, sites);
    sites += module.sites.length;
    devices.set(kind, module);
  }
  const map = mapMemory(machine.regions);
  const sources = new Map<number, readonly number[]>();
  for (const module of [host, ...devices.values()]) {
    for (const [site, from] of loadDependences(module.original, module.shape, sitesByOffset(module.sites)))
      sources.set(site, from);
  }
  const bytes = machine.memory.buffer.byteLength;
  const simulator = createSimulator({ bytes, regions: map.regions, fields: map.fields.length, sites, sources });
  setBuffers(machine, arm.buffers);
  return { plan, arm, machine, host, devices, map, simulator, isMixed: params.p2pShare < 100 };
}

export function instancesOf(cost: CostArm, hooks: Record<CoreName, Hooks>): Instances {
  const { machine } = cost;
  const raws: [CoreName, Instrumented, WebAssembly.Exports][] = [];
  const now = (): number => {
    const [, , first] = raws[0] ?? [];
    return first === undefined ? 0 : (Number(opsOf(first)) * NS_PER_OP) / 1e6;
  };
  const make = <T extends 'host' | 'device'>(core: CoreName, module: Instrumented) => {
    const { exports, raw } = instantiateInstrumented<T>(module, machine.memory, hooks[core], now);
    raws.push([core, module, raw]);
    return exports;
  };
  const host: HostModule = make<'host'>('host', cost.host);
  const devices = new Map<DeviceKind, DeviceModule>();
  for (const [kind, module] of cost.devices) devices.set(kind, make<'device'>('device', module));
  return {
    run: (streamStart, measureIos) =>
      runInlineSlice({
        ...{ view: machine.view, lanes: machine.lanes, host, streamStart, leadIos: 0, measureIos },
        device: (kind) => devices.get(kind) as DeviceModule,
      }).ios,
    ops: () => {
      const sum = { host: 0n, device: 0n };
      for (const [core, , raw] of raws) sum[core] += opsOf(raw);
      return sum;
    },
    blocks: () => new Map(raws.map(([, module, raw]) => [module, blockRuns(raw, module)])),
  };
}

/** Buffers lie elsewhere from here on, so that no stream repeats itself. */
export function moveBuffers({ machine, isMixed }: CostArm, turn: number): void {
  skewBuffers(machine, turn, isMixed);
}

/** What came of the I/Os so far. */
export function outcomeOf({ machine }: CostArm): Outcome {
  return takeOutcome(machine);
}
