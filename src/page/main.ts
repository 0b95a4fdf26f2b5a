// The report's script: reads the embedded result, builds the controls and what they govern. The answer, the method and the environment
// are in the document already (src/report/formats/html.ts) and can be read without this.
/// <reference types="vite/client" />

import { chart as imageOfHeatMap } from '../report/charts/ratio_heat_map.ts';
import type { ChartDefinition } from '../report/drawing/chart_spec.ts';
import { type Group, groupsOf } from '../report/select/groups.ts';
import { heatMap } from '../report/select/heat_map.ts';
import { groundOfSignificance } from '../report/select/ratios.ts';
import { measuredTable } from '../report/tables/summary_tables.ts';
import type { Table } from '../report/tables/table.ts';
import { commonParams, describeParams } from '../report/words/params.ts';
import type { Result } from '../result/schema.ts';
import { type ChartView, chartView } from './chart_view.ts';
import {
  AS_RECORDED,
  type Choices,
  chosenGroups,
  chosenRatios,
  chosenResult,
  firstChoices,
  type Offer,
  offerOf,
} from './choices.ts';
import { controls } from './controls.ts';
import { countersView } from './counters_table.ts';
import { h } from './dom.ts';
import { downloads } from './downloads.ts';
import { readEmbedded } from './embedded.ts';
import { type HeatGrid, heatGrid } from './heat_grid.ts';
import { drawer, htmlTable } from './html_table.ts';
import { memoryView } from './memory_table.ts';
import './page.css';
import { themeControl } from './theme.ts';

/** Every chart of the folder but the heat map, which the page draws as a table to walk through. */
const CHARTS = Object.values(import.meta.glob<{ chart: ChartDefinition }>('../report/charts/*.ts', { eager: true }))
  .map(({ chart }) => chart)
  .filter((chart) => chart !== imageOfHeatMap);

async function start(): Promise<void> {
  const embedded = await readEmbedded();
  const offer = offerOf(embedded.result);
  const grid = heatGrid();
  const charts = new Map(CHARTS.map((chart) => [chart, chartView(chart.name)]));
  const memory = memoryView();
  const counters = countersView();
  const figures = drawer('A row for each cell');
  const show = (choices: Choices): void => {
    const shown = chosenResult(offer, choices);
    const groups = groupsOf(shown);
    showHeatMap(offer, choices, grid);
    for (const [chart, view] of charts)
      view.show(() => chart.build(shown, { look: offer.look, metric: choices.metric }));
    counters.show(groups);
    memory.show(shown);
    figures.renew(() => htmlTable('All figures', figuresTable(offer, shown, groups)));
  };
  const first = firstChoices(offer);
  document.getElementById('theme')?.append(themeControl((forPaper) => redraw(charts.values(), forPaper)));
  document
    .getElementById('interactive')
    ?.replaceChildren(
      controls(offer, first, show),
      grid.element,
      ...[...charts.values()].map(({ element }) => element),
      counters.element,
      memory.element,
      h('section', { 'aria-labelledby': 'figures' }, h('h2', { id: 'figures' }, 'All figures'), figures.element),
      downloads(embedded),
    );
  show(first);
  document.documentElement.dataset.ready = 'yes';
}

function redraw(views: Iterable<ChartView>, hidden: boolean): void {
  for (const view of views) view.redraw(hidden);
}

function showHeatMap(offer: Offer, choices: Choices, grid: HeatGrid): void {
  const groups = chosenGroups(offer, choices);
  grid.show(heatMap(groups, chosenRatios(offer, choices), choices.metric, choices.axes), choices.metric, [
    describeParams(commonParams(groups.map(({ params }) => params))).join(' · '),
    `Hatched: no difference found, ${groundOfSignificance(offer.result)}.${choices.reference === AS_RECORDED ? '' : ' Pairs that the run did not compare are compared here from their shared rounds.'}`,
  ]);
}

/** Every cell in one table, with the options in which the groups differ in front. */
function figuresTable(offer: Offer, shown: Result, groups: readonly Group[]): Table {
  const leading = offer.conditions.map(({ key }) => key);
  return measuredTable(shown, groups, leading, (_, text) => text);
}

void start();
