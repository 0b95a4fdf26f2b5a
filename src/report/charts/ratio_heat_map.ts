// The surface of the answer: by how much each scheme differs from the reference over two swept options. The page draws the same
// squares as a table that can be walked through (src/page/heat_grid.ts).
import type { Chart, ChartType, Plugin, Scale } from 'chart.js';
import type { Result } from '../../result/schema.ts';
import type { ChartDefinition, ChartSpec, Panel, View } from '../drawing/chart_spec.ts';
import { axis, cutNote, machineOf, PANELS_MAX, PAPER, panelOptions } from '../drawing/chart_style.ts';
import { groupsOf } from '../select/groups.ts';
import {
  BETTER,
  defaultAxes,
  type Facet,
  type HeatMap,
  heatMap,
  shadeOf,
  squareText,
  WORSE,
} from '../select/heat_map.ts';
import type { Metric } from '../select/metrics.ts';
import { groundOfSignificance, pairName, recordedRatios } from '../select/ratios.ts';
import { commonParams, describeParams } from '../words/params.ts';

const title = 'Where schemes differ';

export const chart: ChartDefinition = { name: 'ratio_heat_map', title, build };

function build(result: Result, { metric }: View): ChartSpec | undefined {
  const groups = groupsOf(result);
  const source = recordedRatios(result);
  const pairs = new Set(source(groups, metric).map(pairName)).size;
  const map = heatMap(groups, source, metric, defaultAxes(groups, pairs));
  const shown = map.facets.slice(0, PANELS_MAX);
  if (!shown.some(({ x }) => x.labels.length > 1)) return undefined;
  const params = groups.map((group) => group.params);
  return {
    title: `${title}: ratio of ${metric.sentence}`,
    subtitle: [
      [...describeParams(commonParams(params)), ...cutNote(shown.length, map.facets.length, 'combinations')].join(
        ' · ',
      ),
      `${machineOf(result)} · hatched: no difference found, ${groundOfSignificance(result)}`,
    ],
    legend: [
      { label: metric.higherIsBetter ? 'more: better' : 'less: better', colour: BETTER, mark: 'bar' },
      { label: metric.higherIsBetter ? 'less: worse' : 'more: worse', colour: WORSE, mark: 'bar' },
    ],
    panels: shown.map((facet) => panel(map, facet, metric)),
  };
}

function panel(map: HeatMap, facet: Facet, metric: Metric): Panel {
  const rows = facet.ratios.length;
  return {
    // Bars without values: only their category axes are used, the squares are drawn between the grid's lines.
    type: 'bar' as ChartType,
    data: { labels: facet.x.labels, datasets: [] },
    plugins: [squares(map, facet, metric)],
    options: panelOptions(facet.title, {
      scales: {
        x: axis(facet.x.title, { grid: { display: false } }),
        y: axis(facet.y.title, {
          type: 'category',
          labels: facet.y.labels,
          offset: true,
          reverse: false,
          grid: { display: false },
          ticks: { autoSkip: rows > 24 },
        }),
      },
    }),
  };
}

const HATCH_PIXELS = 7;

/** Draws the squares of a facet: colour by ratio, hatched where no difference was found, the ratio in words. */
function squares(map: HeatMap, facet: Facet, metric: Metric): Plugin {
  return {
    id: 'squares',
    afterDraw({ ctx, scales }) {
      const [x, y] = [scales.x as Scale, scales.y as Scale];
      const width = (x.right - x.left) / facet.x.labels.length;
      const height = (y.bottom - y.top) / facet.y.labels.length;
      ctx.save();
      ctx.textAlign = 'center';
      ctx.textBaseline = 'middle';
      ctx.font = `${Math.min(13, height * 0.7, width / 4)}px ${PAPER.font.family}`;
      for (const [row, ofRow] of facet.ratios.entries()) {
        for (const [column, ratio] of ofRow.entries()) {
          if (ratio === undefined) continue;
          const [left, top] = [x.left + column * width, y.top + row * height];
          const shade = shadeOf(ratio, metric, map.reach);
          if (shade !== undefined) {
            ctx.globalAlpha = shade.share * 0.75;
            ctx.fillStyle = shade.colour;
            ctx.fillRect(left + 1, top + 1, width - 2, height - 2);
            ctx.globalAlpha = 1;
            if (shade.hatched) hatch(ctx, left + 1, top + 1, width - 2, height - 2);
          }
          ctx.fillStyle = PAPER.color;
          ctx.fillText(squareText(ratio), left + width / 2, top + height / 2, width - 4);
        }
      }
      ctx.restore();
    },
  };
}

function hatch(ctx: Chart['ctx'], left: number, top: number, width: number, height: number): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.strokeStyle = '#9A9A9A';
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let offset = -height; offset < width; offset += HATCH_PIXELS) {
    ctx.moveTo(left + offset, top + height);
    ctx.lineTo(left + offset + height, top);
  }
  ctx.stroke();
  ctx.restore();
}
