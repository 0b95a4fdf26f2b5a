// How the cost of an I/O grows with the BAR, because the memmap behind it outgrows the caches.
import { formatBytes } from '../../base/units.ts';
import type { Result } from '../../result/schema.ts';
import { barAxis } from '../drawing/bar_axis.ts';
import type { ChartDefinition, ChartSpec, Panel, View } from '../drawing/chart_spec.ts';
import {
  axis,
  BANDS,
  cutNote,
  errorBar,
  PANELS_MAX,
  panelOptions,
  provenance,
  tooltip,
} from '../drawing/chart_style.ts';
import { armLegend, armLine, type Look, seriesName } from '../drawing/look.ts';
import { type BarPoint, barPoints } from '../select/bar_points.ts';
import { APART, dimensionsOf, valueKey } from '../select/dimensions.ts';
import { armsOf, floorOf, type Group, groupsOf } from '../select/groups.ts';
import { estimateOf, type Metric } from '../select/metrics.ts';
import { commonParams, describeKeys, describeParams } from '../words/params.ts';

export const chart: ChartDefinition = {
  name: 'cost_against_bar',
  title: 'CPU time per I/O against the size of the BAR',
  build,
};

function build(result: Result, { look, metric }: View): ChartSpec | undefined {
  const withFloor = (group: Group) => [...armsOf(group), ...[floorOf(group)].filter((cell) => cell !== undefined)];
  const points = barPoints(sweptGroups(result, metric), withFloor).filter(
    ({ cell }) => estimateOf(cell, metric) !== null,
  );
  const params = points.map(({ group }) => group.params);
  const varying = dimensionsOf(points.map(({ group }) => group)).filter((key) => key !== 'bar');
  const placeOf = ({ group }: BarPoint): string =>
    JSON.stringify([...varying, ...APART].map((key) => valueKey(group.params, key)));
  const panels = [...Map.groupBy(points, placeOf).values()].filter(
    (ofPanel) => new Set(ofPanel.map(({ barBytes }) => barBytes)).size > 1,
  );
  if (panels.length === 0) return undefined;
  const shown = panels.slice(0, PANELS_MAX);
  const cells = shown.flatMap((ofPanel) => ofPanel.map(({ cell }) => cell));
  const notes = cutNote(shown.length, panels.length);
  return {
    title: `${sentenceCase(metric.sentence)} against the size of the BAR`,
    subtitle: [
      [...describeParams(commonParams(params)), ...notes].join(' · '),
      provenance(result, cells, metric, 'bands'),
    ],
    legend: armLegend(look, cells),
    panels: shown.map((ofPanel) =>
      panel(look, metric, ofPanel, describeKeys(ofPanel[0]?.group.params ?? {}, varying).join(' · ')),
    ),
  };
}

const sentenceCase = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Of the groups with the metric those of a sweep over the BAR alone, or all where there is no such sweep. */
function sweptGroups(result: Result, metric: Metric): Group[] {
  const groups = groupsOf(result).filter((group) => armsOf(group).some((cell) => estimateOf(cell, metric) !== null));
  const swept = groups.filter((group) => group.cells[0]?.params.sweep === 'bar');
  return swept.length > 0 ? swept : groups;
}

/** One line per scheme and buffer source; the harness dashed. */
function panel(look: Look, metric: Metric, points: readonly BarPoint[], name: string): Panel {
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
          data: ofSeries.map(({ barBytes, cell: at }) => ({ x: barBytes, ...errorBar(at, metric) })),
        };
      }),
    },
    options: panelOptions(name, {
      scales: {
        x: barAxis(points.map(({ barBytes }) => barBytes)),
        y: axis(metric.axisTitle, {
          beginAtZero: true,
          grace: '5%',
          ticks: { callback: (value: number) => metric.format(value) },
        }),
      },
      plugins: {
        tooltip: tooltip(metric.format, (bytes) => `BAR ${formatBytes(bytes)}`),
      },
    }),
  };
}
