// What a run will need before it is run: memory of its largest machine, and time. Times are estimates, sizes are the planner's own.

import type { HostModule } from '../../build/exports.ts';
import { type GroupPlan, machineSpec, moduleOf, planGroups, type RunParams, touchedBytes } from '../plan/run_plan.ts';
import { cellSeconds } from './cell_time.ts';
import { planMachine } from './machine/machine_plan.ts';
import { expectHosts, hostModule, setupModule } from './machine/modules.ts';

export interface Needs {
  /** Address space of the largest machine. */
  addressBytes: number;
  /** What of it becomes resident, about. */
  touchedBytes: number;
  seconds: number;
}

/** As the first machine of a memory starts (machine.ts); page-granular sums do not need to be exact. */
const START = 65536;

/** The modules' own arithmetic needs a memory to live in, but does not touch it. */
let probe: WebAssembly.Memory | undefined;
const probed = new Map<string, HostModule>();
let treeBytes: number | undefined;

/** A module for its arithmetic: one instance for all cells of a sweep. */
function probedHost(name: string, memory: WebAssembly.Memory): HostModule {
  const host = probed.get(name) ?? hostModule(name, memory);
  probed.set(name, host);
  return host;
}

/** @throws LabError when a machine does not fit one memory */
export function needsOf(params: RunParams, workers: number): Needs {
  const groups = planGroups(params);
  const sizes = groups.map((group) => sizeOf(group, params, workers));
  return {
    addressBytes: Math.max(...sizes.map(({ addressBytes }) => addressBytes)),
    touchedBytes: Math.max(...sizes.map(({ touchedBytes: bytes }) => bytes)),
    seconds: cellSeconds(
      groups,
      params,
      sizes.map(({ touchedBytes: bytes }) => bytes),
    ),
  };
}

function sizeOf(group: GroupPlan, params: RunParams, workers: number): Omit<Needs, 'seconds'> {
  probe ??= new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const memory = probe;
  const modules = new Set(group.arms.map((arm) => moduleOf(arm, params)));
  expectHosts([...modules]);
  const hosts = [...modules].map((module) => probedHost(module, memory));
  treeBytes ??= setupModule(memory).mapTypeTreeBytes(1);
  const spec = machineSpec(group, params, workers);
  const stateBytes = hosts.reduce((sum, host) => sum + host.stateBytes(spec.barBytes), 0);
  const plan = planMachine({ ...spec, schemeStateBytes: stateBytes }, treeBytes, START);
  const memmapBytes = Math.max(...hosts.map((host) => host.memmapBytes(spec.barBytes)));
  return { addressBytes: plan.end, touchedBytes: touchedBytes(spec, memmapBytes) + stateBytes };
}
