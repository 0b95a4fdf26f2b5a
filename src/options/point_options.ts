// From the points of a sweep to runs: each point's options read and resolved as `p2plab run` would, all of them before anything runs.
import { availableParallelism } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import { LabError } from '../base/errors.ts';
import { keyOf, pointOptions, type RunOptions } from '../catalogue/options/catalogue.ts';
import { type Needs, needsOf } from '../lab/needs.ts';
import type { SweepPoint } from '../sweep/expand.ts';
import { pointHash } from '../sweep/identity.ts';
import type { OptionsObject } from '../sweep/options.ts';
import { type PointValue, valueWords } from '../sweep/options.ts';
import type { RunnablePoint } from '../sweep/run_sweep.ts';
import type { SweepSpec } from '../sweep/spec.ts';
import { PRESET_NAMES } from '../topology/presets.ts';
import { resolveFault } from './fault_option.ts';
import { readOptions } from './options_object.ts';
import { resolveRun } from './resolve_run.ts';

/** A point that is ready, with what it will take. */
export interface ResolvedPoint extends RunnablePoint {
  needs: Needs | undefined;
}

/** What differs from a run by itself: one point of a surface, not a comparison by itself. */
const POINT_DEFAULTS: OptionsObject = { [keyOf('barSweep')]: 'off', [keyOf('processes')]: 1 };

/** Options of which each word adds one: a command line's come behind the file's. */
const ADDED = pointOptions().flatMap(([name, { adds }]) => (adds ? [name] : []));

/**
 * The options that were given on the command line itself, over every point's.
 * @throws LabError for one that is an axis
 */
export function givenOptions(command: Command, spec: SweepSpec): Partial<RunOptions> {
  const given = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli');
  const varied = new Set([...spec.axes.map(({ key }) => key), ...spec.include.flatMap(Object.keys)]);
  const both = given.find(({ long }) => varied.has(long?.slice(2) as string));
  if (both !== undefined)
    throw new LabError(
      `${both.long}: varies in ${spec.source}; leave one out, or give --axis ${both.long?.slice(2)}=... instead of the file's.`,
    );
  const options = command.opts<RunOptions>();
  return Object.fromEntries(given.map((option) => [option.attributeName(), options[option.attributeName() as never]]));
}

/**
 * Every point resolved, in order; points that mean the same measurement become one.
 * @param folder what paths of job and topology files are relative to
 * @throws LabError naming the points that no run could have
 */
export async function resolvePoints(
  spec: SweepSpec,
  points: readonly SweepPoint[],
  given: Partial<RunOptions>,
  folder: string,
): Promise<ResolvedPoint[]> {
  const resolved = new Map<string, ResolvedPoint>();
  const cores = availableParallelism();
  const problems: string[] = [];
  for (const point of points) {
    try {
      const found = await resolvePoint(spec, point, given, { folder, cores });
      if (!resolved.has(found.hash)) resolved.set(found.hash, found);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      if (point.repeat === 1) problems.push(error.message);
    }
  }
  if (problems.length === 0) return [...resolved.values()];
  const shown = problems.slice(0, 5).join('\n');
  const more = problems.length > 5 ? `\nand ${problems.length - 5} more points` : '';
  throw new LabError(`${shown}${more}\nNothing was run. Correct the values, or exclude the points.`);
}

async function resolvePoint(
  spec: SweepSpec,
  { values, repeat }: SweepPoint,
  given: Partial<RunOptions>,
  { folder, cores }: { folder: string; cores: number },
): Promise<ResolvedPoint> {
  const place = Object.entries(values).map(([key, value]) => `${key}=${valueWords(value)}`);
  const where = `${spec.source}: ${place.length === 0 ? 'the only point' : `point ${place.join(' ')}`}`;
  const object: Record<string, PointValue> = {
    ...(POINT_DEFAULTS as Record<string, PointValue>),
    ...spec.base,
    ...values,
  };
  const { jobFile, options: ofPoint } = readOptions(object, where);
  const options: RunOptions = { ...ofPoint, ...given };
  for (const key of ADDED)
    Object.assign(options, { [key]: [...(ofPoint[key] as string[]), ...((given[key] ?? []) as string[])] });
  const topology = PRESET_NAMES.includes(options.topology) ? options.topology : inFolder(options.topology, folder);
  const { params, warnings } = await explained(where, () =>
    resolveRun(
      jobFile === undefined ? undefined : inFolder(jobFile, folder),
      { ...options, topology },
      { isPoint: true },
    ),
  );
  // Results and hashes name files as they were written: the same sweep has the same points in any folder.
  const named = { ...params, topology: options.topology, jobFile };
  const fault = await explained(where, async () => resolveFault(options.fault, params));
  const hash = pointHash(named, { repeat, fault: options.fault });
  const { needs, impossible } = whatItNeeds(named, cores);
  return {
    hash,
    values,
    repeat,
    params: named,
    fault,
    warnings,
    needs,
    ...(impossible === undefined ? {} : { impossible }),
  };
}

function whatItNeeds(
  params: RunnablePoint['params'],
  cores: number,
): { needs: Needs | undefined; impossible: string | undefined } {
  try {
    return { needs: needsOf(params, cores), impossible: undefined };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { needs: undefined, impossible: error.message };
  }
}

async function explained<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    throw new LabError(`${where}: ${error.message}`, error.exitCode);
  }
}

function inFolder(path: string, folder: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

/** The folder that a spec's paths start from. */
export function folderOf(file: string | undefined): string {
  return file === undefined ? '.' : dirname(file);
}
