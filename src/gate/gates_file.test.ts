// Gates files as people write them: what is read, and what they are told where it cannot be.
import { describe, expect, it } from 'vitest';
import { readGates } from './gates_file.ts';

const HEAD = 'schema: p2plab.gates/1\n';
const EXACT = '  - { name: a, kind: exact, scheme: page, buffers: user, expect: { perIo.pageLines: 1 } }\n';
const read = (text: string) => readGates(`${HEAD}${text}`, 'g.yaml');
const complaint = (text: string): string => {
  try {
    readGates(text, 'g.yaml');
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
};
const complaintAbout = (rule: string): string => complaint(`${HEAD}rules:\n${rule}`);

describe('a gates file', () => {
  it('has rules with their workloads, lines and values', () => {
    const gates = read(`# what holds
budget: 90s
inconclusive: pass
workloads:
  small: { bar: 64MiB }
rules:
  - name: counts
    kind: exact
    workload: small
    scheme: [page, page@5.2]
    buffers: [pool, fixed]
    expect: { perIo.pageLines: 1, perIo.doorbells: 9/256, metadataBytes.memmap: 4MiB, refused: none }
  - { name: faster, kind: ratio, a: dma_vec/fixed, b: page/fixed, below: 0.9 }
  - { name: same, kind: equivalent, workload: small, metric: iops, a: "page/fixed'", b: page/fixed, margin: 5% }
`);
    expect(gates).toMatchObject({ budgetMs: 90_000, onInconclusive: 'pass' });
    const [counts, faster, same] = gates.rules;
    expect(counts).toMatchObject({
      kind: 'exact',
      line: 8,
      arms: [{ scheme: 'page', buffers: 'pool' }, { buffers: 'fixed' }, { scheme: 'page@5.2' }, {}],
      expect: {
        'perIo.pageLines': 1,
        'perIo.doorbells': 9 / 256,
        'metadataBytes.memmap': 4 * 2 ** 20,
        refused: 'none',
      },
    });
    expect(faster).toMatchObject({ metric: 'cpuNsPerIo', below: 0.9, above: undefined });
    expect(same).toMatchObject({ marginPercent: 5, a: { isCopy: true } });
    expect(same?.workload).toBe(counts?.workload);
  });

  it('takes __proto__, constructor and toString for names of workloads, and refuses them as counters and kinds of value', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const rule = `rules:\n  - { name: a, kind: exact, workload: ${name}, scheme: page, buffers: user, expect: { refused: none } }\n`;
      const { rules } = read(`workloads:\n  ${name}: { bar: 64MiB, ${name}: 1 }\n${rule}`);
      expect(rules[0]?.workload).toMatchObject({ name, line: 3 });
      expect(Object.entries(rules[0]?.workload.options ?? {})).toEqual([
        ['bar', '64MiB'],
        [name, 1],
      ]);
      expect(complaint(`${HEAD}${rule}`)).toContain(`no workload '${name}'`);
      expect(complaintAbout(EXACT.replace('perIo.pageLines', name))).toMatch(/^g.yaml:3: rules\[0\]\.expect/);
    }
  });

  it('measures workloads with the same options once, in whatever order they are written', () => {
    const [a, b, c] = read(`workloads: { w: { bar: 64MiB, bs: 4k } }
rules:
  - { name: a, kind: exact, workload: w, scheme: page, buffers: user, expect: { refused: none } }
  - { name: b, kind: exact, workload: { bs: 4k, bar: 64MiB }, scheme: page, buffers: user, expect: { refused: none } }
  - { name: c, kind: exact, workload: { bs: 8k, bar: 64MiB }, scheme: page, buffers: user, expect: { refused: none } }
`).rules;
    expect(b?.workload).toBe(a?.workload);
    expect(c?.workload).not.toBe(a?.workload);
  });
});

