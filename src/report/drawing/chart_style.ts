// What the panels of all charts share: axes, fixed options, the lines below a title, and how a figure with its interval is drawn
// and told. Colours of ink and grid, and the font, come from the renderer's chart.js defaults (PAPER is what an image has).
import type { Plugin, TooltipItem } from 'chart.js';
import type { Cell, Result } from '../../result/schema.ts';
import { armName } from '../select/groups.ts';
import type { Metric } from '../select/metrics.ts';
import { roundsPhrase } from '../select/metrics.ts';

export const FONT = { family: 'DejaVu Sans, Arial, Helvetica, sans-serif', size: 13 } as const;

/** Ink and grid on white paper. */
export const PAPER = { color: '#222222', borderColor: '#DDDDDD', font: FONT } as const;

/** A value with its interval, as chartjs-chart-error-bars takes it. */
export interface Figure {
  y: number;
  yMin: number;
  yMax: number;
}

/** Without an interval the ends are the value. */
export function errorBar(cell: Cell, metric: Metric): Figure | undefined {
  const estimate = cell[metric.key];
  if (estimate === null) return undefined;
  const [yMin, yMax] = estimate.ci95 ?? [estimate.median, estimate.median];
  return { y: estimate.median, yMin, yMax };
}

/** "AMD EPYC, 2 cores, Linux 6.12, Node 24.21.0 · median of 12 rounds in threads mode, whiskers: 95 % interval". */
export function provenance(result: Result, cells: readonly Cell[], metric: Metric, mark = 'whiskers'): string {
  const rounds = roundsPhrase(cells, metric);
  const phrases = [machineOf(result), rounds === undefined ? '' : `median of ${rounds}, ${mark}: 95 % interval`];
  return phrases.filter((phrase) => phrase !== '').join(' · ');
}

/** Where it was measured. */
export function machineOf({ environment: { cpu, cores, kernel, node } }: Result): string {
  return `${cpu}, ${cores} core${cores === 1 ? '' : 's'}, Linux ${kernel}, Node ${node}`;
}

/** "refused: dma_vec/user (EOPNOTSUPP)", or nothing. */
export function refusedNote(cells: readonly Cell[]): string[] {
  const names = new Set(cells.flatMap((cell) => (cell.refused ? [`${armName(cell)} (${cell.refused.errno})`] : [])));
  return names.size === 0 ? [] : [`refused: ${[...names].join(', ')}`];
}

/** "8 of 40 groups ...", or nothing: what a chart that shows only some of its panels must say. */
export function cutNote(shown: number, all: number, what = 'groups'): string[] {
  return all > shown ? [`${shown} of ${all} ${what}, the others in the tables`] : [];
}

/** Panels that can still be read beside each other; further groups are in the tables. */
export const PANELS_MAX = 8;

/** A linear or logarithmic axis in the common style, with its title. */
export function axis(title: string, options: object = {}): object {
  return {
    title: { display: true, text: title, font: { size: FONT.size } },
    ...options,
    ticks: { font: { size: 12 }, ...('ticks' in options ? (options.ticks as object) : {}) },
  };
}

/** Exactly these ticks on an axis, whatever chart.js would choose. */
export function fixedTicks(values: readonly number[]): object {
  return {
    afterBuildTicks: (scale: { ticks: { value: number }[] }) => {
      scale.ticks = values.map((value) => ({ value }));
    },
  };
}

/** Characters of a bold panel title that fit a panel of half the page. */
const PANEL_TITLE_CHARACTERS = 54;

/** Options that every panel has: fixed size, no animation, no legend of its own, a title unless it is empty. */
export function panelOptions(title: string, options: object): object {
  const lines = wrapPhrases(title, PANEL_TITLE_CHARACTERS);
  return {
    animation: false,
    responsive: false,
    devicePixelRatio: 2,
    layout: { padding: { left: 8, right: 16, top: title === '' ? 12 : 0, bottom: 4 } },
    ...options,
    plugins: {
      legend: { display: false },
      title: { display: title !== '', text: lines, font: { size: FONT.size, weight: 'bold' } },
      ...('plugins' in options ? (options.plugins as object) : {}),
    },
  };
}

/**
 * Tooltips of a panel: series, value, 95 % interval.
 * @param titleOf what stands above; chart.js' own label of the point where it is left out
 */
export function tooltip(format: (value: number) => string, titleOf?: (x: number) => string): object {
  return {
    callbacks: {
      ...(titleOf === undefined
        ? {}
        : {
            title: (items: TooltipItem<'line'>[]) => items.slice(0, 1).map(({ parsed }) => titleOf(parsed.x as number)),
          }),
      label: ({ dataset, raw }: TooltipItem<'bar'>) =>
        `${dataset.label}: ${tellFigure(raw as Partial<Figure>, format)}`,
    },
  };
}

/** `62.1 [61, 63]`: a drawn figure in words. */
export function tellFigure(raw: Partial<Figure> | number | null, format: (value: number) => string): string {
  const { y, yMin, yMax } = typeof raw === 'object' && raw !== null ? raw : { y: raw ?? undefined };
  if (y === undefined || Number.isNaN(y)) return '-';
  if (yMin === undefined || yMax === undefined || yMin === yMax) return format(y);
  return `${format(y)} [${format(yMin)}, ${format(yMax)}]`;
}

/** Shades the 95 % intervals between the points of each line of a panel. */
export const BANDS: Plugin = {
  id: 'bands',
  beforeDatasetsDraw({ ctx, data, scales: { x, y }, chartArea: { left, top, width, height } }) {
    if (x === undefined || y === undefined) return;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    ctx.globalAlpha = 0.18;
    for (const { data: points, borderColor } of data.datasets) {
      const drawn = (points as unknown as ({ x: number } & Partial<Figure>)[]).filter(({ yMin }) => yMin !== undefined);
      const edge = [
        ...drawn.map((point) => [point.x, point.yMin as number] as const),
        ...drawn.toReversed().map((point) => [point.x, point.yMax as number] as const),
      ];
      ctx.fillStyle = borderColor as string;
      ctx.beginPath();
      for (const [px, py] of edge) ctx.lineTo(x.getPixelForValue(px), y.getPixelForValue(py));
      ctx.fill();
    }
    ctx.restore();
  },
};

/** Lines of at most `width` characters, broken at " · ", and within a phrase that is longer than a line at ", ". */
export function wrapPhrases(text: string, width: number): string[] {
  const shown = (line: string): string => line.replace(/[ ·]+$/, '');
  const phrases = text
    .split(/(?<= · )/)
    .flatMap((phrase) => (shown(phrase).length > width ? phrase.split(/(?<=, )/) : [phrase]));
  const lines: string[] = [];
  for (const phrase of phrases) {
    const last = lines.at(-1);
    if (last === undefined || shown(last + phrase).length > width) lines.push(phrase);
    else lines[lines.length - 1] = last + phrase;
  }
  return lines.map(shown);
}
