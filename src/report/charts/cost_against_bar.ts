// How the cost of an I/O grows with the BAR, because the memmap behind it outgrows the caches.
import { formatBytes, trimNumber } from '../../base/units.ts';
import { type BarPoint, barAxis, barPoints } from '../bar_axis.ts';
import type { ChartDefinition, ChartSpec, Panel, View } from '../chart_spec.ts';
import { axis, BANDS, cutNote, errorBar, PANELS_MAX, panelOptions, provenance, tooltip } from '../chart_style.ts';
import { armsOf, floorOf, type Group, groupsOf } from '../groups.ts';
import { armLegend, armLine, type Look, seriesName } from '../look.ts';
import { CPU_NS_PER_IO } from '../metrics.ts';
import { commonParams, describeKeys, describeParams, varyingKeys } from '../params.ts';
import type { Result } from '../result.ts';

const title = 'CPU time per I/O against the size of the BAR';

export const chart: ChartDefinition = { name: 'cost_against_bar', title, build };

function build(result: Result, { look }: View): ChartSpec | undefined {
  const withFloor = (group: Group) => [...armsOf(group), ...[floorOf(group)].filter((cell) => cell !== undefined)];
  const points = barPoints(sweptGroups(result), withFloor).filter(({ cell }) => cell.cpuNsPerIo !== null);
  const params = points.map(({ group }) => group.params);
  const varying = varyingKeys(params).filter((key) => key !== 'bar');
  const panels = [...Map.groupBy(points, ({ group }) => describeKeys(group.params, varying).join(' · '))].filter(
    ([, ofPanel]) => new Set(ofPanel.map(({ barBytes }) => barBytes)).size > 1,
  );
  if (panels.length === 0) return undefined;
  const shown = panels.slice(0, PANELS_MAX);
  const cells = shown.flatMap(([, ofPanel]) => ofPanel.map(({ cell }) => cell));
  const notes = cutNote(shown.length, panels.length);
  return {
    title,
    subtitle: [
      [...describeParams(commonParams(params)), ...notes].join(' · '),
      provenance(result, cells, CPU_NS_PER_IO, 'bands'),
    ],
    legend: armLegend(look, cells),
    panels: shown.map(([name, ofPanel]) => panel(look, ofPanel, name)),
  };
}

/** The groups of a sweep over the BAR alone where the result has one, else all of them. */
function sweptGroups(result: Result): Group[] {
  const groups = groupsOf(result);
  const swept = groups.filter((group) => group.cells[0]?.params.sweep === 'bar');
  return swept.length > 0 ? swept : groups;
}

/** One line per scheme and buffer source; the harness dashed. */
function panel(look: Look, points: readonly BarPoint[], name: string): Panel {
  const series = Map.groupBy(points, ({ cell }) => seriesName(cell));
  return {
    type: 'lineWithErrorBars',
    plugins: [BANDS],
    data: {
      datasets: [...series.values()].map((ofSeries) => {
        const line = armLine(look, (ofSeries[0] as BarPoint).cell) as { borderColor: string };
        return {
          ...line,
          pointRadius: 5,
          errorBarColor: line.borderColor,
          errorBarWhiskerColor: line.borderColor,
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
      plugins: {
        tooltip: tooltip(
          (ns) => `${trimNumber(ns)} ns`,
          (bytes) => `BAR ${formatBytes(bytes)}`,
        ),
      },
    }),
  };
}
