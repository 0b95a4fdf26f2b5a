// The rules of the house that a machine can check: layers, sizes, leftovers.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXPECTED_SKIPS } from './expected_skips.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What each folder of src/ may import besides itself. `machine` is AssemblyScript and knows nothing of the rest. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  base: [],
  machine: [],
  compile: ['base'],
  stats: ['base'],
  jobs: ['base'],
  topology: ['base'],
  btf: ['base'],
  doctor: ['base'],
  report: ['base', 'stats', 'topology'],
  gate: ['base', 'stats', 'report'],
  page: ['base', 'topology', 'report'],
  lab: ['base', 'compile', 'stats', 'jobs', 'topology', 'report', 'doctor'],
  sweep: ['base', 'stats', 'report', 'lab'],
  cli: ['base', 'stats', 'jobs', 'topology', 'report', 'lab', 'sweep', 'btf', 'doctor', 'gate'],
};

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const folderOf = (file: string): string => file.split('/')[1] as string;
const ALL = ['src', 'workers', 'bench', 'scripts', 'test'].flatMap(sources);

describe('layers', () => {
  const imports = sources('src')
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) =>
      [...text(file).matchAll(/from ["'](\.[^"']+)["']|import\(["'](\.[^"']+)["']\)/g)].map((match) => ({
        file,
        target: relative(ROOT, resolve(ROOT, dirname(file), (match[1] ?? match[2]) as string)),
      })),
    )
    .filter(({ target }) => target.startsWith('src/'));

  it('only import downwards', () => {
    const wrong = imports.filter(({ file, target }) => {
      const [from, to] = [folderOf(file), folderOf(target)];
      return from !== to && !(MAY_IMPORT[from] ?? []).includes(to);
    });
    expect(wrong).toEqual([]);
  });

  it('keep every folder of src in the table', () => {
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).filter((name) => !(name in MAY_IMPORT))).toEqual([]);
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
