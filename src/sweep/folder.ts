// The folder of a sweep: sweep.json says what its cells are, cells/<hash>.json is each one's result. A cell's file is there whole
// or not at all, so that whatever kills a sweep, the next one goes on where it was.
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LabError } from '../base/errors.ts';
import { parseResult, type Result } from '../report/result.ts';
import { checkWritable, writeAtomically } from '../report/write.ts';
import type { CellValue } from './options.ts';
import type { Shard } from './shard.ts';

export const SWEEP_SCHEMA = 'p2plab.sweep/1';

/** An axis as results name it. */
export interface AxisRecord {
  /** As in the spec. */
  key: string;
  /** The option's name in the params of results. */
  param: string;
  values: CellValue[];
}

/** A cell of the plan. */
export interface PlannedCell {
  hash: string;
  values: Record<string, CellValue>;
  repeat: number;
  /** Why its machine cannot be built; it is not tried. */
  impossible?: string;
}

/** sweep.json: the same for every shard. */
export interface SweepDocument {
  schema: typeof SWEEP_SCHEMA;
  version: string;
  /** Digest of cells, so that two folders can be told to be of one sweep. */
  id: string;
  axes: AxisRecord[];
  repeat: number;
  /** All cells in order. */
  cells: PlannedCell[];
}

const CELL_FILE = /^([0-9a-f]{16})\.json$/;

export function cellPath(dir: string, hash: string): string {
  return join(dir, 'cells', `${hash}.json`);
}

/** Makes the folder, and removes what a killed sweep left of files that it had not finished. Only while holding its lock. */
export async function prepareFolder(dir: string): Promise<void> {
  const cells = join(dir, 'cells');
  await checkWritable(cells);
  for (const file of await readdir(cells)) {
    if (file.endsWith('.tmp') && !(await isLive(join(cells, file)))) await rm(join(cells, file), { force: true });
  }
}

/** Another shard may be writing in the same folder: what is young is left alone. */
const LEFTOVER_MS = 60_000;

async function isLive(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs < LEFTOVER_MS;
}

export async function writeCell(dir: string, hash: string, result: Result): Promise<void> {
  await writeAtomically(cellPath(dir, hash), `${JSON.stringify(result)}\n`);
}

/** A cell's file into another folder, unless it has a result of that cell that did not fail. */
export async function copyCell(from: string, to: string, hash: string): Promise<void> {
  const [source, target] = [cellPath(from, hash), cellPath(to, hash)];
  if (resolve(source) === resolve(target)) return;
  const there = await readCell(to, hash);
  if (there !== undefined && there.run.failure === undefined) return;
  await writeAtomically(target, await readFile(source));
}

/** @throws LabError when it is there and is no result, naming the file */
export async function readCell(dir: string, hash: string): Promise<Result | undefined> {
  const path = cellPath(dir, hash);
  const text = await readIfThere(path);
  return text === undefined ? undefined : parseResult(text, path);
}

/** Hashes of the cells that the folder has a file of. */
export async function cellsThere(dir: string): Promise<Set<string>> {
  const files = await readdir(join(dir, 'cells')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new LabError(`${join(dir, 'cells')}: cannot be read (${error.message}).`);
  });
  return new Set(files.flatMap((file) => CELL_FILE.exec(file)?.[1] ?? []));
}

export async function writeSweep(dir: string, sweep: SweepDocument): Promise<void> {
  await writeAtomically(join(dir, 'sweep.json'), `${JSON.stringify(sweep, null, 1)}\n`);
}

/** @throws LabError when it is there and cannot be read */
export async function readSweep(dir: string): Promise<SweepDocument | undefined> {
  const path = join(dir, 'sweep.json');
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const value = parseOr(text);
  if ((value as { schema?: unknown } | undefined)?.schema === SWEEP_SCHEMA) return value as SweepDocument;
  throw new LabError(`${path}: expected "schema": "${SWEEP_SCHEMA}". The file is of another version or was changed.`);
}

/** What a shard's process says of itself, for those who merge: shards/<i>-of-<n>.json. */
export interface ShardRecord extends Shard {
  /** It went through all of its cells, whether or not they failed. */
  finished: boolean;
}

export async function writeShard(dir: string, record: ShardRecord): Promise<void> {
  await checkWritable(join(dir, 'shards'));
  await writeAtomically(shardPath(dir, record), `${JSON.stringify(record)}\n`);
}

export async function readShards(dir: string): Promise<ShardRecord[]> {
  const files = await readdir(join(dir, 'shards')).catch(() => []);
  const texts = files.filter((file) => /^\d+-of-\d+\.json$/.test(file)).sort();
  const records = await Promise.all(texts.map((file) => readFile(join(dir, 'shards', file), 'utf8')));
  return records.flatMap((text) => (parseOr(text) as ShardRecord | undefined) ?? []);
}

function shardPath(dir: string, { index, count }: Shard): string {
  return join(dir, 'shards', `${index}-of-${count}.json`);
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LabError(`${path}: cannot be read (${(error as Error).message}).`);
  }
}
