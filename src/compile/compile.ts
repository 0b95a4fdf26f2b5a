// Compiles modules of the machine: AssemblyScript to WebAssembly, on as many threads as there are cores.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Target } from './targets.ts';

const FLAGS = [
  ...['--runtime', 'stub', '--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
  ...['--enable', 'threads', '--enable', 'bulk-memory', '--enable', 'simd', '--noAssert', '--debug'],
];
/** The counting build is asked how often, never how fast. */
const OPTIMIZE = { counting: '-O0', timed: '-O3' };
/** More threads than this do not help: the longest module takes as long as several others. */
const MOST_THREADS = 8;

/** Version and flags of the compiler: what a module's code depends on besides its sources. */
export function compilerIdentity(): string {
  const { version } = createRequire(import.meta.url)('assemblyscript/package.json') as { version: string };
  return JSON.stringify([version, FLAGS, OPTIMIZE]);
}

/** The module's bytes. P2PLAB_WAT=FOLDER writes its text form there as well. @throws Error with the compiler's messages */
export async function compileTarget(root: string, target: Target): Promise<Uint8Array> {
  // Loaded where something is compiled: it takes half a second.
  const { default: asc } = await import('assemblyscript/asc');
  const constants = { COUNTING: target.counting ? 1 : 0, ...target.constants };
  const wat = process.env.P2PLAB_WAT;
  const args = [
    target.entry,
    ...FLAGS,
    target.counting ? OPTIMIZE.counting : OPTIMIZE.timed,
    ...Object.entries(constants).flatMap(([name, value]) => ['--use', `${name}=${value}`]),
    ...['--outFile', 'module.wasm'],
    ...(wat === undefined ? [] : ['--textFile', 'module.wat']),
  ];
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await asc.main(args, {
    readFile: (name) => {
      const path = join(root, name);
      return target.overlay[name] ?? (existsSync(path) ? readFileSync(path, 'utf8') : null);
    },
    writeFile: (name, contents) => {
      if (name === 'module.wasm') bytes = contents as Uint8Array;
      else if (wat !== undefined) writeFileSync(join(wat, `${target.name}.wat`), contents);
    },
    listFiles: () => [],
  });
  if (error || bytes === undefined) throw new Error(`${target.name}: ${error?.message}\n${stderr.toString()}`);
  return bytes;
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
