// How the cost of an I/O grows with the BAR, because the memmap behind it outgrows the caches. From the sweep's cells.
import { type BarPoint, barAxis, barPoints } from '../bar_axis.ts';
import type { ChartDefinition, ChartSpec, LegendEntry, Panel } from '../chart_spec.ts';
import { axis, bufferPoints, errorBar, FLOOR_COLOUR, panelOptions, provenance, schemeColours } from '../chart_style.ts';
import { armName, armsOf, buffersOf, floorOf, type Group, roleOf } from '../groups.ts';
import { CPU_NS_PER_IO } from '../metrics.ts';
import { commonParams, describeKeys, describeParams, varyingKeys } from '../params.ts';
import type { Result } from '../result.ts';

const title = 'CPU time per I/O against the size of the BAR';

export const chart: ChartDefinition = { name: 'cost_against_bar', title, build };

function build(result: Result): ChartSpec | undefined {
  const withFloor = (group: Group) => [...armsOf(group), ...[floorOf(group)].filter((cell) => cell !== undefined)];
  const points = barPoints(result, (group) => group.cells[0]?.params.sweep === 'bar', withFloor).filter(
    ({ cell }) => cell.cpuNsPerIo !== null,
  );
  const sizes = points.map(({ barBytes }) => barBytes);
  if (new Set(sizes).size < 2) return undefined;
  const params = points.map(({ group }) => group.params);
  const cells = points.map(({ cell }) => cell);
  const varying = varyingKeys(params).filter((key) => key !== 'bar');
  const panels = Map.groupBy(points, ({ group }) => describeKeys(group.params, varying).join(' · '));
  return {
    title,
    subtitle: [describeParams(commonParams(params)).join(' · '), provenance(result, cells, CPU_NS_PER_IO)],
    legend: legend(result, points),
    panels: [...panels].map(([name, ofPanel]) => panel(result, ofPanel, name)),
  };
}

/** One line per scheme and buffer source; the harness dashed. */
function panel(result: Result, points: readonly BarPoint[], name: string): Panel {
  const series = Map.groupBy(points, ({ cell }) => seriesName(cell));
  const colours = schemeColours(result);
  const shapes = bufferPoints(result);
  return {
    type: 'lineWithErrorBars',
    data: {
      datasets: [...series].map(([label, ofSeries]) => {
        const { cell } = ofSeries[0] as BarPoint;
        const isFloor = roleOf(cell) === 'floor';
        const colour = colours.get(cell.scheme) ?? FLOOR_COLOUR;
        return {
          label,
          borderColor: colour,
          backgroundColor: colour,
          borderWidth: isFloor ? 1.5 : 2.5,
          borderDash: isFloor ? [6, 4] : [],
          pointStyle: isFloor ? false : shapes.get(buffersOf(cell)),
          pointRadius: 5,
          errorBarColor: colour,
          errorBarWhiskerColor: colour,
          errorBarLineWidth: 1.5,
          errorBarWhiskerLineWidth: 1.5,
          errorBarWhiskerSize: 10,
          data: ofSeries.map(({ barBytes, cell: at }) => ({ x: barBytes, ...errorBar(at, CPU_NS_PER_IO) })),
        };
      }),
    },
    options: panelOptions(name, {
      scales: {
        x: barAxis(points.map(({ barBytes }) => barBytes)),
        y: axis('CPU time per I/O (ns)', { beginAtZero: true, grace: '5%' }),
      },
    }),
  };
}

function legend(result: Result, points: readonly BarPoint[]): LegendEntry[] {
  const colours = schemeColours(result);
  const shapes = bufferPoints(result);
  const firsts = new Map(points.toReversed().map((point) => [seriesName(point.cell), point.cell]));
  return [...firsts].toReversed().map(([label, cell]) => {
    const colour = colours.get(cell.scheme) ?? FLOOR_COLOUR;
    if (roleOf(cell) === 'floor') return { label, colour, mark: 'dashed' };
    return { label, colour, mark: 'line', point: shapes.get(buffersOf(cell)) };
  });
}

function seriesName(cell: BarPoint['cell']): string {
  return roleOf(cell) === 'floor' ? `${armName(cell)} (the harness)` : armName(cell);
}
