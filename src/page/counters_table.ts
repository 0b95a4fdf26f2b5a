// Exact counts per I/O. They rarely depend on the workload: rows that are the same in several groups are told once.

import { buffersOf, type Group, roleOf } from '../report/select/groups.ts';
import type { Table } from '../report/tables/table.ts';
import { countMeaning, countTitle, isExactCount } from '../report/words/counts.ts';
import { formatPerIo } from '../report/words/format.ts';
import { describeKeys, varyingKeys } from '../report/words/params.ts';
import type { Cell } from '../result/schema.ts';
import { h } from './dom.ts';
import { htmlTable } from './html_table.ts';

export interface CountersView {
  element: HTMLElement;
  show(groups: readonly Group[]): void;
}

export function countersView(): CountersView {
  const body = h('div');
  const element = h('section', { 'aria-labelledby': 'counters' }, h('h2', { id: 'counters' }, 'Counts per I/O'), body);
  return {
    element,
    show(groups) {
      const table = countersTable(groups);
      element.hidden = table === undefined;
      if (table !== undefined) body.replaceChildren(htmlTable('Exact means per I/O, from the counting build', table));
    },
  };
}

/** Undefined where nothing was counted. */
function countersTable(groups: readonly Group[]): Table | undefined {
  const counted = groups.flatMap((group) =>
    group.cells
      .filter((cell) => roleOf(cell) !== 'aa' && cell.perIo !== null)
      .map((cell) => ({ group, cell, counts: countsOf(cell) })),
  );
  if (counted.length === 0) return undefined;
  const fields = [...new Set(counted.flatMap(({ counts }) => [...counts.keys()]))];
  const same = Map.groupBy(counted, ({ cell, counts }) =>
    JSON.stringify([cell.scheme, buffersOf(cell), ...fields.map((field) => counts.get(field) ?? '')]),
  );
  const varying = varyingKeys(groups.map(({ params }) => params));
  const rows = [...same.values()].map((alike) => {
    const [{ cell, counts, group }] = alike as [(typeof counted)[number]];
    const where = alike.length === 1 ? describeKeys(group.params, varying).join(', ') : `${alike.length} workloads`;
    return {
      scheme: cell.scheme,
      cells: [cell.scheme, buffersOf(cell), where, ...fields.map((field) => counts.get(field) ?? '')],
    };
  });
  const schemes = [...new Set(rows.map(({ scheme }) => scheme))];
  return {
    columns: [
      ...['scheme', 'buffers', 'in'].map((title) => ({ title, align: 'left' as const })),
      ...fields.map((field) => ({
        title: countTitle(field),
        align: 'right' as const,
        meaning: countMeaning(field),
      })),
    ],
    rows: rows.sort((a, b) => schemes.indexOf(a.scheme) - schemes.indexOf(b.scheme)),
  };
}

/** Without those that depend on timing: they are no count of the path. */
function countsOf({ perIo }: Cell): Map<string, string> {
  return new Map(
    Object.entries(perIo ?? {})
      .filter(([field]) => isExactCount(field))
      .flatMap(([field, value]) => (value === null ? [] : [[field, formatPerIo(value)] as const])),
  );
}
