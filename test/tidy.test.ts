// The rules of the house that a machine can check: layers, sizes, leftovers.
import { describe, expect, it } from 'vitest';
import { withDiagram } from '../scripts/architecture.ts';
import { folderOf, importsBetween, sources, text } from '../scripts/imports.ts';
import { EXPECTED_SKIPS } from './expected_skips.ts';

/**
 * Folders of src/ in the order of the data: each imports only from lines above its own. Folders of one line know each other.
 * `machine` is AssemblyScript and has an order of its own, below.
 */
const ORDER: readonly (readonly string[])[] = [
  ['base'],
  ['machine'],
  ['stats'],
  ['compile'],
  ['jobs', 'jobs/draw', 'jobs/traces', 'jobs/traces/formats'],
  ['topology', 'topology/lspci', 'topology/importers', 'topology/memory', 'topology/view'],
  ['catalogue', 'catalogue/options'],
  ['btf'],
  ['doctor', 'doctor/checks'],
  ['result'],
  ['plan', 'plan/flows'],
  ['analysis'],
  ['lab/machine'],
  ['lab/host'],
  ['lab/workers'],
  ['lab/measure'],
  ['lab/replicate'],
  ['lab'],
  ['cost/wasm', 'cost/core'],
  ['cost'],
  ['report/words'],
  ['report/select'],
  ['report/tables'],
  ['report/findings'],
  ['report/drawing'],
  ['report/charts'],
  ['report/formats', 'report/formats/fio'],
  ['sweep'],
  ['options'],
  ['gate'],
  ['gate/run'],
  ['claims/experiments'],
  ['claims', 'claims/list'],
  ['page'],
  ['cli', 'cli/commands'],
];

/**
 * Folders of src/machine, likewise: structures, memory, PCI, then the path of an I/O from the block layer to devices, what is written
 * for schemes and flows, the modules' entries. In src/machine itself lies what says which scheme and flows a module is compiled with.
 */
const MACHINE_ORDER: readonly string[] = [
  ...['machine/layout', 'machine/base', 'machine/mm', 'machine/pci', 'machine/front', 'machine/block', 'machine/nvme'],
  ...['machine/rdma', 'machine/schemes', 'machine/agents', 'machine/flows', 'machine', 'machine/targets'],
];

/** What these know besides their own folders, whatever the order allows. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  machine: [],
  stats: ['base'],
  compile: ['base'],
  jobs: ['base', 'stats'],
  topology: ['base'],
  catalogue: ['base', 'topology'],
  btf: ['base'],
  doctor: ['base'],
  result: ['base', 'stats', 'catalogue'],
  analysis: ['base', 'stats', 'jobs', 'result', 'plan'],
  report: ['base', 'stats', 'topology', 'catalogue', 'result'],
  page: ['base', 'topology', 'result', 'report'],
};

/** Longer than a screen, and each one list or one closure: options, regions of a memory, fields of a job, draws of an I/O. */
const LONG_FUNCTIONS = [
  ...['planMachine', 'buildJob', 'resolveFabric', 'btfWriter'],
  ...['createDrawnIos', 'createFileService', 'createOffsets'],
];

const ALL = ['src', 'workers', 'bench', 'scripts', 'test'].flatMap(sources);
const placeOf = (folder: string): number => ORDER.findIndex((line) => line.includes(folder));
const roomOf = (folder: string): string => folder.split('/')[0] as string;

