// The flows there are: every file of flows/, one for each file of src/machine/flows. Nothing lists them.
import { COUNTING_FLOWS, FLOWS } from '../../build/flows.ts';
import { assert } from '../base/errors.ts';
import { folderParts } from '../base/folder_parts.ts';
import type { FlowPlan } from './flow.ts';
import type { Flow } from './machine_spec.ts';

const parts = await folderParts<{ flow?: FlowPlan }>(new URL('./flows/', import.meta.url));
const plans: ReadonlyMap<string, FlowPlan> = new Map(
  parts.map(([name, { flow }]) => {
    assert(flow !== undefined, `src/plan/flows/${name}.ts exports a flow`);
    return [name, flow];
  }),
);
for (const name of [...FLOWS, ...COUNTING_FLOWS]) assert(plans.has(name), `src/plan/flows has a file for flow ${name}`);

export function flowPlan(name: Flow): FlowPlan {
  return plans.get(name) as FlowPlan;
}

/** Flows of the command line that are so. */
export function flowsWith(test: (flow: FlowPlan) => boolean): Flow[] {
  return FLOWS.filter((name) => test(flowPlan(name)));
}
