// The folder of a sweep: sweep.json says what its points are, cells/<hash>.json is each one's result. A point's file is there whole
// or not at all, so that whatever kills a sweep, the next one goes on where it was. A folder may come from anywhere: what is read of
// it is checked, and lies in it.
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { LabError } from '../base/errors.ts';
import { checkWritable, removeUnfinished, writeAtomically } from '../base/files.ts';
import { readFolderFile } from '../base/folder_file.ts';
import { MIB } from '../base/units.ts';
import { parseResult, type Result } from '../result/schema.ts';
import { isShard, type Shard } from './shard.ts';

export const SWEEP_SCHEMA = 'p2plab.sweep/1';

/** A point's file has a result of a run, sweep.json some hundred bytes for each of at most 20,000 points. */
const MOST_POINT_BYTES = 256 * MIB;
const MOST_PLAN_BYTES = 256 * MIB;
const MOST_SHARD_BYTES = 4096;

const plain = z.union([z.string(), z.number(), z.boolean()]);
const pointValue = z.union([plain, z.null(), z.array(plain).readonly()]);
const HASH = /^[0-9a-f]{16}$/;

/** An axis as results name it: `key` as in the spec, `param` the option's name in the params of results. */
const axisRecord = z.object({ key: z.string(), param: z.string(), values: z.array(pointValue) });

/** A point of the plan. `impossible`: why its machine cannot be built; it is not tried. */
const plannedPoint = z.object({
  hash: z.string().regex(HASH, 'expected 16 hexadecimal digits'),
  values: z.record(z.string(), pointValue),
  repeat: z.int().positive(),
  impossible: z.string().optional(),
});

/** sweep.json: the same for every shard. `id` is a digest of the points, so that two folders can be told to be of one sweep. */
const sweepSchema = z.object({
  schema: z.literal(SWEEP_SCHEMA),
  version: z.string(),
  id: z.string(),
  axes: z.array(axisRecord),
  repeat: z.int().positive(),
  cells: z.array(plannedPoint),
});

export type AxisRecord = z.infer<typeof axisRecord>;
export type PlannedPoint = z.infer<typeof plannedPoint>;
export type SweepDocument = z.infer<typeof sweepSchema>;

const POINT_FILE = /^([0-9a-f]{16})\.json$/;
const SHARD_FILE = /^\d{1,6}-of-\d{1,6}\.json$/;

export function pointPath(dir: string, hash: string): string {
  return join(dir, 'cells', `${hash}.json`);
}

/**
 * Makes the folder's folders, and removes what a killed sweep left of files that it had not finished. Only while holding its lock.
 * @param isAlone no other shard writes here: whatever is unfinished is left over, however young it is
 */
export async function prepareFolder(dir: string, isAlone: boolean): Promise<void> {
  const folder = join(dir, 'cells');
  await checkWritable(folder);
  await removeUnfinished(folder, '', isAlone);
  for (const each of [dir, join(dir, 'shards')]) await removeUnfinished(each);
}

/** The file says which point it is of, so that one under another's name is noticed. */
export async function writePoint(dir: string, hash: string, result: Result): Promise<void> {
  await writeAtomically(pointPath(dir, hash), `${JSON.stringify({ ...result, cellHash: hash })}\n`);
}

/** A point into another folder, unless that has a result of it that did not fail. */
export async function copyPoint(to: string, hash: string, from: { path: string; result: Result }): Promise<void> {
  if (resolve(from.path) === resolve(pointPath(to, hash))) return;
  const there = await readPoint(to, hash).catch(() => undefined);
  if (there !== undefined && there.run.failure === undefined) return;
  await writePoint(to, hash, from.result);
}

/** @throws LabError when it is there and is no result of this point, naming the file */
export async function readPoint(dir: string, hash: string): Promise<Result | undefined> {
  const text = await readFolderFile(dir, join('cells', `${hash}.json`), MOST_POINT_BYTES);
  if (text === undefined) return undefined;
  const path = pointPath(dir, hash);
  if (text.trim() === '')
    throw new LabError(`${path}: is empty. Remove it, or let p2plab sweep measure the point again.`);
  const result = parseResult(text, path);
  if (result.cellHash === undefined || result.cellHash === hash) return result;
  throw new LabError(
    `${path}: holds point ${result.cellHash}, not the one that it is named after. Files were renamed: give each its own name back, ` +
      'or remove it and measure the point again.',
  );
}

/** Hashes of the points that the folder has a file of. */
export async function pointsThere(dir: string): Promise<Set<string>> {
  const files = await readdir(join(dir, 'cells')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new LabError(`${join(dir, 'cells')}: cannot be read (${error.message}).`);
  });
  return new Set(files.flatMap((file) => POINT_FILE.exec(file)?.[1] ?? []));
}

export async function writeSweep(dir: string, sweep: SweepDocument): Promise<void> {
  await writeAtomically(join(dir, 'sweep.json'), `${JSON.stringify(sweep, null, 1)}\n`);
}

/** @throws LabError when it is there and is no plan of a sweep of this version */
export async function readSweep(dir: string): Promise<SweepDocument | undefined> {
  const path = join(dir, 'sweep.json');
  const text = await readFolderFile(dir, 'sweep.json', MOST_PLAN_BYTES);
  if (text === undefined) return undefined;
  const value = parseOr(text);
  if ((value as { schema?: unknown } | undefined)?.schema !== SWEEP_SCHEMA)
    throw new LabError(`${path}: expected "schema": "${SWEEP_SCHEMA}". The file is of another version or was changed.`);
  const checked = sweepSchema.safeParse(value);
  if (checked.success) return checked.data;
  const [first] = checked.error.issues;
  throw new LabError(
    `${path}: is no plan of a sweep: ${first?.path.join('.')}: ${first?.message}. The file was changed or cut off; run the sweep again.`,
  );
}

/** What a shard's process says of itself, for those who merge: shards/<i>-of-<n>.json. */
export interface ShardRecord extends Shard {
  /** It went through all of its points, whether or not they failed. */
  finished: boolean;
}

export async function writeShard(dir: string, record: ShardRecord): Promise<void> {
  await checkWritable(join(dir, 'shards'));
  await writeAtomically(shardPath(dir, record), `${JSON.stringify(record)}\n`);
}

export async function readShards(dir: string): Promise<ShardRecord[]> {
  const names = (await readdir(join(dir, 'shards')).catch(() => [])).filter((file) => SHARD_FILE.test(file)).sort();
  const records: ShardRecord[] = [];
  for (const name of names) {
    const text = await readFolderFile(dir, join('shards', name), MOST_SHARD_BYTES);
    const record = parseOr(text ?? '') as ShardRecord | undefined;
    if (record !== undefined && record !== null && isShard(record) && shardPath('', record) === join('shards', name))
      records.push({ index: record.index, count: record.count, finished: record.finished === true });
  }
  return records;
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
