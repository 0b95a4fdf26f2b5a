// Compiles modules of the machine: AssemblyScript to WebAssembly, on as many threads as there are cores.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { APIOptions } from 'assemblyscript/asc';
import type { Target } from './targets.ts';

const FLAGS = [
  ...['--runtime', 'stub', '--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
  ...['--enable', 'threads', '--enable', 'bulk-memory', '--enable', 'simd', '--noAssert', '--debug'],
];
/** The counting build is asked how often, never how fast. */
const OPTIMIZE = { counting: '-O0', timed: '-O3' };
const SPREAD_LINES = 'propagate-debug-locs';
/** More threads than this do not help: the longest module takes as long as several others. */
const MOST_THREADS = 8;

/** Version and flags of the compiler: what a module's code depends on besides its sources. */
export function compilerIdentity(): string {
  const { version } = createRequire(import.meta.url)('assemblyscript/package.json') as { version: string };
  return JSON.stringify([version, FLAGS, OPTIMIZE]);
}

/** The module with its source map (JSON), whose locations are spread over what the optimiser made. @throws Error with the compiler's messages */
export async function compileMapped(root: string, target: Target): Promise<{ bytes: Uint8Array; map: string }> {
  // Before the optimiser and after it: else a third of the instructions says nothing of where it comes from.
  const spread = { afterCompile: (module: { runPasses(passes: string[]): void }) => module.runPasses([SPREAD_LINES]) };
  const transforms = [spread] as unknown as APIOptions['transforms'];
  const files = await compileFiles(root, target, ['--sourceMap', '--runPasses', SPREAD_LINES], {
    transforms,
  });
  return { bytes: files.get('module.wasm') as Uint8Array, map: String(files.get('module.wasm.map')) };
}

/** The module's bytes. P2PLAB_WAT=FOLDER writes its text form there as well. @throws Error with the compiler's messages */
export async function compileTarget(root: string, target: Target): Promise<Uint8Array> {
  const wat = process.env.P2PLAB_WAT;
  const files = await compileFiles(root, target, wat === undefined ? [] : ['--textFile', 'module.wat']);
  const text = files.get('module.wat');
  if (wat !== undefined && text !== undefined) writeFileSync(join(wat, `${target.name}.wat`), text);
  return files.get('module.wasm') as Uint8Array;
}

/** What the compiler writes, by name. @throws Error with its messages */
async function compileFiles(
  root: string,
  target: Target,
  more: readonly string[],
  options: Pick<APIOptions, 'transforms'> = {},
): Promise<Map<string, string | Uint8Array>> {
  // Loaded where something is compiled: it takes half a second.
  const { default: asc } = await import('assemblyscript/asc');
  const constants = { COUNTING: target.counting ? 1 : 0, ...target.constants };
  const args = [
    target.entry,
    ...FLAGS,
    target.counting ? OPTIMIZE.counting : OPTIMIZE.timed,
    ...Object.entries(constants).flatMap(([name, value]) => ['--use', `${name}=${value}`]),
    ...['--outFile', 'module.wasm'],
    ...more,
  ];
  const files = new Map<string, string | Uint8Array>();
  const { error, stderr } = await asc.main(args, {
    readFile: (name) => {
      const path = join(root, name);
      return target.overlay[name] ?? (existsSync(path) ? readFileSync(path, 'utf8') : null);
    },
    writeFile: (name, contents) => {
      files.set(name, contents);
    },
    listFiles: () => [],
    ...options,
  });
  if (error || !files.has('module.wasm')) throw new Error(`${target.name}: ${error?.message}\n${stderr.toString()}`);
  return files;
}

/** What a compiling thread is started with, sent, and answers. */
export interface CompileWorkerData {
  root: string;
}
export type CompileAnswer = { name: string; bytes: Uint8Array } | { failure: string };

/** Compiles all and hands each module on as it is done. @throws Error with the compiler's messages */
export async function compileAll(
  root: string,
  targets: readonly Target[],
  done: (name: string, bytes: Uint8Array) => void,
): Promise<void> {
  const waiting = [...targets];
  const runOne = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const workerData: CompileWorkerData = { root };
      const worker = new Worker(new URL('./compile_worker.ts', import.meta.url), { workerData });
      const next = (): void => {
        const target = waiting.shift();
        worker.postMessage(target);
        if (target === undefined) resolve();
      };
      worker.on('error', reject);
      worker.on('message', (answer: CompileAnswer) => {
        if ('failure' in answer) {
          reject(new Error(answer.failure));
          waiting.length = 0;
          worker.postMessage(undefined);
          return;
        }
        done(answer.name, answer.bytes);
        next();
      });
      next();
    });
  const threads = Math.min(availableParallelism(), MOST_THREADS, targets.length);
  await Promise.all(Array.from({ length: threads }, runOne));
}
