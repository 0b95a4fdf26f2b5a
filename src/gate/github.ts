// GitHub's workflow commands: an annotation for each rule that failed or came to nothing, at the place to look first.
import { escapeCommandData, escapeCommandProperty } from '../base/escape.ts';
import type { GateRun } from './document.ts';
import { sentenceOf } from './view.ts';

export function annotations(run: GateRun): string[] {
  const level = { fail: 'error', inconclusive: 'warning' } as const;
  return run.outcomes.flatMap((outcome) => {
    if (outcome.verdict === 'pass') return [];
    const place =
      outcome.file === undefined ? { file: run.source, line: String(outcome.rule.line) } : { file: outcome.file };
    const properties = Object.entries({ ...place, title: `p2plab gate: ${outcome.verdict}` })
      .map(([key, value]) => `${key}=${escapeCommandProperty(value)}`)
      .join(',');
    return [`::${level[outcome.verdict]} ${properties}::${escapeCommandData(sentenceOf(outcome))}`];
  });
}
