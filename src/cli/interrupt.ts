// Ctrl-C: once to end in good order, again to quit at once.
import { EXIT } from '../base/errors.ts';

export interface Interruption {
  /** Whether it was asked for. */
  readonly asked: boolean;
  /** What to do when it is; the last given counts. Called at once when it was asked for already. */
  onAsked(stop: () => void): void;
  /** Gives the signals back. */
  end(): void;
}

/** @param told called at the first signal */
export function startInterruptible(told: () => void): Interruption {
  let asked = false;
  let stop = (): void => {};
  const onSignal = (): void => {
    if (asked) process.exit(EXIT.interrupted);
    asked = true;
    told();
    stop();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    get asked() {
      return asked;
    },
    onAsked: (act) => {
      stop = act;
      if (asked) act();
    },
    end: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
