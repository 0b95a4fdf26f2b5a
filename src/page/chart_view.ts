// One chart of the page: the head that every renderer gives a specification, its panels on canvases that are drawn when they come
// into sight, and the same figures as a table.
import type { ChartSpec, Panel } from '../report/drawing/chart_spec.ts';
import { type Figure, tellFigure } from '../report/drawing/chart_style.ts';
import type { Table } from '../report/tables/table.ts';
import { type AnyChart, Chart } from './chart_js.ts';
import { walkPoints } from './chart_keys.ts';
import { h, headingWords } from './dom.ts';
import { drawer, htmlTable } from './html_table.ts';
import { legendList } from './legend.ts';

export interface ChartView {
  element: HTMLElement;
  /** Shows what `build` makes, or nothing where the choices leave nothing to draw. */
  show(build: () => ChartSpec | undefined): void;
  /** Draws again in the colours of now what has been drawn; with `hidden` all panels, for paper. */
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
  let build: () => ChartSpec | undefined = () => undefined;
  let waiting = false;
  // chart.js writes defaults into what it is given, colours too: every drawing takes a new specification.
  const draw = (): void => {
    waiting = false;
    for (const chart of drawn) chart.destroy();
    const frames = [...panels.children];
    drawn = (build()?.panels ?? []).map((panel, i) => {
      return new Chart(frames[i]?.querySelector('canvas') as HTMLCanvasElement, forPage(panel));
    });
  };
  const drawIfWaiting = (): void => {
    if (waiting) draw();
  };
  new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && drawIfWaiting(), {
    rootMargin: `${NEAR}px`,
  }).observe(element);
  // A chart that is reached by Tab answers to the first key.
  element.addEventListener('focusin', drawIfWaiting);
  return {
    element,
    show(builder) {
      build = builder;
      const spec = build();
      element.hidden = spec === undefined;
      waiting = spec !== undefined;
      if (spec === undefined) return;
      title.replaceChildren(...headingWords(spec.title));
      subtitle.replaceChildren(...spec.subtitle.filter((line) => line !== '').map((line) => h('p', {}, line)));
      legend.replaceChildren(legendList(spec.legend));
      panels.classList.toggle('single', spec.panels.length === 1);
      for (const chart of drawn.splice(0)) chart.destroy();
      panels.replaceChildren(...spec.panels.map((panel, i) => panelFrame(spec.title, panel, () => drawn[i])));
      table.renew(() => htmlTable(spec.title, spec.table ?? panelTable(spec.panels)));
      if (isNear(element)) draw();
    },
    redraw(hidden) {
      if (element.hidden) return;
      if (hidden || !waiting) draw();
    },
  };
}

/** Pixels outside of the window within which charts are drawn already. */
const NEAR = 400;

function isNear(element: HTMLElement): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > -NEAR && top < innerHeight + NEAR;
}

type PanelOptions = { plugins?: { title?: { text?: string[] } } };

const panelTitle = (panel: Panel): string => (panel.options as PanelOptions).plugins?.title?.text?.join(' ') ?? '';

function panelFrame(title: string, panel: Panel, chart: () => AnyChart | undefined): HTMLElement {
  const name = panelTitle(panel);
  const label = `${title}${name === '' ? '' : `: ${name}`}. Arrow keys walk through the points; a table of them follows.`;
  const canvas = h('canvas', { role: 'img', tabindex: 0, 'aria-label': label });
  const status = h('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  walkPoints(canvas, status, chart);
  const heading = name === '' ? [] : [h('h3', {}, name)];
  return h('div', { class: 'panel' }, ...heading, h('div', { class: 'canvas' }, canvas), status);
}

/** The panel as large as its frame; its title is the page's. */
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
