// Text from other people's files is data in every format the lab writes: hostile strings in every place of a record that holds
// text, through the real writers, read again by a reader of the format.
import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { plainLine, terminalText } from '../src/base/escape.ts';
import type { GateRun } from '../src/gate/document.ts';
import type { Rule } from '../src/gate/gates_file.ts';
import { annotations } from '../src/gate/github.ts';
import { junitXml } from '../src/gate/junit.ts';
import { gateMarkdown, gateText } from '../src/gate/view.ts';
import { cellsTable } from '../src/report/cells_table.ts';
import { comparisonsTable } from '../src/report/comparisons_table.ts';
import { csvText } from '../src/report/csv.ts';
import { htmlReport } from '../src/report/html.ts';
import type { Result } from '../src/report/result.ts';
import { resultFixture } from '../src/report/result_fixture.ts';
import { terminalSummary } from '../src/report/summary.ts';
import { markdownSummary } from '../src/report/summary_markdown.ts';
import { sweepSummary } from '../src/report/sweep_markdown.ts';
import { textTable } from '../src/report/table.ts';
import { xmlEvents } from '../src/topology/xml.ts';
import { needing, XMLLINT } from './support/needs.ts';

const HOSTILE: Readonly<Record<string, string>> = {
  'a tag': '<img src=x onerror=alert(1)>',
  'an end of script': '</script><script>alert(1)</script><!-- x',
  'an end of attribute': `"' onload=alert(1) x="`,
  entities: '&lt;b&gt; &#x3c; &constructor;',
  pipes: 'a|b||c',
  'code and emphasis': '`x` ``y`` **b** _i_ ~~s~~ \\',
  links: '[x](javascript:alert(1)) ![y](http://a.example/b.png) [z][q] [r]: http://a.example',
  'bare addresses': 'https://a.example/x www.a.example mailto:a@a.example',
  'a heading': '# heading',
  'a list': '1. one',
  'a line of Markdown': 'x\n\n## y\n| a | b |\n|---|---|',
  mathematics: '$x$ and $$y$$',
  'a formula': '=HYPERLINK("http://a.example","x")',
  'a formula with a plus': "+1+cmd|'/C calc'!A0",
  'a formula with a minus': '-2+3',
  'a formula with an at sign': '@SUM(1)',
  'a formula behind a tab': '\t=1',
  'a formula behind a carriage return': '\r=1',
  'a formula behind blanks': '  =1',
  'a full-width formula': '\uff1d1+1',
  'a formula in the next field': 'a;=1+1,=2\t=3',
  'quotes and line ends': '"a", b; c\r\nd "" e',
  colours: '\u001b[31mred\u001b[8mhidden',
  'a terminal title': '\u001b]0;title\u0007 \u001bP1$r\u001b\\',
  'C1 controls': '\u009b31m \u0085 \u0090q',
  'bidi controls': '\u202egnp.exe\u2066x\u2069 \u200b\ufeff',
  'a carriage return': 'pass\rfail',
  backspaces: 'fail\b\b\b\bpass',
  'wide characters': '\u5bbd\u5b57 \ud83d\udc4d e\u0301',
  'line separators': 'a\u2028b\u2029c',
  'what XML cannot hold': 'a\u0000b\u0008c\ufffed\uffffe]]>',
  'a lone surrogate': 'a\ud800b',
  'a workflow command': '::error file=a,line=1::x',
  'a workflow command behind blanks': '  ::set-output name=a::b',
  'a workflow command of old': 'x ##[add-path]/tmp',
  'an escaped workflow command': '%0A::warning::x%25,y:z',
  __proto__: '__proto__',
  constructor: 'constructor',
  toString: 'toString',
};

const names = Object.keys(HOSTILE);
const BENIGN = 'plain';

