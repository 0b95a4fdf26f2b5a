// A chart as a PNG: a head (title, subtitle, legend) and its panels, each drawn by chart.js on a server-side canvas, then put
// together on one white page.
import { createRequire } from 'node:module';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import type { ChartJSNodeCanvas } from 'chartjs-node-canvas';
import type { ChartSpec, LegendEntry, Panel } from './chart_spec.ts';
import { PAPER, panelOptions, wrapPhrases } from './chart_style.ts';

const require = createRequire(import.meta.url);
const NodeCanvas = require('chartjs-node-canvas').ChartJSNodeCanvas as typeof ChartJSNodeCanvas;

/** Pixels of the image per logical pixel. */
const SCALE = 2;
const WIDTH = 1000;
const HEIGHT = 600;
const PANEL_ROW_HEIGHT = 330;

/** Characters of a subtitle that fit the width. */
const SUBTITLE_CHARACTERS = 140;

/** Renders a chart: 1000 x 600 logical pixels, taller with more than two panels; twice that in image pixels. */
export async function renderPng(spec: ChartSpec): Promise<Buffer> {
  const columns = spec.panels.length === 1 ? 1 : 2;
  const rows = Math.ceil(spec.panels.length / columns);
  const subtitle = spec.subtitle.flatMap((line) => wrapPhrases(line, SUBTITLE_CHARACTERS));
  const headHeight = heightOfHead(subtitle, spec.legend);
  const rowHeight = rows === 1 ? HEIGHT - headHeight : PANEL_ROW_HEIGHT;
  const page = createCanvas(WIDTH * SCALE, (headHeight + rows * rowHeight) * SCALE);
  const context = page.getContext('2d');
  context.fillStyle = '#FFFFFF';
  context.fillRect(0, 0, page.width, page.height);
  context.drawImage(await loadImage(await renderPanel(head({ ...spec, subtitle }), WIDTH, headHeight)), 0, 0);
  for (const [i, panel] of spec.panels.entries()) {
    const image = await loadImage(await renderPanel(panel, WIDTH / columns, rowHeight));
    const x = (i % columns) * (WIDTH / columns);
    const y = headHeight + Math.floor(i / columns) * rowHeight;
    context.drawImage(image, x * SCALE, y * SCALE);
  }
  return page.encode('png');
}

/** Drawing surfaces by size: each has loaded its own copy of chart.js. */
const surfaces = new Map<string, ChartJSNodeCanvas>();

function renderPanel(panel: Panel, width: number, height: number): Promise<Buffer> {
  const size = `${width}x${height}`;
  const surface = surfaces.get(size) ?? newSurface(width, height);
  surfaces.set(size, surface);
  return surface.renderToBuffer(panel as Parameters<typeof surface.renderToBuffer>[0], 'image/png');
}

function newSurface(width: number, height: number): ChartJSNodeCanvas {
  return new NodeCanvas({
    width,
    height,
    backgroundColour: '#FFFFFF',
    chartCallback: (chartJs) => {
      const errorBars = freshRequire<typeof import('chartjs-chart-error-bars')>('chartjs-chart-error-bars');
      const annotation = freshRequire<Parameters<typeof chartJs.register>[0]>('chartjs-plugin-annotation');
      Object.assign(chartJs.defaults, PAPER);
      chartJs.register(
        errorBars.BarWithErrorBarsController,
        errorBars.BarWithErrorBar,
        errorBars.LineWithErrorBarsController,
        errorBars.PointWithErrorBar,
        annotation,
      );
    },
  });
}

/**
 * Loads a chart.js plugin for the copy of chart.js that is loaded right now. chartjs-node-canvas loads the CommonJS build and drops
 * it from the module cache after each construction; a plugin imported as an ES module, or required for an earlier copy, would
 * register with another chart.js ("lineWithErrorBars is not a registered controller").
 */
function freshRequire<T>(name: string): T {
  delete require.cache[require.resolve(name)];
  return require(name) as T;
}

/** Room for the title, the lines of the subtitle and the rows the legend will break into (by the mean width of a character). */
function heightOfHead(subtitle: readonly string[], legend: readonly LegendEntry[]): number {
  const legendWidth = legend.reduce((sum, { label }) => sum + 48 + 7.8 * label.length, 0);
  return 44 + 16 * subtitle.length + 26 * Math.ceil(legendWidth / (WIDTH - 32));
}

/** The head as a chart without data or axes, so that chart.js itself lays out title and legend. */
function head({ title, subtitle, legend }: ChartSpec): Panel {
  return {
    type: 'bar',
    data: { labels: [], datasets: [] },
    options: panelOptions(title, {
      layout: { padding: { left: 16, right: 16, top: 4, bottom: 0 } },
      scales: { x: { display: false }, y: { display: false } },
      plugins: {
        title: {
          display: true,
          text: title,
          font: { size: 18, weight: 'bold' },
          padding: { top: 4, bottom: 4 },
        },
        subtitle: {
          display: true,
          text: [...subtitle],
          color: '#555555',
          font: { size: 11.5 },
          padding: { bottom: 2 },
        },
        legend: {
          display: true,
          position: 'top',
          labels: {
            usePointStyle: true,
            // Marks keep their shape only in a box as wide as they are high; lines and bars may be longer.
            ...(legend.some(({ point }) => point !== undefined)
              ? { boxHeight: 10, pointStyleWidth: 14 }
              : { pointStyleWidth: 28 }),
            generateLabels: () => legend.map(legendItem),
          },
        },
      },
    }),
  };
}

function legendItem({ label, colour = PAPER.color, mark, dash, point }: LegendEntry): object {
  return {
    text: label,
    fontColor: PAPER.color,
    strokeStyle: colour,
    fillStyle: mark === 'point' ? '#FFFFFF' : colour,
    lineWidth: mark === 'bar' ? 0 : 2.5,
    lineDash: point === undefined ? (dash ?? []).map((length) => length / 2) : [],
    pointStyle: mark === 'bar' ? 'rect' : (point ?? (mark === 'line' ? 'line' : 'circle')),
  };
}
