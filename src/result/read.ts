// Reads the result in a folder that a run, a sweep or a merge has left.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../base/errors.ts';
import { readFolderFile } from '../base/folder_file.ts';
import { parseResult, type Result } from './schema.ts';

/**
 * The folder's result.json; undefined where it has none.
 * @throws LabError when there is no such folder, it cannot be read, or it holds no result of this version
 */
export async function readResultFolder(dir: string): Promise<Result | undefined> {
  const names = await list(dir);
  if (names === undefined) throw new LabError(`${dir}: no such folder. Give the folder of a p2plab run or sweep.`);
  if (!names.includes('result.json')) return undefined;
  return parseResult((await readFolderFile(dir, 'result.json')) ?? '', join(dir, 'result.json'));
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
