// What the reader has chosen, and which part of the result that leaves.

import { type Look, lookOf, viewOf } from '../report/drawing/look.ts';
import { dimensionsOf, valueKey, valuesOf } from '../report/select/dimensions.ts';
import { armName, type Group, groupsOf, roleOf } from '../report/select/groups.ts';
import { defaultAxes, type HeatMapAxes, heatMapDimensions } from '../report/select/heat_map.ts';
import { type Metric, metricsOf } from '../report/select/metrics.ts';
import { pairName, type RatioSource, ratiosAgainst, recordedRatios } from '../report/select/ratios.ts';
import type { Result } from '../result/schema.ts';

/** In place of an arm's name: the comparisons that the run made. */
export const AS_RECORDED = '';

/** In place of a value: a condition that is left open. */
export const ALL = '';

/** What there is to choose from; the same as long as the page is open. */
export interface Offer {
  result: Result;
  groups: readonly Group[];
  look: Look;
  metrics: readonly Metric[];
  schemes: readonly string[];
  /** Names of arms (`page/user`) that others can be measured against. */
  references: readonly string[];
  /** Options in which the groups differ, with their values. */
  conditions: readonly { key: string; values: readonly string[] }[];
  /** Axes of the heat map. */
  axes: readonly string[];
}

export interface Choices {
  metric: Metric;
  reference: string;
  hiddenSchemes: ReadonlySet<string>;
  /** Option -> value key. */
  conditions: ReadonlyMap<string, string>;
  axes: HeatMapAxes;
}

export function offerOf(result: Result): Offer {
  const groups = groupsOf(result);
  const comparable = result.cells.filter((cell) => ['reference', 'arm'].includes(roleOf(cell)) && !cell.refused);
  return {
    result,
    groups,
    look: lookOf(result),
    metrics: metricsOf(result.cells),
    schemes: [...new Set(result.cells.filter((cell) => roleOf(cell) !== 'floor').map(({ scheme }) => scheme))],
    references: [...new Set(comparable.map(armName))],
    conditions: dimensionsOf(groups).map((key) => ({ key, values: valuesOf(groups, key) })),
    axes: heatMapDimensions(groups),
  };
}

export function firstChoices({ result, groups }: Offer): Choices {
  const { metric } = viewOf(result);
  const pairs = new Set(recordedRatios(result)(groups, metric).map(pairName)).size;
  return {
    metric,
    reference: AS_RECORDED,
    hiddenSchemes: new Set(),
    conditions: new Map(),
    axes: defaultAxes(groups, pairs),
  };
}

/** Groups that meet the chosen conditions. */
export function chosenGroups({ groups }: Offer, { conditions }: Choices): Group[] {
  return groups.filter(({ params }) =>
    [...conditions].every(([key, value]) => value === ALL || valueKey(params, key) === value),
  );
}

/** The result with the cells of chosen groups and schemes only; the floor stays. */
export function chosenResult(offer: Offer, choices: Choices): Result {
  const cells = chosenGroups(offer, choices).flatMap((group) => group.cells);
  return { ...offer.result, cells: cells.filter(({ scheme }) => !choices.hiddenSchemes.has(scheme)) };
}

/** Ratios of the chosen schemes to the chosen reference; hiding a scheme does not hide it as a reference. */
export function chosenRatios({ result }: Offer, { reference, hiddenSchemes }: Choices): RatioSource {
  const source = reference === AS_RECORDED ? recordedRatios(result) : ratiosAgainst(result, reference);
  return (groups, metric) => source(groups, metric).filter(({ cell }) => !hiddenSchemes.has(cell.scheme));
}