/** A result with `text` in every place that holds somebody's words, keys among them. */
function resultWith(text: string): Result {
  const result = structuredClone(
    resultFixture({ workloads: [{ payload: 'none', bar: 2 ** 30 }], sweepBars: [], rounds: 4 }),
  );
  Object.assign(result.run, { id: text, argv: ['run', text], failure: text });
  Object.assign(result.environment, { cpu: text, kernel: text, node: text, v8: text, warnings: [text] });
  for (const [i, cell] of result.cells.entries()) {
    // As JSON.parse would make it, `__proto__` a key like others.
    const own = Object.fromEntries([
      ...Object.entries(cell.params),
      ['job', text],
      ...(i === 0 ? [[text === BENIGN ? 'extra' : `${text}`, text] as const] : []),
    ]);
    cell.params = own as typeof cell.params;
    if (cell.scheme === 'dma_vec') cell.scheme = text;
    if (cell.refused) cell.refused = { errno: text, reason: text };
  }
  return result;
}

function sweepWith(text: string): Result {
  const result = resultWith(text);
  for (const cell of result.cells) cell.params = { ...cell.params, machine: text };
  return {
    ...result,
    environments: [{ ...result.environment, id: text }],
    sweep: {
      axes: [{ key: text, param: text, values: [text, '4k'] }],
      repeat: 1,
      cells: [
        { hash: 'beef', values: Object.fromEntries([[text, '4k']]), repeat: 1, state: 'measured' },
        { hash: text, values: Object.fromEntries([[text, text]]), repeat: 1, state: 'failed', reason: text },
      ],
    },
  };
}

function gateWith(text: string): GateRun {
  const rule: Rule = {
    kind: 'exact',
    name: text,
    line: 7,
    workload: { name: text, options: { bar: text }, line: 3 },
    arms: [{ scheme: text, buffers: 'user', isCopy: false }],
    expect: { 'perIo.pageLines': 1 },
  };
  const outcome = { rule, measured: text, bound: text, interval: null, why: text };
  return {
    id: text,
    version: '0.1.0',
    argv: ['gate', text],
    source: text,
    startedAt: '2026-11-21T10:00:00.000Z',
    durationMs: 1234,
    environment: { cpu: text, cores: 2, kernel: text, node: text, v8: text, warnings: [text] },
    verdict: 'fail',
    exitCode: 1,
    outcomes: [
      { ...outcome, verdict: 'fail', file: text },
      { ...outcome, verdict: 'inconclusive' },
    ],
    left: [{ rule, why: text }],
  };
}

/** What no line of any output holds: it would act on a terminal or move what a reader sees. */
const UNSEEN = /(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const tagsOf = (html: string): string[] =>
  [...html.replace(/id="result">[^<]*</, '><').matchAll(/<[^>]*>/g)].map(String);
const lines = (text: string): number => text.split('\n').length;

describe('the HTML report', () => {
  const parts = { script: '', style: '' };

  it.each(names)('has the tags of any other with %s', async (name) => {
    const text = HOSTILE[name] as string;
    for (const make of [resultWith, sweepWith]) {
      const html = await htmlReport(make(text), parts);
      expect(tagsOf(html)).toEqual(tagsOf(await htmlReport(make(BENIGN), parts)));
      expect(html).not.toMatch(UNSEEN);
      const island = /id="result">([A-Za-z0-9+/=]*)</.exec(html)?.[1] ?? '';
      expect(JSON.parse(gunzipSync(Buffer.from(island, 'base64')).toString())).toEqual(
        JSON.parse(JSON.stringify(make(text))),
      );
    }
  });
});

/** Markdown with a middle dot for each character that a backslash takes the meaning from. */
const unescaped = (line: string): string => line.replace(/\\[!-/:-@[-`{-~]/g, '\u00b7');
/** Lines of headings, list items, tables, as their kinds and numbers of cells. */
const shapeOf = (text: string): string[] =>
  text.split('\n').map((line) => {
    const bare = unescaped(line);
    const kind = /^(#+ |- |\||!\[)/.exec(bare)?.[1] ?? (bare === '' ? '' : 'text');
    return kind === '|' ? `| ${bare.split('|').length}` : kind;
  });

describe('Markdown', () => {
  const documents: readonly (readonly [string, (text: string) => string])[] = [
    ['summary.md', (text) => markdownSummary(resultWith(text))],
    ["a sweep's summary.md", (text) => sweepSummary(sweepWith(text))],
    ['the step summary', (text) => gateMarkdown(gateWith(text))],
  ];
  it.each(documents.flatMap(([document, make]) => names.map((name) => [document, name, make] as const)))(
    '%s has the lines and cells of any other, and no markup, with %s',
    (_, name, make) => {
      const text = make(HOSTILE[name] as string);
      expect(shapeOf(text)).toEqual(shapeOf(make(BENIGN)));
      expect(text).not.toMatch(UNSEEN);
      const bare = unescaped(text);
      expect(bare).not.toMatch(/[<`$]|&[#\w]|\]\(|\]\[|\]:|!\[|~~|https?:|www\.|mailto:/);
      expect(bare.replace(/^- \*\*\w+\*\* /gm, '')).not.toMatch(/\*\*/);
    },
  );
});

