// One p2plab command under hard conditions: how it is started, how it ended, and what it left.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseResult } from '../../src/result/schema.ts';
import { markedEnvironment, must, names, partsOf, resultFiles, unfinishedFiles } from '../kill/processes.ts';

const P2PLAB = fileURLToPath(new URL('../../bin/p2plab.js', import.meta.url));
const LIMIT_MS = 180_000;
const LOOK_MS = 10;

/** A run of a second or less. */
export const SHORT = [
  ...['--rounds', '4', '--round-ms', '2', '--bar', '64MiB', '--ram', '64MiB', '--payload', 'none', '--quiet'],
  ...['--scheme', 'page', '--buffers', 'fixed', '--mode', 'inline', '--bar-sweep', 'off', '--processes', '1'],
];
/** One that is still measuring when somebody looks. */
export const LONG = [...SHORT, '--rounds', '1500', '--round-ms', '1'];

export interface Setting {
  /** A program and its words that start the command: taskset, bash with a ulimit. */
  through?: readonly string[];
  /** Undefined takes a variable away. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Called with the running command. */
  meanwhile?: (child: ChildProcess) => Promise<void>;
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs it to its end; nothing of it may live on. @throws Error when it takes minutes, or a process is left */
export async function p2plab(words: readonly string[], temporary: string, setting: Setting = {}): Promise<Ended> {
  const { mark, env } = markedEnvironment();
  const [program = process.execPath, ...before] = setting.through ?? [];
  const command = setting.through === undefined ? [P2PLAB] : [...before, process.execPath, P2PLAB];
  const child = spawn(program, [...command, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, TMPDIR: temporary, ...setting.env },
  });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    ended.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    ended.stderr += chunk;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const closed = new Promise<void>((done) =>
    child.on('close', (code) => {
      ended.code = code;
      done();
    }),
  );
  try {
    await setting.meanwhile?.(child);
    await closed;
    const left = partsOf(mark);
    must(left.length === 0, `no process is left: ${left.map(({ pid }) => pid).join(', ')}`);
    return ended;
  } finally {
    clearTimeout(timer);
    for (const { pid } of partsOf(mark)) process.kill(pid, 'SIGKILL');
  }
}

/** Waits until a file is there. @throws Error when the command ends before */
export async function appears(path: string, child: ChildProcess): Promise<void> {
  await until(() => existsSync(path), `${path} is there`, child);
}

/** Waits until something is so. @throws Error when the command ends before */
export async function until(isSo: () => boolean, what: string, child: ChildProcess): Promise<void> {
  while (!isSo()) {
    must(child.exitCode === null, `${what} before the command ends`);
    await sleep(LOOK_MS);
  }
}

/** How it has to end. */
export interface Expected {
  code: number;
  /** In its one message; none where the command is to be quiet. */
  says?: RegExp;
}

/** @throws Error with what was not so */
export function mustEnd({ code, stderr }: Ended, { code: wanted, says }: Expected): void {
  const told = stderr.trim();
  must(code === wanted, `it ends with ${wanted}, not ${code}: ${told.slice(-500)}`);
  must(!/\n\s+at .*:\d+/.test(stderr), `no stack is printed: ${told.slice(-500)}`);
  if (says === undefined) return;
  must(says.test(told), `it says ${says}, not: ${told.slice(-500)}`);
  const times = told.split('\n').filter((line) => says.test(line)).length;
  must(times === 1, `it says that once, not ${times} times: ${told.slice(-500)}`);
}

/** @throws Error when a result is torn, or a lock or an unfinished file is left */
export function mustBeTidy(dir: string): void {
  for (const file of resultFiles(dir)) parseResult(readFileSync(file, 'utf8'), file);
  const left = [...unfinishedFiles(dir), ...names(dir, true).filter((name) => /(^|\/)lock/.test(name))];
  must(left.length === 0, `nothing unfinished is left: ${left.join(', ')}`);
}

/** @throws Error when the folder has no whole result of a run */
export function mustHaveResult(dir: string): void {
  const file = join(dir, 'result.json');
  must(existsSync(file), `${file} is there`);
  must(parseResult(readFileSync(file, 'utf8'), file).cells.length > 0, `${file} has cells`);
  must(existsSync(join(dir, 'report.html')), 'report.html is there');
}
