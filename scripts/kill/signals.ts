// Random signals at random moments to the launcher, the main process, a replicate or the whole group of a run, sweep, merge,
// report or gate. Each must end in time with the right exit code, leave no process and no unfinished file, and only whole results.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Random } from '../../src/base/random.ts';
import { parseResult } from '../../src/result/schema.ts';
import { markedEnvironment, must, names, type Part, partsOf, resultFiles, unfinishedFiles } from './processes.ts';

const LAUNCH = new URL('../../bin/launch.js', import.meta.url).href;
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** What an older Node would do: the launcher starts a Node beside the project, which is this one here. */
const LAUNCHER = `const { launch } = await import('${LAUNCH}'); launch(process.execPath, '${MAIN}', process.argv.slice(1));`;

const LIMIT_MS = 5000;
const STOPPED_MS = 300;
const LOOK_MS = 10;
/** Node itself takes this long to answer signals; until then they have their usual effect. */
const BOOT_MS = 400;

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGKILL', 'SIGSTOP'] as const;
type Signal = (typeof SIGNALS)[number];
type Target = Part | 'group';
const TARGETS: readonly Target[] = ['launcher', 'main', 'replicate', 'group'];

const LONG = [
  '--rounds',
  '90000',
  '--round-ms',
  '5',
  '--bar',
  '64MiB',
  '--ram',
  '64MiB',
  '--payload',
  'none',
  '--quiet',
];
const POINTS = ['--axis', 'bs=512,1k,2k,4k,8k,16k', '--axis', 'iodepth=1,4,16,64,256', '--buffers', 'fixed'];
const GATES = `schema: p2plab.gates/1
budget: 60s
workloads: { w: { bar: 64MiB, bs: 4k, rounds: 9000, round-ms: 5, processes: 2 } }
rules:
  - { name: pins, kind: exact, workload: w, scheme: page, buffers: user, expect: { perIo.pageAtomics: 3 } }
  - { name: hair, kind: equivalent, workload: w, a: "page/fixed'", b: page/fixed, margin: 1% }
`;

interface Command {
  words(out: string): string[];
  /** How long it goes on, about; what ends by itself may have ended before the signal. */
  mostMs: number;
  hasReplicates: boolean;
}

/** @param results folders of a run and of two shards, for the commands that read */
function commandsOf({ run, shards }: Results): Record<string, Command> {
  return {
    run: { words: (out) => ['run', ...LONG, '--out', out, '--processes', '3'], mostMs: 9000, hasReplicates: true },
    'run in one process': {
      words: (out) => ['run', ...LONG, '--out', out, '--processes', '1'],
      mostMs: 6000,
      hasReplicates: false,
    },
    sweep: { words: (out) => ['sweep', ...POINTS, ...LONG, '--out', out], mostMs: 6000, hasReplicates: false },
    'sweep of processes': {
      words: (out) => ['sweep', ...POINTS, ...LONG, '--out', out, '--processes', '2'],
      mostMs: 6000,
      hasReplicates: true,
    },
    merge: { words: (out) => ['merge', ...shards, '--out', out], mostMs: 2500, hasReplicates: false },
    report: { words: (out) => ['report', run, '--out', out], mostMs: 2500, hasReplicates: false },
    gate: {
      words: (out) => {
        mkdirSync(out, { recursive: true });
        writeFileSync(join(out, 'gates.yaml'), GATES);
        return ['gate', join(out, 'gates.yaml'), '--quiet', '--json', join(out, 'gate.json')];
      },
      mostMs: 8000,
      hasReplicates: true,
    },
  };
}

export interface Results {
  run: string;
  shards: string[];
}

/** What the commands that read read. */
export async function prepareResults(dir: string): Promise<Results> {
  const short = [...LONG.slice(4), '--rounds', '2', '--round-ms', '2', '--scheme', 'page', '--buffers', 'fixed'];
  const run = join(dir, 'a-run');
  const shards = [1, 2].map((shard) => join(dir, `a-shard-${shard}`));
  const temporary = join(dir, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const commands = [
    ['run', ...short, '--mode', 'inline', '--processes', '1', '--out', run],
    ...shards.map((out, index) => [
      ...['sweep', '--axis', 'bs=512,4k,16k,64k', '--mode', 'inline', ...short],
      ...['--shard', `${index + 1}/2`, '--out', out],
    ]),
  ];
  for (const words of commands) {
    const { ended } = start(words, { ...process.env, TMPDIR: temporary });
    const { code } = await ended;
    must(code === 0, `p2plab ${words.join(' ')} ends with 0, not ${code}`);
  }
  return { run, shards };
}

interface Ended {
  code: number | null;
  signal: string | null;
  stderr: string;
}

function start(words: readonly string[], env: NodeJS.ProcessEnv): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--input-type=module', '-e', LAUNCHER, '--', ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    env,
  });
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((done) => child.on('exit', (code, signal) => done({ code, signal, stderr })));
  return { child, ended };
}

export interface Strike {
  command: string;
  target: Target;
  signal: Signal;
  afterMs: number;
}

