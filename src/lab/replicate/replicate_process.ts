// A replicate in a fresh process, seen from the lab: its own address layout, hash seed and compiler's decisions. It sends what
// it has every half second, between rounds, so that a process that dies takes no more with it than that.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXIT, LabError, limitAdvice } from '../../base/errors.ts';
import { onAbort } from '../../base/interrupt.ts';
import { isEndingSignal } from '../../base/signals.ts';
import { watchedClock } from '../../base/watched_clock.ts';
import { compileNow } from '../machine/modules.ts';
import { modulesOf } from '../measure/group_size.ts';
import type { Measurement, ReplicateOutcome, ReplicateTask, Runner } from '../measure/measurement.ts';
import { type FromReplicate, openInbox } from './messages.ts';

/** What it is told. `noted`: its last rounds have been put away; it waits for that, so that nobody works beside its slices. */
export type ToReplicate = { kind: 'start'; task: ReplicateTask } | { kind: 'interrupt' } | { kind: 'noted' };

/** How long a process is waited for, and what it runs: tests have their own. */
export interface ProcessLimits {
  /** A process that has said nothing for so long is ended. It says something at least every few seconds. */
  silentMostMs?: number;
  /** The same until its first word. */
  startingMostMs?: number;
  /** A process that was asked to end and goes on for so long is ended: its whole rounds are here. */
  endingMostMs?: number;
  entry?: URL;
}

/** Collecting garbage waits for the lab's own turn between slices, instead of taking a CPU from an agent beside it. */
const QUIET_FLAGS = ['--single-threaded-gc'];
const SILENT_MOST_MS = 60_000;
const ENDING_MOST_MS = 2000;
/**
 * Until its first word, when it has loaded. A Node that may have no more threads does not end: it waits for ever for those that it
 * could not start.
 */
const STARTING_MOST_MS = 30_000;
/** Silence is looked at several times before it is too long. */
const LOOKS = 20;
/** A signal to the whole group may end this process before the lab's own has been handled. */
const SIGNAL_APART_MS = 500;
const STDERR_KEPT = 4000;
const ENTRY = new URL('../../../workers/replicate.ts', import.meta.url);

/** Measures replicates in processes of their own. */
export function freshProcess(limits: ProcessLimits = {}): Runner {
  return { run: (task, measurement) => runProcess(task, measurement, limits) };
}

async function runProcess(
  task: ReplicateTask,
  { signal, events, policy }: Measurement,
  limits: ProcessLimits,
): Promise<ReplicateOutcome> {
  const { silentMostMs = SILENT_MOST_MS, endingMostMs = policy.onlyWhole === true ? 0 : ENDING_MOST_MS } = limits;
  const { name, paddingBytes } = task;
  const began = performance.now();
  const uncompiled = compileFor(task);
  if (uncompiled !== undefined) return { records: [], failure: uncompiled, paddingBytes, tookMs: 0 };
  const { child, ending, stderr } = startProcess(limits.entry ?? ENTRY, paddingBytes);
  const inbox = openInbox(events);
  let silence: LabError | undefined;
  const tell = (message: ToReplicate): void => {
    // What it is told as it dies is lost; its end says the rest.
    if (child.connected) child.send(message, () => {});
  };
  const watch = watchSilence(limits.startingMostMs ?? STARTING_MOST_MS, silentMostMs, (words) => {
    silence ??= new LabError(`${name} ${words} and was ended.${stuckAdvice(words)}`, EXIT.runFailed);
    child.kill('SIGKILL');
  });
  child.on('message', (message: FromReplicate) => {
    watch.heard();
    inbox.take(message);
    if (message.kind === 'rounds') tell({ kind: 'noted' });
  });
  let impatience: NodeJS.Timeout | undefined;
  const forget = onAbort(signal, () => {
    tell({ kind: 'interrupt' });
    impatience = setTimeout(() => child.kill('SIGKILL'), endingMostMs);
  });
  tell({ kind: 'start', task });
  const ended = await ending;
  watch.end();
  if (isEndingSignal(ended.signal)) await abortedWithin(signal, SIGNAL_APART_MS);
  forget();
  clearTimeout(impatience);
  const told = inbox.failure ?? silence;
  const isUnexpected = !inbox.done && !signal.aborted && told === undefined;
  if (!isUnexpected && stderr().trim() !== '') process.stderr.write(stderr());
  const failure = isUnexpected ? deathOf(name, ended.words, stderr().trim()) : told;
  return { records: inbox.records(), failure, paddingBytes, tookMs: performance.now() - began };
}

/** Compiles here what the process will need: it says nothing while it compiles, and what compiles for it would outlive it. */
function compileFor({ groups, params }: ReplicateTask): LabError | undefined {
  try {
    compileNow(groups.flatMap((plan) => modulesOf(plan, params)));
    return undefined;
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
}

/** Starts the process, which ends with this one, and keeps the end of what it writes to stderr. */
function startProcess(entry: URL, paddingBytes: number) {
  const child = fork(fileURLToPath(entry), [], {
    serialization: 'advanced',
    execArgv: [...process.execArgv, ...QUIET_FLAGS],
    env: { ...process.env, P2PLAB_PADDING: 'x'.repeat(paddingBytes) },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr = `${stderr}${chunk}`.slice(-STDERR_KEPT);
  });
  // It would notice between two slices that the lab has gone: this is sooner.
  const endWithLab = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithLab);
  const ending = endOf(child).finally(() => process.off('exit', endWithLab));
  return { child, ending, stderr: () => stderr };
}

const NOT_STARTED = 'did not start within';

function stuckAdvice(words: string): string {
  return words.startsWith(NOT_STARTED) ? limitAdvice('EAGAIN') : '';
}

function deathOf(name: string, words: string, stderr: string): LabError {
  const said = stderr === '' ? 'It wrote nothing to stderr.' : `It wrote:\n${stderr}`;
  return new LabError(
    `${name} ${words} during the run. Nothing after its last complete round is used. ${said}${limitAdvice(words)}`,
    EXIT.runFailed,
  );
}

/** How a process ends. On `close`, not `exit`: what it wrote and sent before it went has arrived then. */
function endOf(child: ChildProcess): Promise<{ words: string; signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ words: `could not be started: ${error.message}`, signal: null }));
    child.once('close', (code, signal) =>
      resolve({ words: signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`, signal }),
    );
  });
}

/** Calls `onSilent` when nothing was heard for so long, of the time in which this process could have heard it. */
function watchSilence(
  startingMostMs: number,
  silentMostMs: number,
  onSilent: (words: string) => void,
): { heard(): void; end(): void } {
  const everyMs = Math.min(startingMostMs, silentMostMs) / LOOKS;
  const clock = watchedClock(2 * everyMs);
  let heardAt = clock();
  let hasStarted = false;
  const timer = setInterval(() => {
    const mostMs = hasStarted ? silentMostMs : startingMostMs;
    if (clock() - heardAt < mostMs) return;
    clearInterval(timer);
    onSilent(`${hasStarted ? 'has said nothing for' : NOT_STARTED} ${mostMs / 1000} s`);
  }, everyMs);
  return {
    heard: () => {
      hasStarted = true;
      heardAt = clock();
    },
    end: () => clearInterval(timer),
  };
}

/** Resolves when the signal is aborted, or after so long. */
function abortedWithin(signal: AbortSignal, mostMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, mostMs);
    onAbort(signal, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
