// A result in sentences, computed from its records: what differs, by how much, how sure, and which counters explain it.
import { formatBytes, trimNumber } from '../../base/units.ts';
import { bytesOf } from '../../catalogue/options/words.ts';
import { MISDIRECTED } from '../../result/labels.ts';
import type { Cell, ComparisonRecord, Result } from '../../result/schema.ts';
import {
  armName,
  armsOf,
  comparedPairs,
  comparisonBetween,
  comparisonOf,
  floorOf,
  type Group,
  groupsOf,
  isSweep,
  roleOf,
  setUpMetadataBytes,
} from '../select/groups.ts';
import { CPU_NS_PER_IO, IOPS, type Metric, metricsOf } from '../select/metrics.ts';
import { removalHeadlines } from '../tables/removal_table.ts';
import { formatPercent, formatPerIo, ratioWords } from '../words/format.ts';
import { commonParams, describeParams, varyingKeys } from '../words/params.ts';

/** One sentence or two per arm, then the noise check, the sweep and the refusals. Plain text. */
export function headlines(result: Result): string[] {
  const groups = groupsOf(result);
  const single = groups.filter((group) => !isSweep(group));
  const varying = varyingKeys(single.map(({ params }) => params));
  const place = (group: Group): string => {
    const keys = varying.length > 0 ? varying : ['payload', 'bar'];
    const shown = Object.fromEntries(Object.entries(group.params).filter(([key]) => keys.includes(key)));
    return describeParams(shown, keys).join(', ');
  };
  return [
    ...removalHeadlines(result.cells),
    ...single.flatMap((group) =>
      comparedPairs(result, group).flatMap((pair) => pairSentence(result, pair, place(group))),
    ),
    ...noiseSentences(result, single, place),
    ...sweepSentences(groups.filter(isSweep)),
    ...refusalSentences(result),
  ];
}

/** "payload none, BAR 16 GiB: against page/user, dma_vec/fixed does 2.41 times the I/Os per second (...)." */
function pairSentence(result: Result, [cell, other]: readonly [Cell, Cell], place: string): string[] {
  const claims = metricsOf([cell]).flatMap((metric) => {
    const compared = comparisonBetween(result, cell, other, metric.key);
    return compared === undefined ? [] : [claim(compared, metric)];
  });
  if (claims.length === 0) return [];
  const why = whySentence(cell, other);
  return [`${place}: against ${armName(other)}, ${armName(cell)} ${claims.join(' and ')}.${why}`];
}

/** "does 2.41 times the I/Os per second (95 % interval 2.38 to 2.44: faster)" */
function claim(compared: ComparisonRecord, metric: Metric): string {
  const { ratio, ci95 } = compared;
  const verb = metric === IOPS ? 'does' : 'takes';
  const words = ci95 === null ? { value: trimNumber(ratio), range: '' } : ratioWords(ratio, ci95);
  const ground = words.range === '' ? 'one round' : `95 % interval ${words.range}`;
  return `${verb} ${words.value} times the ${metric.sentence} (${ground}: ${certainty(compared)})`;
}

/** The verdict, and with "inconclusive" what could have been seen. */
function certainty({ verdict, detail, minDetectable, withheld, adjusted }: ComparisonRecord): string {
  if (withheld !== undefined) return `no verdict, ${withheld}`;
  if (adjusted !== undefined && adjusted.verdict !== verdict)
    return `${detail ?? verdict}, but open among all ${adjusted.of} comparisons`;
  if (verdict !== 'inconclusive' || minDetectable === null) return detail ?? verdict;
  return `inconclusive, a difference of ${formatPercent(minDetectable)} would have been seen`;
}

/** " Struct page lines and atomics per I/O: 0 and 0, page/user 1 and 3.", where they differ. */
function whySentence(cell: Cell, reference: Cell): string {
  const counts = ({ perIo }: Cell): string => `${formatPerIo(perIo?.pageLines)} and ${formatPerIo(perIo?.pageAtomics)}`;
  if (cell.perIo === null || reference.perIo === null || counts(cell) === counts(reference)) return '';
  return ` Struct page lines and atomics per I/O: ${counts(cell)}, ${armName(reference)} ${counts(reference)}.`;
}

