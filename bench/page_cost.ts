// What a struct page costs the host per I/O (page with user buffers minus dma_vec with long-lived ones, inline), beside
// what this memory can do: a dependent load over the same memmap, and the page operations in C.
import { Page } from '../build/layout.ts';
import { GIB, MIB } from '../src/base/units.ts';
import type { BuiltMachine } from '../src/lab/machine/build_machine.ts';
import { probesModule } from '../src/lab/machine/modules.ts';
import {
  BAR_COLD,
  BAR_IN_L2,
  BAR_WARM,
  benchMachine,
  type Effort,
  goal,
  measureArms,
  type Row,
  ratios,
  row,
  startTwin,
  type Twin,
} from './support.ts';

export const title = 'cost of struct page per I/O: page/user minus dma_vec/fixed, CPU ns, inline, payload none';

/** Whose difference is the page's cost. */
export const PAGE_AND_NONE = [
  { host: 'page', buffers: 'user' as const },
  { host: 'dma_vec', buffers: 'fixed' as const },
];

/** Nanoseconds of one dependent load over the BAR's memmap, in the lab's own memory. */
export function loadLatencyNs(machine: BuiltMachine, loads: number, seed: number): number {
  const probes = probesModule(machine.memory);
  const { at, bytes } = machine.barMemmap;
  const flags = machine.view.u32[(at + Page.flags) / 4] as number;
  const start = performance.now();
  probes.dependentLoads(at, bytes / Page.bytes, flags, loads, seed);
  return ((performance.now() - start) * 1e6) / loads;
}

interface Series {
  /** page/user minus dma_vec/fixed, ns per I/O. */
  extra: number[];
  /** One dependent load over the same memmap, ns. */
  latency: number[];
  /** The same page operations in C, ns per page; NaN without a compiler. */
  native: number[];
}

/** All three series in the same rounds. `pages` is what one I/O pins. */
async function series(
  barBytes: number,
  pages: number,
  iodepth: number,
  effort: Effort,
  twin: Twin | undefined,
): Promise<Series> {
  const { machine } = benchMachine({ barBytes, set: { bs: `${pages * 4}k`, iodepth: String(iodepth) } });
  const loads = effort.smoke ? 1000 : 100_000;
  const memmapMib = Math.max(1, barBytes / 64 / MIB);
  const runs = effort.smoke ? 100 : Math.round(600_000 / pages);
  const between = async (round: number): Promise<[number, number]> => {
    const native = twin === undefined ? Number.NaN : await twin.ask(`stream ${memmapMib} ${pages} ${runs} ${iodepth}`);
    return [loadLatencyNs(machine, loads, round + 1), native];
  };
  await between(0);
  const { ns, between: outside } = await measureArms(machine, PAGE_AND_NONE, effort, 'inline', { between });
  return {
    extra: (ns[0] as number[]).map((value, i) => value - (ns[1]?.[i] as number)),
    latency: outside.map(([latency]) => latency),
    native: outside.map(([, native]) => native),
  };
}

export async function measure(effort: Effort): Promise<Row[]> {
  const started = startTwin();
  const twin = 'missing' in started ? undefined : started;
  const coldBar = effort.smoke ? GIB : BAR_COLD;
  const cold = await series(coldBar, 1, 256, effort, twin);
  const warm = await series(BAR_WARM, 1, 256, effort, twin);
  const inCache = await series(BAR_IN_L2, 1, 256, effort, twin);
  const streaming = await series(coldBar, 32, 32, effort, twin);
  const deep = await series(coldBar, 32, 256, effort, twin);
  twin?.end();
  const perPage = streaming.extra.map((value) => value / 32);
  const perPageDeep = deep.extra.map((value) => value / 32);
  const share = row('cold: extra / dependent load', ratios(cold.extra, cold.latency), '');
  const rows: Row[] = [
    row('cold (16 GiB BAR): extra', cold.extra, 'ns/I/O'),
    row('cold: dependent load over the same memmap', cold.latency, 'ns'),
    goal(share, 'between 0.5 and 1.2', (value) => value >= 0.5 && value <= 1.2),
    goal(row('warm (256 MiB BAR): extra', warm.extra, 'ns/I/O'), 'under 15', (value) => value < 15),
    row('warm: dependent load over the same memmap', warm.latency, 'ns'),
    row('in L2 (32 MiB BAR, 512 KiB memmap): extra', inCache.extra, 'ns/I/O'),
    row('in L2: dependent load over the same memmap', inCache.latency, 'ns'),
    row('streaming (128 KiB, 32 pages, iodepth 32): extra per page', perPage, 'ns/page'),
    row('streaming, iodepth 256 (32 MiB and 512 KiB of struct pages in flight)', perPageDeep, 'ns/page'),
  ];
  if (twin === undefined) return rows;
  const ratio = row('streaming: lab / native per page', ratios(perPage, streaming.native), '');
  return [
    ...rows,
    row('streaming: native twin per page', streaming.native, 'ns/page'),
    goal(ratio, 'within 30 % (0.7 to 1.3)', (value) => value >= 0.7 && value <= 1.3),
    row('streaming, iodepth 256: lab / native per page', ratios(perPageDeep, deep.native), ''),
    row('cold: native twin, one page, overlapped', cold.native, 'ns/page'),
    row('warm: native twin, one page, overlapped', warm.native, 'ns/page'),
    row('in L2: native twin, one page, overlapped', inCache.native, 'ns/page'),
  ];
}
