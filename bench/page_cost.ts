// What a struct page costs the host per I/O (page with user buffers minus dma_vec with long-lived ones, inline), beside
// what this memory can do: a dependent load over the same memmap, and the page operations in C.
import { Page } from '../build/layout.ts';
import { GIB } from '../src/base/units.ts';
import type { BuiltMachine } from '../src/lab/machine.ts';
import { probesModule } from '../src/lab/modules.ts';
import { median } from '../src/stats/location.ts';
import {
  BAR_COLD,
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

const ARMS = [
  { host: 'page', buffers: 'user' as const },
  { host: 'dma_vec', buffers: 'fixed' as const },
];

/** Nanoseconds of one dependent load over the BAR's memmap, in the lab's own memory. */
function loadLatencyNs(machine: BuiltMachine, loads: number, seed: number): number {
  const probes = probesModule(machine.memory);
  const { at, bytes } = machine.barMemmap;
  const flags = machine.view.u32[(at + Page.flags) / 4] as number;
  const start = performance.now();
  probes.dependentLoads(at, bytes / Page.bytes, flags, loads, seed);
  return ((performance.now() - start) * 1e6) / loads;
}

async function extraAndLatency(barBytes: number, effort: Effort, set: Record<string, string> = {}) {
  const { machine } = benchMachine({ barBytes, set });
  const loads = effort.smoke ? 1000 : 300_000;
  const latency = (round: number): number => loadLatencyNs(machine, loads, round + 1);
  latency(0);
  const { ns, between } = await measureArms(machine, ARMS, effort, 'inline', { between: latency });
  const extra = (ns[0] as number[]).map((value, i) => value - (ns[1]?.[i] as number));
  return { page: ns[0] as number[], dmaVec: ns[1] as number[], extra, latency: between };
}

async function nativeSeries(twin: Twin | { missing: string }, command: string, effort: Effort): Promise<number[]> {
  if ('missing' in twin) return [];
  const values: number[] = [];
  for (let i = 0; i < Math.max(3, effort.rounds / 2); i++) values.push(await twin.ask(command));
  return values;
}

export async function measure(effort: Effort): Promise<Row[]> {
  const twin = startTwin();
  const cold = await extraAndLatency(effort.smoke ? GIB : BAR_COLD, effort);
  const warm = await extraAndLatency(BAR_WARM, effort);
  const streaming = await extraAndLatency(effort.smoke ? GIB : BAR_COLD, effort, { bs: '128k' });
  const perPage = streaming.extra.map((value) => value / 32);
  const runs = effort.smoke ? 100 : 20_000;
  const native = await nativeSeries(twin, `stream 256 32 ${runs}`, effort);
  const nativeCold = await nativeSeries(twin, `stream 256 1 ${runs * 10}`, effort);
  const nativeWarm = await nativeSeries(twin, `stream 4 1 ${runs * 10}`, effort);
  if (!('missing' in twin)) twin.end();
  const share = row('cold: extra / dependent load', ratios(cold.extra, cold.latency), '');
  const rows: Row[] = [
    row('cold (16 GiB BAR): extra', cold.extra, 'ns/I/O'),
    row('cold: dependent load over the same memmap', cold.latency, 'ns'),
    goal(share, 'between 0.5 and 1.2', (value) => value >= 0.5 && value <= 1.2),
    goal(row('warm (256 MiB BAR): extra', warm.extra, 'ns/I/O'), 'under 15', (value) => value < 15),
    row('warm: dependent load over the same memmap', warm.latency, 'ns'),
    row('streaming (128 KiB, 32 pages): extra per page', perPage, 'ns/page'),
  ];
  if (native.length === 0) return rows;
  const reference = median(native);
  const ratio = row(
    'streaming: lab / native per page',
    perPage.map((value) => value / reference),
    '',
  );
  return [
    ...rows,
    row('streaming: native twin per page', native, 'ns/page'),
    goal(ratio, 'within 30 % (0.7 to 1.3)', (value) => value >= 0.7 && value <= 1.3),
    row('cold: native twin, one page, overlapped', nativeCold, 'ns/page'),
    row('warm: native twin, one page, overlapped', nativeWarm, 'ns/page'),
  ];
}
