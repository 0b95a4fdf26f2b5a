// `p2plab gate` as CI meets it: exit codes, messages, and files that are whole or as they were before.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../src/gate/fingerprint.ts';
import { describeEnvironment } from '../../src/lab/host/environment.ts';
import { xmlEvents } from '../../src/topology/xml.ts';
import { command, type Ended } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';

const HEAD =
  'schema: p2plab.gates/1\nbudget: 1s\nworkloads: { w: { bar: 16MiB, bs: 4k, rounds: 2, round-ms: 2, processes: 1 } }\nrules:\n';
const HOLDS =
  '  - { name: pins, kind: exact, workload: w, scheme: page, buffers: user, expect: { perIo.pageAtomics: 3 } }\n';
const BROKEN =
  '  - { name: no pins, kind: exact, workload: w, scheme: page, buffers: user, expect: { perIo.pageAtomics: 0 } }\n';
const OPEN = '  - { name: hair, kind: equivalent, workload: w, a: "page/fixed\'", b: page/fixed, margin: 0.1 }\n';
const HISTORY = '  - { name: past, kind: history, workload: w, a: dma_vec/fixed, b: page/fixed, file: h.jsonl }\n';

function gate(rules: string, args: string[] = [], env: Record<string, string> = {}, dir = scratch()): Promise<Ended> {
  writeFileSync(join(dir, 'gates.yaml'), `${HEAD}${rules}`);
  return p2plab(['gate', 'gates.yaml', '--quiet', ...args], dir, env);
}

const scratch = (): string => scratchFolder('gate');

function p2plab(args: string[], dir: string, env: Record<string, string> = {}): Promise<Ended> {
  return command(args, { dir, env: { GITHUB_ACTIONS: '', GITHUB_STEP_SUMMARY: '', ...env } });
}

describe('a gate', () => {
  it('whose counts hold exits 0 and takes no time', async () => {
    const { code, stdout, stderr } = await gate(HOLDS);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/pins +exact .*pass\n/);
    expect(code).toBe(0);
  });

  it('that fails exits 1 and says so in every format', async () => {
    const dir = scratch();
    const summary = join(dir, 'summary.md');
    writeFileSync(summary, 'before\n');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    const ended = await gate(HOLDS + BROKEN, ['--json', 'gate.json', '--junit', 'junit.xml'], env, dir);
    expect(ended.code).toBe(1);
    const sentence = 'no pins: perIo.pageAtomics of page/user: expected 0, got 3 (src/machine/schemes/page.ts)';
    expect(ended.stdout).toContain(`fail: ${sentence}`);
    expect(ended.stderr).toContain(`::error file=src/machine/schemes/page.ts,title=p2plab gate%3A fail::${sentence}`);
    const document = JSON.parse(readFileSync(join(dir, 'gate.json'), 'utf8'));
    expect(document).toMatchObject({ schema: 'p2plab.gate/1', verdict: 'fail', exitCode: 1 });
    expect(document.rules.map(({ verdict }: { verdict: string }) => verdict)).toEqual(['pass', 'fail']);
    const elements = [...xmlEvents([readFileSync(join(dir, 'junit.xml'), 'utf8')], 'junit.xml')];
    const failure = elements.find(({ kind, element }) => kind === 'open' && element.name === 'failure');
    expect(failure?.element.attributes.get('message')).toContain('expected 0, got 3');
    expect(readFileSync(summary, 'utf8')).toMatch(/^before\n### p2plab gate: fail/);
  });

  it('with a rule that stays open exits 3, or as it is told', async () => {
    const passed = await gate(HOLDS + OPEN, ['--inconclusive', 'pass', '--json', '-']);
    expect(passed.code).toBe(0);
    expect(JSON.parse(passed.stdout).rules[1]).toMatchObject({ verdict: 'inconclusive' });
    expect((await gate(HOLDS + OPEN)).code).toBe(3);
    expect((await gate(HOLDS + OPEN, ['--only', 'exact'])).code).toBe(0);
  }, 60_000);

  it('whose run fails exits 4, judges nothing and writes nothing', async () => {
    const workload = '{ fault: "host0:exit@100", bar: 16MiB, rounds: 400 }';
    const faulty = `  - { name: t, kind: ratio, workload: ${workload}, a: page/pool, b: page/fixed, below: 2 }\n`;
    const ended = await gate(HOLDS + faulty, ['--json', 'gate.json', '--junit', 'junit.xml']);
    expect(ended.stderr).toMatch(/workload of line \d+: .*worker host0/);
    expect(ended.code).toBe(4);
    expect(readdirSync(ended.dir)).toEqual(['gates.yaml']);
  }, 60_000);
});

