// Latency as the share of I/Os that took longer: the tail in full, from the histograms. Both axes are logarithmic.
import type { ScriptableLineSegmentContext } from 'chart.js';
import { formatNs } from '../../base/units.ts';
import type { Cell, Latency, Result } from '../../result/schema.ts';
import { bucketUpper, isSupported } from '../../stats/histogram.ts';
import type { ChartDefinition, ChartSpec, Panel, View } from '../drawing/chart_spec.ts';
import { axis, cutNote, fixedTicks, machineOf, PANELS_MAX, panelOptions, tooltip } from '../drawing/chart_style.ts';
import { armLegend, armLine, type Look } from '../drawing/look.ts';
import { dimensionsOf } from '../select/dimensions.ts';
import { armsOf, floorOf, type Group, groupsOf } from '../select/groups.ts';
import { latencyTable } from '../tables/summary_tables.ts';
import { commonParams, describeKeys, describeParams } from '../words/params.ts';

const title = 'Latency: share of I/Os that took longer';

export const chart: ChartDefinition = { name: 'latency_cdf', title, build };

function build(result: Result, { look }: View): ChartSpec | undefined {
  const groups = groupsOf(result).filter((group) => cellsOf(group).length > 0);
  const shown = groups.slice(0, PANELS_MAX);
  if (shown.length === 0) return undefined;
  const params = shown.map((group) => group.params);
  const cells = shown.flatMap(cellsOf);
  const loops = [...new Set(cells.map(({ latencyNs }) => latencyNs?.loop))].join(' and ');
  return {
    title,
    subtitle: [
      [...describeParams(commonParams(params)), ...cutNote(shown.length, groups.length)].join(' · '),
      `${machineOf(result)} · ${loops} loop · a sample of the I/Os, threads mode · dotted: fewer than 100 samples beyond`,
    ],
    legend: armLegend(look, cells),
    panels: shown.map((group) => panel(look, group, describeKeys(group.params, dimensionsOf(shown)).join(' · '))),
    table: latencyTable(shown, dimensionsOf(shown)),
  };
}

function cellsOf(group: Group): Cell[] {
  const floor = floorOf(group);
  const cells = [...armsOf(group), ...(floor === undefined ? [] : [floor])];
  return cells.filter(({ latencyNs }) => (latencyNs?.histogram?.counts.length ?? 0) > 0);
}

/** Share of I/Os beyond each bucket's end, from all of them down to the last sample. */
function beyond({ histogram, samples }: Latency): { x: number; y: number }[] {
  let left = samples;
  const counts = histogram?.counts ?? [];
  const points = counts.map(([bucket, count]) => {
    left -= count;
    return { x: bucketUpper(bucket) + 1, y: left / samples };
  });
  // The last sample leaves nothing beyond it, which a logarithmic axis cannot show.
  return points.filter(({ y }) => y > 0);
}

/** Marks tell the lines of one scheme apart; they stand where each share of MARKED is first fallen below. */
function markRadii(points: readonly { y: number }[]): number[] {
  const marked = new Set(MARKED.map((share) => points.findIndex(({ y }) => y <= share)));
  return points.map((_, i) => (marked.has(i) ? 4 : 0));
}

const MARKED = [0.8, 0.3, 0.05, 0.01, 0.003, 0.0005];
const DOTS = [2, 4];
const SHARES = [1, 0.5, 0.1, 0.01, 0.001, 0.0001, 0.00001, 0.000001];

function panel(look: Look, group: Group, name: string): Panel {
  const cells = cellsOf(group);
  const series = cells.map((cell) => ({ cell, points: beyond(cell.latencyNs as Latency) }));
  const shares = series.flatMap(({ points }) => points.map(({ y }) => y));
  const least = SHARES.find((share) => share <= Math.min(...shares)) ?? Math.min(...shares);
  return {
    type: 'line',
    data: {
      datasets: series.map(({ cell, points }) => ({
        ...armLine(look, cell),
        data: points,
        stepped: true,
        pointRadius: markRadii(points),
        pointHitRadius: 4,
        segment: {
          borderDash: ({ p1 }: ScriptableLineSegmentContext) =>
            isSupported(cell.latencyNs?.samples ?? 0, 1 - (p1.parsed.y ?? 0)) ? undefined : DOTS,
        },
      })),
    },
    options: panelOptions(name, {
      interaction: { mode: 'nearest', intersect: false },
      scales: {
        x: axis('latency', {
          type: 'logarithmic',
          ...timeTicks(series.flatMap(({ points }) => points.map(({ x }) => x))),
          ticks: { maxRotation: 0, callback: formatNs },
        }),
        y: axis('I/Os that took longer', {
          type: 'logarithmic',
          min: least,
          max: 1,
          ...fixedTicks(SHARES.filter((share) => share >= least)),
          ticks: { callback: formatShare },
        }),
      },
      plugins: { tooltip: tooltip((share) => `${formatShare(share)} took longer`, formatNs) },
    }),
  };
}

/** `50 %`, `0.1 %`: short, because the shares are powers of ten. */
function formatShare(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** Ticks at 1, 2 and 5 of each decade, or at the decades alone where they are many. */
function timeTicks(ns: readonly number[]): object {
  const [min, max] = [Math.min(...ns), Math.max(...ns)];
  const decades = Math.log10(max / min);
  const steps = decades > 3 ? [1] : decades > 2 ? [1, 3] : [1, 2, 5];
  const first = Math.floor(Math.log10(min));
  const ticks = Array.from({ length: Math.ceil(decades) + 2 }, (_, i) => steps.map((step) => step * 10 ** (first + i)));
  return { min, max, ...fixedTicks(ticks.flat().filter((tick) => tick >= min && tick <= max)) };
}
