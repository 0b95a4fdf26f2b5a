// What comes before the first I/O, and what must not happen during it: set-up of a 16 GiB BAR's memmap (4.2 M struct
// pages, fresh memory), and heap growth over timed rounds.
import { sharedMemory } from '../src/lab/machine/arena.ts';
import { hostModule } from '../src/lab/machine/modules.ts';
import { closePool } from '../src/lab/workers/crew.ts';
import { BAR_COLD, BAR_WARM, benchMachine, type Effort, goal, measureArms, type Row, row } from './support.ts';

export const title = 'set-up and heap';

export async function measure(effort: Effort): Promise<Row[]> {
  const seconds: number[] = [];
  for (let i = 0; i < (effort.smoke ? 1 : 5); i++) {
    const { machine } = benchMachine(
      { barBytes: effort.smoke ? BAR_WARM : BAR_COLD, schemes: ['dma_vec'] },
      sharedMemory(),
    );
    const page = hostModule('page', machine.memory);
    const start = performance.now();
    page.setup(machine.at);
    seconds.push((performance.now() - start) / 1000);
  }
  const setup = row('memmap of a 16 GiB BAR, first touch', seconds, 's');
  return [goal(setup, 'under 1', (value) => value < 1), await heapGrowth(effort)];
}

/** JavaScript heap of the lab's thread before and after rounds of slices, garbage collected both times. */
async function heapGrowth(effort: Effort): Promise<Row> {
  const { machine } = benchMachine({ barBytes: BAR_WARM });
  const arms = [{ host: 'page', buffers: 'user' as const }];
  const used: number[] = [];
  const read = (): number => {
    globalThis.gc?.();
    used.push(process.memoryUsage().heapUsed);
    return 0;
  };
  await measureArms(
    machine,
    arms,
    { ...effort, rounds: effort.smoke ? 4 : 60, roundMs: Math.min(effort.roundMs, 50) },
    'inline',
    { between: read },
  );
  await closePool();
  const half = used.slice(used.length / 2);
  const growth = ((half.at(-1) as number) - (half[0] as number)) / 1024 / half.length;
  const figure = row(
    globalThis.gc ? 'heap growth per round' : 'heap growth per round (run with --expose-gc to collect first)',
    [growth],
    'KiB',
  );
  return goal(figure, 'none (under 1 KiB: the records themselves)', (value) => value < 1);
}
