// A merged sweep as a document: which points there are, their table, what became of the others. The part that depends on the points
// alone comes first; where and when they were measured is at the end.

import { escapeMarkdown } from '../../base/escape.ts';
import { formatNs } from '../../base/units.ts';
import type { Environment, Result } from '../../result/schema.ts';
import { answer } from '../findings/answer.ts';
import { groupNotes } from '../findings/group_notes.ts';
import { axisLines, leadingKeys, pointsInState, stateWords, UNMEASURED } from '../findings/sweep_words.ts';
import { groupsOf } from '../select/groups.ts';
import { measuredTable } from '../tables/summary_tables.ts';
import { markdownTable } from '../tables/table.ts';
import { varyingKeys } from '../words/params.ts';
import { legendLines, plain } from './summary.ts';

/** The document, ending in a newline. */
export function sweepSummary(result: Result): string {
  const blocks = [...sweepLines(result), ...whereBlocks(result)];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** The part that is the same for every split of the sweep over machines and hours: blocks of lines. */
export function sweepLines(result: Result): string[][] {
  return [
    ['# p2plab sweep'],
    [...axisLines(result), stateWords(result)].map((line) => `- ${escapeMarkdown(line)}`),
    ['## The answer', '', escapeMarkdown(answer(result).join(' '))],
    ...UNMEASURED.map((state) => othersBlock(result, state)),
    ['## Cells', '', ...legendLines(result).map((line) => `- ${escapeMarkdown(line)}`), ...discoveryLine(result)],
    ...tables(result),
  ];
}

/** One table for each machine: figures of different machines never stand in one. */
function tables(result: Result): string[][] {
  const all = groupsOf(result);
  const machines = [...Map.groupBy(all, ({ params }) => String(params.machine ?? ''))].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return machines.map(([machine, groups]) => {
    const varying = varyingKeys(groups.map(({ params }) => params));
    const leading = leadingKeys(result).filter((key) => varying.includes(key) && key !== 'machine');
    const heading = machine === '' ? [] : [`### Machine ${escapeMarkdown(machine)}`, ''];
    const notes = groupNotes(groups).flatMap((note) => ['', escapeMarkdown(note)]);
    return [...heading, ...markdownTable(measuredTable(result, groups, leading, plain)), ...notes];
  });
}

function discoveryLine({ comparisons }: Result): string[] {
  const family = comparisons.flatMap(({ adjusted }) => adjusted ?? []);
  if (family.length === 0) return [];
  const survivors = family.filter(({ survives }) => survives === true).length;
  return [
    `- ${survivors} of ${family.length} comparisons of schemes keep their verdict when the share of false ones is held at 10 % (Benjamini-Hochberg); the others are marked in cells.csv.`,
  ];
}

function othersBlock(result: Result, state: string): string[] {
  const lines = pointsInState(result, state);
  if (lines.length === 0) return [];
  const heading = `## ${state[0]?.toUpperCase()}${state.slice(1)}`;
  return [heading, '', ...lines.map((line) => `- ${escapeMarkdown(line)}`)];
}

function whereBlocks({ run, environment, environments }: Result): string[][] {
  const machines: readonly (Environment & { id?: string })[] = environments ?? [environment];
  return [
    [
      '## Where and when',
      '',
      ...[
        ...machines.map(({ id, cpu, cores, kernel, node, v8 }) =>
          [
            `${id === undefined ? '' : `${id}: `}${cpu}`,
            `${cores} core${cores === 1 ? '' : 's'}`,
            `Linux ${kernel}`,
            `Node ${node}`,
            `V8 ${v8}`,
          ].join(', '),
        ),
        `p2plab ${run.version}, first point started ${run.startedAt}, all points together took ${formatNs(run.durationMs * 1e6)}`,
        ...environment.warnings.map((warning) => `Warning: ${warning}`),
      ].map((line) => `- ${escapeMarkdown(line)}`),
    ],
  ];
}
