// A replicate in this process: the same messages as from a fresh one, put away at once. What throws in it, a trap of the machine as
// well, ends it as the death of a process would: what was measured before is kept.
import { EXIT, LabError } from '../../base/errors.ts';
import type { Measurement, ReplicateOutcome, ReplicateTask, Runner } from '../measure/measurement.ts';
import { measureReplicate } from './measure_replicate.ts';
import { newsSender, openInbox } from './messages.ts';

/** @param measure what measures the task: tests have their own */
export function thisProcess(measure: typeof measureReplicate = measureReplicate): Runner {
  return { run: (task, measurement) => runHere(task, measurement, measure) };
}

async function runHere(
  task: ReplicateTask,
  measurement: Measurement,
  measure: typeof measureReplicate,
): Promise<ReplicateOutcome> {
  const began = performance.now();
  const inbox = openInbox(measurement.events);
  let failure: LabError | undefined;
  try {
    const rounds = newsSender(async (message) => inbox.take(message), 0);
    const events = { ...measurement.events, rounds };
    const policy = { ...measurement.policy, fault: task.fault };
    const records = await measure(task, { ...measurement, events, policy });
    for (const record of records) inbox.take({ kind: 'record', record });
  } catch (error) {
    failure = error instanceof LabError ? error : unexpected(error);
  }
  return { records: inbox.records(), failure, paddingBytes: 0, tookMs: performance.now() - began };
}

function unexpected(error: unknown): LabError {
  const stack = (error as Error)?.stack ?? String(error);
  return new LabError(
    `unexpected error during the run, please report it. Nothing after the last complete round is used.\n${stack}`,
    EXIT.runFailed,
  );
}
