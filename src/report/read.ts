// Reads what a run or a sweep left in a folder: result.json, or the results of its cells.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../base/errors.ts';
import { type Cell, parseResult, type Result } from './result.ts';

/**
 * The result in a folder: its result.json, or else its cells/*.json put together.
 * @throws LabError when there is none, it cannot be read, or it is not a result of this version
 */
export async function readResultFolder(dir: string): Promise<Result> {
  const names = await list(dir);
  if (names === undefined) throw new LabError(`${dir}: no such folder. Give the folder of a p2plab run or sweep.`);
  if (names.includes('result.json')) return readResult(join(dir, 'result.json'));
  const cells = ((await list(join(dir, 'cells'))) ?? []).filter((name) => name.endsWith('.json')).sort();
  if (cells.length === 0) {
    throw new LabError(
      `${dir}: no result.json and no cells/*.json in it. Give the folder that p2plab run or sweep named at its end.`,
    );
  }
  return joinResults(await Promise.all(cells.map((name) => readResult(join(dir, 'cells', name)))));
}

/** Results as one: each one's groups keep apart by a number in front, warnings are told once. */
export function joinResults(results: readonly Result[]): Result {
  const [first, ...others] = results as [Result, ...Result[]];
  if (others.length === 0) return first;
  const ids = results.flatMap(({ cells }) => cells.map(({ id }) => id));
  const distinct = new Set(ids).size === ids.length;
  const rename = (id: string, i: number): string => (distinct ? id : `c${i}-${id}`);
  const machines = new Set(
    results.map(({ environment: { cpu, cores, kernel } }) => `${cpu}, ${cores} cores, ${kernel}`),
  );
  const mixed = machines.size > 1 ? [`results of ${machines.size} machines together: ${[...machines].join('; ')}`] : [];
  return {
    ...first,
    run: {
      ...first.run,
      durationMs: results.reduce((sum, { run }) => sum + run.durationMs, 0),
      ...(results.some(({ run }) => run.interrupted === true) ? { interrupted: true } : {}),
    },
    environment: {
      ...first.environment,
      warnings: [...new Set([...mixed, ...results.flatMap(({ environment }) => environment.warnings)])],
    },
    cells: results.flatMap(({ cells }, i) => cells.map((cell): Cell => ({ ...cell, id: rename(cell.id, i) }))),
    comparisons: results.flatMap(({ comparisons }, i) =>
      comparisons.map((compared) => ({ ...compared, a: rename(compared.a, i), b: rename(compared.b, i) })),
    ),
  };
}

async function readResult(path: string): Promise<Result> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new LabError(`${path}: cannot be read (${(error as Error).message}).`);
  }
  return parseResult(text, path);
}

/** Names in a folder; undefined where there is no such folder. */
async function list(dir: string): Promise<string[] | undefined> {
  try {
    return await readdir(dir);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const hint = code === 'ENOTDIR' ? 'it is a file; give the folder it lies in' : message;
    throw new LabError(`${dir}: cannot be read: ${hint}.`);
  }
}