/** Draws what is struck, where and when. */
export function drawStrike(random: Random, results: Results): Strike {
  const commands = Object.entries(commandsOf(results));
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T;
  const [command, { mostMs, hasReplicates }] = pick(commands);
  const target = pick(TARGETS.filter((each) => each !== 'replicate' || hasReplicates));
  return { command, target, signal: pick(SIGNALS), afterMs: Math.round(random.unit() * mostMs) };
}

export interface Struck {
  /** What came of it in words. */
  words: string;
  /** From the signal that ends it to the end of the last process. */
  tookMs: number;
}

/** @throws Error with what was not as it must be */
export async function strike(
  { command, target, signal, afterMs }: Strike,
  dir: string,
  results: Results,
): Promise<Struck> {
  const out = join(dir, 'out');
  const temporary = join(dir, 'tmp');
  for (const each of [out, temporary]) rmSync(each, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  const { words } = commandsOf(results)[command] as Command;
  const { mark, env } = markedEnvironment();
  const startedAt = performance.now();
  const { child, ended } = start(words(out), { ...env, TMPDIR: temporary });
  let over: Ended | undefined;
  void ended.then((value) => {
    over = value;
  });
  try {
    const pid = await pidOf(target, child, mark, afterMs, () => over !== undefined);
    let struckAt = performance.now();
    const early = struckAt - startedAt < BOOT_MS;
    const hit = pid !== undefined && kill(pid, signal);
    if (signal === 'SIGSTOP' && hit) {
      await sleep(STOPPED_MS);
      kill(pid, 'SIGCONT');
    }
    // What goes on afterwards, as it may, is asked to end.
    const goesOn = signal === 'SIGSTOP' || target === 'replicate' || !hit;
    if (goesOn && over === undefined) {
      await sleep(STOPPED_MS);
      struckAt = performance.now();
      kill(-(child.pid as number), 'SIGINT');
    }
    await allEnd(mark, struckAt, () => over !== undefined);
    const tookMs = performance.now() - struckAt;
    const { code, signal: by } = await ended;
    const found = by ?? code ?? 'nothing';
    const may = expectedEnds({ command, target, signal, hit, early });
    must(may.includes(found), `it ends with ${may.join(' or ')}, not ${found}: ${over?.stderr.slice(-400)}`);
    checkLeftovers(out, temporary, signal === 'SIGKILL' && target !== 'replicate');
    return { words: `${found}`, tookMs };
  } finally {
    for (const { pid } of partsOf(mark)) kill(pid, 'SIGKILL');
  }
}

/** Waits until it is time and the target is there. A replicate comes when it comes. */
async function pidOf(target: Target, child: ChildProcess, mark: string, afterMs: number, isOver: () => boolean) {
  await sleep(afterMs);
  if (target === 'group') return -(child.pid as number);
  if (target === 'launcher') return child.pid;
  for (let waited = 0; waited < 10_000 && !isOver(); waited += LOOK_MS) {
    const found = partsOf(mark).find(({ part }) => part === target);
    if (found !== undefined) return found.pid;
    await sleep(LOOK_MS);
  }
  return undefined;
}

/** @throws Error when a process lives longer than it may */
async function allEnd(mark: string, since: number, isOver: () => boolean): Promise<void> {
  for (;;) {
    const left = partsOf(mark);
    if (left.length === 0 && isOver()) return;
    const words = left.map(({ pid, part }) => `${part ?? 'other'} ${pid}`).join(', ');
    must(performance.now() - since < LIMIT_MS, `all processes end within ${LIMIT_MS} ms; there is still ${words}`);
    await sleep(LOOK_MS);
  }
}

/** How it may end, as its parent sees it: an exit code, or the signal itself. */
function expectedEnds({
  command,
  target,
  signal,
  hit,
  early,
}: Omit<Strike, 'afterMs'> & { hit: boolean; early: boolean }) {
  const ends: (number | string)[] = [130];
  // What only reads may be done before the signal is answered.
  if (command === 'merge' || command === 'report' || !hit) ends.push(0);
  if (signal === 'SIGKILL' && hit) {
    if (target === 'launcher' || target === 'group') return ['SIGKILL'];
    if (target === 'main') return [4, ...(ends.includes(0) ? [0] : [])];
    ends.push(4);
  }
  if (early && hit && signal !== 'SIGSTOP') ends.push(signal);
  // A replicate that answers no signals yet dies of them; a run says so, a sweep goes on.
  if (target === 'replicate') ends.push(4);
  return ends;
}

function checkLeftovers(out: string, temporary: string, wasKilled: boolean): void {
  for (const file of resultFiles(out)) parseResult(readFileSync(file, 'utf8'), file);
  // What is killed cannot tidy up; the next run in the folder does.
  if (wasKilled) return;
  must(unfinishedFiles(out).length === 0, `no unfinished file: ${unfinishedFiles(out).join(', ')}`);
  must(names(temporary).length === 0, `nothing in the temporary folder: ${names(temporary).join(', ')}`);
  must(!names(out).some((name) => name.startsWith('lock')), 'no lock is left');
}

function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
