// Reads the folders of a sweep, or of its shards, and merges their points; says which part is not there, by name.
import { LabError } from '../base/errors.ts';
import type { Result } from '../result/schema.ts';
import {
  pointPath,
  pointsThere,
  readPoint,
  readShards,
  readSweep,
  type ShardRecord,
  type SweepDocument,
} from './folder.ts';
import { mergePoints, type PointDocument } from './merge.ts';
import { shardIndex, shardWords } from './shard.ts';

export interface Merged {
  sweep: SweepDocument;
  /** The points that are there, of each folder. */
  documents: PointDocument[];
  result: Result;
  /** One line for each part that is missing. */
  missing: string[];
}

/**
 * @param onUnreadable takes the place of the error where a point's file cannot be used: the point counts as missing
 * @throws LabError for a folder that is no sweep's, folders of different sweeps, points that contradict each other or are none
 */
export async function mergeFolders(
  dirs: readonly string[],
  onUnreadable = (error: LabError): void => {
    throw error;
  },
): Promise<Merged> {
  const plans = await Promise.all(dirs.map(async (dir) => ({ dir, sweep: await planOf(dir) })));
  const [first, ...others] = plans as [(typeof plans)[number], ...typeof plans];
  for (const other of others) checkSame(first, other);
  const documents: PointDocument[] = [];
  for (const { dir, sweep } of plans) documents.push(...(await documentsOf(dir, sweep, onUnreadable)));
  const shards = (await Promise.all(dirs.map(readShards))).flat();
  const result = mergePoints(first.sweep, documents);
  return { sweep: first.sweep, documents, result, missing: missingParts(result, shards) };
}

async function planOf(dir: string): Promise<SweepDocument> {
  const sweep = await readSweep(dir);
  if (sweep !== undefined) return sweep;
  throw new LabError(`${dir}: no sweep.json in it. Give folders that p2plab sweep wrote (--out).`);
}

async function documentsOf(
  dir: string,
  sweep: SweepDocument,
  onUnreadable: (error: LabError) => void,
): Promise<PointDocument[]> {
  const there = await pointsThere(dir);
  const documents: PointDocument[] = [];
  for (const { hash } of sweep.cells) {
    const result = there.has(hash) ? await readPoint(dir, hash).catch(unlessLabError(onUnreadable)) : undefined;
    if (result !== undefined) documents.push({ hash, path: pointPath(dir, hash), result });
  }
  return documents;
}

function unlessLabError(act: (error: LabError) => void): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof LabError)) throw error;
    act(error);
    return undefined;
  };
}

interface Plan {
  dir: string;
  sweep: SweepDocument;
}

function checkSame(a: Plan, b: Plan): void {
  if (a.sweep.id === b.sweep.id) return;
  const there = new Set(b.sweep.cells.map(({ hash }) => hash));
  const common = a.sweep.cells.filter(({ hash }) => there.has(hash)).length;
  throw new LabError(
    `${a.dir} and ${b.dir} are of different sweeps: ${a.sweep.cells.length} and ${b.sweep.cells.length} points, ${common} in both. ` +
      'A point is its options and the code that ran it: use one file, one set of options and one build of p2plab for all shards.',
  );
}

/** Shards by name; points of a sweep without shards by their number. */
function missingParts(result: Result, shards: readonly ShardRecord[]): string[] {
  const missing = (result.sweep?.cells ?? []).filter(({ state }) => state === 'missing').map(({ hash }) => hash);
  if (missing.length === 0) return [];
  const [count] = shards.map((shard) => shard.count).sort((a, b) => b - a);
  const list = (hashes: readonly string[]): string =>
    `${hashes.slice(0, 5).join(', ')}${hashes.length > 5 ? ` and ${hashes.length - 5} more` : ''}`;
  if (count === undefined) return [`${missing.length} points are missing: ${list(missing)}`];
  const byShard = [...Map.groupBy(missing, (hash) => shardIndex(hash, count))].sort(([a], [b]) => a - b);
  return byShard.map(([index, own]) => {
    const seen = shards.some((shard) => shard.index === index && shard.count === count);
    const state = seen ? 'is not complete' : 'is missing';
    return `shard ${shardWords({ index, count })} ${state}: ${own.length} points (${list(own)})`;
  });
}