describe('a history', () => {
  it('that is missing ends with exit 2 and how to begin it, and leaves nothing', async () => {
    const missing = await gate(HISTORY);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/gates\.yaml:5: past: no history h\.jsonl.*p2plab gate --record/);
    expect(readdirSync(missing.dir)).toEqual(['gates.yaml']);
  });

  it('that is begun has no verdict yet, and a record unless the machine was disturbed', async () => {
    const { dir, code, stdout } = await gate(HISTORY, ['--record', '--json', '-']);
    expect(code).toBe(3);
    const [rule] = JSON.parse(stdout).rules;
    const hasFigure = rule.figures !== undefined;
    expect(readdirSync(dir)).toEqual(hasFigure ? ['gates.yaml', 'h.jsonl'] : ['gates.yaml']);
    if (hasFigure) expect(rule.why).toMatch(/1 of the 20 records/);
  });

  it('that is corrupt or of another machine ends with exit 2 and stays as it is', async () => {
    const machine = fingerprintOf(describeEnvironment([]));
    const record = {
      schema: 'p2plab.history/1',
      at: '2026-01-01T00:00:00Z',
      rule: 'past',
      series: 's',
      value: 1,
      ci95: null,
      blocks: 9,
    };
    for (const [text, message] of [
      [`${JSON.stringify({ ...record, machine })}\n{"schema": "p2plab.hist`, /h\.jsonl:2: not JSON/],
      [
        `${JSON.stringify({ ...record, machine: { ...machine, cpu: 'Z80' } })}\n`,
        /h\.jsonl:1: a record of another machine: cpu "Z80" there/,
      ],
    ] as const) {
      const dir = scratch();
      writeFileSync(join(dir, 'h.jsonl'), text);
      const ended = await gate(HISTORY, ['--record', '--json', 'gate.json'], {}, dir);
      expect(ended.stderr).toMatch(message);
      expect(ended.code).toBe(2);
      expect(readFileSync(join(dir, 'h.jsonl'), 'utf8')).toBe(text);
      expect(readdirSync(dir).sort()).toEqual(['gates.yaml', 'h.jsonl']);
    }
  });
});

describe('what cannot be taken ends with exit 2 and one message', () => {
  it.each<[string, string, string[], RegExp]>([
    [
      'a workload with a wrong value',
      HOLDS.replace('workload: w', 'workload: { bar: 3GiB }'),
      [],
      /:5: workload of line 5: --bar: '3GiB' must/,
    ],
    ['an unknown name', HOLDS, ['--only', 'pinz'], /no rule of kind or name 'pinz'/],
    ['a budget that is no time', HOLDS, ['--budget', 'soon'], /expected a time with its unit/],
    ['an output that cannot be written', HOLDS, ['--junit', '/proc/x/j.xml'], /cannot write \/proc/],
  ])('%s', async (_, rules, args, message) => {
    const ended = await gate(rules, args);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(ended.code).toBe(2);
    expect(ended.stdout).toBe('');
  });

  it('a file that is not there, or none at all', async () => {
    const named = await p2plab(['gate', 'no.yaml'], scratch());
    expect([named.code, named.stderr]).toEqual([2, expect.stringMatching(/no\.yaml: cannot read/)]);
    const none = await p2plab(['gate'], scratch());
    expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/no gates\.yaml and no bench\/gates\.yaml/)]);
  });
});
