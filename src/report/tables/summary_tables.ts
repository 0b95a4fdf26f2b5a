// The tables of a summary, for the terminal and for Markdown alike: what was measured, and what was counted or modelled. They
// are two tables so that a time is never read beside a count as if it had come about the same way.

import { parameterWords } from '../../catalogue/options/parameters.ts';
import { MISDIRECTED } from '../../result/labels.ts';
import type { Cell, ComparisonRecord, Result } from '../../result/schema.ts';
import {
  armName,
  buffersOf,
  comparedPairs,
  comparisonBetween,
  comparisonOf,
  type Group,
  roleOf,
  setUpMetadataBytes,
} from '../select/groups.ts';
import { estimateOf, type Metric, metricsOf } from '../select/metrics.ts';
import { countColumns, countTitle } from '../words/counts.ts';
import {
  formatBytesOrNone,
  formatEstimate,
  formatPercent,
  formatPerIo,
  formatRatio,
  NOT_MEASURED,
} from '../words/format.ts';
import { isShortened, keptOf, keptWords } from '../words/kept_rounds.ts';
import { latencyFigures } from '../words/latency.ts';
import { describeValue } from '../words/params.ts';
import type { Column, Row, Table } from './table.ts';

/** How a word is meant; the terminal turns it into a colour, Markdown leaves it. */
export type Tone = 'good' | 'bad' | 'unsure' | 'quiet';
export type Paint = (tone: Tone, text: string) => string;

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });

const TONE_OF: Readonly<Record<ComparisonRecord['verdict'], Tone>> = {
  faster: 'good',
  slower: 'bad',
  equivalent: 'quiet',
  inconclusive: 'unsure',
};

/**
 * Measured figures of the groups' cells, each with the ratio to its reference. Refusals do not depend on the swept option and
 * are shown once.
 * @param leading options to show in front of each row, where the groups differ in them
 */
export function measuredTable(result: Result, groups: readonly Group[], leading: string[], paint: Paint): Table {
  const cells = groups.flatMap((group) => group.cells);
  const metrics = metricsOf(cells);
  const shortened = new Set(metrics.filter((metric) => cells.some((cell) => isCut(cell, metric))));
  const withRate = cells.some((cell) => cell.gbPerS !== null && cell.params.payload !== 'none');
  const columns = [
    ...leading.map((key) => left(parameterWords(key).column ?? key)),
    left('scheme'),
    left('buffers'),
    ...metrics.flatMap((metric) => [
      right(`${metric.title} [95 %]`),
      ...(shortened.has(metric) ? [right('rounds')] : []),
      left(againstTitle(result, cells, metric)),
    ]),
    ...(withRate ? [right('GB/s')] : []),
  ];
  const row = (group: Group, cell: Cell): Row => {
    const names = [...leading.map((key) => describeValue(group.params, key)), rowName(cell), buffersOf(cell)];
    if (cell.refused !== undefined) {
      const note = [paint('unsure', refusal(cell.refused)), ...insteadOf(result, group, cell)].join('; ');
      return { cells: names, note };
    }
    const figures = metrics.flatMap((metric) => [
      formatEstimate(estimateOf(cell, metric)),
      ...(shortened.has(metric) ? [roundsWords(cell, metric)] : []),
      against(result, cell, metric, paint),
    ]);
    const rate = withRate ? [cell.gbPerS === null ? NOT_MEASURED : cell.gbPerS.toPrecision(3)] : [];
    return { cells: [...names, ...figures, ...rate] };
  };
  const shown = (group: Group): Cell[] =>
    group === groups[0] ? group.cells : group.cells.filter(({ refused }) => refused === undefined);
  return { columns, rows: groups.flatMap((group) => shown(group).map((cell) => row(group, cell))) };
}

/** Whether noise, or slices longer than asked, left the figure fewer rounds than were planned. */
function isCut(cell: Cell, { mode }: Metric): boolean {
  const kept = keptOf(cell, mode);
  return kept !== undefined && isShortened(kept);
}

function roundsWords(cell: Cell, { mode }: Metric): string {
  const kept = keptOf(cell, mode);
  return kept === undefined ? NOT_MEASURED : keptWords(kept);
}

/** Counts per I/O and bytes of metadata: the same for a cell and its copy, so the copy is left out. */
export function countedTable(groups: readonly Group[]): Table | undefined {
  const cells = groups.flatMap((group) => group.cells).filter((cell) => roleOf(cell) !== 'aa' && !cell.refused);
  if (!cells.some((cell) => cell.perIo !== null || cell.metadataBytes !== null)) return undefined;
  const counts = countColumns(cells);
  return {
    columns: [
      left('scheme'),
      left('buffers'),
      ...counts.map(({ title, meaning }) => ({ ...right(title), meaning })),
      right('metadata'),
      right('resident'),
    ],
    rows: cells.map((cell) => ({
      cells: [
        cell.scheme,
        buffersOf(cell),
        ...counts.map(({ field }) => formatPerIo(cell.perIo === null ? null : (cell.perIo[field] ?? 0))),
        formatBytesOrNone(setUpMetadataBytes(cell)),
        formatBytesOrNone(cell.metadataBytes?.resident),
      ],
    })),
  };
}

