// This project at another commit: a git worktree in a temporary folder, with the packages its lock file asks for, built by its
// own build script. Removed when it is no longer needed, also when the process is told to end.
import { execFileSync } from 'node:child_process';
import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT, LabError } from '../../base/errors.ts';
import { type Ended, runChild } from './child.ts';
import { makeOwnedFolder, removeDeadFolders } from './owned_folder.ts';

/** The project that runs. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface Checkout {
  /** As the user named it, and what it is. */
  ref: string;
  commit: string;
  dir: string;
  remove(): void;
}

/** The commit behind a name. @throws LabError when there is none, or no git checkout */
export function findCommit(ref: string): string {
  try {
    git('rev-parse', '--is-inside-work-tree');
  } catch {
    throw new LabError(`--against ${ref}: ${ROOT} is no git checkout, so there is no other commit of it to build.`);
  }
  try {
    return git('rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`).trim();
  } catch {
    throw new LabError(
      `--against ${ref}: no such commit here. Name a branch, a tag or a hash; git fetch it first if need be.`,
    );
  }
}

/**
 * Makes and builds the checkout.
 * @param told what is being done, for the progress line
 * @throws LabError when the commit cannot be built or has no command line that can be asked
 */
export async function checkOut(ref: string, signal: AbortSignal, told: (what: string) => void): Promise<Checkout> {
  const commit = findCommit(ref);
  removeDeadFolders();
  git('worktree', 'prune');
  const parent = makeOwnedFolder('against');
  const dir = join(parent, 'tree');
  const remove = (): void => {
    process.off('exit', remove);
    try {
      git('worktree', 'remove', '--force', '--force', dir);
    } catch {
      // It was not made, or is gone: what git still lists is pruned below.
    }
    // What was just ended may still be writing.
    rmSync(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    git('worktree', 'prune');
  };
  process.on('exit', remove);
  try {
    git('worktree', 'add', '--detach', '--quiet', dir, commit);
    await build(dir, `--against ${ref} (${commit.slice(0, 12)})`, signal, told);
  } catch (error) {
    remove();
    throw error;
  }
  return { ref, commit, dir, remove };
}

async function build(dir: string, what: string, signal: AbortSignal, told: (what: string) => void): Promise<void> {
  if (!existsSync(join(dir, 'bin/p2plab.js'))) throw new LabError(`${what}: has no bin/p2plab.js to run.`);
  const lock = (of: string): string | undefined => read(join(of, 'package-lock.json'));
  if (lock(dir) === lock(ROOT)) {
    symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(dir, 'node_modules'));
  } else {
    told('other packages: npm ci');
    const installed = await runChild('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: dir,
      signal,
    });
    mustEnd(installed, `${what}: its package-lock.json differs, and npm ci failed`, signal);
  }
  told('building it');
  const path = [join(dir, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const built = await runChild('npm', ['run', '-s', 'build'], { cwd: dir, env: { PATH: path }, signal });
  mustEnd(built, `${what}: does not build (npm run build)`, signal);
  lendModules(dir);
}

/** What is compiled here is named by what it was made of: modules of the other commit that are the same need not be compiled again. */
function lendModules(dir: string): void {
  for (const part of ['modules', 'maps']) {
    const [from, to] = [ROOT, dir].map((of) => join(of, 'build/machine', part)) as [string, string];
    if (!existsSync(from) || !existsSync(join(dir, 'build/machine'))) continue;
    mkdirSync(to, { recursive: true });
    for (const name of readdirSync(from)) {
      if (!existsSync(join(to, name))) copyFileSync(join(from, name), join(to, name), constants.COPYFILE_FICLONE);
    }
  }
}

/** @throws LabError with what the program said last */
function mustEnd({ code, stdout, stderr }: Ended, what: string, signal: AbortSignal): void {
  if (signal.aborted) throw new LabError('interrupted: no verdict, nothing recorded.', EXIT.interrupted);
  if (code !== 0) throw new LabError(`${what}: ${lastLines(stderr || stdout)}`);
}

const LINES_TOLD = 6;

export function lastLines(text: string): string {
  return text.trim().split('\n').slice(-LINES_TOLD).join('\n');
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Hooks and configuration of the user have no say in it. */
function git(...args: string[]): string {
  return execFileSync('git', ['-c', 'core.hooksPath=/dev/null', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
}
