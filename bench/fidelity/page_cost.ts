// What one struct page for each I/O costs the host, for memmaps that outgrow one cache after the other: page with user buffers
// less dma_vec, and the twin's path with pinned pages less the one without. Beside it the latency of a dependent load over
// the same memmap, which is what a path pays where nothing overlaps, and the twin's cost once more with a barrier between its I/Os:
// its path is so short that the processor begins the next I/O's miss before the last has ended, which no longer path can.
import { formatBytes, GIB, MIB } from '../../src/base/units.ts';
import type { BuiltMachine } from '../../src/lab/machine/build_machine.ts';
import { median } from '../../src/stats/location.ts';
import { loadLatencyNs, PAGE_AND_NONE } from '../page_cost.ts';
import { benchMachine, type Effort, measureArms, type Twin } from '../support.ts';
import { differences, type Figure } from './part.ts';

export const title = 'cost of one struct page per I/O, host side, by size of the BAR';

/** Memmap of 1 MiB, the least that the twin takes. */
const IN_L2 = 64 * MIB;
/** The first one's memmap lies in the L2: there a page costs its instructions and its locked operations, and no miss. */
const BARS = [IN_L2, 256 * MIB, 4 * GIB, 16 * GIB, 64 * GIB];

export async function measure(effort: Effort, twin: Twin): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const barBytes of effort.smoke ? [256 * MIB] : BARS) figures.push(...(await atBar(barBytes, effort, twin)));
  return figures;
}

/** What was measured in between has evicted this memmap: the twin's last command was on its own. */
function warmLoadNs(machine: BuiltMachine, loads: number, round: number): number {
  loadLatencyNs(machine, loads, 2 * round + 1);
  return loadLatencyNs(machine, loads, 2 * round + 2);
}

async function atBar(barBytes: number, effort: Effort, twin: Twin): Promise<Figure[]> {
  const { machine } = benchMachine({ barBytes });
  const memmapMib = barBytes / 64 / MIB;
  const ios = effort.smoke ? 10_000 : 300_000;
  const loads = effort.smoke ? 1000 : 100_000;
  const { ns, between } = await measureArms(machine, PAGE_AND_NONE, effort, 'inline', {
    between: async (round) => ({
      withPages: await twin.ask(`path 1 ${memmapMib} ${ios} 1 1 0`),
      serialWithPages: await twin.ask(`path 1 ${memmapMib} ${ios} 1 1 1`),
      without: await twin.ask(`path 0 ${memmapMib} ${ios} 1 1 0`),
      serialWithout: await twin.ask(`path 0 ${memmapMib} ${ios} 1 1 1`),
      overlapped: await twin.ask(`stream ${memmapMib} 1 ${ios} 256`),
      nativeLoad: await twin.ask(`latency ${memmapMib} ${loads}`),
      labLoad: warmLoadNs(machine, loads, round),
    }),
  });
  const of = (key: keyof (typeof between)[number]): number[] => between.map((each) => each[key]);
  const bar = `${formatBytes(barBytes)} BAR`;
  const lab = differences(ns[0] as number[], ns[1] as number[]);
  const [least, most] = [median(of('overlapped')), median(of('labLoad'))];
  return [
    {
      name: `page, ${bar}`,
      unit: 'ns/I/O',
      lab,
      native: differences(of('withPages'), of('without')),
      ...(barBytes === IN_L2
        ? {}
        : {
            bound: {
              words: `between ${least.toFixed(0)} (native, overlapped) and ${most.toFixed(0)} ns (dependent load)`,
              reached: (lab: number) => lab >= least && lab <= most,
            },
          }),
    },
    {
      name: `page in turn, ${bar}`,
      unit: 'ns/I/O',
      lab,
      native: differences(of('serialWithPages'), of('serialWithout')),
    },
    { name: `dependent load, ${bar}`, unit: 'ns', lab: of('labLoad'), native: of('nativeLoad') },
  ];
}
