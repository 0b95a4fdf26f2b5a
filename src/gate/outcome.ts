// What became of a rule, and of the gate as a whole.
import { EXIT, type ExitCode } from '../base/errors.ts';
import type { Rule } from './gates_file.ts';
import type { OnInconclusive } from './rule_words.ts';

const GATE_VERDICTS = ['pass', 'fail', 'inconclusive'] as const;
export type GateVerdict = (typeof GATE_VERDICTS)[number];

export interface Outcome {
  rule: Rule;
  verdict: GateVerdict;
  /** What was measured, as `cpuNsPerIo of dma_vec/fixed over page/fixed 0.331`. */
  measured: string;
  /** What it had to be. */
  bound: string;
  /** Interval of the ratio, where there is one, and how sure it is: 0.95, or 0.9 for two one-sided tests. */
  interval: readonly [number, number] | null;
  level?: number;
  /** Why this verdict: one or two sentences. */
  why: string;
  /** Where to look first: the file of the scheme whose count changed. */
  file?: string;
  /** Figures behind it, for the document. */
  figures?: Readonly<Record<string, number | string | null>>;
}

/** The gate fails when a rule fails; what is inconclusive counts as the user says. */
export function overall(outcomes: readonly Outcome[], onInconclusive: OnInconclusive): GateVerdict {
  if (outcomes.some(({ verdict }) => verdict === 'fail')) return 'fail';
  if (outcomes.every(({ verdict }) => verdict === 'pass') || onInconclusive === 'pass') return 'pass';
  return onInconclusive === 'fail' ? 'fail' : 'inconclusive';
}

const EXIT_OF: Readonly<Record<GateVerdict, ExitCode>> = {
  pass: EXIT.ok,
  fail: EXIT.gateFailed,
  inconclusive: EXIT.inconclusive,
};

export function exitCodeOf(verdict: GateVerdict): ExitCode {
  return EXIT_OF[verdict];
}
