// Ctrl-C and its like: once to end in good order, again to quit at once. Whoever can be interrupted is given the signal.
import { EXIT } from './errors.ts';
import { takeSignals } from './signals.ts';

export interface Interruption {
  /** Aborted when it was asked for. */
  readonly signal: AbortSignal;
  /** Gives the signals back. */
  end(): void;
}

/** One Ctrl-C comes several times, from the terminal, npm and the launcher; a closed terminal from the kernel and the shell. */
const SAME_WITHIN_MS = 500;

/** @param told called at the first signal */
export function startInterruptible(
  told: () => void,
  { now = () => performance.now(), quit = (): void => process.exit(EXIT.interrupted) } = {},
): Interruption {
  const controller = new AbortController();
  let askedAt: number | undefined;
  const giveBack = takeSignals(() => {
    if (askedAt === undefined) {
      askedAt = now();
      told();
      controller.abort();
    } else if (now() - askedAt > SAME_WITHIN_MS) {
      quit();
    }
  });
  return { signal: controller.signal, end: giveBack };
}

/** A signal that is never aborted: for what nobody interrupts. */
export const NEVER: AbortSignal = new AbortController().signal;

/** Calls `act` when the signal is aborted, at once where it was already. Returns what takes that back. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) {
    act();
    return () => {};
  }
  signal.addEventListener('abort', act, { once: true });
  return () => signal.removeEventListener('abort', act);
}
