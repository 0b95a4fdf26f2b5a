import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { resultFixture } from '../../../test/support/result_fixture.ts';
import { GIB, MIB } from '../../base/units.ts';
import type { Result } from '../../result/schema.ts';
import type { ChartSpec } from './chart_spec.ts';
import { wrapPhrases } from './chart_style.ts';
import { loadCharts } from './charts.ts';
import { partColour, viewOf } from './look.ts';
import { renderPng } from './render_png.ts';

const result = resultFixture();
const charts = new Map((await loadCharts()).map((chart) => [chart.name, chart]));

function specOf(name: string, of: Result = result): ChartSpec {
  const spec = charts.get(name)?.build(of, viewOf(of));
  if (spec === undefined) throw new Error(`no spec for ${name}`);
  return spec;
}

interface Dataset {
  label: string;
  data: { x?: number; y: number; yMin?: number; yMax?: number }[];
  backgroundColor?: string;
}

function datasetsOf(spec: ChartSpec, panel = 0): Dataset[] {
  return spec.panels[panel]?.data.datasets as unknown as Dataset[];
}

test('every file of the folder is a chart whose name is the file name', async () => {
  const files = await readdir(new URL('../charts/', import.meta.url));
  expect([...charts.keys()]).toEqual(files.map((file) => file.replace('.ts', '')).sort());
});

describe('bars by scheme', () => {
  test('one panel per group outside sweeps, titled by what differs, the rest in the subtitle', () => {
    const spec = specOf('iops_by_scheme');
    expect(spec.panels).toHaveLength(4);
    expect(spec.subtitle[0]).toContain('randread · bs 4 KiB · iodepth 256');
    expect(spec.subtitle[0]).toContain('refused: dma_vec/user (EOPNOTSUPP)');
    expect(spec.subtitle[1]).toContain('AMD EPYC 7R13 Processor, 2 cores');
    expect(spec.subtitle[1]).toContain('median of 12 rounds in threads mode');
  });

  test('every value has its interval, a refused combination has none', () => {
    const [page, dmaVec] = datasetsOf(specOf('cpu_ns_by_scheme')) as [Dataset, Dataset];
    expect(page.data).toHaveLength(3);
    for (const { y, yMin, yMax } of page.data) {
      expect(yMin).toBeLessThanOrEqual(y);
      expect(yMax).toBeGreaterThanOrEqual(y);
    }
    expect(dmaVec.data[0]?.y).toBeNaN();
  });

  test('a run without threads has no throughput chart', () => {
    const inline = structuredClone(result);
    for (const cell of inline.cells) cell.iops = null;
    expect(charts.get('iops_by_scheme')?.build(inline, viewOf(inline))).toBeUndefined();
    expect(charts.get('cpu_ns_by_scheme')?.build(inline, viewOf(inline))).toBeDefined();
  });

  test('a scheme has one colour in all charts', () => {
    const colours = (name: string) => new Map(datasetsOf(specOf(name)).map((set) => [set.label, set.backgroundColor]));
    expect(colours('iops_by_scheme')).toEqual(colours('cpu_ns_by_scheme'));
    const legend = specOf('memory_overhead').legend.find(({ label }) => label === 'page');
    expect(legend?.colour).toBe(colours('iops_by_scheme').get('page'));
  });

  test('more groups than can be read are cut, and the cut is told', () => {
    const workloads = Array.from({ length: 10 }, (_, i) => ({ payload: 'none', bar: (i + 1) * GIB }));
    const spec = specOf('iops_by_scheme', resultFixture({ workloads, sweepBars: [], rounds: 6 }));
    expect(spec.panels).toHaveLength(8);
    expect(spec.subtitle[0]).toContain('8 of 10 groups');
  });
});

describe('cost against BAR size', () => {
  test('one line per scheme and buffer source over the swept sizes, and the floor', () => {
    const sets = datasetsOf(specOf('cost_against_bar'));
    expect(sets.map(({ label }) => label)).toEqual([
      'page/user',
      'page/fixed',
      'dma_vec/fixed',
      'null/fixed (the harness)',
    ]);
    expect(sets[0]?.data.map(({ x }) => x)).toEqual([256 * MIB, GIB, 4 * GIB, 16 * GIB, 64 * GIB]);
  });

  test('a run without a sweep has no such chart', () => {
    const single = resultFixture({ sweepBars: [], workloads: [{ payload: 'none', bar: GIB }] });
    expect(charts.get('cost_against_bar')?.build(single, viewOf(single))).toBeUndefined();
  });
});

describe('memory overhead', () => {
  test('schemes with the same model share a line', () => {
    const spec = specOf('memory_overhead', resultFixture({ schemes: ['page', 'vma', 'dma_vec'], rounds: 6 }));
    expect(spec.legend.map(({ label }) => label)).toEqual(['page = vma', 'dma_vec', 'resident']);
  });

  test('a scheme without metadata cannot be on a logarithmic axis and is named instead', () => {
    const none = structuredClone(result);
    for (const cell of none.cells.filter(({ scheme }) => scheme === 'dma_vec')) {
      cell.metadataBytes = { memmap: 0, pageTables: 0, pool: 0, mapState: 0, descriptors: 0, resident: 0 };
    }
    expect(specOf('memory_overhead', none).subtitle[1]).toContain('none at all: dma_vec');
  });
});

