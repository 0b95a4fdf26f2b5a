// From the points of a sweep to runs: each point's options read and resolved as `p2plab run` would, all of them before anything runs.
import { availableParallelism } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import { LabError } from '../base/errors.ts';
import { cellOptions, keyOf, type RunOptions } from '../catalogue/options/catalogue.ts';
import { type Needs, needsOf } from '../lab/needs.ts';
import type { SweepPoint } from '../sweep/expand.ts';
import { cellHash } from '../sweep/identity.ts';
import type { OptionsObject } from '../sweep/options.ts';
import { type CellValue, valueWords } from '../sweep/options.ts';
import type { RunnableCell } from '../sweep/run_sweep.ts';
import type { SweepSpec } from '../sweep/spec.ts';
import { PRESET_NAMES } from '../topology/presets.ts';
import { resolveFault } from './fault_option.ts';
import { readOptions } from './options_object.ts';
import { resolveRun } from './resolve_run.ts';

/** A cell that is ready, with what it will take. */
export interface ResolvedCell extends RunnableCell {
  needs: Needs | undefined;
}

/** What differs from a run by itself: a cell is one point of a surface, not a comparison by itself. */
const CELL_DEFAULTS: OptionsObject = { [keyOf('barSweep')]: 'off', [keyOf('processes')]: 1 };

/** Options of which each word adds one: a command line's come behind the file's. */
const ADDED = cellOptions().flatMap(([name, { adds }]) => (adds ? [name] : []));

/**
 * The options that were given on the command line itself, over every cell's.
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
 * Every point resolved, in order; points that mean the same measurement become one cell.
 * @param folder what paths of job and topology files are relative to
 * @throws LabError naming the cells that no run could have
 */
export async function resolveCells(
  spec: SweepSpec,
  points: readonly SweepPoint[],
  given: Partial<RunOptions>,
  folder: string,
): Promise<ResolvedCell[]> {
  const cells = new Map<string, ResolvedCell>();
  const cores = availableParallelism();
  const problems: string[] = [];
  for (const point of points) {
    try {
      const cell = await resolveCell(spec, point, given, { folder, cores });
      if (!cells.has(cell.hash)) cells.set(cell.hash, cell);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      if (point.repeat === 1) problems.push(error.message);
    }
  }
  if (problems.length === 0) return [...cells.values()];
  const shown = problems.slice(0, 5).join('\n');
  const more = problems.length > 5 ? `\nand ${problems.length - 5} more cells` : '';
  throw new LabError(`${shown}${more}\nNothing was run. Correct the values, or exclude the cells.`);
}

async function resolveCell(
  spec: SweepSpec,
  { values, repeat }: SweepPoint,
  given: Partial<RunOptions>,
  { folder, cores }: { folder: string; cores: number },
): Promise<ResolvedCell> {
  const place = Object.entries(values).map(([key, value]) => `${key}=${valueWords(value)}`);
  const where = `${spec.source}: ${place.length === 0 ? 'the only cell' : `cell ${place.join(' ')}`}`;
  const object: Record<string, CellValue> = {
    ...(CELL_DEFAULTS as Record<string, CellValue>),
    ...spec.base,
    ...values,
  };
  const { jobFile, options: ofCell } = readOptions(object, where);
  const options: RunOptions = { ...ofCell, ...given };
  for (const key of ADDED)
    Object.assign(options, { [key]: [...(ofCell[key] as string[]), ...((given[key] ?? []) as string[])] });
  const topology = PRESET_NAMES.includes(options.topology) ? options.topology : inFolder(options.topology, folder);
  const { params, warnings } = await explained(where, () =>
    resolveRun(
      jobFile === undefined ? undefined : inFolder(jobFile, folder),
      { ...options, topology },
      { isCell: true },
    ),
  );
  // Results and hashes name files as they were written: the same sweep has the same cells in any folder.
  const named = { ...params, topology: options.topology, jobFile };
  const fault = await explained(where, async () => resolveFault(options.fault, params));
  const hash = cellHash(named, { repeat, fault: options.fault });
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
  params: RunnableCell['params'],
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
