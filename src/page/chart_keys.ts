// Charts by keyboard: left and right go from point to point, up and down from series to series, Escape lets go. The point is shown as
// under a pointer and told to screen readers.
import type { AnyChart } from './chart_js.ts';

interface Place {
  series: number;
  point: number;
}

const STEPS: Readonly<Record<string, Place>> = {
  ArrowLeft: { point: -1, series: 0 },
  ArrowRight: { point: 1, series: 0 },
  ArrowUp: { point: 0, series: -1 },
  ArrowDown: { point: 0, series: 1 },
};

/**
 * @param status a live region
 * @param chartOf what is drawn on the canvas now
 */
export function walkPoints(canvas: HTMLCanvasElement, status: HTMLElement, chartOf: () => AnyChart | undefined): void {
  let at: Place | undefined;
  const show = (chart: AnyChart): void => {
    const elements = at === undefined ? [] : [{ datasetIndex: at.series, index: at.point }];
    const centre = at === undefined ? undefined : chart.getDatasetMeta(at.series).data[at.point];
    chart.setActiveElements(elements);
    chart.tooltip?.setActiveElements(elements, { x: centre?.x ?? 0, y: centre?.y ?? 0 });
    chart.update('none');
    const { title = [], body = [] } = chart.tooltip ?? {};
    status.textContent = at === undefined ? '' : [...title, ...body.flatMap(({ lines }) => lines)].join(', ');
  };
  canvas.addEventListener('keydown', (event) => {
    const chart = chartOf();
    const step = STEPS[event.key];
    if (chart === undefined || (step === undefined && event.key !== 'Escape')) return;
    if (step === undefined) at = undefined;
    else at = at === undefined ? { series: 0, point: 0 } : stepped(chart, at, step);
    event.preventDefault();
    show(chart);
  });
  canvas.addEventListener('blur', () => {
    const chart = chartOf();
    if (at === undefined || chart === undefined) return;
    at = undefined;
    show(chart);
  });
}

/** Stays within the chart; another series keeps the place as far as it goes. */
function stepped(chart: AnyChart, at: Place, step: Place): Place {
  const series = clamp(at.series + step.series, chart.data.datasets.length);
  const points = chart.data.datasets[series]?.data.length ?? 1;
  return { series, point: clamp(at.point + step.point, points) };
}

function clamp(index: number, count: number): number {
  return Math.min(Math.max(0, index), Math.max(0, count - 1));
}