describe('a gates file that cannot be taken is answered with line and key', () => {
  it.each([
    ['another schema', 'schema: p2plab.gates/2\nrules: []\n', /^g\.yaml:1: schema: found "p2plab\.gates\/2", expected/],
    ['no rules', HEAD, /rules: missing, expected a list of rules/],
    ['an empty list', `${HEAD}rules: []\n`, /expected at least one rule/],
    [
      'an unknown key',
      `${HEAD}bugdet: 3m\nrules:\n${EXACT}`,
      /^g\.yaml:2: unknown key 'bugdet', did you mean 'budget'/,
    ],
    [
      'a time in no unit',
      `${HEAD}budget: 3 weeks\nrules:\n${EXACT}`,
      /^g\.yaml:2: budget: found "3 weeks", expected a time/,
    ],
    [
      'an unknown workload',
      `${HEAD}rules:\n  - { name: a, kind: exact, workload: w, scheme: page, buffers: user, expect: { refused: none } }\n`,
      /^g\.yaml:3: rules\[0\]\.workload: no workload 'w'/,
    ],
    ['a name twice', `${HEAD}rules:\n${EXACT}${EXACT}`, /^g\.yaml:4: rules\[1\]\.name: 'a' is the name of line 3 too/],
  ])('%s', (_, text, message) => {
    expect(complaint(text)).toMatch(message);
  });

  it.each([
    [
      'an unknown kind',
      '  - { name: a, kind: exakt }\n',
      /g\.yaml:3: .*kind of exact, ratio, equivalent, history, against/,
    ],
    ['no kind', '  - { name: a }\n', /g\.yaml:3: .*kind of exact/],
    ['a rule that is a word', '  - exact\n', /g\.yaml:3: rules\[0\]/],
    [
      'an unknown counter',
      '  - name: a\n    kind: exact\n    scheme: page\n    buffers: user\n    expect:\n      perIo.pageLine: 1\n',
      /^g\.yaml:8: .*no counter 'perIo\.pageLine', did you mean 'perIo\.pageLines'/,
    ],
    [
      'a counter that is measured',
      '  - { name: a, kind: exact, scheme: page, buffers: user, expect: { perIo.wakeups: 1 } }\n',
      /'perIo\.wakeups' is not exact/,
    ],
    [
      'a count that is none',
      '  - { name: a, kind: exact, scheme: page, buffers: user, expect: { perIo.pageLines: many } }\n',
      /found "many", expected a count, a fraction/,
    ],
    [
      'a division by nothing',
      '  - { name: a, kind: exact, scheme: page, buffers: user, expect: { perIo.pageLines: 1/0 } }\n',
      /expected a count/,
    ],
    [
      'buffers that are none',
      '  - { name: a, kind: exact, scheme: page, buffers: users, expect: { refused: none } }\n',
      /rules\[0\]\.buffers/,
    ],
    [
      'an arm without buffers',
      '  - { name: a, kind: ratio, a: page, b: page/fixed, below: 1 }\n',
      /rules\[0\]\.a: found "page", expected SCHEME\/BUFFERS/,
    ],
    ['no bound', '  - { name: a, kind: ratio, a: page/pool, b: page/fixed }\n', /needs above, below or both/],
    [
      'bounds that cross',
      '  - { name: a, kind: ratio, a: page/pool, b: page/fixed, above: 2, below: 1 }\n',
      /above must be less than below/,
    ],
    [
      'no margin',
      '  - { name: a, kind: equivalent, a: page/pool, b: page/fixed }\n',
      /margin: missing, expected a percentage/,
    ],
    [
      'a history that is too short',
      '  - { name: a, kind: history, a: page/pool, file: h.jsonl, least: 5 }\n',
      /needs 20 records or more/,
    ],
    [
      'a metric that is none',
      '  - { name: a, kind: ratio, metric: p99, a: page/pool, b: page/fixed, below: 1 }\n',
      /metric: found "p99", expected one of cpuNsPerIo/,
    ],
  ])('%s', (_, rule, message) => {
    expect(complaintAbout(rule)).toMatch(message);
  });
});
