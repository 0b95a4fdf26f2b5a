// One compiling thread of the build: compiles the targets it is sent, one at a time, and ends when it is sent none.
import { parentPort, workerData } from 'node:worker_threads';
import { type BuildPaths, compileTarget, type Target } from './machine_build.ts';

const port = parentPort;
if (port === null) throw new Error('compile_worker.ts runs as a worker thread of scripts/build.ts');

port.on('message', async (target: Target | undefined) => {
  if (target === undefined) return port.close();
  try {
    await compileTarget(workerData as BuildPaths, target);
    port.postMessage(undefined);
  } catch (error) {
    port.postMessage((error as Error).message);
  }
});
