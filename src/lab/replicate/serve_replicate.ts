// The inside of a replicate's process: takes one task, measures it, sends what it has, ends. workers/replicate.ts starts it.

import { EXIT, LabError } from '../../base/errors.ts';
import type { ReplicateTask } from '../measure/measurement.ts';
import type { Fault } from '../workers/fault.ts';
import { measureReplicate } from './measure_replicate.ts';
import { type FromReplicate, newsSender } from './messages.ts';
import type { ToReplicate } from './replicate_process.ts';

const ALIVE_EVERY_MS = 5000;
/** Rounds are sent together, and only after so long: sending and putting them away is work beside the slices. */
const NEWS_EVERY_MS = 500;
/** Progress is sent between rounds only, and not more often than this. */
const PROGRESS_EVERY_MS = 500;
const HANG_TURN_MS = 100;

/** Serves the lab that started this process, which ends with it. Signals are the lab's: it says what they mean. */
export function serveReplicate(): void {
  const interruption = new AbortController();
  let noted: (() => void) | undefined;
  const rounds = newsSender(async (message) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (message.kind === 'rounds') noted = resolve;
    else resolve();
    await send(message);
    await promise;
  }, NEWS_EVERY_MS);
  if (!process.connected) process.exit(EXIT.runFailed);
  void send({ kind: 'progress', share: 0, what: 'starting' });
  process.once('disconnect', () => process.exit(EXIT.runFailed));
  process.on('message', (message: ToReplicate) => {
    if (message.kind === 'interrupt') {
      interruption.abort();
      return;
    }
    if (message.kind === 'noted') {
      noted?.();
      return;
    }
    const { fault } = message.task;
    if (fault?.target === `process${message.task.process}`) strike(fault);
    void serve(message.task);
  });

  async function serve(task: ReplicateTask): Promise<void> {
    let last = { share: 0, what: 'starting' };
    let saidAt = Number.NEGATIVE_INFINITY;
    const say = (): void => {
      saidAt = performance.now();
      void send({ kind: 'progress', ...last });
    };
    const alive = setInterval(say, ALIVE_EVERY_MS);
    const progress = (share: number, what: string): void => {
      last = { share, what };
      if (performance.now() - saidAt > PROGRESS_EVERY_MS) say();
    };
    try {
      const { cores, fault } = task;
      const { signal } = interruption;
      const records = await measureReplicate(task, { signal, events: { progress, rounds }, policy: { cores, fault } });
      for (const record of records) await send({ kind: 'record', record });
      await send({ kind: 'done' });
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      await send({ kind: 'failed', message: error.message, exitCode: error.exitCode });
    } finally {
      clearInterval(alive);
      process.removeAllListeners('disconnect');
      process.disconnect();
    }
  }
}

/** Resolves when the message has left: what is still on its way when the channel closes is lost. */
function send(message: FromReplicate): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
}

/** A planned end of this process, to see what the lab makes of it. One that hangs still goes with the lab. */
function strike({ kind, afterMs }: Fault): void {
  setTimeout(() => {
    if (kind === 'exit') {
      process.stderr.write('a planned fault ends this process\n');
      process.exit(1);
    }
    const lab = process.ppid;
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    while (process.ppid === lab) Atomics.wait(nothing, 0, 0, HANG_TURN_MS);
    process.exit(EXIT.runFailed);
  }, afterMs);
}