/** Fields as RFC 4180 has them, whatever the separator. */
function readCsv(text: string, separator: string): string[][] {
  const rows: string[][] = [[]];
  let field = '';
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (isQuoted) {
      if (c !== '"') field += c;
      else if (text.charAt(i + 1) === '"') {
        field += '"';
        i++;
      } else isQuoted = false;
    } else if (c === '"' && field === '') isQuoted = true;
    else if (c === separator || c === '\n') {
      rows.at(-1)?.push(field);
      field = '';
      if (c === '\n') rows.push([]);
    } else field += c;
  }
  rows.pop();
  return rows;
}

const isFormula = (field: string): boolean =>
  /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(field) && !/^-?[\d.]+(e[+-]?\d+)?$/.test(field);

describe('CSV', () => {
  const tables: readonly (readonly [string, (text: string) => string])[] = [
    ['cells.csv', (text) => csvText(cellsTable(resultWith(text)))],
    ['comparisons.csv', (text) => csvText(comparisonsTable(resultWith(text)))],
    ['cells.csv of a sweep', (text) => csvText(cellsTable(sweepWith(text), [text]))],
  ];
  it.each(tables.flatMap(([table, make]) => names.map((name) => [table, name, make] as const)))(
    '%s has whole rows and no formula, with %s',
    (_, name, make) => {
      const hostile = HOSTILE[name] as string;
      const rows = readCsv(make(hostile), ',');
      expect(new Set(rows.map((row) => row.length)).size).toBe(1);
      expect(rows.flat().filter(isFormula)).toEqual([]);
      expect(
        rows
          .flat()
          .join('')
          .replace(/[\r\n\t]/g, ''),
      ).not.toMatch(UNSEEN);
      expect(rows.flat().filter((field) => field.includes('native code'))).toEqual([]);
      // Where a semicolon or a tab separates, nothing hostile is split either.
      for (const separator of [';', '\t']) {
        expect(
          readCsv(make(hostile), separator)
            .flat()
            .filter((field) => /^[=@\uff1d]/.test(field)),
        ).toEqual([]);
      }
    },
  );

  it('keeps numbers numbers, and what it quotes is read back as it was', () => {
    const columns = ['a', 'b', 'c', 'd'];
    const text = csvText({ columns, rows: [[-1.5, '-5', 'x, "y"\nz', 'a;b']] });
    expect(readCsv(text, ',')).toEqual([columns, ['-1.5', '-5', 'x, "y"\nz', 'a;b']]);
  });
});

