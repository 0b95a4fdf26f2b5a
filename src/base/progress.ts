// Progress on stderr: one line that is rewritten on a terminal, a plain line now and then elsewhere. Nothing is printed
// while a slice runs: rendering would take a core from the measurement.
import { plainLine, terminalText } from './escape.ts';
import { formatNs } from './units.ts';

export interface Progress {
  /** @param share of the whole, 0 to 1 */
  update(share: number, what: string): void;
  /** A line that stays. */
  note(text: string): void;
  end(): void;
}

/** Least time between two lines where they are not rewritten, and between two renderings where they are. */
const PLAIN_EVERY_MS = 10_000;
const TERMINAL_EVERY_MS = 200;

/** @param stream where to write, or undefined for no progress */
export function startProgress(
  stream: NodeJS.WriteStream | undefined,
  now: () => number = () => performance.now(),
): Progress {
  const began = now();
  const terminal = stream?.isTTY === true;
  const every = terminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS;
  let last = Number.NEGATIVE_INFINITY;
  const clear = (): void => {
    if (terminal) stream?.write('\r\x1b[K');
  };
  return {
    update: (share, what) => {
      const time = now();
      if (stream === undefined || time - last < every) return;
      last = time;
      const left = share > 0.02 ? `, about ${formatNs(((time - began) / share) * (1 - share) * 1e6)} left` : '';
      const line = `${Math.floor(share * 100)} %: ${plainLine(what)}${left}`;
      if (terminal) stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? 80) - 1)}`);
      else stream.write(`p2plab: ${line}\n`);
    },
    note: (text) => {
      clear();
      stream?.write(terminalText(`p2plab: ${text}\n`));
    },
    end: clear,
  };
}
