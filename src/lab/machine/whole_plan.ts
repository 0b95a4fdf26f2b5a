// The plan of a machine with what only its modules can say: how large trees of map types and IOMMUs are.
import type { SetupModule } from '../../../build/exports.ts';
import { clientsOf } from '../../plan/fabric.ts';
import type { MachineSpec } from '../../plan/machine_spec.ts';
import { iommuBytes } from './iommu.ts';
import { type MachinePlan, planMachine } from './machine_plan.ts';

/** The machine starts behind this: nothing lies at address 0, so that a null place is noticed. */
const MACHINE_START = 131072;

/** Where everything of a machine will lie. @throws LabError when one memory does not hold it */
export function planOf(spec: MachineSpec, setup: SetupModule): MachinePlan {
  const mapTypeBytes = setup.mapTypeTreeBytes(clientsOf(spec.fabric).length);
  return planMachine(spec, mapTypeBytes, MACHINE_START, iommuBytes(spec, setup));
}
