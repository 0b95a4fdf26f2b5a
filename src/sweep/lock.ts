// One writer at a time in a folder: a run, a sweep, or one for each shard of it. A lock names its process, so that one left by a killed
// writer is told from a living one and taken over. Whoever cannot be seen from here (another machine or container) says by beats that
// it lives; they are counted by this process' own clock, so that no other clock decides.
import { link, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { LabError } from '../base/errors.ts';
import { removeUnfinished, unfinishedName } from '../base/files.ts';
import { linkPassing, makePassing, removePassing } from '../base/leftovers.ts';
import { lifeOf, type Owner, thisOwner } from '../base/owner.ts';
import { type Shard, shardWords } from './shard.ts';

interface Holder extends Owner {
  /** Of the machine, for people. */
  host: string;
  shard: Shard | null;
  /** `a run`, `a sweep`. */
  what: string;
}

const NOBODY: Holder = { pid: 0, host: '', started: '', place: '', shard: null, what: 'a sweep' };

export interface Lock {
  /** Whether another shard of the folder is being measured now. */
  hasNeighbours(): Promise<boolean>;
  release(): Promise<void>;
}

/** How a holder shows that it lives, and how its silence is judged. */
export interface Beats {
  /** Between two beats. */
  everyMs: number;
  /** A lock dated so near to now is taken for a living one without looking on. */
  freshMs: number;
  /** How long one that is dated otherwise is watched for a beat. */
  watchMs: number;
}

const BEATS: Beats = { everyMs: 10_000, freshMs: 120_000, watchMs: 25_000 };

const NAME = /^lock(\.\d+-of-\d+)?\.json$/;
const MOST_ATTEMPTS = 20;

/**
 * Takes the folder, or one shard of it.
 * @param what holds it, for the message to others
 * @throws LabError when a living writer has it, or the same points of it, or the lock cannot be written
 */
export async function lockFolder(
  dir: string,
  shard: Shard | undefined,
  { what = 'a sweep', beats = BEATS }: { what?: string; beats?: Beats } = {},
): Promise<Lock> {
  const path = join(dir, shard === undefined ? 'lock.json' : `lock.${shard.index}-of-${shard.count}.json`);
  const mine: Holder = { ...thisOwner(), host: hostname(), shard: shard ?? null, what };
  const text = `${JSON.stringify(mine)}\n`;
  // Written beside and linked: a lock is there with its holder's name in it or not at all.
  const written = unfinishedName(path);
  try {
    explained(path, () => makePassing(written, text));
    const asked: Asked = { dir, path, written, beats };
    for (let attempt = 0; ; attempt++) {
      if (linked(written, path)) break;
      await removeIfDead(asked, attempt);
    }
    const other = (await otherLocks(asked)).find((each) => overlaps(each.shard, shard));
    if (other !== undefined) {
      removePassing(path);
      throw heldError(dir, other);
    }
    await removeUnfinished(dir, basename(path));
    return held(asked, text);
  } finally {
    removePassing(written);
  }
}

/** Who asks: for which lock, and with which file, on the clock of the file system that dates both. */
interface Asked {
  dir: string;
  path: string;
  written: string;
  beats: Beats;
}

function held(asked: Asked, text: string): Lock {
  const beat = setInterval(() => touch(asked.path, text).catch(() => {}), asked.beats.everyMs);
  beat.unref();
  return {
    hasNeighbours: async () => (await otherLocks({ ...asked, written: asked.path })).length > 0,
    release: async () => {
      clearInterval(beat);
      removePassing(asked.path);
    },
  };
}

/** Writes the same bytes again: the file system dates them, not the clock of this machine. */
async function touch(path: string, text: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(text, 0);
  } finally {
    await file.close();
  }
}

function linked(from: string, to: string): boolean {
  return explained(to, () => {
    try {
      linkPassing(from, to);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

function explained<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new LabError(
      `${path}: the lock cannot be made (${(error as Error).message}). Free some space, or choose another folder with --out.`,
    );
  }
}

/** @throws LabError when its holder lives */
async function removeIfDead(asked: Asked, attempt: number): Promise<void> {
  const { path } = asked;
  const holder = await readHolder(path);
  if (holder !== undefined && (await isAlive(holder, path, asked))) throw heldError(path, holder);
  if (attempt > MOST_ATTEMPTS)
    throw new LabError(`${path}: the lock comes back again and again; see which runs or sweeps use this folder.`);
  // By rename, so that only one of two that find it dead removes it, and neither removes the other's new one.
  const aside = unfinishedName(path);
  await rename(path, aside).catch(() => {});
  const moved = await readHolder(aside);
  if (moved !== undefined && !isSame(moved, holder)) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

function isSame(a: Holder, b: Holder | undefined): boolean {
  return a.pid === b?.pid && a.started === b.started && a.place === b.place;
}

async function otherLocks(asked: Asked): Promise<Holder[]> {
  const files = (await readdir(asked.dir)).filter((file) => NAME.test(file)).map((file) => join(asked.dir, file));
  const found = await Promise.all(
    files
      .filter((each) => each !== asked.path)
      .map(async (file) => {
        const holder = await readHolder(file);
        return holder !== undefined && (await isAlive(holder, file, asked)) ? [holder] : [];
      }),
  );
  return found.flat();
}

/** Shards of one count have no point in common; anything else may. */
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

/** A process that can be seen is looked up; another one is alive while its lock is dated as now, or beats when it is watched. */
async function isAlive(holder: Holder, path: string, { written, beats }: Asked): Promise<boolean> {
  const life = lifeOf(holder);
  if (life !== 'elsewhere') return life === 'alive';
  const [theirs, ours] = [await dateOf(path), await dateOf(written)];
  if (theirs === undefined) return false;
  if (ours !== undefined && Math.abs(ours - theirs) < beats.freshMs) return true;
  const until = performance.now() + beats.watchMs;
  while (performance.now() < until) {
    await wait(Math.min(beats.watchMs / 10, 500));
    const now = await dateOf(path);
    if (now !== theirs) return now !== undefined;
  }
  return false;
}

async function dateOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}

function heldError(where: string, { pid, host, shard, what }: Holder): LabError {
  const which = shard === null ? what : `shard ${shardWords(shard)} of ${what}`;
  return new LabError(
    `${where}: ${which} is running here (process ${pid} on ${host}). Wait for it, or choose another folder with --out. ` +
      'If that process is gone, remove the lock file.',
  );
}
