// One sweep at a time in a folder, or one for each shard. A lock names its process, so that one left by a killed sweep is told
// from a living one and taken over.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../base/errors.ts';
import { type Shard, shardWords } from './shard.ts';

interface Holder {
  pid: number;
  host: string;
  /** When the process started, in the kernel's words: a pid may be another process's by now. */
  started: string;
  shard: Shard | null;
}

const NOBODY: Holder = { pid: 0, host: '', started: '', shard: null };

export interface Lock {
  /** Whether another shard of the folder is being measured now. */
  hasNeighbours(): Promise<boolean>;
  release(): Promise<void>;
}

/** A holder says that often that it lives, for other machines, which cannot see its process; silence this long is death. */
const BEAT_MS = 10_000;
const SILENCE_MS = 120_000;

const NAME = /^lock(\.\d+-of-\d+)?\.json$/;

/**
 * Takes the folder, or one shard of it.
 * @throws LabError when a living sweep has it, or the same cells of it
 */
export async function lockFolder(dir: string, shard: Shard | undefined): Promise<Lock> {
  const path = join(dir, shard === undefined ? 'lock.json' : `lock.${shard.index}-of-${shard.count}.json`);
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid) ?? '',
    shard: shard ?? null,
  };
  const text = `${JSON.stringify(mine)}\n`;
  // Written beside and linked: a lock is there with its holder's name in it or not at all.
  const written = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  await writeFile(written, text);
  try {
    for (let attempt = 0; ; attempt++) {
      if (await linked(written, path)) break;
      await removeIfDead(path, attempt, written);
    }
    const other = (await otherLocks(dir, path, written)).find((each) => overlaps(each.shard, shard));
    if (other !== undefined) {
      await rm(path, { force: true });
      throw heldError(dir, other);
    }
  } finally {
    await rm(written, { force: true });
  }
  const beat = setInterval(() => utimes(path, new Date(), new Date()).catch(() => {}), BEAT_MS);
  beat.unref();
  return {
    hasNeighbours: async () => (await otherLocks(dir, path, path)).length > 0,
    release: async () => {
      clearInterval(beat);
      await rm(path, { force: true });
    },
  };
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new LabError(`${to}: the lock cannot be made (${(error as Error).message}).`);
  }
}

/** @throws LabError when its holder lives */
async function removeIfDead(path: string, attempt: number, written: string): Promise<void> {
  const holder = await readHolder(path);
  if (holder !== undefined && (await isAlive(holder, path, written))) throw heldError(path, holder);
  if (attempt > 20)
    throw new LabError(`${path}: the lock comes back again and again; see which sweeps use this folder.`);
  // By rename, so that only one of two that find it dead removes it, and neither removes the other's new one.
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  await rename(path, aside).catch(() => {});
  const moved = await readHolder(aside);
  if (moved !== undefined && (await isAlive(moved, aside, written))) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

async function otherLocks(dir: string, own: string, written: string): Promise<Holder[]> {
  const files = (await readdir(dir)).filter((file) => NAME.test(file)).map((file) => join(dir, file));
  const living: Holder[] = [];
  for (const file of files.filter((each) => each !== own)) {
    const holder = await readHolder(file);
    if (holder !== undefined && (await isAlive(holder, file, written))) living.push(holder);
  }
  return living;
}

/** Shards of one count have no cell in common; anything else may. */
function overlaps(a: Shard | null, b: Shard | undefined): boolean {
  return a === null || b === undefined || a.count !== b.count || a.index === b.index;
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>;
    return typeof holder.pid === 'number' && typeof holder.host === 'string' ? { ...NOBODY, ...holder } : undefined;
  } catch {
    return undefined;
  }
}

/** A process of this machine is looked up; one of another by the age of its lock, on the clock that dated `written`. */
async function isAlive({ pid, host, started }: Holder, path: string, written: string): Promise<boolean> {
  if (host === hostname()) {
    const now = startOf(pid);
    return now !== undefined && (started === '' || now === started);
  }
  const [theirs, ours] = await Promise.all([path, written].map((file) => stat(file).catch(() => undefined)));
  return theirs === undefined || ours === undefined || ours.mtimeMs - theirs.mtimeMs < SILENCE_MS;
}

/** Start time of a process in clock ticks since boot; undefined when there is none. Empty where /proc is not. */
function startOf(pid: number): string | undefined {
  try {
    // The name may hold spaces and brackets: fields are counted from the last bracket. Field 22 (proc(5)).
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : (fields[19] ?? '');
  } catch {
    return existsWithoutProc(pid) ? '' : undefined;
  }
}

function existsWithoutProc(pid: number): boolean {
  if (process.platform === 'linux') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function heldError(where: string, { pid, host, shard }: Holder): LabError {
  const which = shard === null ? 'a sweep' : `shard ${shardWords(shard)} of a sweep`;
  return new LabError(
    `${where}: ${which} is running here (process ${pid} on ${host}). Wait for it, or choose another folder with --out. ` +
      'If that process is gone, remove the lock file.',
  );
}
