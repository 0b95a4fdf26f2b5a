// A result as a document: what was found, the figures, how they came about. Written beside the charts it links to.

import { escapeMarkdown } from '../../base/escape.ts';
import type { Result } from '../../result/schema.ts';
import { answer } from '../findings/answer.ts';
import { groupNotes } from '../findings/group_notes.ts';
import { headlines } from '../findings/headlines.ts';
import { methodLines } from '../findings/method.ts';
import { modelledTable } from '../tables/modelled_table.ts';
import { hasRemovals, removalTable } from '../tables/removal_table.ts';
import { countedTable, latencyTable, measuredTable } from '../tables/summary_tables.ts';
import { markdownTable } from '../tables/table.ts';
import { legendLines, plain, runLines, type Section, summarySections } from './summary.ts';

/** A chart that lies beside the document. */
export interface ChartLink {
  /** File name, for example iops_by_scheme.png. */
  file: string;
  title: string;
}

/** The document, ending in a newline. */
export function markdownSummary(result: Result, charts: readonly ChartLink[] = []): string {
  const sections = summarySections(result);
  const blocks = [
    ['# p2plab: struct page against its alternatives'],
    runLines(result).map((line) => `${escapeMarkdown(line)}  `),
    ['## The answer', '', escapeMarkdown(answer(result).join(' '))],
    ['## What was found', '', ...headlines(result).map((line) => `- ${escapeMarkdown(line)}`)],
    ...charts.map(({ file, title }) => [`![${escapeMarkdown(title)}](${encodeURI(file)})`]),
    ['## Figures', '', ...legendLines(result).map((line) => `- ${escapeMarkdown(line)}`)],
    ...sections.map((section) => figuresOf(result, section)),
    latencyBlock(sections),
    ['## Method', '', ...methodLines(result).map((line) => `- ${escapeMarkdown(line)}`)],
    environmentBlock(result),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function figuresOf(result: Result, { heading, groups, leading }: Section): string[] {
  if (hasRemovals(groups)) return removalsOf({ heading, groups, leading });
  const counted = leading.length > 0 ? undefined : countedTable(groups);
  const modelled = leading.length > 0 ? undefined : modelledTable(groups);
  return [
    `### ${escapeMarkdown(heading)}`,
    '',
    ...markdownTable(measuredTable(result, groups, leading, plain)),
    ...(counted === undefined ? [] : ['', ...markdownTable(counted)]),
    ...(modelled === undefined ? [] : ['', ...markdownTable(modelled)]),
    ...groupNotes(groups).flatMap((note) => ['', escapeMarkdown(note)]),
  ];
}

function removalsOf({ heading, groups }: Section): string[] {
  const notes = groupNotes(groups).flatMap((note) => ['', escapeMarkdown(note)]);
  return [`### ${escapeMarkdown(heading)}`, '', ...markdownTable(removalTable(groups, plain)), ...notes];
}

function latencyBlock(sections: readonly Section[]): string[] {
  const tables = sections.flatMap(({ heading, groups }) => {
    const table = latencyTable(groups);
    return table.rows.length === 0 ? [] : [['', `### ${escapeMarkdown(heading)}`, '', ...markdownTable(table)]];
  });
  if (tables.length === 0) return [];
  const note =
    'From a sample of the I/Os, in threads mode. Closed loop: an I/O is submitted when another completes, so this is service and ' +
    'queueing time at that depth. Open loop: from the start each I/O was meant to have. A star marks percentiles with fewer than ' +
    '100 samples beyond them.';
  return ['## Latency', '', note, ...tables.flat()];
}

function environmentBlock({ run, environment }: Result): string[] {
  const { cpu, cores, kernel, node, v8, warnings } = environment;
  return [
    '## Environment',
    '',
    ...[
      `CPU: ${cpu}, ${cores} core${cores === 1 ? '' : 's'}`,
      `Kernel: Linux ${kernel}; Node ${node}, V8 ${v8}`,
      `Started: ${run.startedAt}; command: p2plab ${run.argv.join(' ')}`,
      ...warnings.map((warning) => `Warning: ${warning}`),
    ].map((line) => `- ${escapeMarkdown(line)}`),
  ];
}
