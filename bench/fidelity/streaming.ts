// Many pages in a row, whose misses overlap: 128 KiB O_DIRECT reads pin 32 pages. The kernel's published figures for fast GUP
// are 14 to 21 ns for each 4 KiB page (Joao Martins, "sparse-vmemmap: deduplicate", 2021).
import { GIB, MIB } from '../../src/base/units.ts';
import { PAGE_AND_NONE } from '../page_cost.ts';
import { benchMachine, type Effort, measureArms, type Twin } from '../support.ts';
import { differences, type Figure } from './part.ts';

export const title = 'struct pages in a row: 32 per I/O, 16 GiB BAR';

const PAGES = 32;
const IODEPTH = 32;

export async function measure(effort: Effort, twin: Twin): Promise<Figure[]> {
  const barBytes = effort.smoke ? GIB : 16 * GIB;
  const { machine } = benchMachine({ barBytes, set: { bs: `${PAGES * 4}k`, iodepth: String(IODEPTH) } });
  const runs = effort.smoke ? 100 : 20_000;
  const { ns, between } = await measureArms(machine, PAGE_AND_NONE, effort, 'inline', {
    between: () => twin.ask(`stream ${barBytes / 64 / MIB} ${PAGES} ${runs} ${IODEPTH}`),
  });
  const lab = differences(ns[0] as number[], ns[1] as number[]).map((value) => value / PAGES);
  const goal = { words: 'within 20 %', reached: (ratio: number) => ratio >= 0.8 && ratio <= 1.2 };
  return [{ name: 'streaming, per page', unit: 'ns/page', lab, native: between, goal }];
}
