// Moving the payload: the whole path with 4 KiB copied for each I/O, against a bare memory.copy loop that copies the
// same blocks between the same windows in one thread.
import { DeviceQueue, HostQueue, Machine } from '../build/layout.ts';
import type { BuiltMachine } from '../src/lab/machine/build_machine.ts';
import { field } from '../src/lab/machine/fields.ts';
import { probesModule } from '../src/lab/machine/modules.ts';
import { benchMachine, type Effort, goal, measureArms, type Row, ratios, row } from './support.ts';

export const title = 'payload move, 4 KiB, dma_vec fixed, two threads';

/** Nanoseconds of one bare memory.copy of 4 KiB, medium to BAR window, over the blocks of a round's I/Os. */
export function bareCopy(machine: BuiltMachine, count: number): (round: number) => number {
  const { view } = machine;
  const { host, device } = machine.queues[0] as { host: number; device: number };
  const probes = probesModule(machine.memory);
  return (round) => {
    const start = performance.now();
    probes.copies(
      field(view, host, HostQueue.stream),
      field(view, host, HostQueue.streamMask),
      round * count,
      count,
      field(view, device, DeviceQueue.media),
      field(view, device, DeviceQueue.mediaBytes) - 1,
      field(view, machine.at, Machine.barWindow),
      field(view, machine.at, Machine.barWindowMask),
      4096,
    );
    return ((performance.now() - start) * 1e6) / count;
  };
}

export async function measure(effort: Effort): Promise<Row[]> {
  const { machine } = benchMachine({ payload: 'move' });
  const copyNs = bareCopy(machine, effort.smoke ? 1000 : 60_000);
  copyNs(0);
  const arms = [{ host: 'dma_vec', buffers: 'fixed' as const }];
  const { ns, between } = await measureArms(machine, arms, effort, 'threads', { between: copyNs });
  const path = ns[0] as number[];
  return [
    row('whole path', path, 'ns/I/O'),
    row('bare memory.copy', between, 'ns/copy'),
    goal(
      row('rate of the path / rate of the bare copy', ratios(between, path), ''),
      'at least 0.9',
      (value) => value >= 0.9,
    ),
  ];
}
