// One chart of the page: the head that every renderer gives a specification, its panels on canvases that are drawn when they come
// into sight, and the same figures as a table.
import type { ChartSpec, Panel } from '../report/chart_spec.ts';
import { type Figure, tellFigure } from '../report/chart_style.ts';
import type { Table } from '../report/table.ts';
import { type AnyChart, Chart } from './chart_js.ts';
import { walkPoints } from './chart_keys.ts';
import { h } from './dom.ts';
import { drawer, htmlTable } from './html_table.ts';
import { legendList } from './legend.ts';

export interface ChartView {
  element: HTMLElement;
  /** Shows a specification, or nothing where the choices leave nothing to draw. */
  show(spec: ChartSpec | undefined): void;
  /** Draws the panels again in the colours of now; `hidden` ones too, for paper. */
  redraw(hidden: boolean): void;
}

export function chartView(name: string): ChartView {
  const title = h('h2', { id: `chart-${name}` });
  const subtitle = h('div', { class: 'subtitle' });
  const legend = h('div');
  const panels = h('div', { class: 'panels' });
  const table = drawer('The same figures as a table');
  const element = h(
    'section',
    { class: 'chart', 'aria-labelledby': `chart-${name}` },
    title,
    subtitle,
    legend,
    panels,
    table.element,
  );
  let drawn: AnyChart[] = [];
  let waiting: (() => void) | undefined;
  const draw = (): void => {
    waiting?.();
    waiting = undefined;
  };
  new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && draw(), {
    rootMargin: '400px',
  }).observe(element);
  const inSight = (): boolean => {
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > -400 && top < innerHeight + 400;
  };
  return {
    element,
    show(spec) {
      for (const chart of drawn) chart.destroy();
      drawn = [];
      element.hidden = spec === undefined;
      if (spec === undefined) return;
      title.textContent = spec.title;
      subtitle.replaceChildren(...spec.subtitle.filter((line) => line !== '').map((line) => h('p', {}, line)));
      legend.replaceChildren(legendList(spec.legend));
      panels.classList.toggle('single', spec.panels.length === 1);
      const canvases = spec.panels.map((panel) => ({ panel, ...panelFrame(spec.title, panel) }));
      panels.replaceChildren(...canvases.map(({ frame }) => frame));
      table.renew(() => htmlTable(spec.title, spec.table ?? panelTable(spec.panels)));
      waiting = () => {
        drawn = canvases.map(({ panel, canvas, status }) => {
          const chart: AnyChart = new Chart(canvas, forPage(panel));
          walkPoints(chart, status);
          return chart;
        });
      };
      if (inSight()) draw();
    },
    redraw(hidden) {
      if (hidden) draw();
      for (const chart of drawn) chart.update('none');
    },
  };
}

type PanelOptions = { plugins?: { title?: { text?: string[] } } };

const panelTitle = (panel: Panel): string => (panel.options as PanelOptions).plugins?.title?.text?.join(' ') ?? '';

function panelFrame(
  title: string,
  panel: Panel,
): { frame: HTMLElement; canvas: HTMLCanvasElement; status: HTMLElement } {
  const name = panelTitle(panel);
  const label = `${title}${name === '' ? '' : `: ${name}`}. Arrow keys walk through the points; a table of them follows.`;
  const canvas = h('canvas', { role: 'img', tabindex: 0, 'aria-label': label });
  const status = h('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  const heading = name === '' ? [] : [h('h3', {}, name)];
  return {
    frame: h('div', { class: 'panel' }, ...heading, h('div', { class: 'canvas' }, canvas), status),
    canvas,
    status,
  };
}

/** The panel as large as its frame; its title is the page's. Objects are copied, because chart.js writes into them. */
function forPage(panel: Panel): Panel {
  const options = panel.options as Record<string, unknown> & { plugins?: Record<string, unknown> };
  return {
    ...panel,
    options: {
      ...options,
      responsive: true,
      maintainAspectRatio: false,
      devicePixelRatio: undefined,
      plugins: { ...options.plugins, title: { display: false } },
    },
  } as Panel;
}

/** Every point of every panel: panel, series, place, value with its interval. */
function panelTable(panels: readonly Panel[]): Table {
  const titles = panels.map(panelTitle);
  const withPanel = titles.some((title) => title !== '');
  const rows = panels.flatMap((panel, i) => {
    const labels = (panel.data.labels ?? []) as string[];
    return panel.data.datasets.flatMap(({ label, data }) =>
      (data as (Partial<Figure> & { x?: number | string })[]).flatMap((point, at) => {
        const value = tellFigure(point, formatValue);
        if (value === '-') return [];
        const x = typeof point.x === 'number' ? formatX(panel, point.x) : (labels[at] ?? String(point.x ?? ''));
        return [{ cells: [...(withPanel ? [titles[i] as string] : []), label ?? '', x, value] }];
      }),
    );
  });
  const { x, y } = axisTitles(panels[0]);
  return {
    columns: [
      ...(withPanel ? [{ title: 'where', align: 'left' as const }] : []),
      { title: 'series', align: 'left' },
      { title: x, align: 'left' },
      { title: `${y}, 95 % interval`, align: 'right' },
    ],
    rows,
  };
}

type Axes = {
  scales?: Record<string, { title?: { text?: string }; ticks?: { callback?: (value: number) => unknown } }>;
};

function axisTitles(panel: Panel | undefined): { x: string; y: string } {
  const { scales } = (panel?.options ?? {}) as Axes;
  return { x: scales?.x?.title?.text ?? '', y: scales?.y?.title?.text ?? '' };
}

/** A place on the axis as its tick would say it. */
function formatX(panel: Panel, x: number): string {
  const told = (panel.options as Axes).scales?.x?.ticks?.callback?.(x);
  return Array.isArray(told) ? String(told[0]) : String(told ?? x);
}

const formatValue = (value: number): string => String(Number(value.toPrecision(4)));