describe('a terminal', () => {
  const documents: readonly (readonly [string, (text: string, colour: boolean) => string])[] = [
    ['a summary', (text, colour) => terminalSummary(resultWith(text), { colour })],
    ['a gate', (text, colour) => gateText(gateWith(text), { colour })],
  ];
  it.each(documents.flatMap(([document, make]) => names.map((name) => [document, name, make] as const)))(
    '%s shows what cannot be seen, obeys nothing and has as many lines, with %s',
    (_, name, make) => {
      const hostile = HOSTILE[name] as string;
      for (const colour of [false, true]) {
        const text = make(hostile, colour);
        expect(lines(text)).toBe(lines(make(BENIGN, colour)));
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the lab's own colours begin with one
        expect(text.replace(colour ? /\u001b\[(0|1|2|22|31|32|33|36|39)m/g : /$^/, '')).not.toMatch(UNSEEN);
        expect(text).not.toContain('\u001b[8m');
        expect(text).not.toMatch(/^\s*::|##\[/m);
      }
    },
  );

  it('gets messages whose line ends stay and whose controls are shown', () => {
    expect(terminalText('a\u001b[2Jb\r\nc \u001b[31mred\u001b[39m\n::error::x')).toBe(
      'a\\x1b[2Jb\\r\nc \u001b[31mred\u001b[39m\n\\x3a:error::x',
    );
    for (const name of names) expect(plainLine(HOSTILE[name] as string)).not.toMatch(/\n/);
  });

  it('has columns under each other with wide characters too', () => {
    const columns = ['a', 'b'].map((title) => ({ title, align: 'left' as const }));
    const rows = [{ cells: ['\u5bbd\u5b57', 'x'] }, { cells: ['\ud83d\udc4d', 'x'] }, { cells: ['abcd', 'x'] }];
    expect(textTable({ columns, rows }).slice(2)).toEqual(['\u5bbd\u5b57  x', '\ud83d\udc4d    x', 'abcd  x']);
  });
});

describe('JUnit XML', () => {
  const attributes = (xml: string, element: string, key: string): (string | undefined)[] =>
    [...xmlEvents(xml, 'junit.xml')].flatMap((event) =>
      event.kind === 'open' && event.element.name === element ? [event.element.attributes.get(key)] : [],
    );

  it.each(names)('is well formed and says the same with %s', (name) => {
    const hostile = HOSTILE[name] as string;
    const xml = junitXml(gateWith(hostile));
    const shown = attributes(xml, 'testcase', 'name');
    expect(new Set(shown).size).toBe(1);
    // Where everything can be seen, nothing is changed.
    if (!UNSEEN.test(hostile.replace(/[\r\t]/g, '')) && !/[\ufffe\uffff]/.test(hostile)) expect(shown[0]).toBe(hostile);
    expect(xml.replace(/\n/g, '')).not.toMatch(UNSEEN);
  });

  needing(XMLLINT).it('is well formed for xmllint with all of them at once', () => {
    const input = junitXml(gateWith(Object.values(HOSTILE).join(' ')));
    expect(spawnSync('xmllint', ['--noout', '-'], { input, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });
});

describe('annotations', () => {
  /** As a runner of GitHub reads a line: properties up to the second `::`, then the message. */
  function readCommand(line: string): { command: string; properties: Map<string, string>; message: string } {
    const [, command = '', properties = '', message = ''] = /^::(\w+) (.*?)::(.*)$/.exec(line) ?? [];
    const decode = (text: string): string =>
      text.replace(/%(0D|0A|3A|2C|25)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    const entries = properties.split(',').map((each) => each.split('=', 1).concat(each.slice(each.indexOf('=') + 1)));
    return {
      command,
      properties: new Map(entries.map(([key = '', value = '']) => [key, decode(value)])),
      message: decode(message),
    };
  }

  it.each(names)('are one command each, with %s as file and message', (name) => {
    const hostile = HOSTILE[name] as string;
    const all = annotations(gateWith(hostile));
    expect(all).toHaveLength(2);
    for (const line of all) {
      expect(line).not.toMatch(UNSEEN);
      expect(line).not.toMatch(/[\r\n]/);
      const { command, properties, message } = readCommand(line);
      expect(['error', 'warning']).toContain(command);
      expect([...properties.keys()].sort()).toEqual(
        command === 'error' ? ['file', 'title'] : ['file', 'line', 'title'],
      );
      if (!UNSEEN.test(hostile.replace(/[\r]/g, ''))) {
        expect(properties.get('file')).toBe(hostile);
        expect(message).toBe(`${hostile}: ${hostile}`);
      }
    }
  });
});
