// The picture of a fidelity run: what the lab takes for each thing that C takes 1 for, and the cost of a page against the BAR.
import type { ChartSpec, Panel } from '../../src/report/drawing/chart_spec.ts';
import { axis, PAPER, panelOptions } from '../../src/report/drawing/chart_style.ts';
import { renderPng } from '../../src/report/drawing/render_png.ts';
import type { Environment } from '../../src/result/schema.ts';
import type { FidelityRow } from './run.ts';

const LAB = '#0072B2';
const NATIVE = '#D55E00';
const SERIAL = '#CC79A7';
const LOAD = '#777777';

export function drawFidelity(rows: readonly FidelityRow[], environment: Environment): Promise<Buffer> {
  return renderPng(fidelityChart(rows, environment));
}

export function fidelityChart(rows: readonly FidelityRow[], environment: Environment): ChartSpec {
  const { cpu, cores, kernel, node } = environment;
  const rounds = Math.max(...rows.map(({ rounds: { lab } }) => lab.length));
  const hasPages = rows.some(({ name }) => name.startsWith('page, '));
  return {
    title: 'The lab beside the same work in C',
    subtitle: [
      `${cpu}, ${cores} cores, Linux ${kernel}, Node ${node} · median of ${rounds} rounds in turn, whiskers: 95 % interval`,
    ],
    legend: hasPages
      ? [
          { label: 'lab', colour: LAB, mark: 'line', point: 'circle' },
          { label: 'native', colour: NATIVE, mark: 'line', point: 'rect' },
          { label: 'native, one I/O at a time', colour: SERIAL, mark: 'line', point: 'rectRot' },
          { label: 'dependent load over the same memmap', colour: LOAD, mark: 'line', dash: [6, 4], point: 'triangle' },
        ]
      : [{ label: 'lab / native', colour: LAB, mark: 'bar' }],
    panels: [ratioPanel(rows), ...(hasPages ? [pagePanel(rows)] : [])],
  };
}

/** One bar for each figure: 1 is as fast as C. */
function ratioPanel(rows: readonly FidelityRow[]): Panel {
  return {
    type: 'barWithErrorBars',
    data: {
      labels: rows.map(({ name }) => name),
      datasets: [
        {
          backgroundColor: LAB,
          errorBarColor: PAPER.color,
          errorBarWhiskerColor: PAPER.color,
          data: rows.map(({ ratio }) => {
            const [xMin, xMax] = ratio.ci95 ?? [ratio.median, ratio.median];
            return { x: ratio.median, xMin, xMax };
          }),
        },
      ],
    },
    options: panelOptions('time, lab / native (1: as fast as C)', {
      indexAxis: 'y',
      scales: {
        x: axis('lab / native', { beginAtZero: true }),
        y: axis('', { ticks: { autoSkip: false, font: { size: 11 } } }),
      },
      plugins: {
        annotation: {
          annotations: { one: { type: 'line', xMin: 1, xMax: 1, borderColor: PAPER.color, borderDash: [6, 4] } },
        },
      },
    }),
  } as Panel;
}

/** Cost of a page in the lab and in C, and one dependent load, by BAR. */
function pagePanel(rows: readonly FidelityRow[]): Panel {
  const pages = rows.filter(({ name }) => name.startsWith('page, '));
  const serial = rows.filter(({ name }) => name.startsWith('page in turn, '));
  const loads = rows.filter(({ name }) => name.startsWith('dependent load, '));
  const line = (
    label: string,
    colour: string,
    point: string,
    estimates: readonly FidelityRow['lab'][],
    dash: number[] = [],
  ) => ({
    label,
    borderColor: colour,
    backgroundColor: colour,
    errorBarColor: colour,
    errorBarWhiskerColor: colour,
    borderDash: dash,
    pointStyle: point,
    pointRadius: 5,
    data: estimates.map(({ median, ci95 }) => {
      const [yMin, yMax] = ci95 ?? [median, median];
      return { y: median, yMin, yMax };
    }),
  });
  return {
    type: 'lineWithErrorBars',
    data: {
      labels: pages.map(({ name }) => name.replace('page, ', '').replace(' BAR', '')),
      datasets: [
        line(
          'lab',
          LAB,
          'circle',
          pages.map(({ lab }) => lab),
        ),
        line(
          'native',
          NATIVE,
          'rect',
          pages.map(({ native }) => native),
        ),
        line(
          'native, one I/O at a time',
          SERIAL,
          'rectRot',
          serial.map(({ native }) => native),
        ),
        line(
          'dependent load',
          LOAD,
          'triangle',
          loads.map(({ lab }) => lab),
          [6, 4],
        ),
      ],
    },
    options: panelOptions('one struct page per I/O, by size of the BAR', {
      scales: { x: axis('BAR'), y: axis('ns per I/O', { beginAtZero: true }) },
    }),
  } as Panel;
}
