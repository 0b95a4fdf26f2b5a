// Bars of one metric: a panel per group (of a sweep's groups only where there are no others), buffer sources along the axis, one colour per scheme, the floor as a line.
import type { ScriptableContext } from 'chart.js';
import type { Cell, Result } from '../../result/schema.ts';
import { dimensionsOf } from '../select/dimensions.ts';
import { armsOf, buffersOf, floorOf, type Group, groupsOf, isSweep } from '../select/groups.ts';
import { estimateOf, type Metric } from '../select/metrics.ts';
import { commonParams, describeKeys, describeParams } from '../words/params.ts';
import type { ChartSpec, Panel, View } from './chart_spec.ts';
import { axis, cutNote, errorBar, PANELS_MAX, panelOptions, provenance, refusedNote, tooltip } from './chart_style.ts';
import { floorLegend, type Look, levelLine, schemeLegend } from './look.ts';

export interface BarChart {
  metric: Metric;
  title: string;
}

export function barChart(result: Result, { look }: View, chart: BarChart): ChartSpec | undefined {
  const hasMetric = (cell: Cell): boolean => estimateOf(cell, chart.metric) !== null;
  const all = groupsOf(result).filter((group) => armsOf(group).some(hasMetric));
  const single = all.filter((group) => !isSweep(group));
  const groups = single.length > 0 ? single : all;
  const shown = groups.slice(0, PANELS_MAX);
  if (shown.length === 0) return undefined;
  const params = shown.map((group) => group.params);
  const cells = shown.flatMap((group) => group.cells);
  const schemes = new Set(shown.flatMap(armsOf).map(({ scheme }) => scheme));
  const notes = [...refusedNote(cells), ...cutNote(shown.length, groups.length)];
  const varying = dimensionsOf(shown);
  return {
    title: chart.title,
    subtitle: [
      [...describeParams(commonParams(params)), ...notes].join(' · '),
      provenance(result, cells, chart.metric),
    ],
    legend: [...schemeLegend(look, schemes), ...floorLegend(shown)],
    panels: shown.map((group) => barPanel(look, group, chart, describeKeys(group.params, varying).join(' · '))),
  };
}

/** Whiskers are in the renderer's ink, to be seen on a bar of any colour. */
const ink = ({ chart }: ScriptableContext<'bar'>): unknown => chart.options.color;

function barPanel(look: Look, group: Group, chart: BarChart, title: string): Panel {
  const { metric } = chart;
  const arms = armsOf(group);
  const sources = [...new Set(arms.map(buffersOf))];
  const schemes = [...new Set(arms.map(({ scheme }) => scheme))];
  const floor = floorOf(group);
  const level = floor === undefined ? null : estimateOf(floor, metric);
  const ticks = { callback: (value: number) => metric.format(value) };
  return {
    type: 'barWithErrorBars',
    data: {
      labels: sources,
      datasets: schemes.map((scheme) => ({
        label: scheme,
        backgroundColor: look.schemes.get(scheme)?.colour,
        errorBarColor: ink,
        errorBarWhiskerColor: ink,
        errorBarLineWidth: 1.5,
        errorBarWhiskerLineWidth: 1.5,
        maxBarThickness: 50,
        skipNull: true,
        data: sources.map((source) => {
          const cell = arms.find((arm) => arm.scheme === scheme && buffersOf(arm) === source);
          return (cell && errorBar(cell, metric)) ?? { y: Number.NaN, yMin: Number.NaN, yMax: Number.NaN };
        }),
      })),
    },
    options: panelOptions(title, {
      scales: {
        x: axis('buffer source', { grid: { display: false } }),
        y: axis(metric.axisTitle, { beginAtZero: true, suggestedMax: (level?.median ?? 0) * 1.08, ticks }),
      },
      plugins: {
        tooltip: tooltip(metric.format),
        ...(level === null ? {} : { annotation: { annotations: { floor: levelLine(level.median) } } }),
      },
    }),
  };
}
