// From the points of a sweep, wherever they were measured, to one result. Pure, and the same for any split of the points over folders:
// order comes from the plan, figures from the points, and what a machine or an hour adds is kept apart from both.
import { LabError } from '../base/errors.ts';
import {
  type Cell,
  type Environment,
  type Params,
  RESULT_SCHEMA,
  type Result,
  type SweepInfo,
} from '../result/schema.ts';
import { adjusted } from './false_discovery.ts';
import type { PlannedPoint, SweepDocument } from './folder.ts';
import { canonical } from './identity.ts';
import { labelled } from './label.ts';

/** One folder's result of a point. */
export interface PointDocument {
  hash: string;
  /** Where it was read. */
  path: string;
  result: Result;
}

/**
 * One result of all points. Ids get the point's hash in front (`HASH.g0/page/user`).
 * @param documents in any order; a point may be there more than once if it is the same
 * @throws LabError when a point was measured twice with different figures
 */
export function mergePoints(sweep: SweepDocument, documents: readonly PointDocument[]): Result {
  const found = oneOfEach(documents);
  const known = sweep.cells.flatMap((point) => {
    const document = found.get(point.hash);
    return document === undefined ? [] : [{ point, result: document.result }];
  });
  const whole = known.filter(({ result }) => result.run.failure === undefined);
  const machines = machinesOf(known.map(({ result }) => result.environment));
  const parts = whole.map(({ point, result }) => {
    const machine = machines.length > 1 ? machineOf(machines, result.environment) : undefined;
    return prefixed(labelled(result, sweep.axes, point, sweep.repeat), point.hash, machine);
  });
  const cells = parts.flatMap((part) => part.cells);
  const comparisons = parts.flatMap((part) => part.comparisons);
  const blocks = parts.flatMap((part) => part.blocks ?? []);
  const merged: Result = {
    schema: RESULT_SCHEMA,
    run: runOf(
      sweep,
      known.map(({ result }) => result),
    ),
    environment: environmentOf(machines),
    cells,
    comparisons,
    ...(blocks.length > 0 ? { blocks } : {}),
    sweep: infoOf(sweep, found),
    ...(machines.length > 1 ? { environments: machines } : {}),
  };
  return { ...merged, comparisons: adjusted(merged) };
}

function oneOfEach(documents: readonly PointDocument[]): Map<string, PointDocument> {
  const found = new Map<string, PointDocument>();
  for (const document of documents) {
    const other = found.get(document.hash);
    if (other === undefined || isFailed(other)) found.set(document.hash, document);
    else if (!isFailed(document) && canonical(other.result) !== canonical(document.result)) {
      throw new LabError(
        `point ${document.hash} was measured twice: ${other.path} and ${document.path} differ. ` +
          'Only one of two measurements may count: move the other file away and merge again.',
      );
    }
  }
  return found;
}

function isFailed({ result }: PointDocument): boolean {
  return result.run.failure !== undefined;
}

function prefixed(
  result: Result,
  hash: string,
  machine: string | undefined,
): Pick<Result, 'cells' | 'comparisons' | 'blocks'> {
  const named = (id: string): string => `${hash}.${id}`;
  return {
    cells: result.cells.map((cell): Cell => {
      const params: Params = { ...cell.params, ...(machine === undefined ? {} : { machine }) };
      if (typeof params.group === 'string') params.group = named(params.group);
      return { ...cell, id: named(cell.id), params };
    }),
    comparisons: result.comparisons.map((each) => ({ ...each, a: named(each.a), b: named(each.b) })),
    blocks: result.blocks?.map((block) => ({ ...block, group: named(block.group) })),
  };
}

type Machine = Environment & { id: string };

/** Machines by what they are, not by their warnings, in an order that does not depend on who measured first. */
function machinesOf(environments: readonly Environment[]): Machine[] {
  const groups = [...Map.groupBy(environments, fingerprint)].sort(([a], [b]) => (a < b ? -1 : 1));
  return groups.map(([, same], index) => ({
    ...(same[0] as Environment),
    id: `m${index + 1}`,
    warnings: alike(same.flatMap(({ warnings }) => warnings)),
  }));
}

/** Warnings that differ in their figures only, as the first of them and a number. */
function alike(warnings: readonly string[]): string[] {
  const kinds = Map.groupBy([...warnings].sort(), (warning) => warning.replace(/\d[\d.]*|\([^()]*\)/g, '#'));
  return [...kinds.values()].map(([first, ...others]) =>
    others.length === 0 ? (first as string) : `in ${others.length + 1} points, for example: ${first}`,
  );
}

function fingerprint({ cpu, cores, kernel, node, v8 }: Environment): string {
  return JSON.stringify([cpu, cores, kernel, node, v8]);
}

function machineOf(machines: readonly Machine[], environment: Environment): string | undefined {
  return machines.find((machine) => fingerprint(machine) === fingerprint(environment))?.id;
}

function environmentOf(machines: readonly Machine[]): Environment {
  const [only] = machines;
  if (only === undefined) return { cpu: 'none', cores: 1, kernel: 'none', node: 'none', v8: 'none', warnings: [] };
  const { id: _, ...environment } = only;
  if (machines.length === 1) return environment;
  const words = (key: 'cpu' | 'kernel' | 'node' | 'v8'): string =>
    [...new Set(machines.map((machine) => machine[key]))].join(' and ');
  return {
    cpu: words('cpu'),
    cores: Math.max(...machines.map(({ cores }) => cores)),
    kernel: words('kernel'),
    node: words('node'),
    v8: words('v8'),
    warnings: [
      `points come from ${machines.length} machines: compare times within one (params.machine), never across them`,
      ...new Set(machines.flatMap(({ id, warnings }) => warnings.map((warning) => `${id}: ${warning}`))),
    ],
  };
}

/** When and for how long, of all points together. */
function runOf(sweep: SweepDocument, results: readonly Result[]): Result['run'] {
  const starts = results.map(({ run }) => run.startedAt).sort();
  return {
    id: `sweep-${sweep.id}`,
    version: sweep.version,
    argv: ['sweep'],
    seed: results[0]?.run.seed ?? 0,
    startedAt: starts[0] ?? '1970-01-01T00:00:00.000Z',
    durationMs: results.reduce((sum, { run }) => sum + run.durationMs, 0),
  };
}

function infoOf(sweep: SweepDocument, found: ReadonlyMap<string, PointDocument>): SweepInfo {
  const stateOf = (point: PlannedPoint): Pick<SweepInfo['cells'][number], 'state' | 'reason'> => {
    if (point.impossible !== undefined) return { state: 'impossible', reason: point.impossible };
    const document = found.get(point.hash);
    if (document === undefined) return { state: 'missing' };
    const { failure } = document.result.run;
    return failure === undefined ? { state: 'measured' } : { state: 'failed', reason: failure };
  };
  return {
    axes: sweep.axes,
    repeat: sweep.repeat,
    cells: sweep.cells.map((point) => ({
      hash: point.hash,
      values: point.values,
      repeat: point.repeat,
      ...stateOf(point),
    })),
  };
}
