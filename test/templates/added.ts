// Adds the templates to a copy of the project.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { scratchFolder } from '../support/scratch.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TEMPLATES = fileURLToPath(new URL('.', import.meta.url));

/** What a project is besides its packages, its history and what it wrote. */
const PARTS = ['bench', 'bin', 'build', 'docs', 'examples', 'scripts', 'shims', 'src', 'test', 'workers'];

/** Kinds of parts that have a template, by the name of its folder. */
export const KINDS: readonly string[] = readdirSync(TEMPLATES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

/** A copy of the project as it stands in this checkout. */
export function projectCopy(): string {
  const copy = scratchFolder('project');
  for (const part of PARTS) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  const files = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { name } of files) cpSync(join(ROOT, name), join(copy, name));
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Adds one part of this kind; the files that it touched. @throws Error for an insertion whose line is not there once */
export function addTemplate(kind: string, copy: string): string[] {
  const folder = join(TEMPLATES, kind);
  const touched = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const target = relative(folder, path).replace(/\.(txt|insert)$/, '');
      const text = readFileSync(path, 'utf8');
      if (path.endsWith('.txt')) write(join(copy, target), text);
      else insert(join(copy, target), text);
      return target;
    });
  if (kind === 'scheme') {
    const file = 'src/machine/schemes/dummy.ts';
    write(join(copy, file), schemeOfReadme());
    touched.push(file);
  }
  return touched.sort();
}

/** The scheme that the schemes' README shows, under a name of its own. */
function schemeOfReadme(): string {
  const readme = readFileSync(join(ROOT, 'src/machine/schemes/README.md'), 'utf8');
  const [, code = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(readme) ?? [];
  return code.replace('// @title token', '// @title dummy');
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Each part of the text: a line that is there once, and what goes before it. */
function insert(path: string, text: string): void {
  let whole = readFileSync(path, 'utf8');
  for (const part of text.split(/^---\n/m)) {
    const end = part.indexOf('\n') + 1;
    const [line, lines] = [part.slice(0, end), part.slice(end)];
    if (whole.split(line).length !== 2) throw new Error(`${path}: expected once: ${line}`);
    whole = whole.replace(line, () => lines + line);
  }
  writeFileSync(path, whole);
}

/** A process of this Node in the copy, to its end. */
export function inCopy(copy: string, args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

/** What a script in the copy prints as JSON; its statements may await. */
export function askCopy(copy: string, script: string): unknown {
  writeFileSync(join(copy, 'ask.ts'), script);
  const { code, stdout, stderr } = inCopy(copy, ['ask.ts']);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Runs test files of the copy there; what its report says. */
export function testCopy(
  copy: string,
  files: readonly string[],
  name?: string,
): { code: number | null; report: string } {
  const only = name === undefined ? [] : ['-t', name];
  const { code, stdout, stderr } = inCopy(copy, ['node_modules/vitest/vitest.mjs', 'run', ...only, ...files]);
  return { code, report: stripVTControlCharacters(stdout + stderr) };
}
