// A result as a reader at a terminal sees it: who measured where, one pair of tables per group, and what the columns mean.
import { styleText } from 'node:util';
import { plainStrings } from '../../base/escape.ts';
import { formatNs } from '../../base/units.ts';
import { FIGURE_LABELS, type FigureLabel } from '../../result/labels.ts';
import type { Result } from '../../result/schema.ts';
import { groupNotes } from '../findings/group_notes.ts';
import { overAxis } from '../select/dimensions.ts';
import { type Group, groupsOf, isSweep, roleOf } from '../select/groups.ts';
import { metricsOf, roundsPhrase } from '../select/metrics.ts';
import { modelledTable } from '../tables/modelled_table.ts';
import { hasRemovals, removalLegend, removalTable } from '../tables/removal_table.ts';
import { countedTable, measuredTable, type Paint, type Tone } from '../tables/summary_tables.ts';
import { textTable } from '../tables/table.ts';
import { describeParams, varyingKeys } from '../words/params.ts';

const STYLE_OF: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  good: 'green',
  bad: 'red',
  unsure: 'yellow',
  quiet: 'dim',
};

/** Leaves words as they are. */
export const plain: Paint = (_, text) => text;

/** How words are marked on a stream that takes colours, or does not. */
export function paintOf(colour: boolean): Paint {
  return colour ? coloured : plain;
}

const coloured: Paint = (tone, text) => styleText(STYLE_OF[tone], text, { validateStream: false });

/**
 * The whole summary as text that ends in a newline.
 * @param colour whether the stream is a terminal that takes colours
 */
export function terminalSummary(recorded: Result, { colour = false } = {}): string {
  const result = plainStrings(recorded);
  const paint = colour ? coloured : plain;
  const bold = (text: string): string => (colour ? styleText('bold', text, { validateStream: false }) : text);
  const sections = summarySections(result).map(({ heading, groups, leading }) => {
    const tables = hasRemovals(groups)
      ? [removalTable(groups, paint)]
      : [
          measuredTable(result, groups, leading, paint),
          leading.length > 0 ? undefined : countedTable(groups),
          leading.length > 0 ? undefined : modelledTable(groups),
        ];
    const lines = tables.flatMap((table) => (table === undefined ? [] : ['', ...textTable(table)]));
    const notes = groupNotes(groups).map((note) => paint('unsure', note));
    return [bold(heading), ...lines.slice(1), ...notes];
  });
  const warnings = result.environment.warnings.map((warning) => paint('unsure', `warning: ${warning}`));
  return [runLines(result), ...sections, legendLines(result), warnings]
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

export interface Section {
  heading: string;
  groups: Group[];
  /** Options shown in front of each row, where one table holds the groups of a sweep. */
  leading: string[];
}

/** One section per group; the groups of a sweep share one. */
export function summarySections(result: Result): Section[] {
  const groups = groupsOf(result);
  const single = groups.filter((group) => !isSweep(group));
  const varying = varyingKeys(single.map(({ params }) => params));
  const sections = single.map((group): Section => {
    return { heading: describeParams(group.params, varying).join(' · '), groups: [group], leading: [] };
  });
  const sweeps = Map.groupBy(groups.filter(isSweep), ({ cells }) => String(cells[0]?.params.sweep));
  for (const [option, swept] of sweeps) {
    const { [option]: _, ...rest } = swept[0]?.params ?? {};
    const leading = varyingKeys(swept.map(({ params }) => params));
    const fixed = Object.fromEntries(Object.entries(rest).filter(([key]) => !leading.includes(key)));
    const heading = [overAxis(option), ...describeParams(fixed)].join(' · ');
    sections.push({ heading, groups: swept, leading: leading.length > 0 ? leading : [option] });
  }
  return sections;
}

/** What ran and where, in two lines. */
export function runLines({ run, environment }: Result): string[] {
  const { cpu, cores, kernel, node } = environment;
  const looks = run.looks === undefined ? '' : `, ${run.looks.taken} of at most ${run.looks.planned} looks`;
  const state = `${looks}${run.interrupted === true ? ', interrupted: fewer rounds than planned' : ''}`;
  return [
    `p2plab ${run.version} · run ${run.id} · seed ${run.seed} · ${formatNs(run.durationMs * 1e6)}${state}`,
    `${cpu} · ${cores} core${cores === 1 ? '' : 's'} · Linux ${kernel} · Node ${node}`,
  ];
}

/** How each kind of figure came about, and how to read a ratio. */
export function legendLines(result: Result): string[] {
  const removals = result.cells.flatMap(({ removal }) => removal ?? []);
  if (removals.length > 0) return removalLegend(removals);
  const labels = labelsOf(result);
  const titles: readonly (readonly [string, string])[] = [
    ...metricsOf(result.cells).map(({ key, title }) => [key, title] as const),
    ['latencyNs', 'latency'],
    ['perIo', 'counts per I/O'],
    ['metadataBytes', 'metadata'],
    ['resident', 'resident'],
  ];
  const byLabel = (label: FigureLabel): string[] => {
    const names = titles.filter(([field]) => labels[field] === label).map(([, title]) => title);
    return names.length === 0 ? [] : [`${label}: ${names.join(', ')}`];
  };
  const margin = result.comparisons.find(({ marginPercent }) => marginPercent !== undefined)?.marginPercent;
  return [
    [...byLabel('measured'), ...byLabel('counted'), ...byLabel('modelled')].join(' · '),
    ...basisLine(result),
    'Ratios are row/reference, or row/the cell in brackets, over paired rounds (10 % trimmed mean) with their 95 % interval' +
      (margin === undefined ? '.' : `; differences within ${margin} % do not count.`),
    ...controlLine(result),
  ];
}

/** "IOPS: median of 12 rounds in threads mode; ...; latency: closed loop." */
function basisLine({ cells }: Result): string[] {
  const rounds = metricsOf(cells).flatMap((metric) => {
    const phrase = roundsPhrase(cells, metric);
    return phrase === undefined ? [] : [`${metric.title}: median of ${phrase}`];
  });
  const loops = [...new Set(cells.flatMap(({ latencyNs }) => latencyNs?.loop ?? []))];
  const parts = [...rounds, ...(loops.length > 0 ? [`latency: ${loops.join(' and ')} loop`] : [])];
  return parts.length === 0 ? [] : [`${parts.join('; ')}.`];
}

/** What the copy of the reference and the null scheme are there for. */
function controlLine({ cells }: Result): string[] {
  const floors = new Set(cells.filter((cell) => roleOf(cell) === 'floor').map(({ scheme }) => scheme));
  const hasCopy = cells.some((cell) => roleOf(cell) === 'aa');
  const parts = [
    ...(hasCopy ? ["A' is a second copy of the reference: its ratio is the noise."] : []),
    ...[...floors].map((scheme) => `${scheme} does the same I/Os without an address scheme.`),
  ];
  return parts.length === 0 ? [] : [parts.join(' ')];
}

/** The label of each field, the cells' own labels before the usual ones. */
function labelsOf(result: Result): Record<string, FigureLabel> {
  return Object.assign({ ...FIGURE_LABELS }, ...result.cells.map(({ labels }) => labels ?? {}));
}
