// What a check of the doctor is. Each file of checks/ exports one as `check`; the folder is the list of them.
import type { Host } from './host.ts';

/**
 * `ok`: nothing to do. `note`: worth knowing when reading a result. `warning`: disturbs or biases a result, and stands in
 * every result's `environment.warnings`. `unknown`: this system does not tell.
 */
export type Severity = 'ok' | 'note' | 'warning' | 'unknown';

/** What a check found. */
export interface Finding {
  readonly severity: Severity;
  /** The fact, with figures and units. */
  readonly found: string;
  /** What it does to a result. Of every note and warning, absent where there is nothing to say. */
  readonly effect?: string;
  /** How to change it. */
  readonly change?: string;
}

/** A check looks once, or watches for a while, or both. */
export interface Check {
  /** Two or three words for the table. */
  readonly title: string;
  /** Answers at once, within a few milliseconds: every run asks before it starts. */
  readonly look?: (host: Host) => Finding;
  /** Begins to watch; the function it returns tells what happened since. */
  readonly watch?: (host: Host) => () => Finding;
}

/** A finding with the check it comes from. */
export interface CheckedFinding extends Finding {
  /** File name of the check, without extension. */
  readonly check: string;
  readonly title: string;
}

export function unknown(found: string): Finding {
  return { severity: 'unknown', found };
}

export function ok(found: string): Finding {
  return { severity: 'ok', found };
}

/** A finding as one line of a result's warnings. */
export function warningLine({ found, effect, change }: Finding): string {
  return `${found}${effect === undefined ? '' : `: ${effect}`}${change === undefined ? '' : `; ${change}`}`;
}
