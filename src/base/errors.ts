// The one error class for mistakes of a user or of their machine. Everything else is a bug and keeps its stack trace.

/** Exit codes of the command line (README, "Exit codes"). */
export const EXIT = {
  ok: 0,
  gateFailed: 1,
  usage: 2,
  inconclusive: 3,
  runFailed: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * Bad input or a run that could not go on: shown to the user as one message without a stack.
 * The message says what was read, where (`file:line`), what was expected and what to do.
 */
export class LabError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.usage) {
    super(message);
    this.name = 'LabError';
    this.exitCode = exitCode;
  }
}

/** What the kernel says to a process that may have no more files, threads or memory. */
const OUT_OF = /\b(EMFILE|ENFILE|EAGAIN|ENOMEM|ERR_WORKER_INIT_FAILED|ERR_WORKER_OUT_OF_MEMORY|SIGABRT)\b/;

/** ` See ulimit ...` behind a message about something that a limit has stopped, else an empty string. */
export function limitAdvice(text: string): string {
  return OUT_OF.test(text) ? ' See ulimit -n, -u and -v: a limit of this shell or container is too low.' : '';
}

/** A programmer's assumption: fails loudly, with a stack, when it does not hold. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${what}`);
}

/** The nearest of `known` to `word` by edit distance, or undefined when nothing is near enough to suggest. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    // At least as many letters differ; nobody mistypes a word of a thousand.
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ", did you mean 'x'?" or an empty string: the tail of a message about an unknown word. */
export function suggestion(word: string, known: Iterable<string>): string {
  const near = nearest(word, known);
  return near === undefined ? '' : `, did you mean '${near}'?`;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
