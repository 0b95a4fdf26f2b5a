// Every structure an I/O passes through, page-less: dma_vec with long-lived buffers.
import { benchMachine, type Effort, measureArms, type Twin } from '../support.ts';
import type { Figure } from './part.ts';

export const title = 'whole page-less path, 4 KiB reads, nothing moved';

const ARMS = [{ host: 'dma_vec', buffers: 'fixed' as const }];
const BAR_MIB = 256;

export async function measure(effort: Effort, twin: Twin): Promise<Figure[]> {
  const { machine } = benchMachine();
  const ios = effort.smoke ? 20_000 : 800_000;
  const series = async (mode: 'threads' | 'inline') => {
    const between = () => twin.ask(`path 0 ${BAR_MIB} ${ios} ${mode === 'threads' ? 2 : 1} 1 0`);
    const measured = await measureArms(machine, ARMS, effort, mode, { between });
    return { unit: 'ns/I/O', lab: measured.ns[0] as number[], native: measured.between };
  };
  const goal = { words: 'at most 1.3', reached: (ratio: number) => ratio <= 1.3 };
  return [
    { name: 'whole path, two threads', ...(await series('threads')), goal },
    { name: 'whole path, host side only', ...(await series('inline')), goal },
  ];
}
