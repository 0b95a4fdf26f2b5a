// The heat map as tables that can be walked through: arrow keys, Home and End move; the square under focus or pointer is told in full
// beside it. Colours and hatching are those of the image (src/report/select/heat_map.ts).

import { armName } from '../report/select/groups.ts';
import { BETTER, type Facet, type HeatMap, shadeOf, squareText, WORSE } from '../report/select/heat_map.ts';
import { estimateOf, type Metric } from '../report/select/metrics.ts';
import { isSignificant, pairName, type Ratio } from '../report/select/ratios.ts';
import { verdictWords } from '../report/tables/summary_tables.ts';
import { formatEstimate, formatPercent, formatRatio } from '../report/words/format.ts';
import { describeParams } from '../report/words/params.ts';
import { h, headingWords } from './dom.ts';

/** Maps shown before the reader asks for more. */
const FACETS_FIRST = 6;

export interface HeatGrid {
  element: HTMLElement;
  show(map: HeatMap, metric: Metric, notes: readonly string[]): void;
}

export function heatGrid(): HeatGrid {
  const title = h('h2', { id: 'heat-map' });
  const notes = h('div', { class: 'subtitle' });
  const scale = h('div');
  const maps = h('div', { class: 'heat-maps' });
  const detail = h('div', { class: 'detail', 'aria-live': 'polite' });
  const element = h(
    'section',
    { 'aria-labelledby': 'heat-map' },
    title,
    notes,
    scale,
    h('div', { class: 'heat' }, maps, detail),
  );
  return {
    element,
    show(map, metric, lines) {
      title.replaceChildren(...headingWords(`Where schemes differ: ratio of ${metric.sentence}`));
      notes.replaceChildren(...lines.map((line) => h('p', {}, line)));
      scale.replaceChildren(scaleLegend(map.reach, metric));
      detail.replaceChildren(h('p', {}, 'Point at a square, or walk with the arrow keys, to see its figures.'));
      const tell = (ratio: Ratio | undefined): void => detail.replaceChildren(...detailOf(ratio, metric));
      const tables = (facets: readonly Facet[]) => facets.map((facet) => facetTable(map, facet, metric, tell));
      maps.replaceChildren(...tables(map.facets.slice(0, FACETS_FIRST)));
      const rest = map.facets.slice(FACETS_FIRST);
      if (map.facets.length === 0) maps.append(h('p', {}, 'No comparison meets these conditions.'));
      if (rest.length === 0) return;
      const more = h('button', { type: 'button' }, `Show ${rest.length} more`);
      more.addEventListener('click', () => {
        const added = tables(rest);
        more.replaceWith(...added);
        added[0]?.querySelector<HTMLElement>('td[tabindex="0"]')?.focus();
      });
      maps.append(more);
    },
  };
}

function facetTable(map: HeatMap, facet: Facet, metric: Metric, tell: (ratio: Ratio | undefined) => void): HTMLElement {
  const name = facet.title === '' ? `Ratio of ${metric.sentence}` : facet.title;
  const squares = facet.ratios.map((row, y) =>
    row.map((ratio, x) => {
      const place = `${facet.y.title} ${facet.y.labels[y]}, ${facet.x.title} ${facet.x.labels[x]}`;
      const td = h(
        'td',
        { role: 'gridcell', tabindex: -1, 'aria-label': `${place}: ${sayRatio(ratio)}` },
        squareText(ratio),
      );
      const shade = ratio === undefined ? undefined : shadeOf(ratio, metric, map.reach);
      if (shade !== undefined) {
        td.style.setProperty('--colour', shade.colour);
        td.style.setProperty('--share', `${Math.round(shade.share * 75)}%`);
        td.classList.add('square');
        td.classList.toggle('hatched', shade.hatched);
      }
      td.addEventListener('pointerenter', () => tell(ratio));
      td.addEventListener('focus', () => tell(ratio));
      return td;
    }),
  );
  walkGrid(squares);
  return h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      { role: 'grid', 'aria-label': name, class: 'heat-map' },
      h('caption', {}, name),
      h(
        'thead',
        {},
        h(
          'tr',
          { role: 'row' },
          h('th', { class: 'corner', role: 'columnheader' }, `${facet.y.title} \\ ${facet.x.title}`),
          ...facet.x.labels.map((label) => h('th', { scope: 'col', role: 'columnheader' }, label)),
        ),
      ),
      h(
        'tbody',
        {},
        ...squares.map((row, y) =>
          h('tr', { role: 'row' }, h('th', { scope: 'row', role: 'rowheader' }, facet.y.labels[y] ?? ''), ...row),
        ),
      ),
    ),
  );
}

