// JUnit XML: one test case for each rule. A failing rule is a failure, an inconclusive one is skipped with its reason.
import { escapeXml } from '../base/escape.ts';
import type { GateRun } from './document.ts';
import type { Outcome } from './outcome.ts';

export function junitXml(run: GateRun): string {
  const count = (verdict: string): number => run.outcomes.filter((each) => each.verdict === verdict).length;
  const skipped = count('inconclusive') + run.left.length;
  const totals = {
    tests: String(run.outcomes.length + run.left.length),
    failures: String(count('fail')),
    errors: '0',
    skipped: String(skipped),
    time: (run.durationMs / 1000).toFixed(3),
  };
  const suite = {
    name: `p2plab gate ${run.source}`,
    ...totals,
    timestamp: run.startedAt,
    hostname: run.environment.cpu,
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'p2plab gate', ...totals })}>`,
    `<testsuite${attributes(suite)}>`,
    ...run.outcomes.map((outcome) => caseOf(run, outcome)),
    ...run.left.map(({ rule, why }) =>
      testCase(run, rule.name, rule.kind, [`<skipped${attributes({ message: why })}/>`]),
    ),
    '</testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function caseOf(run: GateRun, { rule, verdict, why, measured, bound }: Outcome): string {
  const details = `measured: ${measured}\nmust be: ${bound}\n${why}\n${run.source}:${rule.line}`;
  const children = {
    pass: [],
    fail: [`<failure${attributes({ message: why, type: rule.kind })}>${escapeXml(details)}</failure>`],
    inconclusive: [`<skipped${attributes({ message: `inconclusive: ${why}` })}/>`],
  }[verdict];
  return testCase(run, rule.name, rule.kind, children);
}

function testCase(run: GateRun, name: string, kind: string, children: readonly string[]): string {
  const open = `<testcase${attributes({ classname: `p2plab.gate.${kind}`, name, file: run.source })}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.join('')}</testcase>`;
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => ` ${key}="${escapeXml(value)}"`)
    .join('');
}
