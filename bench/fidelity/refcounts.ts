// Locked against plain reference counts on the whole path: what the atomics of a page add, in the lab and natively.
import { Machine } from '../../build/layout.ts';
import { MIB } from '../../src/base/units.ts';
import type { BuiltMachine } from '../../src/lab/machine/build_machine.ts';
import { BAR_COLD, BAR_WARM, benchMachine, type Effort, measureArms, type Twin } from '../support.ts';
import type { Figure } from './part.ts';

export const title = 'locked against plain refcounts, page with user buffers, host side';

const ARMS = [{ host: 'page', buffers: 'user' as const }];

export async function measure(effort: Effort, twin: Twin): Promise<Figure[]> {
  const barBytes = effort.smoke ? BAR_WARM : BAR_COLD;
  const { machine } = benchMachine({ barBytes });
  const ios = effort.smoke ? 10_000 : 300_000;
  const series = async (locked: boolean) => {
    lockRefcounts(machine, locked);
    const between = () => twin.ask(`path 1 ${barBytes / 64 / MIB} ${ios} 1 ${locked ? 1 : 0} 0`);
    const measured = await measureArms(machine, ARMS, effort, 'inline', { between });
    return { lab: measured.ns[0] as number[], native: measured.between };
  };
  const locked = await series(true);
  const plain = await series(false);
  return [
    { name: 'path with locked refcounts', unit: 'ns/I/O', ...locked },
    { name: 'path with plain refcounts', unit: 'ns/I/O', ...plain },
  ];
}

function lockRefcounts(machine: BuiltMachine, locked: boolean): void {
  machine.view.u32[(machine.at + Machine.refcountAtomic) / 4] = locked ? 1 : 0;
}
