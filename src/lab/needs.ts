// What a run will need before it is run: memory of its largest machine, and time. Times are estimates, sizes are the planner's own.

import type { HostModule, SetupModule } from '../../build/exports.ts';
import { type GroupPlan, planGroups, type RunParams } from '../plan/run_plan.ts';
import { sharedMemory } from './machine/arena.ts';
import { keepMemmaps } from './machine/kept_memmap.ts';
import { hostModule, setupModule } from './machine/modules.ts';
import { planOf } from './machine/whole_plan.ts';
import { sizeGroup } from './measure/group_size.ts';
import { pointSeconds } from './point_time.ts';

export interface Needs {
  /** Address space of the largest machine. */
  addressBytes: number;
  /** What of it becomes resident, about. */
  touchedBytes: number;
  seconds: number;
}

/** Memories that nothing is built in, for the modules' own arithmetic: one whose machines keep their struct pages, one whose do not. */
const probes = new Map<boolean, Probe>();

interface Probe {
  memory: WebAssembly.Memory;
  setup: SetupModule;
  /** One instance of a module for all points of a sweep. */
  hostOf(name: string): HostModule;
}

function probeOf(keeps: boolean): Probe {
  const found = probes.get(keeps);
  if (found !== undefined) return found;
  const memory = sharedMemory();
  if (keeps) keepMemmaps(memory);
  const hosts = new Map<string, HostModule>();
  const hostOf = (name: string): HostModule => {
    const host = hosts.get(name) ?? hostModule(name, memory);
    hosts.set(name, host);
    return host;
  };
  const probe = { memory, setup: setupModule(memory), hostOf };
  probes.set(keeps, probe);
  return probe;
}

/**
 * @param keeps whether machines of one memory follow each other in it (the points of a sweep, several groups)
 * @throws LabError when a machine does not fit one memory
 */
export function needsOf(params: RunParams, workers: number, keeps = true): Needs {
  const groups = planGroups(params);
  const sizes = groups.map((group) => sizeOf(group, params, workers, probeOf(keeps)));
  return {
    addressBytes: Math.max(...sizes.map(({ addressBytes }) => addressBytes)),
    touchedBytes: Math.max(...sizes.map(({ touchedBytes: bytes }) => bytes)),
    seconds: pointSeconds(
      groups,
      params,
      sizes.map(({ touchedBytes: bytes }) => bytes),
    ),
  };
}

function sizeOf(group: GroupPlan, params: RunParams, workers: number, probe: Probe): Omit<Needs, 'seconds'> {
  const { spec, touchedBytes } = sizeGroup(group, params, probe.memory, workers, probe.hostOf);
  return { addressBytes: planOf(spec, probe.setup).end, touchedBytes };
}
