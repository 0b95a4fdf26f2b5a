// --fault: what is to fail, held against what the run has.
import { availableParallelism } from 'node:os';
import { type Fault, parseFault } from '../lab/workers/fault.ts';
import { checkFault } from '../lab/workers/fault_targets.ts';
import type { RunParams } from '../plan/run_plan.ts';

/** @throws LabError for a fault that is none, or that nothing in this run can have */
export function resolveFault(text: string | undefined, params: RunParams, cores?: number): Fault | undefined {
  if (text === undefined) return undefined;
  const fault = parseFault(text);
  checkFault(fault, params, cores ?? availableParallelism());
  return fault;
}
