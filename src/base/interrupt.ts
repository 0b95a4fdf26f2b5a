// Ctrl-C and its like: once to end in good order, again to quit at once.
import { EXIT } from './errors.ts';
import { takeSignals } from './signals.ts';

export interface Interruption {
  /** Whether it was asked for. */
  readonly asked: boolean;
  /** What to do when it is; the last given counts. Called at once when it was asked for already. */
  onAsked(stop: () => void): void;
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
  let askedAt: number | undefined;
  let stop = (): void => {};
  const giveBack = takeSignals(() => {
    if (askedAt === undefined) {
      askedAt = now();
      told();
      stop();
    } else if (now() - askedAt > SAME_WITHIN_MS) {
      quit();
    }
  });
  return {
    get asked() {
      return askedAt !== undefined;
    },
    onAsked: (act) => {
      stop = act;
      if (askedAt !== undefined) act();
    },
    end: giveBack,
  };
}
