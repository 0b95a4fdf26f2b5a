// One thread of p2plab cost: makes cells of the arms that it is sent, one at a time, and ends when it is sent none.
import { parentPort } from 'node:worker_threads';
import { LabError } from '../base/errors.ts';
import { type ArmAnswer, type ArmTask, costArm } from './cost_cells.ts';

const port = parentPort;
if (port === null) throw new Error('cost_worker.ts runs as a worker thread of costCells');

port.on('message', async (task: ArmTask | undefined) => {
  if (task === undefined) return port.close();
  port.postMessage(await answerTo(task));
});

async function answerTo(task: ArmTask): Promise<ArmAnswer> {
  try {
    return { index: task.index, ...(await costArm(task)) };
  } catch (error) {
    const { message, stack } = error as Error;
    if (error instanceof LabError) return { index: task.index, failure: { message, exitCode: error.exitCode } };
    return { index: task.index, failure: { message: stack ?? message, exitCode: undefined } };
  }
}
