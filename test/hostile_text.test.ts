// Text from other people's files is data in every format the lab writes: hostile strings in every place of a record that holds
// text, through the real writers, read again by a reader of the format.
import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { plainLine, plainStrings, terminalText } from '../src/base/escape.ts';
import { btfWriter } from '../src/btf/btf_writer.ts';
import { type LayoutDocument, layoutDocument } from '../src/btf/document.ts';
import { btfOfBytes } from '../src/btf/load.ts';
import { layoutText } from '../src/cli/layout.ts';
import { planText } from '../src/cli/sweep.ts';
import type { GateRun } from '../src/gate/document.ts';
import type { Rule } from '../src/gate/gates_file.ts';
import { annotations } from '../src/gate/github.ts';
import { junitXml } from '../src/gate/junit.ts';
import { gateMarkdown, gateText } from '../src/gate/view.ts';
import type { ResolvedPoint } from '../src/options/point_options.ts';
import { loadCharts } from '../src/report/drawing/charts.ts';
import { viewOf } from '../src/report/drawing/look.ts';
import { htmlReport } from '../src/report/formats/html.ts';
import { terminalSummary } from '../src/report/formats/summary.ts';
import { markdownSummary } from '../src/report/formats/summary_markdown.ts';
import { sweepSummary } from '../src/report/formats/sweep_markdown.ts';
import { cellsTable } from '../src/report/tables/cells_table.ts';
import { comparisonsTable } from '../src/report/tables/comparisons_table.ts';
import { csvText } from '../src/report/tables/csv.ts';
import { textTable } from '../src/report/tables/table.ts';
import type { Result } from '../src/result/schema.ts';
import type { SweepDocument } from '../src/sweep/folder.ts';
import { machine, rules, switchMachine, ZEN } from '../src/topology/fixture.ts';
import type { Topology } from '../src/topology/model.ts';
import { pairReport, topologyReport } from '../src/topology/view/report.ts';
import { PLAIN } from '../src/topology/view/style.ts';
import { xmlEvents } from '../src/topology/xml.ts';
import { BENIGN, HOSTILE, HOSTILE_NAMES as names, UNSEEN } from './support/hostile_words.ts';
import { needing, XMLLINT } from './support/needs.ts';
import { resultFixture } from './support/result_fixture.ts';
import { scratchFolder } from './support/scratch.ts';

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

/** A machine with `text` wherever a dump or sysfs holds words. */
function machineWith(text: string): Topology {
  const topology = machine(switchMachine(2, { down: ['unknown', 0] }));
  const identity = { driver: text, slot: text, iommuGroup: text, names: [text] };
  const functions = topology.functions.map((fn) => ({
    ...fn,
    title: text,
    identity,
    nvlinks: [{ target: text, count: 2 }],
  }));
  return { ...topology, source: text, format: text, functions, notes: [text] };
}

function layoutWith(text: string): LayoutDocument {
  const writer = btfWriter();
  const long = writer.int('long unsigned int', 8);
  writer.struct('page', 64, [{ name: 'flags', type: long, bitAt: 0 }]);
  const document = layoutDocument([btfOfBytes(writer.bytes(), 'x.btf')]);
  const sources = document.sources.map((source) => ({ ...source, file: text, base: text }));
  return { ...document, sources };
}

function planWith(text: string): Promise<string> {
  const sweep = {
    axes: [{ key: text, param: text, values: [text] }],
    repeat: 1,
    cells: [],
  } as unknown as SweepDocument;
  const values = Object.fromEntries([[text, text]]);
  const cell = { hash: 'beef', values, repeat: 1, needs: undefined, impossible: text } as unknown as ResolvedPoint;
  return planText(sweep, [cell], scratchFolder('plan'), undefined);
}

describe('what a dump, a kernel or a sweep says, on a terminal', () => {
  const addresses = { ...rules(ZEN), iommuMode: 'off', quirks: [] } as const;
  // So wide that no line is wrapped.
  const view = { style: PLAIN, width: 100_000, all: true, pageBytes: 4096 };
  const documents: readonly (readonly [string, (text: string) => string | Promise<string>])[] = [
    ['a topology', (text) => topologyReport(machineWith(text), rules(ZEN), view)],
    ['a pair', (text) => pairReport(machineWith(text), '03:00.0', '04:00.0', addresses, view)],
    ['the layout', (text) => layoutText(layoutWith(text))],
    ['the plan of a sweep', planWith],
  ];
  it.each(documents.flatMap(([document, make]) => names.map((name) => [document, name, make] as const)))(
    '%s has the lines of any other and obeys nothing, with %s',
    async (_, name, make) => {
      const text = terminalText(await make(HOSTILE[name] as string));
      expect(lines(text)).toBe(lines(await make(BENIGN)));
      expect(text).not.toMatch(UNSEEN);
      expect(text).not.toMatch(/^\s*::|##\[/m);
    },
  );
});

describe('the charts', () => {
  const drawn = async (result: Result): Promise<unknown[]> => {
    const plain = plainStrings(result);
    return (await loadCharts()).flatMap(({ build }) => build(plain, viewOf(plain)) ?? []);
  };

  const benign = drawn(resultWith(BENIGN)).then((specs) => specs.length);

  it.each(names)('are as many as of any other, and their words can be seen, with %s', async (name) => {
    const specs = await drawn(resultWith(HOSTILE[name] as string));
    expect(specs).toHaveLength(await benign);
    const words: string[] = [];
    JSON.stringify(specs, (key, value: unknown) => {
      words.push(key, ...(typeof value === 'string' ? [value] : []));
      return value;
    });
    expect(words.filter((word) => UNSEEN.test(word.replaceAll('\n', '')))).toEqual([]);
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
