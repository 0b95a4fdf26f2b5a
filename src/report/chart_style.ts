// One look for all charts: a scheme has the same colour, a buffer source the same mark, in every picture of a result.

import type { LegendEntry, PointShape } from './chart_spec.ts';
import { armName, buffersOf, floorOf, type Group, roleOf } from './groups.ts';
import type { Metric } from './metrics.ts';
import { roundsPhrase } from './metrics.ts';
import type { Cell, Result } from './result.ts';

/** Okabe and Ito's palette for colour-blind readers, without the yellow that is lost on white. */
const PALETTE = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000', '#8C564B'] as const;
const POINTS: readonly PointShape[] = ['circle', 'rect', 'triangle', 'rectRot', 'crossRot'];

export const INK = '#222222';
export const GRID = '#DDDDDD';
export const FLOOR_COLOUR = '#777777';

export const FONT = { family: 'DejaVu Sans, Arial, Helvetica, sans-serif', size: 13 } as const;

/** Scheme -> colour, in order of appearance; the floor's scheme is grey. */
export function schemeColours(result: Result): Map<string, string> {
  const floors = new Set(result.cells.filter((cell) => roleOf(cell) === 'floor').map(({ scheme }) => scheme));
  const schemes = [...new Set(result.cells.map(({ scheme }) => scheme))].filter((scheme) => !floors.has(scheme));
  const colours = new Map(schemes.map((scheme, i) => [scheme, PALETTE[i % PALETTE.length] as string]));
  for (const scheme of floors) colours.set(scheme, FLOOR_COLOUR);
  return colours;
}

/** Buffer source -> point shape, in order of appearance. */
export function bufferPoints(result: Result): Map<string, PointShape> {
  const sources = new Set(result.cells.filter((cell) => roleOf(cell) !== 'floor').map(buffersOf));
  return new Map([...sources].map((source, i) => [source, POINTS[i % POINTS.length] as PointShape]));
}

/** One bar entry per scheme that is drawn. */
export function schemeLegend(result: Result, schemes: Iterable<string>): LegendEntry[] {
  const colours = schemeColours(result);
  return [...schemes].map((scheme) => ({ label: scheme, colour: colours.get(scheme) ?? INK, mark: 'bar' }));
}

/** A value with its interval as chartjs-chart-error-bars takes it; without an interval the ends are the value. */
export function errorBar(cell: Cell, metric: Metric): { y: number; yMin: number; yMax: number } | undefined {
  const estimate = cell[metric.key];
  if (estimate === null) return undefined;
  const [yMin, yMax] = estimate.ci95 ?? [estimate.median, estimate.median];
  return { y: estimate.median, yMin, yMax };
}

/** "AMD EPYC, 2 cores, Linux 6.12, Node 24.21.0 · median of 12 rounds in threads mode, whiskers: 95 % interval". */
export function provenance(result: Result, cells: readonly Cell[], metric: Metric): string {
  const rounds = roundsPhrase(cells, metric);
  const phrases = [machineOf(result), rounds === undefined ? '' : `median of ${rounds}, whiskers: 95 % interval`];
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

/** A linear or logarithmic axis in the common style, with its title. */
export function axis(title: string, options: object = {}): object {
  return {
    title: { display: true, text: title, color: INK, font: { ...FONT } },
    grid: { color: GRID },
    ...options,
    ticks: { color: INK, font: { ...FONT, size: 12 }, ...('ticks' in options ? (options.ticks as object) : {}) },
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
      title: { display: title !== '', text: lines, color: INK, font: { ...FONT, weight: 'bold' } },
      ...('plugins' in options ? (options.plugins as object) : {}),
    },
  };
}

const DASH = [6, 4];

/** A dashed horizontal line, for the annotation plugin. */
export function levelLine(value: number): object {
  return { type: 'line', yMin: value, yMax: value, borderColor: FLOOR_COLOUR, borderWidth: 2, borderDash: DASH };
}

/** The legend's entry for the null scheme's line: what the harness does with its buffers and no scheme. */
export function floorLegend(groups: readonly Group[]): LegendEntry[] {
  const names = new Set(groups.flatMap((group) => [floorOf(group)].flatMap((cell) => (cell ? armName(cell) : []))));
  return [...names].map((name) => ({
    label: `${name} (no scheme: the harness)`,
    colour: FLOOR_COLOUR,
    mark: 'dashed',
  }));
}

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