/** One square of the grid takes part in the order of Tab; the others are reached from it (roving tabindex). */
function walkGrid(squares: readonly (readonly HTMLElement[])[]): void {
  const [height, width] = [squares.length, squares[0]?.length ?? 0];
  squares[0]?.[0]?.setAttribute('tabindex', '0');
  const moves: Readonly<Record<string, (y: number, x: number) => readonly [number, number]>> = {
    ArrowLeft: (y, x) => [y, x - 1],
    ArrowRight: (y, x) => [y, x + 1],
    ArrowUp: (y, x) => [y - 1, x],
    ArrowDown: (y, x) => [y + 1, x],
    Home: (y) => [y, 0],
    End: (y) => [y, width - 1],
  };
  for (const [y, row] of squares.entries()) {
    for (const [x, square] of row.entries()) {
      square.addEventListener('keydown', (event) => {
        const [toY, toX] = moves[event.key]?.(y, x) ?? [-1, -1];
        const next = squares[toY]?.[toX];
        if (moves[event.key] === undefined) return;
        event.preventDefault();
        if (toY < 0 || toY >= height || next === undefined) return;
        next.focus();
      });
      square.addEventListener('focus', () => {
        for (const each of squares.flat()) each.setAttribute('tabindex', each === square ? '0' : '-1');
      });
    }
  }
}

function sayRatio(ratio: Ratio | undefined): string {
  if (ratio === undefined) return 'not compared';
  const { compared, cell } = ratio;
  if (compared === undefined) return `${pairName(ratio)}, refused with ${cell.refused?.errno ?? 'no figure'}`;
  return `${pairName(ratio)}, ratio ${formatRatio(compared.ratio, compared.ci95)}, ${verdictWords(compared)}`;
}

/** Everything about one square: the pair, the ratio and its ground, both figures, the workload. */
function detailOf(ratio: Ratio | undefined, metric: Metric): Node[] {
  if (ratio === undefined) return [h('p', {}, 'These two were not compared.')];
  const { cell, other, compared, group } = ratio;
  const entries: [string, string][] = [];
  if (compared === undefined) {
    entries.push(['outcome', `${cell.refused?.errno}: ${cell.refused?.reason}`]);
  } else {
    entries.push([`ratio of ${metric.sentence} [95 %]`, formatRatio(compared.ratio, compared.ci95)]);
    entries.push(['verdict', verdictWords(compared)]);
    entries.push(['difference found', isSignificant(compared) ? 'yes' : 'no']);
    if (compared.minDetectable !== null) {
      entries.push(['smallest difference that 80 % of runs would see', formatPercent(compared.minDetectable)]);
    }
    entries.push(['paired rounds', String(compared.n)]);
  }
  for (const each of [cell, other])
    entries.push([`${armName(each)}, ${metric.title}`, formatEstimate(estimateOf(each, metric))]);
  entries.push(['workload', describeParams(group.params).join(' · ')]);
  return [
    h('h3', {}, pairName(ratio)),
    h('dl', {}, ...entries.flatMap(([term, text]) => [h('dt', {}, term), h('dd', {}, text)])),
  ];
}

const STEPS = [1, 0.5, 0, -0.5, -1];

/** The strongest colours with the ratios they stand for, and what hatching means. */
function scaleLegend(reach: number, metric: Metric): HTMLElement {
  const worse = metric.higherIsBetter ? -1 : 1;
  const squares = STEPS.map((step) => {
    const square = h('span', { class: 'square key' });
    square.style.setProperty('--colour', step > 0 ? WORSE : BETTER);
    square.style.setProperty('--share', `${Math.abs(step) * 75}%`);
    return h('li', {}, square, `${Number((2 ** (worse * step * reach)).toPrecision(2))}`);
  });
  const hatched = h('li', {}, h('span', { class: 'square key hatched' }), 'no difference found');
  const ends = metric.higherIsBetter ? 'more is better' : 'less is better';
  return h(
    'ul',
    { class: 'legend', 'aria-label': `Colours: ${ends}` },
    h('li', {}, `${ends}:`),
    ...squares.toReversed(),
    hatched,
  );
}