describe('layers', () => {
  const imports = importsBetween().filter(({ file }) => !file.startsWith('src/machine/'));

  it('only import downwards', () => {
    const wrong = imports.filter(({ from, to }) => placeOf(from) < placeOf(to));
    expect(wrong).toEqual([]);
  });

  it('only import downwards in the machine', () => {
    const inMachine = importsBetween().filter(({ file }) => file.startsWith('src/machine/'));
    const place = (folder: string): number => MACHINE_ORDER.indexOf(folder);
    expect(inMachine.filter(({ from, to }) => place(from) < place(to))).toEqual([]);
    const folders = new Set(sources('src/machine').map(folderOf));
    expect([...folders].sort()).toEqual([...MACHINE_ORDER].sort());
  });

  it('import nothing in the machine that they do not use', () => {
    const unused = sources('src/machine').flatMap((file) => {
      const code = text(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      const body = code.replace(/^import [\s\S]*?;$/gm, '');
      return [...code.matchAll(/^import \{([^}]*)\}/gm)]
        .flatMap(([, names]) => (names as string).split(','))
        .map((name) => name.trim().split(' as ').at(-1) as string)
        .filter((name) => name !== '' && !new RegExp(`\\b${name}\\b`).test(body))
        .map((name) => `${file}: ${name}`);
    });
    expect(unused).toEqual([]);
  });

  it('know no more than they need', () => {
    const wrong = imports.filter(
      ({ from, to }) => roomOf(from) !== roomOf(to) && !(ONLY[roomOf(from)] ?? [roomOf(to)]).includes(roomOf(to)),
    );
    expect(wrong).toEqual([]);
  });

  it('have every folder of src in the order', () => {
    const folders = new Set(sources('src').map(folderOf));
    expect([...folders].filter((folder) => roomOf(folder) !== 'machine' && placeOf(folder) < 0)).toEqual([]);
  });

  it('are drawn in ARCHITECTURE.md as they are', () => {
    const document = text('ARCHITECTURE.md');
    expect(document, 'npm run architecture').toBe(withDiagram(document));
  });

  it('let devices know no scheme: only chosen_scheme and a scheme itself name a scheme file', () => {
    const wrong = sources('src/machine').filter(
      (file) =>
        !file.startsWith('src/machine/schemes/') &&
        file !== 'src/machine/chosen_scheme.ts' &&
        /from "[^"]*schemes\//.test(text(file)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('modules of the machine', () => {
  it('keep their state in structures of the memory: no globals but the counts of an agent and the plan of an IOMMU', () => {
    const globals = sources('src/machine').filter((file) => /^(export )?let /m.test(text(file)));
    expect(globals.sort()).toEqual(['src/machine/base/counting.ts', 'src/machine/pci/iommu_setup.ts']);
  });
});

describe('atomics', () => {
  it('name the function that they meet, and it exists', () => {
    const machine = sources('src/machine').map((file) => [file, text(file)] as const);
    const functions = new Set(
      machine.flatMap(([, code]) => [...code.matchAll(/function (\w+)[<(]/g)].map(([, name]) => name)),
    );
    const stale = machine.flatMap(([file, code]) =>
      [...code.matchAll(/\b[Mm]eets [^.:]*?\b(?:load|store) in (\w+)/g)]
        .filter(([, name]) => !functions.has(name))
        .map(([words]) => `${file}: ${words}`),
    );
    expect(stale).toEqual([]);
  });
});

describe('files', () => {
  it('stay under about 400 lines', () => {
    expect(
      ALL.map((file) => [file, text(file).split('\n').length] as const).filter(([, lines]) => lines > 450),
    ).toEqual([]);
  });

  it('open with what they are', () => {
    const silent = sources('src').filter(
      (file) => !file.endsWith('.test.ts') && !/^(#!.*\n)?(\/\/|\/\*\*)/.test(text(file)),
    );
    expect(silent).toEqual([]);
  });

  it('have functions of one screen', () => {
    const long = ALL.filter((file) => file.startsWith('src/') && !file.endsWith('.test.ts')).flatMap((file) => {
      const lines = text(file).split('\n');
      return lines.flatMap((line, at) => {
        const [, name] = /^(?:export )?(?:async )?function\*? (\w+)/.exec(line) ?? [];
        if (name === undefined) return [];
        const length = lines.slice(at).indexOf('}');
        return length > 60 && !LONG_FUNCTIONS.includes(name) ? [`${file}: ${name}: ${length} lines`] : [];
      });
    });
    expect(long).toEqual([]);
  });

  it('export no value that nobody imports', () => {
    const words = new Map(ALL.map((file) => [file, new Set(text(file).match(/\b[A-Za-z_]\w*\b/g))]));
    const dead = sources('src')
      .filter((file) => !file.startsWith('src/machine/') && !file.endsWith('.test.ts'))
      .flatMap((file) =>
        [...text(file).matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)]
          .map(([, name]) => name as string)
          .filter((name) => !ALL.some((other) => other !== file && words.get(other)?.has(name)))
          .map((name) => `${file}: ${name}`),
      );
    expect(dead).toEqual([]);
  });

  it('carry no unfinished marks', () => {
    const marks = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|'));
    expect(ALL.filter((file) => marks.test(text(file)))).toEqual([]);
  });
});

describe('tests', () => {
  const tests = [...ALL.filter((file) => file.endsWith('.test.ts')), ...sources('test')].filter(
    (file, index, all) => all.indexOf(file) === index && file !== 'test/tidy.test.ts',
  );
  const matching = (pattern: RegExp, except: readonly string[] = []): string[] =>
    tests.flatMap((file) =>
      text(file)
        .split('\n')
        .flatMap((line, at) =>
          pattern.test(line) && !except.includes(file) ? [`${file}:${at + 1}: ${line.trim()}`] : [],
        ),
    );

  it('skip only by needing(...), which gives the reason', () => {
    expect(matching(/\.(skipIf|runIf|skip|todo)\b[(.]/, ['test/support/needs.ts'])).toEqual([]);
  });

  it('are named in expected_skips.ts when they need something of the machine', () => {
    const listed = EXPECTED_SKIPS.flatMap(({ files }) => files);
    expect(
      tests.filter((file) => /\bneeding\(\w/.test(text(file)) && file.endsWith('.test.ts') && !listed.includes(file)),
    ).toEqual([]);
    expect(listed.filter((file) => !tests.includes(file))).toEqual([]);
  });

  it('make folders by scratchFolder(), which removes them', () => {
    expect(
      matching(/\bmkdtemp/, ['test/support/scratch.ts', 'test/support/temporary_folder.ts', 'test/fuzz/planted.ts']),
    ).toEqual([]);
  });

  it('wait by until(...) for what they wait for, and never sleep', () => {
    expect(matching(/\bsetTimeout\(.*resolve|new Promise.*\bsetTimeout\(/, ['test/support/wait.ts'])).toEqual([]);
  });

  it('draw by seeds, and assert nothing about the time that something took', () => {
    expect(matching(/Math\.random\(|\btookMs\b.*toBe(Less|Greater)/)).toEqual([]);
    expect(matching(/expect\([^)]*(performance\.now|Date\.now|hrtime)/)).toEqual([]);
  });
});
