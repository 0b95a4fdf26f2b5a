// The inside of a replicate's process: takes one task, measures it, sends what it has, ends. workers/replicate.ts starts it.

import type { GroupRecord } from '../../analysis/group_record.ts';
import { EXIT, LabError } from '../../base/errors.ts';
import type { Crew } from '../workers/crew.ts';
import type { Fault } from '../workers/fault.ts';
import { measureReplicate } from './measure_replicate.ts';
import type { FromReplicate, ToReplicate } from './replicate_process.ts';

const ALIVE_EVERY_MS = 5000;
/** Rounds are sent together, and only after so long: sending and putting them away is work beside the slices. */
const NEWS_EVERY_MS = 500;
/** Progress is sent between rounds only, and not more often than this. */
const PROGRESS_EVERY_MS = 500;
const HANG_TURN_MS = 100;

/** Serves the lab that started this process, which ends with it. Signals are the lab's: it says what they mean. */
export function serveReplicate(): void {
  let interrupted = false;
  let crew: Crew | undefined;
  let noted: (() => void) | undefined;
  const sendNews = newsSender(
    () =>
      new Promise((resolve) => {
        noted = resolve;
      }),
  );
  if (!process.connected) process.exit(EXIT.runFailed);
  process.once('disconnect', () => process.exit(EXIT.runFailed));
  process.on('message', (message: ToReplicate) => {
    if (message.kind === 'interrupt') {
      interrupted = true;
      crew?.interrupt();
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

  async function serve(task: Extract<ToReplicate, { kind: 'start' }>['task']): Promise<void> {
    let last = { share: 0, what: 'starting' };
    let saidAt = Number.NEGATIVE_INFINITY;
    const say = (): void => {
      saidAt = performance.now();
      void send({ kind: 'progress', ...last });
    };
    const alive = setInterval(say, ALIVE_EVERY_MS);
    try {
      const records = await measureReplicate(task, {
        progress: (share, what) => {
          last = { share, what };
          if (performance.now() - saidAt > PROGRESS_EVERY_MS) say();
        },
        interrupted: () => interrupted,
        onCrew: (now) => {
          crew = now;
        },
        onRound: sendNews,
      });
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

/**
 * Sends a group when its rounds begin, then what later rounds have added, and waits until the lab has put that away.
 * @param isNoted resolves when it has
 */
function newsSender(isNoted: () => Promise<void>): (record: GroupRecord) => Promise<void> {
  let group: string | undefined;
  let sentAt = 0;
  let sent = { blocks: 0, arms: new Map<string, { samples: number; latency: number }>() };
  return async (record) => {
    const { plan, arms, blocks } = record;
    if (plan.id === group && performance.now() - sentAt < NEWS_EVERY_MS) return;
    if (plan.id !== group) {
      group = plan.id;
      await send({ kind: 'record', record });
    } else {
      const news = arms.map(({ arm: { id }, samples, latency }) => {
        const before = sent.arms.get(id);
        return { id, samples: samples.slice(before?.samples), latency: latency.slice(before?.latency) };
      });
      const noted = isNoted();
      await send({ kind: 'rounds', rounds: { group, arms: news, blocks: blocks.slice(sent.blocks) } });
      await noted;
    }
    const counts = arms.map(({ arm, samples, latency }) => {
      return [arm.id, { samples: samples.length, latency: latency.length }] as const;
    });
    sent = { blocks: blocks.length, arms: new Map(counts) };
    sentAt = performance.now();
  };
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
