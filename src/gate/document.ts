// The gate's document, "p2plab.gate/1": one record for each rule, beside the machine it ran on.
import type { Environment } from '../result/schema.ts';
import { armWords } from './arm.ts';
import type { Rule } from './gates_file.ts';
import type { GateVerdict, Outcome } from './outcome.ts';

const GATE_SCHEMA = 'p2plab.gate/1';

/** A gate run, whole. */
export interface GateRun {
  id: string;
  version: string;
  argv: readonly string[];
  /** The gates file as the user named it. */
  source: string;
  startedAt: string;
  durationMs: number;
  environment: Environment;
  /** The other commit, with --against. */
  against?: { ref: string; commit: string };
  verdict: GateVerdict;
  exitCode: number;
  outcomes: readonly Outcome[];
  /** Rules that were not asked, and why. */
  left: readonly { rule: Rule; why: string }[];
}

export function gateDocument(run: GateRun): object {
  const { id, version, argv, source, startedAt, durationMs, against, environment, verdict, exitCode } = run;
  return {
    schema: GATE_SCHEMA,
    run: { id, version, argv, file: source, startedAt, durationMs, ...(against === undefined ? {} : { against }) },
    environment,
    verdict,
    exitCode,
    rules: [
      ...run.outcomes.map(({ rule, verdict: ofRule, measured, bound, interval, level, why, file, figures }) => ({
        ...describeRule(rule),
        verdict: ofRule,
        measured,
        bound,
        interval,
        ...(level === undefined ? {} : { level }),
        why,
        ...(file === undefined ? {} : { file }),
        ...(figures === undefined ? {} : { figures }),
      })),
      ...run.left.map(({ rule, why }) => ({ ...describeRule(rule), verdict: 'left out', why })),
    ],
  };
}

function describeRule(rule: Rule): object {
  const { name, kind, line, workload } = rule;
  return { name, kind, line, arms: armsOf(rule), workload: { name: workload.name, options: workload.options } };
}

function armsOf(rule: Rule): string[] {
  switch (rule.kind) {
    case 'exact':
    case 'cost':
      return rule.arms.map(armWords);
    case 'against':
      return [armWords(rule.arm)];
    case 'history':
      return [rule.a, ...(rule.b === undefined ? [] : [rule.b])].map(armWords);
    default:
      return [rule.a, rule.b].map(armWords);
  }
}
