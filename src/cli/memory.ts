// `p2plab memory`: what each way to carry P2P memory costs in memory, and what one I/O must cost for it to be worth it.

import { LabError, suggestion } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import { writeNamed } from '../base/files.ts';
import { formatBytes, parseBytes } from '../base/units.ts';
import { wordTable } from '../base/word_table.ts';
import { measureSetUp } from '../lab/machine/measure_resident.ts';
import { memoryChartSpec } from '../report/drawing/memory_chart.ts';
import { ERAS, eraOf } from '../topology/host_bridge.ts';
import { loadTopology } from '../topology/load.ts';
import { memoryChart } from '../topology/memory/chart.ts';
import { memoryDocument } from '../topology/memory/document.ts';
import { parsePageSize } from '../topology/memory/memmap.ts';
import { providerBars } from '../topology/memory/providers.ts';
import {
  type MeasureResident,
  type MemoryOptions,
  type MemoryRow,
  memoryRows,
  NOT_FOR_P2PDMA,
} from '../topology/memory/rows.ts';
import { memoryReport } from '../topology/memory/view.ts';
import type { MemoryCommandOptions } from './commands/memory.ts';
import { checkTargets, writeTo } from './documents.ts';

/** A 1 PiB BAR: beyond it sums of several would leave the exact integers. */
const MAX_BAR_BYTES = 2 ** 50;

const DEFAULT_WIDTH = 100;

/** @param measure resident bytes of the lab's own memory; another one for tests */
export async function memoryCommand(
  options: MemoryCommandOptions,
  measure: MeasureResident = measureBars,
): Promise<void> {
  const era = eraOf(options.era);
  if (era === undefined) {
    throw new LabError(
      `--era: '${options.era}' is not one of ${ERAS.join(', ')}${suggestion(options.era, ERAS) || '.'}`,
    );
  }
  const settings: Omit<MemoryOptions, 'barBytes'> = {
    pageBytes: parsePageSize(options.pageSize),
    era,
    queueDepth: positiveCount(options.queueDepth, '--queue-depth', 65_536),
    clients: positiveCount(options.clients, '--clients', 65_536),
  };
  const breakEven = {
    iops: positiveCount(options.iops, '--iops', 1e12),
    ramBytesPerCore: positiveBytes(options.ramPerCore, '--ram-per-core'),
  };
  await checkTargets({ '--json': options.json, '--chart': options.chart });
  const memory = { ...settings, barBytes: await barsOf(options) };
  const rows = memoryRows(memory, options.measured ? measure : undefined);
  if (options.chart !== undefined) await drawChart(options.chart, rows, memory);
  if (options.json === undefined) {
    const width = Math.max(60, process.stdout.columns ?? DEFAULT_WIDTH);
    process.stdout.write(terminalText(memoryReport(rows, memory, breakEven, width)));
    return;
  }
  await writeTo(options.json, `${JSON.stringify(memoryDocument(rows, memory), undefined, 2)}\n`);
}

async function drawChart(path: string, rows: readonly MemoryRow[], memory: MemoryOptions): Promise<void> {
  const bars = memory.barBytes.length === 1 ? 'one BAR' : `${memory.barBytes.length} BARs`;
  const total = formatBytes(memory.barBytes.reduce((sum, bytes) => sum + bytes, 0));
  const title = `Memory that P2P takes for ${bars} of ${total}, by address scheme`;
  const data = memoryChart(rows, title, ({ note }) => !note.startsWith(NOT_FOR_P2PDMA));
  const subtitle = `${formatBytes(memory.pageBytes)} pages, structures of Linux ${memory.era}`;
  // The canvas takes long to load.
  const { renderPng } = await import('../report/drawing/render_png.ts');
  await writeNamed(path, await renderPng(memoryChartSpec(data, subtitle)));
}

/** Each size of BAR is built once; struct pages exist in the lab for 4 KiB pages and the eras of subsections. */
const measureBars: MeasureResident = (scheme, { barBytes, pageBytes, era }) => {
  if (pageBytes !== 4096 || era === '5.2') return undefined;
  const bySize = Map.groupBy(barBytes, (bytes) => bytes);
  let sum = 0;
  for (const [bytes, bars] of bySize) {
    const one = measureSetUp(scheme, bytes);
    if (one === undefined) return undefined;
    sum += one * bars.length;
  }
  return sum;
};

async function barsOf(options: MemoryCommandOptions): Promise<number[]> {
  if (options.topology === undefined) return [positiveBytes(options.bar ?? '16GiB', '--bar')];
  if (options.bar !== undefined) throw new LabError('--bar and --topology exclude each other: give one of them.');
  const topology = await loadTopology(options.topology);
  const bars = providerBars(topology).map(({ bar }) => bar.bytes);
  if (bars.length > 0) return bars;
  throw new LabError(
    `${topology.source}: no BAR in it that would be a provider (prefetchable, 2 MiB or more)` +
      `${topology.functions.some((fn) => fn.bars.length > 0) ? '' : `; ${topology.format} tells no BARs`}.`,
  );
}

function positiveBytes(text: string, option: string): number {
  const bytes = parseBytes(text, option);
  if (bytes < 4096 || bytes > MAX_BAR_BYTES) throw new LabError(`${option}: '${text}' is outside 4 KiB to 1 PiB.`);
  return bytes;
}

const COUNT_FACTOR = wordTable<number>({ '': 1, k: 1e3, M: 1e6, G: 1e9 });

function positiveCount(text: string, option: string, max: number): number {
  const match = /^(\d+(?:\.\d+)?)([kMG]?)$/.exec(text.trim());
  const count = Number(match?.[1]) * (COUNT_FACTOR[match?.[2] ?? ''] ?? Number.NaN);
  if (!(count >= 1) || count > max || !Number.isInteger(count)) {
    throw new LabError(`${option}: '${text}' is not a whole number from 1 to ${max}, such as 128, 500k or 1M.`);
  }
  return count;
}
