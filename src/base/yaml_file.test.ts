// What a user is told about a YAML file that cannot be taken.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { expecting, readYaml, strictMap } from './yaml_file.ts';

const schema = strictMap({
  title: z.string({ error: expecting('a title') }),
  rules: z.array(strictMap({ name: z.string({ error: expecting('a name') }), least: z.number().optional() })),
});
const read = (text: string) => readYaml(text, 'a.yaml', schema);
const complaint = (text: string): string => {
  try {
    read(text);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
};

describe('a YAML file', () => {
  it('gives its value, and the line of every key', () => {
    const file = read('# a comment\ntitle: t\nrules:\n  - name: one\n\n  - name: two\n    least: 3\n');
    expect(file.value).toEqual({ title: 't', rules: [{ name: 'one' }, { name: 'two', least: 3 }] });
    expect([file.lineOf(['title']), file.lineOf(['rules', 1]), file.lineOf(['rules', 1, 'least'])]).toEqual([2, 6, 7]);
  });

  it('names line and key of what is wrong, and the keys there are', () => {
    expect(complaint('title: t\nrules:\n  - name: one\n    leats: 3\n')).toBe(
      "a.yaml:4: rules[0]: unknown key 'leats', did you mean 'least'? Keys here: name, least.",
    );
    expect(complaint('title: t\nrules:\n  - least: 3\n')).toBe('a.yaml:3: rules[0].name: missing, expected a name.');
    expect(complaint('title: [1]\nrules: []\n')).toBe('a.yaml:1: title: found [1], expected a title.');
    expect(complaint('- 1\n')).toContain('a.yaml:1: expected keys with values: title, rules');
    expect(complaint('')).toContain('a.yaml:1: expected keys with values');
  });

  it('says where it is no YAML: a key twice, a bracket left open, a tab', () => {
    expect(complaint('title: t\nrules: []\ntitle: u\n')).toContain('a.yaml:3: not YAML: Map keys must be unique');
    expect(complaint('title: [t\n')).toMatch(/^a\.yaml:\d: not YAML/);
    expect(complaint('title: t\nrules:\n\t- name: x\n')).toMatch(/^a\.yaml:3: not YAML/);
    expect(complaint('title: t\nrules: []\n---\ntitle: u\n')).toMatch(/not YAML/);
  });

  it('keeps numbers as they were written where asked to', () => {
    const read = (numbersAsText: boolean) =>
      readYaml('era: 6.10\nlist: [0x10, a]\n', 'a.yaml', z.unknown(), { numbersAsText }).value;
    expect(read(true)).toEqual({ era: '6.10', list: ['0x10', 'a'] });
    expect(read(false)).toEqual({ era: 6.1, list: [16, 'a'] });
  });

  it('refuses an alias bomb instead of growing without end', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++)
      bomb.push(`${'abcdefghi'[i]}: &${'abcdefghi'[i]} [${`*${'abcdefghi'[i - 1]}, `.repeat(9)}]`);
    expect(complaint(bomb.join('\n'))).toMatch(/aliases/);
  });

  it('takes many keys in a time that grows with their number, and finds the one that is there twice', () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`);
    expect(readYaml(keys.join('\n'), 'a.yaml', z.unknown()).lineOf(['k19999'])).toBe(20_000);
    expect(complaint([...keys, 'k7: 2'].join('\n'))).toBe('a.yaml:20001: not YAML: Map keys must be unique.');
  }, 60_000);

  it('refuses what is nested or long beyond what people write', () => {
    for (const deep of ['['.repeat(20_000), '- '.repeat(5000), '{a: '.repeat(5000)]) {
      expect(complaint(`title: t\nrules:\n  ${deep}`)).toMatch(/^a\.yaml:\d+: not YAML: nested deeper than any file/);
    }
    expect(complaint(`title: ${'x'.repeat(2 ** 20)}`)).toMatch(/^a\.yaml: has 1048583 characters; .* Split it\.$/);
  });

  it('takes __proto__, constructor and toString for words', () => {
    expect(complaint('title: t\nrules: []\nconstructor: 1\n')).toContain("a.yaml:3: unknown key 'constructor'");
    const { value } = readYaml('constructor: 1\n__proto__: {x: 2}\n', 'a.yaml', z.unknown());
    expect(Object.entries(value as object)).toEqual([
      ['constructor', 1],
      ['__proto__', { x: 2 }],
    ]);
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});