/** The reference against its own copy. A difference there is the harness's, and every other one is read against it. */
function noiseSentences(result: Result, groups: readonly Group[], place: (group: Group) => string): string[] {
  const copies = groups.flatMap((group) =>
    group.cells.filter((cell) => roleOf(cell) === 'aa').map((cell) => ({ group, cell })),
  );
  const checks = copies.flatMap(({ group, cell }) =>
    [IOPS, CPU_NS_PER_IO].flatMap((metric) => {
      const compared = comparisonOf(result, cell, metric.key);
      return compared === undefined ? [] : [{ group, cell, metric, compared }];
    }),
  );
  if (checks.length === 0) return [];
  const failed = checks.filter(({ compared }) => compared.verdict === 'faster' || compared.verdict === 'slower');
  const widest = checks.reduce((a, b) => (offBy(b.compared) > offBy(a.compared) ? b : a));
  const summary =
    `Noise check: the reference against its own copy is off by at most ${formatPercent(offBy(widest.compared))}` +
    ` (${widest.metric.sentence}, ${place(widest.group)}) in ${checks.length} comparisons.`;
  return [
    summary,
    ...failed.map(
      ({ group, cell, metric, compared }) =>
        `Caution: ${armName(cell)} differs from its own copy in ${metric.sentence} (${place(group)}: ${formatPercent(offBy(compared))});` +
        ' differences of that size in this group are noise.',
    ),
  ];
}

function offBy({ ratio }: ComparisonRecord): number {
  return Math.exp(Math.abs(Math.log(ratio))) - 1;
}

/** "From a 256 MiB to a 64 GiB BAR, page/user goes from 62.1 to 181 ns of CPU time per I/O." */
function sweepSentences(groups: readonly Group[]): string[] {
  const ofBar = groups.filter((group) => group.cells[0]?.params.sweep === 'bar');
  const points = ofBar.flatMap((group) => armsOf(group).map((cell) => ({ cell, bar: bytesOf(group.params.bar) ?? 0 })));
  const series = Map.groupBy(points, ({ cell }) => armName(cell));
  return [...series].flatMap(([name, ofArm]) => {
    const ascending = ofArm.filter(({ cell }) => cell.cpuNsPerIo !== null).sort((a, b) => a.bar - b.bar);
    const [first, last] = [ascending[0], ascending.at(-1)];
    if (first === undefined || last === undefined || first === last) return [];
    const ns = [first, last].map(({ cell }) => trimNumber(cell.cpuNsPerIo?.median ?? Number.NaN));
    const metadata = [first, last].map(({ cell }) => formatBytes(setUpMetadataBytes(cell) ?? 0));
    return [
      `From a ${formatBytes(first.bar)} to a ${formatBytes(last.bar)} BAR, ${name} goes from ${ns[0]} to ${ns[1]} ns of CPU time per I/O` +
        ` and from ${metadata[0]} to ${metadata[1]} of metadata (modelled).`,
    ];
  });
}

function refusalSentences(result: Result): string[] {
  const refusals = new Map(
    result.cells.flatMap((cell) => (cell.refused === undefined ? [] : [[armName(cell), cell.refused] as const])),
  );
  return [...refusals].map(([name, { errno, reason }]) =>
    errno === MISDIRECTED ? `${name}: ${reason}.` : `${name} is refused: ${errno}, ${reason}.`,
  );
}

/** "The harness itself (null) takes 12.1 ns": for the method lines. */
export function floorSentence(result: Result): string | undefined {
  const floors = groupsOf(result).flatMap((group) => floorOf(group)?.cpuNsPerIo?.median ?? []);
  if (floors.length === 0) return undefined;
  const [lo, hi] = [Math.min(...floors), Math.max(...floors)].map((ns) => trimNumber(ns));
  return `The harness without any address scheme takes ${lo === hi ? lo : `${lo} to ${hi}`} ns of CPU time per I/O.`;
}

/** Options all groups share, as a phrase for the document's head. */
export function commonPhrase(result: Result): string {
  return describeParams(commonParams(groupsOf(result).map(({ params }) => params))).join(', ');
}
