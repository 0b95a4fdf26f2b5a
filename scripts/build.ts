// Builds into build/, which is never committed: the machine (scripts/machine_build.ts: machine/*.wasm, machine/manifest.json,
// layout.ts) and the script of the HTML report (scripts/page_build.ts: page/). What is there stays usable until a new build takes
// its place as a whole.
// Usage: npm run build   (npm ci runs it; it does nothing when no source has changed)
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPaths, compileAll, planTargets, readSchemes, writeLayout } from './machine_build.ts';
import { buildPage } from './page_build.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = join(ROOT, 'build');
/** More threads than this only heat up: the longest module takes as long as several others. */
const MOST_THREADS = 8;

/** What the page's script is made of, and how. */
const PAGE_SOURCES = ['src/page', 'src/report', 'src/stats', 'src/topology/memory', 'src/base'];

const hash = hashOf([
  ...listFiles(join(ROOT, 'src/machine')),
  ...listFiles(join(ROOT, 'scripts')),
  join(ROOT, 'package-lock.json'),
]);
const manifestPath = join(OUT, 'machine/manifest.json');
if (existsSync(manifestPath) && JSON.parse(readFileSync(manifestPath, 'utf8')).hash === hash) {
  console.log('machine: up to date');
} else {
  await buildAll();
}
await buildPageIfChanged();

async function buildAll(): Promise<void> {
  const started = performance.now();
  const paths = buildPaths(ROOT, join(ROOT, `build.${process.pid}`));
  try {
    const slots = await writeLayout(paths);
    const schemes = readSchemes(paths);
    const targets = planTargets(paths, schemes, slots);
    await compileAll(paths, targets, Math.min(availableParallelism(), MOST_THREADS));
    writeFileSync(join(paths.out, 'machine/manifest.json'), `${JSON.stringify({ hash, schemes }, null, 2)}\n`);
    rmSync(OUT, { recursive: true, force: true });
    renameSync(paths.out, OUT);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`machine: ${targets.length + 1} modules, ${schemes.length} schemes in ${seconds} s`);
  } finally {
    rmSync(paths.out, { recursive: true, force: true });
  }
}

/** The page is quick to build and has its own hash, so that a change of it does not compile the machine. */
async function buildPageIfChanged(): Promise<void> {
  const sources = PAGE_SOURCES.flatMap((folder) => listFiles(join(ROOT, folder))).filter(
    (file) => !file.endsWith('.test.ts'),
  );
  const pageHash = hashOf([...sources, join(ROOT, 'scripts/page_build.ts'), join(ROOT, 'package-lock.json')]);
  const hashPath = join(OUT, 'page/hash');
  if (existsSync(hashPath) && readFileSync(hashPath, 'utf8') === pageHash) return;
  const started = performance.now();
  const temporary = join(ROOT, `build.page.${process.pid}`);
  try {
    const bytes = await buildPage(ROOT, temporary);
    writeFileSync(join(temporary, 'hash'), pageHash);
    rmSync(join(OUT, 'page'), { recursive: true, force: true });
    renameSync(temporary, join(OUT, 'page'));
    console.log(`page: ${Math.round(bytes / 1024)} KiB in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function hashOf(files: string[]): string {
  const sum = createHash('sha256');
  for (const file of files) sum.update(relative(ROOT, file)).update(readFileSync(file));
  return sum.digest('hex').slice(0, 16);
}
