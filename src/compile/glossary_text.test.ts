import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GLOSSARY } from '../../build/glossary.ts';
import { glossaryTerms, glossaryText } from './glossary_text.ts';

const HEAD = '| word | meaning | fio |\n|---|---|---|\n';
const terms = (rows: string): Record<string, string> => Object.fromEntries(glossaryTerms(HEAD + rows, 'G.md'));

describe('the words of a glossary', () => {
  it('are those of its tables, without marks, whatever stands between them', () => {
    const text = `# Glossary\n\n## A\n\n${HEAD}| arm | one \`scheme\` | job |\r\n\nProse | with a bar.\n\n| word | meaning |\n|---|---|\n| a, b | see [METHOD](METHOD.md) |\n`;
    expect(Object.fromEntries(glossaryTerms(text, 'G.md'))).toEqual({
      arm: 'one scheme',
      a: 'see METHOD',
      b: 'see METHOD',
    });
  });

  it('have one meaning each', () => {
    expect(() => terms('| arm | one | - |\n| leg, arm | two | - |\n')).toThrow(/^G\.md:4: 'arm' has a meaning already/);
  });

  it('have a meaning', () => {
    expect(() => terms('| arm |  | - |\n')).toThrow(/^G\.md:3: expected \| word \| meaning/);
    expect(() => glossaryTerms('no table', 'G.md')).toThrow(/^G\.md: has no table of words/);
  });

  it('are written as data, whatever they contain', () => {
    const text = glossaryText(`${HEAD}| A' | a "second" \\ copy | - |\n`, 'G.md');
    expect(text).toContain(`  "A'": "a \\"second\\" \\\\ copy",\n`);
  });

  it('were built from the documentation as it is', () => {
    const source = 'docs/GLOSSARY.md';
    expect(GLOSSARY).toEqual(Object.fromEntries(glossaryTerms(readFileSync(source, 'utf8'), source)));
  });
});
