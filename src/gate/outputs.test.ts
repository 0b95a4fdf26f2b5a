// What machines read of a gate: JUnit XML held to this project's own reader, GitHub's commands, the document.
import { describe, expect, it } from 'vitest';
import { xmlEvents } from '../topology/xml.ts';
import { type GateRun, gateDocument } from './document.ts';
import type { Rule } from './gates_file.ts';
import { annotations } from './github.ts';
import { junitXml } from './junit.ts';
import type { GateVerdict, Outcome } from './outcome.ts';
import { overall } from './outcome.ts';
import { gateMarkdown, gateText } from './view.ts';

/** Characters that XML cannot hold, and everything that any of the formats escapes. */
const NASTY = `100 % of <a & "b"> 'c': x, y\u0000\u001b\ud800\nnext | line`;
const HELD = NASTY.replaceAll('\u0000', '\\x00').replaceAll('\u001b', '\\x1b').replaceAll('\ud800', '\\ud800');
const rule = (name: string): Rule => ({
  kind: 'exact',
  name,
  line: 7,
  workload: { name: 'w', options: { bar: '64MiB' }, line: 3 },
  arms: [{ scheme: 'page', buffers: 'user', isCopy: false }],
  expect: { 'perIo.pageLines': 1 },
});
const outcome = (verdict: GateVerdict, why: string, over: Partial<Outcome> = {}): Outcome => ({
  rule: rule(`${verdict} ${NASTY}`),
  verdict,
  measured: 'm',
  bound: 'b',
  interval: null,
  why,
  ...over,
});
const run: GateRun = {
  id: 'id',
  version: '0.1.0',
  argv: ['gate'],
  source: 'bench/gates.yaml',
  startedAt: '2026-11-21T10:00:00.000Z',
  durationMs: 1234,
  environment: { cpu: 'AMD "EPYC" & co', cores: 2, kernel: '6', node: '24', v8: '13', warnings: ['load 3'] },
  verdict: 'fail',
  exitCode: 1,
  outcomes: [
    outcome('pass', 'fine'),
    outcome('fail', NASTY, { file: 'src/machine/schemes/page.ts' }),
    outcome('inconclusive', 'too noisy', { interval: [0.9, 1.1], level: 0.9 }),
  ],
  left: [{ rule: { ...rule('other commit') }, why: 'needs --against' }],
};

describe('JUnit XML', () => {
  it('is well formed and has a test case for each rule: failure, and skipped with the reason', () => {
    const opened = [...xmlEvents([junitXml(run)], 'junit.xml')].flatMap((event) =>
      event.kind === 'open' ? [event.element] : [],
    );
    expect(opened.map(({ name }) => name)).toEqual([
      'testsuites',
      'testsuite',
      'testcase',
      'testcase',
      'failure',
      'testcase',
      'skipped',
      'testcase',
      'skipped',
    ]);
    const [suites, suite, , failing, failure, , skipped] = opened;
    expect(Object.fromEntries(suites?.attributes ?? [])).toMatchObject({ tests: '4', failures: '1', skipped: '2' });
    expect(suite?.attributes.get('hostname')).toBe('AMD "EPYC" & co');
    expect(failing?.attributes.get('name')).toBe(`fail ${HELD}`);
    expect(failure?.attributes.get('message')).toBe(HELD);
    expect(skipped?.attributes.get('message')).toBe('inconclusive: too noisy');
  });
});

describe('GitHub', () => {
  it('annotates what failed at the scheme, what is open at the rule, each on one line', () => {
    const lines = annotations(run);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^::error file=src\/machine\/schemes\/page\.ts,title=p2plab gate%3A fail::fail 100 %25 of/,
    );
    expect(lines[1]).toMatch(/^::warning file=bench\/gates\.yaml,line=7,title=p2plab gate%3A inconclusive::/);
    expect(lines.some((line) => line.includes('\n'))).toBe(false);
  });

  it('gets a Markdown table whose rows stay rows', () => {
    const rows = gateMarkdown(run)
      .split('\n')
      .filter((line) => line.startsWith('| '));
    expect(rows).toHaveLength(2 + 3);
    expect(rows.every((row) => row.replace(/\\\|/g, '').split('|').length === 8)).toBe(true);
  });
});

describe('the gate', () => {
  it('tells of failures and of what was left out', () => {
    const text = gateText(run, { colour: false });
    expect(text).toContain('fail: fail 100 %');
    expect(text).toContain('left out: other commit: needs --against');
    expect(text).toContain('gate bench/gates.yaml: fail (3 rules, 1 failed, 1 inconclusive');
  });

  it('has a document with every rule and the machine', () => {
    expect(gateDocument(run)).toMatchObject({
      schema: 'p2plab.gate/1',
      verdict: 'fail',
      exitCode: 1,
      environment: { warnings: ['load 3'] },
      rules: [
        { verdict: 'pass' },
        { file: 'src/machine/schemes/page.ts' },
        { interval: [0.9, 1.1] },
        { verdict: 'left out' },
      ],
    });
  });

  it('fails when a rule does, and takes what is open as it is told', () => {
    const [pass, fail, open] = run.outcomes as [Outcome, Outcome, Outcome];
    expect(overall([pass, open, fail], 'pass')).toBe('fail');
    expect(overall([pass, open], '3')).toBe('inconclusive');
    expect(overall([pass, open], 'pass')).toBe('pass');
    expect(overall([pass, open], 'fail')).toBe('fail');
    expect(overall([pass], 'fail')).toBe('pass');
  });
});
