// The folder of the compiled machine: a manifest that names every module by the digest of what it is made of, and the modules that have
// been needed so far, stored under their digests. A module is compiled when it is first needed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT, LabError, limitAdvice } from '../base/errors.ts';
import { compileAll, compilerIdentity } from './compile.ts';
import { whileOthersWait } from './compile_lock.ts';
import { exportTypes } from './export_types.ts';
import { flowsText } from './flow_table.ts';
import { layoutText } from './layout_text.ts';
import type { SchemeHeader } from './scheme_header.ts';
import { flowsOf, moduleKey, planTargets, readSchemes, SourceTexts, textKey } from './targets.ts';

/** manifest.json */
export interface MachineManifest {
  /** Digest of all modules' digests: the machine's code as a whole. */
  hash: string;
  /** Where the sources are, relative to the folder. */
  root: string;
  /** Variants that a machine has room for. */
  slots: number;
  schemes: SchemeHeader[];
  /** Digest of each module, by its name. */
  modules: Record<string, string>;
}

const MANIFEST = 'manifest.json';
const ENTRY = fileURLToPath(new URL('./main.ts', import.meta.url));
const STARTING_MOST_MS = 30_000;
/** Modules that no manifest names any more are kept for going back and forth between commits, up to so many. */
const KEPT_UNNAMED = 100;

/** What the lab needs of the machine besides its modules: texts of TypeScript files. */
export interface MachineTexts {
  manifest: MachineManifest;
  layout: string;
  exports: string;
  flows: string;
}

/** Writes the manifest of `folder` from the sources below `root`. @throws Error with the compiler's messages */
export async function writeMachineFolder(root: string, folder: string): Promise<MachineTexts> {
  mkdirSync(join(folder, 'modules'), { recursive: true });
  const { text, slots } = await layoutText(root);
  const schemes = readSchemes(root);
  const sources = new SourceTexts(root);
  const compiler = compilerIdentity();
  const modules = Object.fromEntries(
    planTargets(root, schemes, slots).map((target) => [target.name, moduleKey(target, sources, compiler)]),
  );
  const hash = createHash('sha256').update(JSON.stringify(modules)).digest('hex').slice(0, 16);
  const manifest = { hash, root: relative(folder, root), slots, schemes, modules };
  writeWhole(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  dropUnnamed(folder, new Set(Object.values(modules)));
  return { manifest, layout: text, exports: exportTypes(root), flows: flowsText(flowsOf(root)) };
}

/** @throws LabError where the machine has not been built */
export function readMachineFolder(folder: string): MachineManifest {
  try {
    return JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')) as MachineManifest;
  } catch {
    throw new LabError(`the machine is not built (${folder} has no ${MANIFEST}). Run: npm run build`);
  }
}

/** File of a module, whether or not it has been compiled. @throws Error for a name that the manifest does not have */
export function moduleFile(folder: string, manifest: MachineManifest, name: string): string {
  const key = manifest.modules[name];
  if (key === undefined) throw new Error(`the machine has no module '${name}'`);
  return join(folder, 'modules', `${key}.wasm`);
}

/** A module's target, where its sources are, and a key of its code with every line of its text. @throws Error for an unknown name */
export function moduleTarget(folder: string, manifest: MachineManifest, name: string) {
  const root = resolve(folder, manifest.root);
  const target = planTargets(root, manifest.schemes, manifest.slots).find((each) => each.name === name);
  if (target === undefined) throw new Error(`the machine has no module '${name}'`);
  return { target, root, textKey: textKey(target, new SourceTexts(root), compilerIdentity()) };
}

/** Which of these modules have not been compiled. */
export function missingModules(folder: string, manifest: MachineManifest, names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => !existsSync(moduleFile(folder, manifest, name)));
}

/** Compiles these modules in this process, and waits for another process that compiles some of them. @throws Error with the compiler's messages, or where sources are not the manifest's */
export async function compileModules(folder: string, names: readonly string[]): Promise<void> {
  const manifest = readMachineFolder(folder);
  await whileOthersWait(
    folder,
    () => missingModules(folder, manifest, names).length === 0,
    () => compileMissing(folder, manifest, names),
  );
}

async function compileMissing(folder: string, manifest: MachineManifest, names: readonly string[]): Promise<void> {
  const root = resolve(folder, manifest.root);
  const wanted = new Set(missingModules(folder, manifest, names));
  const targets = planTargets(root, manifest.schemes, manifest.slots).filter(({ name }) => wanted.has(name));
  const sources = new SourceTexts(root);
  const stale = targets.find(
    (target) => moduleKey(target, sources, compilerIdentity()) !== manifest.modules[target.name],
  );
  if (stale !== undefined)
    throw new Error(`the sources of ${stale.name} have changed since the build. Run: npm run build`);
  await compileAll(root, targets, (name, bytes) => writeWhole(moduleFile(folder, manifest, name), bytes));
}

/**
 * Compiles these modules in a process of its own, on all cores, and waits: for callers that cannot wait for a promise.
 * @throws LabError with the compiler's messages
 */
export function compileModulesNow(folder: string, names: readonly string[]): void {
  process.stderr.write(`p2plab: compiling ${names.length} ${names.length === 1 ? 'module' : 'modules'}, once\n`);
  const { status, stderr, error } = compilerStarts()
    ? spawnSync(process.execPath, [ENTRY, folder, ...names], { encoding: 'utf8' })
    : { status: null, stderr: '', error: new Error('Node cannot start its threads (EAGAIN)') };
  if (status === 0) return;
  // A process that cannot be started has written nothing, not even an empty text.
  const said = [error?.message ?? '', stderr ?? ''].join('\n').trim();
  throw new LabError(
    `the machine's modules ${names.join(', ')} do not compile:\n${said}${limitAdvice(said)}`,
    EXIT.runFailed,
  );
}

/**
 * Whether a second Node comes up. One that may have no more threads does not end: it waits for ever for those that it could not
 * start, and compiling has no time of its own by which that could be told.
 */
function compilerStarts(): boolean {
  const { signal } = spawnSync(process.execPath, ['-e', '0'], {
    stdio: 'ignore',
    timeout: STARTING_MOST_MS,
    killSignal: 'SIGKILL',
  });
  return signal !== 'SIGKILL';
}

/** Whole or not at all, whoever else writes the same. */
function writeWhole(path: string, contents: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

function dropUnnamed(folder: string, named: ReadonlySet<string>): void {
  const modules = join(folder, 'modules');
  readdirSync(modules)
    .filter((file) => !named.has(file.replace('.wasm', '')))
    .map((file) => ({ path: join(modules, file), writtenMs: statSync(join(modules, file)).mtimeMs }))
    .sort((a, b) => b.writtenMs - a.writtenMs)
    .slice(KEPT_UNNAMED)
    .forEach(({ path }) => {
      rmSync(path, { force: true });
    });
}
