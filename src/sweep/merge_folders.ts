// Reads the folders of a sweep, or of its shards, and merges their cells; says which part is not there, by name.
import { LabError } from '../base/errors.ts';
import type { Result } from '../report/result.ts';
import {
  cellPath,
  cellsThere,
  readCell,
  readShards,
  readSweep,
  type ShardRecord,
  type SweepDocument,
} from './folder.ts';
import { type CellDocument, mergeCells } from './merge.ts';
import { isOf, shardWords } from './shard.ts';

export interface Merged {
  sweep: SweepDocument;
  result: Result;
  /** One line for each part that is missing. */
  missing: string[];
}

/** @throws LabError for a folder that is no sweep's, folders of different sweeps, or cells that contradict each other */
export async function mergeFolders(dirs: readonly string[]): Promise<Merged> {
  const plans = await Promise.all(dirs.map(async (dir) => ({ dir, sweep: await planOf(dir) })));
  const [first, ...others] = plans as [(typeof plans)[number], ...typeof plans];
  for (const other of others) checkSame(first, other);
  const documents: CellDocument[] = [];
  for (const { dir, sweep } of plans) documents.push(...(await documentsOf(dir, sweep)));
  const shards = (await Promise.all(dirs.map(readShards))).flat();
  const result = mergeCells(first.sweep, documents);
  return { sweep: first.sweep, result, missing: missingParts(result, shards) };
}

async function planOf(dir: string): Promise<SweepDocument> {
  const sweep = await readSweep(dir);
  if (sweep !== undefined) return sweep;
  throw new LabError(`${dir}: no sweep.json in it. Give folders that p2plab sweep wrote (--out).`);
}

async function documentsOf(dir: string, sweep: SweepDocument): Promise<CellDocument[]> {
  const there = await cellsThere(dir);
  const documents: CellDocument[] = [];
  for (const { hash } of sweep.cells) {
    const result = there.has(hash) ? await readCell(dir, hash) : undefined;
    if (result !== undefined) documents.push({ hash, path: cellPath(dir, hash), result });
  }
  return documents;
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
    `${a.dir} and ${b.dir} are of different sweeps: ${a.sweep.cells.length} and ${b.sweep.cells.length} cells, ${common} in both. ` +
      'A cell is its options and the code that ran it: use one file, one set of options and one build of p2plab for all shards.',
  );
}

/** Shards by name; cells of a sweep without shards by their number. */
function missingParts(result: Result, shards: readonly ShardRecord[]): string[] {
  const missing = (result.sweep?.cells ?? []).filter(({ state }) => state === 'missing').map(({ hash }) => hash);
  if (missing.length === 0) return [];
  const [count] = shards.map((shard) => shard.count).sort((a, b) => b - a);
  const list = (hashes: readonly string[]): string =>
    `${hashes.slice(0, 5).join(', ')}${hashes.length > 5 ? ` and ${hashes.length - 5} more` : ''}`;
  if (count === undefined) return [`${missing.length} cells are missing: ${list(missing)}`];
  return Array.from({ length: count }, (_, i) => ({ index: i + 1, count })).flatMap((shard) => {
    const own = missing.filter((hash) => isOf(hash, shard));
    if (own.length === 0) return [];
    const seen = shards.find(({ index, count: of }) => index === shard.index && of === count);
    const state = seen === undefined ? 'is missing' : 'is not complete';
    return [`shard ${shardWords(shard)} ${state}: ${own.length} cells (${list(own)})`];
  });
}
