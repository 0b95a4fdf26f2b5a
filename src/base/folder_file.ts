// Reads a file of a folder that somebody else may have made: only a plain file, inside the folder, of a size that is expected there.
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { LabError } from './errors.ts';
import { formatBytes, MIB } from './units.ts';

/** The longest text that a string of V8 holds is a little larger (2^29 - 24 characters). */
const MOST_BYTES = 500 * MIB;

/**
 * The file's text; undefined where it is not there.
 * @throws LabError for anything but a plain file that lies in the folder, and for one larger than `mostBytes`
 */
export async function readFolderFile(dir: string, name: string, mostBytes = MOST_BYTES): Promise<string | undefined> {
  const path = join(dir, name);
  try {
    const [folder, file] = [await realpath(dir), await realpath(path)];
    if (!file.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)) {
      throw new LabError(`${path}: is a link out of its folder, to ${file}. Put the file itself there.`);
    }
    const found = await stat(file);
    if (!found.isFile()) throw new LabError(`${path}: is no plain file. Give a folder that p2plab wrote.`);
    if (found.size > mostBytes) {
      throw new LabError(
        `${path}: has ${formatBytes(found.size)}; no file of that name that p2plab writes has more than ${formatBytes(mostBytes)}.`,
      );
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof LabError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new LabError(`${path}: cannot be read (${message}).`);
  }
}
