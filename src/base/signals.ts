// The signals that ask a process to end, and who answers them. Until something that can be interrupted takes them, they end
// the process with a message. The death of the launcher (bin/launch.js) counts as one: its child does not outlive it.
import { EXIT } from './errors.ts';

export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** @param signal its name; SIGHUP when the launcher has gone */
export type SignalAnswer = (signal: string) => void;

/** Set by the launcher in the environment of its child, to which it holds an IPC channel. */
const LAUNCHED = 'P2PLAB_LAUNCHED';
/** Beside it: SIGHUP where the launcher found that it is to be ignored, else empty. */
const IGNORED = 'P2PLAB_IGNORED';

let answer: SignalAnswer = endAtOnce;

/**
 * Begins to answer signals; the entry of the command line calls it before anything else is loaded.
 * @param hangups whether SIGHUP is one of them: false under nohup (bin/hangup.js)
 */
export function answerSignals({ hangups = true } = {}): void {
  const ignored = process.env[IGNORED] ?? '';
  delete process.env[IGNORED];
  for (const signal of ENDING_SIGNALS) {
    const isIgnored = signal === 'SIGHUP' && (!hangups || ignored === signal);
    process.on(signal, () => {
      if (!isIgnored) answer(signal);
    });
  }
  if (process.env[LAUNCHED] === undefined) return;
  delete process.env[LAUNCHED];
  const onLauncherGone = (): void => answer('SIGHUP');
  if (!process.connected) onLauncherGone();
  process.on('disconnect', onLauncherGone);
  // The channel only tells of the launcher's end; it does not keep this process alive.
  process.channel?.unref();
}

/** Hands signals to `next`. Returns what gives them back to the one before. */
export function takeSignals(next: SignalAnswer): () => void {
  const before = answer;
  answer = next;
  return () => {
    answer = before;
  };
}

/** For a process whose parent decides: signals that reach the whole group do nothing here. */
export function leaveSignalsToParent(): void {
  for (const signal of ENDING_SIGNALS) process.on(signal, () => {});
}

/** Whether a process that ended by this signal was asked to end. */
export function isEndingSignal(signal: string | null): boolean {
  return ENDING_SIGNALS.some((each) => each === signal);
}

function endAtOnce(signal: string): void {
  process.stderr.write(`p2plab: ended by ${signal}; what was not finished is not written\n`);
  process.exit(EXIT.interrupted);
}
