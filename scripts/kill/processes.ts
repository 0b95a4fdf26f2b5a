// The processes that one command has started, found by a word in their environment, and what they leave in a folder.
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Part = 'launcher' | 'main' | 'replicate';

const MARK = 'P2PLAB_KILL_TEST';

/** Processes that inherit this environment are `partsOf` its mark. */
export function markedEnvironment(): { mark: string; env: NodeJS.ProcessEnv } {
  const mark = randomUUID();
  return { mark, env: { ...process.env, [MARK]: mark } };
}

/** Pids of what lives of a mark, and the part that each plays. Whatever else it started (npm, git) plays none. */
export function partsOf(mark: string): { pid: number; part: Part | undefined }[] {
  return names('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || !read(`/proc/${name}/environ`).includes(`${MARK}=${mark}`)) return [];
    // A zombie has ended; somebody has yet to look.
    if (/\) Z /.test(read(`/proc/${name}/stat`))) return [];
    const command = read(`/proc/${name}/cmdline`);
    const part = command.includes('workers/replicate.ts')
      ? 'replicate'
      : command.includes('launch.js')
        ? 'launcher'
        : command.includes('src/cli/main.ts')
          ? 'main'
          : undefined;
    return [{ pid: Number(name), part }];
  });
}

/** Paths of unfinished files in a folder, at any depth. */
export function unfinishedFiles(dir: string): string[] {
  return names(dir, true).filter((name) => name.endsWith('.tmp'));
}

export function names(dir: string, recursive = false): string[] {
  try {
    return (readdirSync(dir, { recursive }) as string[]).map(String);
  } catch {
    return [];
  }
}

/** Paths of the result documents in a folder, at any depth. */
export function resultFiles(dir: string): string[] {
  return names(dir, true)
    .filter((name) => /(^|\/)(result|[0-9a-f]{16})\.json$/.test(name))
    .map((name) => join(dir, name));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** @throws Error that says what is not so */
export function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
}
