// The surface of an answer: ratios of pairs of cells over two axes. An axis is an option in which the groups differ, or PAIR, the
// pairs themselves; every combination of the other axes is a facet, so that no figure ever stands for several comparisons.
import {
  APART,
  dimensionsOf,
  dimensionTitle,
  overAxis,
  placeOf,
  valueKey,
  valueLabel,
  valuesOf,
} from './dimensions.ts';
import type { Group } from './groups.ts';
import type { Metric } from './metrics.ts';
import { isSignificant, pairName, type Ratio, type RatioSource } from './ratios.ts';

/** The axis on which each pair of compared cells is one value. */
export const PAIR = 'pair';

export interface HeatMapAxes {
  x: string;
  y: string;
}

export interface HeatMap {
  facets: Facet[];
  /** Largest |log2 of a ratio|, at least 0.25: what the strongest colour stands for. */
  reach: number;
}

export interface HeatMapAxis {
  title: string;
  labels: string[];
}

export interface Facet {
  /** What all its ratios have in common beside the axes; empty when there is only one facet. */
  title: string;
  /** Only rows and columns that hold something. */
  x: HeatMapAxis;
  y: HeatMapAxis;
  /** By row (y), then column (x); undefined where there is no such pair. */
  ratios: (Ratio | undefined)[][];
}

/** Axes a heat map of these groups can have: PAIR first. */
export function heatMapDimensions(groups: readonly Group[]): string[] {
  return [PAIR, ...dimensionsOf(groups)];
}

/** Columns: the option with most values. Rows: the pairs, so that all stand in one map; of a single pair the next option. */
export function defaultAxes(groups: readonly Group[], pairs: number): HeatMapAxes {
  const bySize = dimensionsOf(groups)
    .map((key) => ({ key, size: valuesOf(groups, key).length }))
    .sort((a, b) => b.size - a.size);
  const [first, second] = bySize;
  if (first === undefined) return { x: 'payload', y: PAIR };
  return { x: first.key, y: second === undefined || pairs > 1 ? PAIR : second.key };
}

export function heatMap(groups: readonly Group[], ratios: RatioSource, metric: Metric, axes: HeatMapAxes): HeatMap {
  const all = ratios(groups, metric).filter(
    ({ compared, cell }) => compared !== undefined || cell.refused !== undefined,
  );
  const used = [...new Set(all.map(({ group }) => group))];
  const rest = dimensionsOf(used).filter((key) => key !== axes.x && key !== axes.y);
  /** Some groups are on an axis, or on another one than the rest. */
  const mixed = new Set(used.map(({ cells }) => cells[0]?.params.sweep)).size > 1;
  const ofPairs = axes.x === PAIR || axes.y === PAIR;
  const keyOf = (ratio: Ratio): string =>
    JSON.stringify([
      ofPairs ? '' : pairName(ratio),
      ...[...rest, ...APART].map((key) => valueKey(ratio.group.params, key)),
    ]);
  const facets = [...Map.groupBy(all, keyOf).values()].map((ofFacet): Facet => {
    const [first] = ofFacet as [Ratio, ...Ratio[]];
    const inFacet = [...new Set(ofFacet.map(({ group }) => group))];
    const [x, y] = [scale(inFacet, ofFacet, axes.x), scale(inFacet, ofFacet, axes.y)];
    const at = new Map(ofFacet.map((ratio) => [`${y.keyOf(ratio)} ${x.keyOf(ratio)}`, ratio]));
    const title = [ofPairs ? '' : pairName(first), placeOf(first.group, rest), mixed ? axisOf(first.group) : ''];
    return {
      title: title.filter((phrase) => phrase !== '').join(' · '),
      x: x.axis,
      y: y.axis,
      ratios: y.keys.map((row) => x.keys.map((column) => at.get(`${row} ${column}`))),
    };
  });
  const reach = all.map(({ compared }) => (compared === undefined ? 0 : Math.abs(Math.log2(compared.ratio))));
  return { facets, reach: Math.max(0.25, ...reach) };
}

function axisOf({ cells }: Group): string {
  const option = cells[0]?.params.sweep;
  return typeof option === 'string' ? overAxis(option) : '';
}

interface Scale {
  axis: HeatMapAxis;
  keys: string[];
  keyOf(ratio: Ratio): string;
}

function scale(groups: readonly Group[], ratios: readonly Ratio[], key: string): Scale {
  if (key === PAIR) {
    const keys = [...new Set(ratios.map(pairName))];
    return { axis: { title: 'scheme/buffers', labels: keys }, keys, keyOf: pairName };
  }
  const keys = valuesOf(groups, key);
  const labels = keys.map((value) => valueLabel(value, key));
  return { axis: { title: dimensionTitle(key), labels }, keys, keyOf: ({ group }) => valueKey(group.params, key) };
}

/** Colours of an advantage and of a disadvantage for the cell in front; blue and orange are told apart by all readers. */
export const BETTER = '#0072B2';
export const WORSE = '#D55E00';

export interface Shade {
  colour: typeof BETTER | typeof WORSE;
  /** Share of the colour, 0 to 1; what is left is paper. */
  share: number;
  /** No difference was found: drawn hatched. */
  hatched: boolean;
}

/** How a ratio is drawn; undefined where nothing was compared. */
export function shadeOf({ compared }: Ratio, metric: Metric, reach: number): Shade | undefined {
  if (compared === undefined) return undefined;
  const gain = metric.higherIsBetter ? Math.log2(compared.ratio) : -Math.log2(compared.ratio);
  return {
    colour: gain >= 0 ? BETTER : WORSE,
    share: Math.min(1, Math.abs(gain) / reach),
    hatched: !isSignificant(compared),
  };
}

/** What stands in a square: `0.412`, `EOPNOTSUPP`, or nothing. */
export function squareText(ratio: Ratio | undefined): string {
  if (ratio === undefined) return '';
  if (ratio.compared === undefined) return ratio.cell.refused?.errno ?? '';
  const { ratio: value } = ratio.compared;
  return value >= 10 ? value.toPrecision(3) : value.toFixed(2);
}
