// GitHub's workflow commands: an annotation for each rule that failed or came to nothing, at the place to look first.
import type { GateRun } from './document.ts';
import { sentenceOf } from './view.ts';

export function annotations(run: GateRun): string[] {
  const level = { fail: 'error', inconclusive: 'warning' } as const;
  return run.outcomes.flatMap((outcome) => {
    if (outcome.verdict === 'pass') return [];
    const place =
      outcome.file === undefined ? { file: run.source, line: String(outcome.rule.line) } : { file: outcome.file };
    const properties = Object.entries({ ...place, title: `p2plab gate: ${outcome.verdict}` })
      .map(([key, value]) => `${key}=${escapeProperty(value)}`)
      .join(',');
    return [`::${level[outcome.verdict]} ${properties}::${escapeData(sentenceOf(outcome))}`];
  });
}

function escapeData(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}
