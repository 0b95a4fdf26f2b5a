// A file system of a few pages in memory that a case fills, grows and makes read-only. Needs the right to mount.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = Buffer.alloc(4096);

export interface SmallDisk {
  dir: string;
  /** Takes what is free. */
  fill(): void;
  grow(bytes: number): void;
  makeReadOnly(): void;
  remove(): void;
}

/** @throws Error where mounting is not allowed */
export function mountSmallDisk(dir: string, bytes: number): SmallDisk {
  mkdirSync(dir, { recursive: true });
  run('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'p2plab-hardship', dir);
  const filler = join(dir, 'filler');
  return {
    dir,
    fill: () => {
      const file = openSync(filler, 'a');
      try {
        while (writeSync(file, PAGE) === PAGE.length);
      } catch {
        // Full.
      } finally {
        closeSync(file);
      }
    },
    grow: (size) => run('mount', '-o', `remount,size=${size}`, dir),
    makeReadOnly: () => run('mount', '-o', 'remount,ro', dir),
    remove: () => run('umount', '-l', dir),
  };
}

/** Why no disk can be mounted here, or undefined. */
export function whyNoDisk(dir: string): string | undefined {
  try {
    mountSmallDisk(dir, 65_536).remove();
    return undefined;
  } catch (error) {
    return `mounting is not allowed here (${String((error as Error).message)
      .trim()
      .split('\n')
      .at(-1)})`;
  }
}

function run(program: string, ...words: string[]): void {
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
}
