// Memory that a scheme keeps for a BAR: the model as a line, what the run itself held as points.
import { formatBytes } from '../../base/units.ts';
import type { Cell, Result } from '../../result/schema.ts';
import { barAxis } from '../drawing/bar_axis.ts';
import type { ChartDefinition, ChartSpec, LegendEntry, Panel, View } from '../drawing/chart_spec.ts';
import { axis, fixedTicks, machineOf, panelOptions, tooltip } from '../drawing/chart_style.ts';
import type { Line, Look } from '../drawing/look.ts';
import { type BarPoint, barPoints } from '../select/bar_points.ts';
import { groupsOf, setUpMetadataBytes } from '../select/groups.ts';

const title = 'Metadata of an address scheme against the size of the BAR';

export const chart: ChartDefinition = { name: 'memory_overhead', title, build };

/** The largest value over the buffer sources of one scheme at one BAR size. */
interface Largest {
  barBytes: number;
  bytes: number;
}

/** Schemes whose model is the same at every BAR size share a line; a second one on top of it could not be seen. */
interface Series {
  schemes: string[];
  line: Line | undefined;
  modelled: Largest[];
  resident: Largest[];
}

function build(result: Result, { look }: View): ChartSpec | undefined {
  const points = barPoints(groupsOf(result)).filter(({ cell }) => cell.metadataBytes !== null);
  const all = seriesOf(look, points);
  const drawn = all.filter(({ modelled }) => modelled.length > 0);
  if (drawn.length === 0) return undefined;
  const without = all.filter(({ modelled }) => modelled.length === 0).flatMap(({ schemes }) => schemes);
  const lines = drawn.map(({ schemes, line }): LegendEntry => ({ label: schemes.join(' = '), ...line, mark: 'line' }));
  return {
    title,
    subtitle: [
      'line: modelled (memmap, page tables, pool, map state) · open points: resident in this run · largest over buffer sources',
      [machineOf(result), ...(without.length > 0 ? [`none at all: ${without.join(', ')}`] : [])].join(' · '),
    ],
    legend: [...lines, { label: 'resident', mark: 'point', point: 'circle' }],
    panels: [panel(drawn)],
  };
}

function seriesOf(look: Look, points: readonly BarPoint[]): Series[] {
  const series = [...Map.groupBy(points, ({ cell }) => cell.scheme)].map(([scheme, ofScheme]): Series => {
    return {
      schemes: [scheme],
      line: look.schemes.get(scheme),
      modelled: largest(ofScheme, setUpMetadataBytes),
      resident: largest(ofScheme, (cell) => cell.metadataBytes?.resident ?? null),
    };
  });
  const same = Map.groupBy(series, ({ modelled }) => JSON.stringify(modelled));
  return [...same.values()].map((group) => {
    const [first] = group as [Series, ...Series[]];
    return { ...first, schemes: group.flatMap(({ schemes }) => schemes) };
  });
}

function panel(drawn: readonly Series[]): Panel {
  const datasets = drawn.flatMap(({ schemes, line, modelled, resident }) => [
    { ...openPoints(schemes.join(' = '), line), data: resident.map(toXy) },
    { ...solidLine(schemes.join(' = '), line), data: modelled.map(toXy) },
  ]);
  const sizes = drawn.flatMap(({ modelled }) => modelled.map(({ barBytes }) => barBytes));
  const bytes = drawn.flatMap((series) => [...series.modelled, ...series.resident].map((point) => point.bytes));
  return {
    type: 'line',
    data: { datasets },
    options: panelOptions('', {
      scales: { x: barAxis(sizes), y: byteAxis(bytes) },
      plugins: { tooltip: tooltip(formatBytes, (barBytes) => `BAR ${formatBytes(barBytes)}`) },
    }),
  };
}

const toXy = ({ barBytes, bytes }: Largest) => ({ x: barBytes, y: bytes });

function solidLine(scheme: string, line: Line | undefined) {
  const colours = { borderColor: line?.colour, backgroundColor: line?.colour };
  return {
    label: `${scheme}, modelled`,
    ...colours,
    borderDash: [...(line?.dash ?? [])],
    borderWidth: 2.5,
    pointRadius: 3,
  };
}

function openPoints(scheme: string, line: Line | undefined) {
  const colours = { borderColor: line?.colour, pointBorderColor: line?.colour, pointBackgroundColor: 'transparent' };
  const label = `${scheme}, resident`;
  return { label, showLine: false, ...colours, pointBorderWidth: 2.5, pointStyle: 'circle', pointRadius: 6 };
}

/** Sizes that a logarithmic axis can show, one per BAR, ascending. */
function largest(points: readonly BarPoint[], bytesOf: (cell: Cell) => number | null): Largest[] {
  const byBar = Map.groupBy(points, ({ barBytes }) => barBytes);
  return [...byBar].flatMap(([barBytes, atBar]) => {
    const bytes = Math.max(...atBar.map(({ cell }) => bytesOf(cell) ?? 0));
    return bytes > 0 ? [{ barBytes, bytes }] : [];
  });
}

/** Ticks at powers of 4, with room below the smallest and above the largest value. */
function byteAxis(bytes: readonly number[]): object {
  const [min, max] = [Math.min(...bytes) / 2, Math.max(...bytes) * 2];
  const first = Math.ceil(Math.log2(min) / 2) * 2;
  const count = Math.floor((Math.log2(max) - first) / 2) + 1;
  const ticks = Array.from({ length: count }, (_, i) => 2 ** (first + 2 * i));
  return axis('metadata (bytes)', {
    type: 'logarithmic',
    min,
    max,
    ...fixedTicks(ticks),
    ticks: { callback: (value: number) => formatBytes(value) },
  });
}
