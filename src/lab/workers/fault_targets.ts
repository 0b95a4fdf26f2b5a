// Which workers and processes of a run a planned fault can befall.
import { LabError } from '../../base/errors.ts';
import { planGroups, queuesOf, type RunParams } from '../../plan/run_plan.ts';
import { devicesOf } from '../machine/lanes.ts';
import { type Fault, isOfCompletion } from './fault.ts';
import { type Placement, placeAgents } from './placement.ts';

/** @throws LabError for a target that the run does not have, or that cannot fail in this way */
export function checkFault({ target, kind }: Fault, params: RunParams, cores: number): void {
  const [workers, hosts, processes] = [workersOf(params, cores), hostsOf(params, cores), processesOf(params)];
  const targets = isOfCompletion(kind) ? hosts : [...workers, ...processes];
  if (targets.includes(target)) return;
  const why = params.processes === 1 && /^process\d+$/.test(target) ? ' (one process is this one)' : '';
  throw new LabError(
    `--fault: nothing in this run is called '${target}'${why} that could ${kind}${isOfCompletion(kind) ? ' a completion' : ''}. ` +
      `There is ${targets.join(', ')}.`,
  );
}

function placementsOf(params: RunParams, cores: number): Placement[] {
  return planGroups(params).flatMap((plan) => {
    const lanes = queuesOf(plan).map(() => devicesOf(plan.flow));
    return placeAgents(lanes, cores, params.removal !== undefined).workers;
  });
}

function workersOf(params: RunParams, cores: number): string[] {
  return [...new Set(placementsOf(params, cores).map(({ name }) => name))];
}

function hostsOf(params: RunParams, cores: number): string[] {
  const hosts = placementsOf(params, cores).filter(({ agents }) => agents.some(({ kind }) => kind === 'host'));
  return [...new Set(hosts.map(({ name }) => name))];
}

/** Replicates in processes of their own; with a budget there may be more of them than these. */
function processesOf({ processes, budgetMs }: RunParams): string[] {
  if (processes === 1 && budgetMs === undefined) return [];
  return Array.from({ length: processes }, (_, index) => `process${index}`);
}
