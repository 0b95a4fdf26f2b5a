// A replicate in a fresh process, seen from the lab: its own address layout, hash seed and compiler's decisions. It sends what
// it has every half second, between rounds, so that a process that dies takes no more with it than that.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ArmRecord, GroupRecord } from '../../analysis/group_record.ts';
import { EXIT, type ExitCode, LabError, limitAdvice } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { isEndingSignal } from '../../base/signals.ts';
import { watchedClock } from '../../base/watched_clock.ts';
import type { ReplicateTask } from './measure_replicate.ts';

/** What a replicate's process says. */
export type FromReplicate =
  | { kind: 'progress'; share: number; what: string }
  /** A group: when its rounds begin, and again when it is done; the later record takes the place of what was there. */
  | { kind: 'record'; record: GroupRecord }
  /** What rounds added to it. */
  | { kind: 'rounds'; rounds: RoundRecords }
  | { kind: 'failed'; message: string; exitCode: ExitCode }
  | { kind: 'done' };

/** What is new of a group. */
export interface RoundRecords {
  group: string;
  arms: { id: string; samples: ArmRecord['samples']; latency: ArmRecord['latency'] }[];
  blocks: GroupRecord['blocks'];
}

/** What it is told. `noted`: its last rounds have been put away; it waits for that, so that nobody works beside its slices. */
export type ToReplicate = { kind: 'start'; task: ReplicateTask } | { kind: 'interrupt' } | { kind: 'noted' };

export interface ReplicateProcessHooks {
  progress(share: number, what: string): void;
  /** Called with the function that asks the process to end after its slice; undefined when it is gone. */
  onInterruptible(interrupt: (() => void) | undefined): void;
}

export interface ReplicateProcess {
  records: GroupRecord[];
  /** Why it ended early, if it did. */
  failure: LabError | undefined;
  paddingBytes: number;
  tookMs: number;
}

export interface ReplicateProcessOptions {
  /** "process 2 of 3", for messages. */
  name: string;
  /** Draws the padding. */
  random: Random;
  /** A process that has said nothing for so long is ended. It says something at least every few seconds. */
  silentMostMs?: number;
  /** A process that was asked to end and goes on for so long is ended: its whole rounds are here. */
  endingMostMs?: number;
  entry?: URL;
}

/** Environment sizes vary so that no result hangs on one alignment of the stack (Mytkowicz et al., ASPLOS 2009). */
const PADDING_MOST_BYTES = 4096;
/** Collecting garbage waits for the lab's own turn between slices, instead of taking a CPU from an agent beside it. */
const QUIET_FLAGS = ['--single-threaded-gc'];
const SILENT_MOST_MS = 60_000;
const ENDING_MOST_MS = 2000;
/** Silence is looked at several times before it is too long. */
const LOOKS = 20;
/** A signal to the whole group may end this process before the lab's own has been handled. */
const SIGNAL_APART_MS = 500;
const STDERR_KEPT = 4000;
const ENTRY = new URL('../../../workers/replicate.ts', import.meta.url);

/** Runs a replicate in a process of its own. Never throws for what happens there: the outcome says it. */
export async function runReplicateProcess(
  task: ReplicateTask,
  hooks: ReplicateProcessHooks,
  options: ReplicateProcessOptions,
): Promise<ReplicateProcess> {
  const { name, random, silentMostMs = SILENT_MOST_MS, endingMostMs = ENDING_MOST_MS, entry = ENTRY } = options;
  const began = performance.now();
  const paddingBytes = random.below(PADDING_MOST_BYTES + 1);
  const child = fork(fileURLToPath(entry), [], {
    serialization: 'advanced',
    execArgv: [...process.execArgv, ...QUIET_FLAGS],
    env: { ...process.env, P2PLAB_PADDING: 'x'.repeat(paddingBytes) },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  const ending = endOf(child);
  // It would notice between two slices that the lab has gone: this is sooner.
  const endWithLab = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithLab);
  const records = new Map<string, GroupRecord>();
  let failure: LabError | undefined;
  let done = false;
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr = `${stderr}${chunk}`.slice(-STDERR_KEPT);
  });
  const tell = (message: ToReplicate): void => {
    // What it is told as it dies is lost; its end says the rest.
    if (child.connected) child.send(message, () => {});
  };
  const watch = watchSilence(silentMostMs, () => {
    failure ??= new LabError(`${name} has said nothing for ${silentMostMs / 1000} s and was ended.`, EXIT.runFailed);
    child.kill('SIGKILL');
  });
  child.on('message', (message: FromReplicate) => {
    watch.heard();
    if (message.kind === 'progress') hooks.progress(message.share, message.what);
    if (message.kind === 'record') records.set(message.record.plan.id, message.record);
    if (message.kind === 'rounds') {
      addRounds(records.get(message.rounds.group), message.rounds);
      tell({ kind: 'noted' });
    }
    if (message.kind === 'failed') failure = new LabError(message.message, message.exitCode);
    if (message.kind === 'done') done = true;
  });
  const asked = Promise.withResolvers<'asked'>();
  let isAsked = false;
  let impatience: NodeJS.Timeout | undefined;
  hooks.onInterruptible(() => {
    isAsked = true;
    asked.resolve('asked');
    tell({ kind: 'interrupt' });
    impatience ??= setTimeout(() => child.kill('SIGKILL'), endingMostMs);
  });
  tell({ kind: 'start', task });
  const { words, signal } = await ending;
  watch.end();
  process.off('exit', endWithLab);
  if (!isAsked && isEndingSignal(signal)) await withinMs(asked.promise, SIGNAL_APART_MS);
  clearTimeout(impatience);
  hooks.onInterruptible(undefined);
  if (!done && !isAsked && failure === undefined) {
    const said = stderr.trim() === '' ? 'It wrote nothing to stderr.' : `It wrote:\n${stderr.trim()}`;
    failure = new LabError(
      `${name} ${words} during the run. Nothing after its last complete round is used. ${said}${limitAdvice(words)}`,
      EXIT.runFailed,
    );
  } else if (stderr.trim() !== '') {
    process.stderr.write(stderr);
  }
  return { records: [...records.values()], failure, paddingBytes, tookMs: performance.now() - began };
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
function watchSilence(mostMs: number, onSilent: () => void): { heard(): void; end(): void } {
  const everyMs = mostMs / LOOKS;
  const clock = watchedClock(2 * everyMs);
  let heardAt = clock();
  const timer = setInterval(() => {
    if (clock() - heardAt < mostMs) return;
    clearInterval(timer);
    onSilent();
  }, everyMs);
  return {
    heard: () => {
      heardAt = clock();
    },
    end: () => clearInterval(timer),
  };
}

/** Waits for it, but not longer. */
async function withinMs(promise: Promise<unknown>, mostMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    promise,
    new Promise((resolve) => {
      timer = setTimeout(resolve, mostMs);
    }),
  ]);
  clearTimeout(timer);
}

function addRounds(record: GroupRecord | undefined, { arms, blocks }: RoundRecords): void {
  record?.blocks.push(...blocks);
  for (const { id, samples, latency } of arms) {
    const arm = record?.arms.find((each) => each.arm.id === id);
    arm?.samples.push(...samples);
    arm?.latency.push(...latency);
  }
}
