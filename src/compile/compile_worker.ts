// One compiling thread: compiles the targets it is sent, one at a time, and ends when it is sent none.
import { parentPort, workerData } from 'node:worker_threads';
import { type CompileAnswer, type CompileWorkerData, compileTarget } from './compile.ts';
import type { Target } from './targets.ts';

const port = parentPort;
if (port === null) throw new Error('compile_worker.ts runs as a worker thread of compileAll');
const { root } = workerData as CompileWorkerData;

port.on('message', async (target: Target | undefined) => {
  if (target === undefined) return port.close();
  port.postMessage(await answerTo(target));
});

async function answerTo(target: Target): Promise<CompileAnswer> {
  try {
    return { name: target.name, bytes: await compileTarget(root, target) };
  } catch (error) {
    return { failure: (error as Error).message };
  }
}
