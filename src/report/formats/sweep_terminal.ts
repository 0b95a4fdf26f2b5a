// A merged sweep as a reader at a terminal sees it: the figures of its points, then what they say and how many there are, at the end, where
// the eye is when a long command is done.

import type { Result } from '../../result/schema.ts';
import { answer } from '../findings/answer.ts';
import { groupNotes } from '../findings/group_notes.ts';
import { axisLines, leadingKeys, stateWords } from '../findings/sweep_words.ts';
import { type Group, groupsOf } from '../select/groups.ts';
import { measuredTable, type Paint } from '../tables/summary_tables.ts';
import { textTable } from '../tables/table.ts';
import { varyingKeys } from '../words/params.ts';

/** More rows than fit some screens are for summary.md and the page. */
const MOST_ROWS = 200;

/**
 * The text, ending in a newline.
 * @param counted behind the number of points in each state
 */
export function terminalSweep(result: Result, paint: Paint, counted = ''): string {
  const end = [...answer(result), `${stateWords(result)}${counted}`];
  const blocks = [axisLines(result), ...machineTables(result, paint), end];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

/** One table for each machine: figures of different machines never stand in one. */
function machineTables(result: Result, paint: Paint): string[][] {
  const machines = Map.groupBy(groupsOf(result), ({ params }) => String(params.machine ?? ''));
  return [...machines]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([machine, groups]) => [
      ...(machine === '' ? [] : [`machine ${machine}`]),
      ...rowsOf(result, groups, paint),
      ...groupNotes(groups).map((note) => paint('unsure', note)),
    ]);
}

function rowsOf(result: Result, groups: readonly Group[], paint: Paint): string[] {
  const varying = varyingKeys(groups.map(({ params }) => params));
  const leading = leadingKeys(result).filter((key) => varying.includes(key) && key !== 'machine');
  const table = measuredTable(result, groups, leading, paint);
  const left = table.rows.length - MOST_ROWS;
  return [
    ...textTable({ ...table, rows: table.rows.slice(0, MOST_ROWS) }),
    ...(left > 0 ? [`and ${left} more rows: summary.md has them all`] : []),
  ];
}
