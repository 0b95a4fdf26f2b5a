// Memory that a scheme keeps for a BAR: the model as a line, what the run itself held as points.
import { formatBytes } from '../../base/units.ts';
import { type BarPoint, barAxis, barPoints } from '../bar_axis.ts';
import type { ChartDefinition, ChartSpec, LegendEntry, Panel } from '../chart_spec.ts';
import { axis, INK, machineOf, panelOptions, schemeColours } from '../chart_style.ts';
import { setUpMetadataBytes } from '../groups.ts';
import type { Cell, Result } from '../result.ts';

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
  colour: string;
  modelled: Largest[];
  resident: Largest[];
}

function build(result: Result): ChartSpec | undefined {
  const points = barPoints(result, () => true).filter(({ cell }) => cell.metadataBytes !== null);
  const all = seriesOf(result, points);
  const drawn = all.filter(({ modelled }) => modelled.length > 0);
  if (drawn.length === 0) return undefined;
  const without = all.filter(({ modelled }) => modelled.length === 0).flatMap(({ schemes }) => schemes);
  const lines = drawn.map(({ schemes, colour }): LegendEntry => ({ label: schemes.join(' = '), colour, mark: 'line' }));
  return {
    title,
    subtitle: [
      'line: modelled (memmap, page tables, pool, map state) · open points: resident in this run · largest over buffer sources',
      [machineOf(result), ...(without.length > 0 ? [`none at all: ${without.join(', ')}`] : [])].join(' · '),
    ],
    legend: [...lines, { label: 'resident', colour: INK, mark: 'point', point: 'circle' }],
    panels: [panel(drawn)],
  };
}

function seriesOf(result: Result, points: readonly BarPoint[]): Series[] {
  const colours = schemeColours(result);
  const series = [...Map.groupBy(points, ({ cell }) => cell.scheme)].map(([scheme, ofScheme]): Series => {
    return {
      schemes: [scheme],
      colour: colours.get(scheme) ?? INK,
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
  const datasets = drawn.flatMap(({ schemes, colour, modelled, resident }) => [
    { ...pointsOf(schemes.join(), colour), data: resident.map(toXy) },
    { ...lineOf(schemes.join(), colour), data: modelled.map(toXy) },
  ]);
  const sizes = drawn.flatMap(({ modelled }) => modelled.map(({ barBytes }) => barBytes));
  const bytes = drawn.flatMap((series) => [...series.modelled, ...series.resident].map((point) => point.bytes));
  return {
    type: 'line',
    data: { datasets },
    options: panelOptions('', { scales: { x: barAxis(sizes), y: byteAxis(bytes) } }),
  };
}

const toXy = ({ barBytes, bytes }: Largest) => ({ x: barBytes, y: bytes });

function lineOf(label: string, colour: string) {
  return { label, borderColor: colour, backgroundColor: colour, borderWidth: 2.5, pointRadius: 3 };
}

function pointsOf(scheme: string, colour: string) {
  const label = `${scheme}, resident`;
  const open = { pointBackgroundColor: '#FFFFFF', pointBorderColor: colour, pointBorderWidth: 2.5 };
  return { label, showLine: false, borderColor: colour, pointStyle: 'circle', pointRadius: 6, ...open };
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
  const ticks = Array.from({ length: count }, (_, i) => ({ value: 2 ** (first + 2 * i) }));
  return axis('metadata (bytes)', {
    type: 'logarithmic',
    min,
    max,
    afterBuildTicks: (scale: { ticks: { value: number }[] }) => {
      scale.ticks = ticks;
    },
    ticks: { callback: (value: number) => formatBytes(value) },
  });
}
