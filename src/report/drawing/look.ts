// One look for all charts of a result: a scheme has the same colour and dash, a buffer source the same mark, in every picture.

import type { Cell, Result } from '../../result/schema.ts';
import { armName, buffersOf, floorOf, type Group, roleOf } from '../select/groups.ts';
import { mainMetric } from '../select/metrics.ts';
import type { LegendEntry, PointShape, View } from './chart_spec.ts';

/**
 * Okabe and Ito's palette for colour-blind readers, without yellow and black, which white and dark paper swallow; violet and
 * brown follow for more than six schemes. Each has a contrast of 3 to 1 or more with both papers.
 */
const PALETTE = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#C98500', '#3D9BD1', '#8F6BC9', '#A0705A'] as const;
const DASHES: readonly (readonly number[])[] = [[], [9, 3], [3, 3], [9, 3, 3, 3]];
const POINTS: readonly PointShape[] = ['circle', 'rect', 'triangle', 'rectRot', 'crossRot'];

const FLOOR: Line = { colour: '#7A7A7A', dash: [6, 4] };

export interface Line {
  colour: string;
  /** Pattern in pixels; empty for a whole line. */
  dash: readonly number[];
}

export interface Look {
  /** Scheme -> colour and dash, in order of appearance; those of the floor are grey. */
  schemes: ReadonlyMap<string, Line>;
  /** Buffer source -> point shape, in order of appearance. */
  points: ReadonlyMap<string, PointShape>;
}

export function lookOf(result: Result): Look {
  const floors = new Set(result.cells.filter((cell) => roleOf(cell) === 'floor').map(({ scheme }) => scheme));
  const schemes = [...new Set(result.cells.map(({ scheme }) => scheme))].filter((scheme) => !floors.has(scheme));
  const sources = new Set(result.cells.filter((cell) => roleOf(cell) !== 'floor').map(buffersOf));
  return {
    schemes: new Map([
      ...schemes.map(
        (scheme, i) => [scheme, { colour: PALETTE[i % PALETTE.length] as string, dash: dashOf(i) }] as const,
      ),
      ...[...floors].map((scheme) => [scheme, FLOOR] as const),
    ]),
    points: new Map([...sources].map((source, i) => [source, POINTS[i % POINTS.length] as PointShape])),
  };
}

/** What is drawn when nobody has chosen anything: CPU time where it was measured, because it is what schemes differ in. */
export function viewOf(result: Result): View {
  return { look: lookOf(result), metric: mainMetric(result.cells) };
}

export function lineOf(look: Look, cell: Cell): Line {
  return roleOf(cell) === 'floor' ? FLOOR : (look.schemes.get(cell.scheme) ?? FLOOR);
}

/** Colours for parts of one whole, such as the stages of a path: each is another one, lighter once the palette is through. */
export function partColour(i: number): string {
  return lighter(PALETTE[i % PALETTE.length] as string, 1 - TINT ** Math.floor(i / PALETTE.length));
}

const TINT = 0.4;

/** @param share of white, 0 to 1 */
function lighter(colour: string, share: number): string {
  const channel = (at: number): string => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16);
    return Math.round(value + (255 - value) * share)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`.toUpperCase();
}

/** One bar entry per scheme that is drawn. */
export function schemeLegend(look: Look, schemes: Iterable<string>): LegendEntry[] {
  return [...schemes].map((scheme) => ({ label: scheme, colour: look.schemes.get(scheme)?.colour, mark: 'bar' }));
}

/** One entry per arm in order of appearance, drawn as `armLine` draws it; the floor's says what it is. */
export function armLegend(look: Look, cells: readonly Cell[]): LegendEntry[] {
  const firsts = new Map(cells.toReversed().map((cell) => [seriesName(cell), cell]));
  return [...firsts].toReversed().map(([label, cell]) => {
    const isFloor = roleOf(cell) === 'floor';
    const point = isFloor ? undefined : look.points.get(buffersOf(cell));
    return { label, ...lineOf(look, cell), mark: 'line', ...(point === undefined ? {} : { point }) };
  });
}

/** Dataset options of a line for one arm. */
export function armLine(look: Look, cell: Cell): object {
  const isFloor = roleOf(cell) === 'floor';
  const { colour, dash } = lineOf(look, cell);
  return {
    label: seriesName(cell),
    borderColor: colour,
    backgroundColor: colour,
    borderWidth: isFloor ? 1.5 : 2.5,
    borderDash: [...dash],
    pointStyle: isFloor ? false : look.points.get(buffersOf(cell)),
  };
}

/** `page/user`, `null/fixed (the harness)`: a cell's line in a chart over several groups. */
export function seriesName(cell: Cell): string {
  return roleOf(cell) === 'floor' ? `${armName(cell)} (the harness)` : armName(cell);
}

/** A dashed horizontal line, for the annotation plugin. */
export function levelLine(value: number): object {
  return {
    type: 'line',
    yMin: value,
    yMax: value,
    borderColor: FLOOR.colour,
    borderWidth: 2,
    borderDash: [...FLOOR.dash],
  };
}

/** The legend's entry for the null scheme's line: what the harness does with its buffers and no scheme. */
export function floorLegend(groups: readonly Group[]): LegendEntry[] {
  const names = new Set(groups.flatMap((group) => [floorOf(group)].flatMap((cell) => (cell ? armName(cell) : []))));
  return [...names].map((name) => ({ label: `${name} (no scheme: the harness)`, ...FLOOR, mark: 'line' }));
}

/** Neighbours of one colour differ in dash even where there are more schemes than colours. */
function dashOf(i: number): readonly number[] {
  return DASHES[(i + Math.floor(i / PALETTE.length)) % DASHES.length] as readonly number[];
}