describe('images', () => {
  /** Width and height of a PNG from its header. */
  async function sizeOf(spec: ChartSpec): Promise<[number, number]> {
    const png = await renderPng(spec);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    return [png.readUInt32BE(16), png.readUInt32BE(20)];
  }

  test('one panel fills 1000 x 600 at double resolution; four make the page longer', async () => {
    expect(await sizeOf(specOf('cost_against_bar'))).toEqual([2000, 1200]);
    expect(await sizeOf(specOf('memory_overhead'))).toEqual([2000, 1200]);
    const [width, height] = await sizeOf(specOf('iops_by_scheme'));
    expect(width).toBe(2000);
    expect(height).toBeGreaterThan(1400);
  });

  test('long lines break between phrases, a phrase that is too long at its commas', () => {
    expect(wrapPhrases('aa · bb · cc', 7)).toEqual(['aa · bb', 'cc']);
    expect(wrapPhrases('aaa, bbb, ccc', 9)).toEqual(['aaa, bbb,', 'ccc']);
    expect(wrapPhrases('', 9)).toEqual(['']);
  });
});

describe('latency', () => {
  test('a panel for each group with a histogram; shares fall from nearly all I/Os to the last sample', () => {
    const spec = specOf('latency_cdf');
    expect(spec.panels).toHaveLength(4);
    for (const { data } of datasetsOf(spec)) {
      const shares = data.map(({ y }) => y);
      expect(shares.toSorted((a, b) => b - a)).toEqual(shares);
      expect(shares[0]).toBeGreaterThan(0.99);
      expect(shares.at(-1)).toBeCloseTo(1 / 20_000);
    }
    expect(spec.subtitle[1]).toContain('closed loop');
    expect(spec.table?.rows).toHaveLength(28);
  });

  test('the median is where half the I/Os took longer', () => {
    const [first] = datasetsOf(specOf('latency_cdf')) as [Dataset];
    const half = first.data.find(({ y }) => y <= 0.5)?.x ?? 0;
    const p50 = result.cells.find(({ scheme }) => scheme === 'page')?.latencyNs?.p50 ?? 0;
    expect(half / p50).toBeCloseTo(1, 1);
  });
});

describe('stages', () => {
  test('are stacked to the cost of the path, in the order of the record; results without them have no chart', () => {
    expect(charts.get('stage_costs')?.build(result, viewOf(result))).toBeUndefined();
    const staged = resultFixture({ stages: true, rounds: 6 });
    const sets = datasetsOf(specOf('stage_costs', staged));
    expect(sets.map(({ label }) => label)).toEqual(['bio', 'map', 'command', 'completion']);
    const sum = sets.reduce((total, { data }) => total + (data[0]?.y ?? 0), 0);
    expect(sum / (staged.cells[0]?.cpuNsPerIo?.median ?? 0)).toBeCloseTo(1, 2);
  });
});

test('hidden schemes do not change the colours of the others', () => {
  const view = viewOf(result);
  const cells = result.cells.filter(({ scheme }) => scheme !== 'page');
  const spec = charts.get('cpu_ns_by_scheme')?.build({ ...result, cells }, view) as ChartSpec;
  expect(datasetsOf(spec).map(({ backgroundColor }) => backgroundColor)).toEqual([
    view.look.schemes.get('dma_vec')?.colour,
  ]);
});

test('of a sweep alone the groups are panels too, titled by its axes and not by what only repeats them', () => {
  const sweep = resultFixture({
    workloads: [4096, 65536].flatMap((bs) => [GIB, 16 * GIB].map((bar) => ({ payload: 'none', bar, bs }))),
    sweepBars: [],
    rounds: 6,
  });
  for (const { params } of sweep.cells) {
    params.sweep = 'bs x bar';
    params['fio.bs'] = `${params.bs}`;
  }
  const titles = (name: string) =>
    specOf(name, sweep).panels.map(({ options }) =>
      (options as { plugins: { title: { text: string[] } } }).plugins.title.text.join(),
    );
  expect(titles('cost_against_bar')).toEqual(['bs 4 KiB', 'bs 64 KiB']);
  expect(titles('cpu_ns_by_scheme')).toHaveLength(4);
  expect(titles('cpu_ns_by_scheme')[0]).toBe('BAR 1 GiB (memmap 16 MiB) · bs 4 KiB');
});

test('parts of one whole have colours of their own, more of them than the palette has', () => {
  const colours = Array.from({ length: 16 }, (_, i) => partColour(i));
  expect(new Set(colours).size).toBe(16);
  expect(colours.every((colour) => /^#[0-9A-F]{6}$/.test(colour))).toBe(true);
});
