// The flows there are: every file of flows/, one for each file of src/machine/flows. Nothing lists them.
import { readdirSync } from 'node:fs';
import { COUNTING_FLOWS, FLOWS } from '../../build/flows.ts';
import { assert } from '../base/errors.ts';
import type { FlowPlan } from './flow.ts';
import type { Flow } from './machine_spec.ts';

const FOLDER = new URL('./flows/', import.meta.url);

const files = readdirSync(FOLDER).filter((file) => /^[a-z0-9_]+\.[jt]s$/.test(file));
const plans: ReadonlyMap<string, FlowPlan> = new Map(await Promise.all(files.map(load)));
for (const name of [...FLOWS, ...COUNTING_FLOWS]) assert(plans.has(name), `src/plan/flows has a file for flow ${name}`);

async function load(file: string): Promise<[string, FlowPlan]> {
  const { flow } = (await import(new URL(file, FOLDER).href)) as { flow?: FlowPlan };
  assert(flow !== undefined, `src/plan/flows/${file} exports a flow`);
  return [file.replace(/\.[jt]s$/, ''), flow];
}

export function flowPlan(name: Flow): FlowPlan {
  return plans.get(name) as FlowPlan;
}

/** Flows of the command line that are so. */
export function flowsWith(test: (flow: FlowPlan) => boolean): Flow[] {
  return FLOWS.filter((name) => test(flowPlan(name)));
}