/**
 * Latency percentiles; a star marks those with fewer than 100 samples beyond them.
 * @param leading options to show in front of each row, where the groups differ in them
 */
export function latencyTable(groups: readonly Group[], leading: readonly string[] = []): Table {
  const rows = groups.flatMap((group) =>
    group.cells.flatMap((cell) => {
      const figures = latencyFigures(cell);
      const place = leading.map((key) => describeValue(group.params, key));
      return figures === undefined ? [] : [{ cells: [...place, rowName(cell), buffersOf(cell), ...figures] }];
    }),
  );
  const columns = [
    ...leading.map((key) => left(parameterWords(key).column ?? key)),
    left('scheme'),
    left('buffers'),
    ...['p50', 'p90', 'p99', 'p99.9', 'max', 'samples'].map(right),
    left('loop'),
  ];
  return { columns, rows };
}

/** A cell's first column: its scheme, and whether it is the reference's copy. */
function rowName(cell: Cell): string {
  return roleOf(cell) === 'aa' ? `${cell.scheme} (A')` : cell.scheme;
}

function refusal({ errno, reason, counts = {} }: NonNullable<Cell['refused']>): string {
  const counted = Object.entries(counts).map(([field, value]) => `${formatPerIo(value)} ${countTitle(field)}`);
  const each = counted.length === 0 ? '' : ` (for each I/O: ${counted.join(', ')})`;
  return errno === MISDIRECTED ? reason : `refused: ${errno}, ${reason}${each}`;
}

/** "against page/user" when all ratios have the same reference. */
function againstTitle(result: Result, cells: readonly Cell[], metric: Metric): string {
  const names = new Set(
    cells.flatMap((cell) => {
      const reference = comparisonOf(result, cell, metric.key)?.b;
      return result.cells.filter(({ id }) => id === reference).map(armName);
    }),
  );
  const [only] = names;
  return names.size === 1 ? `against ${only}` : 'ratio';
}

/** What the refused scheme's other buffers do against the cell that was refused to it: "with fixed buffers ...". */
function insteadOf(result: Result, group: Group, refused: Cell): string[] {
  return comparedPairs(result, group).flatMap(([cell, target]) => {
    if (cell.scheme !== refused.scheme || buffersOf(target) !== buffersOf(refused)) return [];
    const figures = metricsOf([cell]).flatMap((metric) => {
      const compared = comparisonBetween(result, cell, target, metric.key);
      if (compared === undefined) return [];
      return [`${metric.title} ${formatRatio(compared.ratio, compared.ci95)} ${verdictWords(compared)}`];
    });
    return [`with ${buffersOf(cell)} buffers against ${armName(target)}: ${figures.join(', ')}`];
  });
}

function against(result: Result, cell: Cell, metric: Metric, paint: Paint): string {
  if (estimateOf(cell, metric) === null) return '';
  const role = roleOf(cell);
  if (role === 'reference') return paint('quiet', 'reference');
  if (role === 'floor') return paint('quiet', 'no scheme: the harness');
  const compared = comparisonOf(result, cell, metric.key);
  if (compared === undefined) return '';
  const tone = TONE_OF[compared.verdict];
  const other = result.cells.find(({ id }) => id === compared.b);
  const than = other === undefined || roleOf(other) === 'reference' ? '' : ` (${armName(other)})`;
  return `${formatRatio(compared.ratio, compared.ci95)} ${paint(tone, verdictWords(compared))}${than}`;
}

/**
 * The verdict in words; one that found nothing says what it could have found, one that was withheld why, and one that does
 * not hold among all that are read together says that.
 */
export function verdictWords(compared: ComparisonRecord): string {
  const { adjusted, verdict, withheld } = compared;
  if (withheld !== undefined) return `no verdict: ${withheld}`;
  const alone = ownVerdict(compared);
  return adjusted === undefined || adjusted.verdict === verdict ? alone : `${alone}; open among all ${adjusted.of}`;
}

function ownVerdict(compared: ComparisonRecord): string {
  if (compared.detail === 'different but negligible') return 'equivalent (negligible)';
  if (compared.verdict !== 'inconclusive') return compared.detail ?? compared.verdict;
  if (compared.minDetectable === null) return 'inconclusive (one round)';
  return `inconclusive (detects ${formatPercent(compared.minDetectable)})`;
}
