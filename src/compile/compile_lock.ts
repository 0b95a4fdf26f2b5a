// One process compiles into a machine's folder at a time; the others wait for it, and find most of what they need compiled. Only work is
// saved by that: modules are written whole, so that two which compile the same (one of them cannot be seen from here, or both took over
// the lock of a killed one) do no harm.
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { lifeOf, type Owner, thisOwner } from '../base/owner.ts';

const NAME = 'compiling.json';
const LOOK_MS = 50;

/**
 * Calls `compile` once nobody else compiles into `folder`, unless `isDone` says by then that there is nothing left to do.
 * @param isDone asked before each wait and after it
 */
export async function whileOthersWait(
  folder: string,
  isDone: () => boolean,
  compile: () => Promise<void>,
): Promise<void> {
  const lock = join(folder, NAME);
  while (!isDone()) {
    const taken = take(lock);
    if (taken === 'waits') {
      await wait(LOOK_MS);
      continue;
    }
    try {
      // What was missing may have been written between the look and the lock.
      if (!isDone()) await compile();
    } finally {
      if (taken === 'mine') rmSync(lock, { force: true });
    }
    return;
  }
}

/** `waits`: a living process has it, or it has just been given up; `nobodys`: it is of no use here. Written beside and linked: it is there with its holder's name in it or not at all. */
function take(lock: string): 'mine' | 'waits' | 'nobodys' {
  const written = `${lock}.${process.pid}.tmp`;
  writeFileSync(written, JSON.stringify(thisOwner()));
  try {
    linkSync(written, lock);
    return 'mine';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return 'nobodys';
    const holder = holderOf(lock);
    if (holder === undefined) return 'waits';
    const life = lifeOf(holder);
    if (life === 'dead') rmSync(lock, { force: true });
    return life === 'elsewhere' ? 'nobodys' : 'waits';
  } finally {
    rmSync(written, { force: true });
  }
}

/** Undefined where it has just been given up. What no process of this program wrote goes. */
function holderOf(lock: string): Owner | undefined {
  let text: string;
  try {
    text = readFileSync(lock, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as Owner;
  } catch {
    rmSync(lock, { force: true });
    return undefined;
  }
}
