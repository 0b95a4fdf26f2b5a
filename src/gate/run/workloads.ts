// From a gates file's rules to runs: rules that name the same workload share one, which measures just what they need.
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { metricOf } from '../../analysis/samples.ts';
import { LabError } from '../../base/errors.ts';
import { keyOf, type PointOptionName } from '../../catalogue/options/catalogue.ts';
import type { Fault } from '../../lab/workers/fault.ts';
import { resolveFault } from '../../options/fault_option.ts';
import { optionKey, readOptions } from '../../options/options_object.ts';
import { PLAIN } from '../../options/plain.ts';
import { resolveRun } from '../../options/resolve_run.ts';
import { countOnly, FLOOR_SCHEME, type Mode, planGroups, type RunParams } from '../../plan/run_plan.ts';
import type { OptionsObject } from '../../sweep/options.ts';
import { PRESET_NAMES } from '../../topology/presets.ts';
import { type ArmName, armWords, askedBuffers } from '../arm.ts';
import type { Rule, Workload } from '../gates_file.ts';

/** A workload with what its rules need of it. */
export interface PlannedWorkload {
  workload: Workload;
  rules: Rule[];
  /** Schedules to measure; none for a workload of exact rules only, which is counted. */
  modes: Mode[];
  params: RunParams;
  /** As `p2plab run` takes them, without schemes, buffers and modes. */
  options: OptionsObject;
  warnings: readonly string[];
  fault: Fault | undefined;
}

/** What the rules decide, not the workload. */
const OF_THE_RULES = (['scheme', 'buffers', 'mode'] satisfies PointOptionName[]).map(keyOf);

/** @throws LabError with line and workload for options that cannot be run */
export async function planWorkloads(rules: readonly Rule[], source: string): Promise<PlannedWorkload[]> {
  const planned: PlannedWorkload[] = [];
  // Rules of kind `against` measure processes of their own (against.ts), those of kind `cost` nothing (cost.ts).
  const own = rules.filter(({ kind }) => kind !== 'against' && kind !== 'cost');
  for (const [workload, ofWorkload] of Map.groupBy(own, (rule) => rule.workload)) {
    const where = `${source}:${workload.line}: workload ${workload.name}`;
    const options = workloadOptions(workload, source);
    const modes = [
      ...new Set(
        ofWorkload.flatMap((rule) =>
          rule.kind === 'exact' || rule.kind === 'cost' ? [] : [metricOf(rule.metric).mode],
        ),
      ),
    ];
    const arms = armOrder(ofWorkload.flatMap(armsOf), where);
    const { params, warnings, fault } = await resolveWorkload(options, arms, where);
    planned.push({
      workload,
      rules: ofWorkload,
      modes,
      params: modes.length === 0 ? countOnly(params) : { ...params, modes },
      options,
      warnings,
      fault,
    });
  }
  return planned;
}

/** Resolves one workload for these arms. @throws LabError unless it is one group */
export async function resolveWorkload(
  options: OptionsObject,
  arms: readonly ArmName[],
  where: string,
): Promise<{ params: RunParams; warnings: readonly string[]; fault: Fault | undefined }> {
  const scheme = [...new Set(arms.map((arm) => arm.scheme))];
  const buffers = askedBuffers(arms);
  const read = readOptions({ ...options, scheme, buffers }, where);
  try {
    const resolved = await resolveRun(read.jobFile, read.options);
    const groups = planGroups(resolved.params);
    if (groups.length !== 1) {
      throw new LabError(
        `it is ${groups.length} runs (several BARs, payloads, or jobs one after another); name one of each, and one job with section.`,
      );
    }
    return { ...resolved, fault: resolveFault(read.options.fault, resolved.params) };
  } catch (error) {
    if (error instanceof LabError) throw new LabError(`${where}: ${error.message}`, error.exitCode);
    throw error;
  }
}

/** The options with the gate's own defaults: one BAR, one payload, no sweep, no stages. Files are beside the gates file. */
export function workloadOptions({ options, line, name }: Workload, source: string): OptionsObject {
  const where = `${source}:${line}: workload ${name}`;
  const given = new Map(Object.entries(options).map(([key, value]) => [optionKey(key, where).name, value]));
  const refused = OF_THE_RULES.find((key) => given.has(key));
  if (refused !== undefined) throw new LabError(`${where}: ${refused}: the rules say that, not the workload.`);
  const topology = given.get('topology');
  const hasOwnBar = typeof topology === 'string' && !PRESET_NAMES.includes(topology);
  const { bar, payload, ...axesOff } = PLAIN;
  return {
    ...(given.has('bar') || hasOwnBar ? {} : { bar }),
    ...(given.has('payload') || given.has('job') ? {} : { payload }),
    ...axesOff,
    ...(options as OptionsObject),
    ...(given.has('job') ? { job: besideFile(given.get('job'), source) } : {}),
    ...(hasOwnBar ? { topology: besideFile(topology, source) } : {}),
  };
}

/** A file that a gates file names: beside it where it is there. */
function besideFile(path: unknown, source: string): string {
  const text = String(path);
  const beside = join(dirname(source), text);
  return isAbsolute(text) || !existsSync(beside) ? text : beside;
}

function armsOf(rule: Rule): ArmName[] {
  switch (rule.kind) {
    case 'exact':
    case 'cost':
      return rule.arms;
    case 'against':
      return [rule.arm];
    case 'history':
      return rule.b === undefined ? [rule.a] : [rule.b, rule.a];
    default:
      return [rule.b, rule.a];
  }
}

/** The reference, which alone has a copy A', goes first; the floor is in every run and needs no place. */
function armOrder(arms: readonly ArmName[], where: string): ArmName[] {
  const copied = new Map(arms.filter(({ isCopy }) => isCopy).map((arm) => [armWords(arm), arm]));
  if (copied.size > 1) {
    throw new LabError(
      `${where}: one copy only (${[...copied.keys()].join(', ')}): give the rules workloads of their own.`,
    );
  }
  const wanted = [...copied.values(), ...arms];
  const floorOnly = wanted.every(({ scheme }) => scheme === FLOOR_SCHEME);
  return floorOnly
    ? wanted
    : wanted.toSorted((a, b) => Number(a.scheme === FLOOR_SCHEME) - Number(b.scheme === FLOOR_SCHEME));
}
