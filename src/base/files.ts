// Files that are there whole or not at all: written beside their place, made to last, and renamed, so that a reader never sees half of
// one and an interruption leaves what was there before. What a killed process left of them is removed by the next one.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readdir, realpath, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EXIT, type ExitCode, LabError } from './errors.ts';
import { keep, makePassing, removePassing } from './leftovers.ts';
import { lifeOf, thisOwner } from './owner.ts';

/** `NAME.PID-STARTED-PLACE.RANDOM.tmp` */
const UNFINISHED = /\.(\d+)-(\d*)-([0-9a-f]{8})\.[0-9a-f]{8}\.tmp$/;
/** What is unfinished for so long is of no process of another machine either: each is written in one go. */
const ABANDONED_MS = 3_600_000;
/** More than fits beside the name in an inode: a full disk is noticed. */
const PROBE = Buffer.alloc(4096);

/** A name beside `path` for what will be renamed to it. */
export function unfinishedName(path: string): string {
  const { pid, started, place } = thisOwner();
  return `${path}.${pid}-${started}-${place}.${randomBytes(4).toString('hex')}.tmp`;
}

/**
 * Writes a file so that it is there whole or not at all, also when the machine stops. A link of that name is replaced, not followed.
 * @throws LabError with the path and what to do when it cannot be written
 */
export async function writeAtomically(path: string, content: string | Buffer): Promise<void> {
  await orExplain(path, EXIT.runFailed, async () => {
    const temporary = unfinishedName(path);
    try {
      makePassing(temporary);
      const file = await open(temporary, 'r+');
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
      keep(temporary);
    } catch (error) {
      removePassing(temporary);
      throw error;
    }
  });
}

/**
 * As `writeAtomically`, for a file that the user named: a device or a pipe is written to as it is, a link stays one.
 * @throws LabError with the path and what to do when it cannot be written
 */
export async function writeNamed(path: string, content: string | Buffer): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined || there.isDirectory()) return writeAtomically(path, content);
  if (there.isFile()) return writeAtomically(await realpath(path), content);
  await orExplain(path, EXIT.runFailed, () => writeFile(path, content), 'give another file');
}

/**
 * Makes a folder and those above it.
 * @throws LabError with the path and what to do
 */
export async function makeFolder(dir: string): Promise<void> {
  await orExplain(dir, EXIT.usage, () => make(resolve(dir)));
}

/**
 * Makes sure before a run that its results can be written: creates the folder, and a file in it for a moment.
 * @throws LabError with the path and what to do
 */
export async function checkWritable(dir: string): Promise<void> {
  await orExplain(dir, EXIT.usage, async () => {
    await make(resolve(dir));
    probe(join(dir, '.p2plab'));
  });
}

/**
 * Makes sure before anything runs that a file can be written. Its folder has to be there: a mistyped path makes none.
 * @param option that names the file, for the message
 * @throws LabError with the path and what to do
 */
export async function checkWritableFile(path: string, option: string): Promise<void> {
  await orExplain(
    path,
    EXIT.usage,
    async () => {
      const there = await stat(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (there?.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
      if (there !== undefined) await access(path, constants.W_OK);
      if (there !== undefined && !there.isFile()) return;
      await removeUnfinished(dirname(path), basename(path));
      probe(there === undefined ? path : await realpath(path));
    },
    `give another file with ${option}`,
  );
}

/**
 * Removes files that a process which is gone did not finish writing.
 * @param of only those of this name
 * @param isAlone nobody else writes in the folder: also what a process left that cannot be seen from here
 */
export async function removeUnfinished(dir: string, of = '', isAlone = false): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names.filter((each) => each.endsWith('.tmp') && each.startsWith(of))) {
    const path = join(dir, name);
    if (isAlone || (await isLeft(dir, name))) await rm(path, { force: true }).catch(() => {});
  }
}

/** As `removeUnfinished`, for a folder of folders; one that holds nothing else goes too. */
export async function removeUnfinishedBelow(dir: string): Promise<void> {
  await removeUnfinished(dir);
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((each) => each.isDirectory())) {
    const below = join(dir, entry.name);
    const names = await readdir(below).catch(() => []);
    if (names.length === 0 || !names.every((name) => UNFINISHED.test(name))) await removeUnfinished(below);
    else {
      await removeUnfinished(below);
      await rmdir(below).catch(() => {});
    }
  }
}

async function isLeft(dir: string, name: string): Promise<boolean> {
  const match = UNFINISHED.exec(name);
  if (match === null) return false;
  const [, pid, started = '', place = ''] = match;
  const life = lifeOf({ pid: Number(pid), started, place });
  if (life !== 'elsewhere') return life === 'dead';
  const found = await stat(join(dir, name)).catch(() => undefined);
  return found !== undefined && (await dateIn(dir)) - found.mtimeMs > ABANDONED_MS;
}

/** Now, as the folder's file system dates its files: a clock that is set wrong here is not to end another machine's work. */
async function dateIn(dir: string): Promise<number> {
  const path = unfinishedName(join(dir, '.p2plab'));
  try {
    makePassing(path);
    return (await stat(path)).mtimeMs;
  } catch {
    return 0;
  } finally {
    removePassing(path);
  }
}

/** By the name that a file written there would have at first, so that one more leftover of it is known as such. */
function probe(path: string): void {
  const temporary = unfinishedName(path);
  try {
    makePassing(temporary, PROBE);
  } finally {
    removePassing(temporary);
  }
}

/** Not by mkdir's `recursive`: where the folder above exists but takes no entries, as in /proc, Node 24 tries for ever. */
async function make(dir: string): Promise<void> {
  try {
    await mkdir(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(dir)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(dir) === dir) throw error;
    await make(dirname(dir));
    await mkdir(dir);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'You may not write there; ',
  EPERM: 'You may not write there; ',
  EROFS: 'The file system is read-only; ',
  ENOSPC: 'The disk is full; free some space or ',
  EDQUOT: 'Your disk quota is used up; free some space or ',
  ENOENT: 'A folder above it is not there or cannot be made; ',
  ENOTDIR: 'A part of the path is a file; ',
  EEXIST: 'There is a file of that name; ',
  EISDIR: 'There is a folder of that name; remove it or ',
  ENAMETOOLONG: 'The name is too long; ',
};

async function orExplain(
  path: string,
  exitCode: ExitCode,
  work: () => Promise<unknown>,
  advice = 'choose another folder with --out',
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason = REASONS[code];
    const words = reason === undefined ? `${advice[0]?.toUpperCase()}${advice.slice(1)}` : `${reason}${advice}`;
    throw new LabError(`cannot write ${path}: ${words} (${message}).`, exitCode);
  }
}
