// How large the machine of a group is: the same sum before a run (needs.ts) and when it is built. Nothing is touched.

import type { HostModule } from '../../../build/exports.ts';
import { clientsOf } from '../../plan/fabric.ts';
import type { MachineSpec } from '../../plan/machine_spec.ts';
import { type GroupPlan, type MeasureParams, machineSpec, moduleOf, touchedBytes } from '../../plan/run_plan.ts';
import { memmapFloor } from '../machine/kept_memmap.ts';
import { expectHosts, hostModule } from '../machine/modules.ts';

/** What a scheme's structures may lose to alignment. */
const STATE_SLACK_BYTES = 4096;

export function modulesOf(plan: GroupPlan, params: MeasureParams): string[] {
  return [...new Set(plan.arms.map((arm) => moduleOf(arm, params)))];
}

export interface GroupSize {
  spec: MachineSpec;
  hosts: HostModule[];
  /** What becomes resident, about. */
  touchedBytes: number;
}

/** @param hostOf instance of a module over the memory: its arithmetic needs one to live in */
export function sizeGroup(
  plan: GroupPlan,
  params: MeasureParams,
  memory: WebAssembly.Memory,
  cores: number,
  hostOf: (name: string, memory: WebAssembly.Memory) => HostModule = hostModule,
): GroupSize {
  const modules = modulesOf(plan, params);
  expectHosts(modules);
  const hosts = modules.map((module) => hostOf(module, memory));
  const sized = machineSpec(plan, params, cores);
  const clients = clientsOf(sized.fabric).length;
  const stateBytes = hosts.reduce(
    (sum, host) => sum + clients * host.stateBytes(sized.barBytes) + STATE_SLACK_BYTES,
    0,
  );
  const spec = { ...sized, schemeStateBytes: stateBytes, memmapFloor: memmapFloor(memory) };
  const memmapBytes = Math.max(...hosts.map((host) => host.memmapBytes(spec.barBytes)));
  return { spec, hosts, touchedBytes: touchedBytes(spec, memmapBytes) + stateBytes };
}
