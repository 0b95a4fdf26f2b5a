// The table of a run that removed the provider: what each scheme waited for, what became of its I/O, and how long it took.
import { formatNs } from '../../base/units.ts';
import type { Cell, CellEstimate, Removal } from '../../result/schema.ts';
import { buffersOf, type Group } from '../select/groups.ts';
import { NOT_MEASURED } from '../words/format.ts';
import type { Paint } from './summary_tables.ts';
import type { Column, Row, Table } from './table.ts';

/** What the removal waited for, in a reader's words. */
const WAITS_FOR: Readonly<Record<Removal['rule'], string>> = {
  pins: 'pinned pages',
  allocations: 'allocations',
  holders: 'holders',
  revoked: 'uses of revoked maps',
  none: 'nothing',
};

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });

/** Whether the provider was removed in these groups. */
export function hasRemovals(groups: readonly Group[]): boolean {
  return groups.some(({ cells }) => cells.some(({ removal }) => removal !== undefined));
}

/** One row for each cell; counts are sums of I/Os over all rounds, times medians with their 95 % interval. */
export function removalTable(groups: readonly Group[], paint: Paint): Table {
  const cells = groups.flatMap((group) => group.cells);
  const looked = cells.some(({ removal }) => removal?.sigbus != null);
  return {
    columns: [
      left('scheme'),
      left('buffers'),
      left('waits for'),
      right('ok before'),
      right('ok draining'),
      right('ok after'),
      right('refused'),
      right('device errors'),
      right('used after removal'),
      ...(looked ? [right('SIGBUS'), right('wrong blocks')] : []),
      right('unmap [95 %]'),
      right('grace [95 %]'),
      right('drain [95 %]'),
    ],
    rows: cells.map((cell) => rowOf(cell, looked, paint)),
  };
}

function rowOf(cell: Cell, looked: boolean, paint: Paint): Row {
  const names = [cell.scheme, buffersOf(cell)];
  const { removal, refused } = cell;
  if (removal === undefined) {
    const why = refused === undefined ? 'not measured' : `refused: ${refused.errno}, ${refused.reason}`;
    return { cells: names, note: paint('unsure', why) };
  }
  const { usedAfter, rule } = removal;
  const used = usedAfter.unclaimed + usedAfter.landedElsewhere + usedAfter.faults;
  const count = (value: number | null): string => (value === null ? NOT_MEASURED : String(value));
  const bad = (value: number | null): string => (value ? paint('bad', String(value)) : count(value));
  return {
    cells: [
      ...names,
      rule === 'none' ? paint('bad', WAITS_FOR[rule]) : WAITS_FOR[rule],
      count(removal.okBefore),
      count(removal.okDraining),
      count(removal.okAfter),
      removal.refused.ios > 0 ? `${removal.refused.ios} ${removal.refused.errno ?? ''}`.trim() : '0',
      bad(removal.deviceErrors),
      bad(used),
      ...(looked ? [count(removal.sigbus), bad(removal.corruptedBlocks)] : []),
      time(removal.unmapNs),
      time(removal.graceNs),
      time(removal.drainNs),
    ],
  };
}

function time(estimate: CellEstimate | null): string {
  if (estimate === null) return NOT_MEASURED;
  const { median, ci95 } = estimate;
  return ci95 === null ? formatNs(median) : `${formatNs(median)} [${formatNs(ci95[0])}, ${formatNs(ci95[1])}]`;
}

/** How to read the table. */
export function removalLegend(removals: readonly Removal[]): string[] {
  const [first] = removals;
  if (first === undefined) return [];
  const hole =
    first.hole === 'empty'
      ? 'its addresses are claimed by nothing'
      : 'another device has its addresses, so what still goes there lands in that device';
  return [
    `The provider was removed in every round when ${Number((first.at * 100).toPrecision(3))} % of the I/Os were done, and plugged in again; afterwards ${hole}.`,
    'Measured in threads mode: taking the user mapping away (unmap), until nobody could be taking a reference (grace), until the last one was given back (drain). Counted, over all rounds and schedules: I/Os; used after removal: transfers.',
    'Waits for nothing: the scheme has no reference on long-lived memory and no way to revoke it. Ok after: reported after the provider was gone, moved before it went' +
      (first.hole === 'empty' ? ', or in host RAM.' : ', or in host RAM, or to the device that has its addresses.'),
  ];
}

/** What a reader must know first: what was used after it was gone, and what was lost. */
export function removalHeadlines(cells: readonly Cell[]): string[] {
  return cells.flatMap((cell) => {
    const { removal } = cell;
    if (removal === undefined) return [];
    const { unclaimed, landedElsewhere, faults } = removal.usedAfter;
    const used = [
      ...(unclaimed > 0 ? [`${unclaimed} transfers met no device`] : []),
      ...(faults > 0 ? [`${faults} transfers were stopped by the IOMMU`] : []),
      ...(landedElsewhere > 0 ? [`${landedElsewhere} transfers ended in another device`] : []),
      ...(removal.corruptedBlocks ? [`${removal.corruptedBlocks} blocks hold something else than was written`] : []),
    ];
    const name = `${cell.scheme}/${buffersOf(cell)}`;
    if (used.length > 0) return [`${name} was used after the provider was gone: ${used.join(', ')}.`];
    const refused = removal.refused.ios > 0 ? ` and later ones were refused with ${removal.refused.errno}` : '';
    const waited = removal.rule === 'none' ? 'no I/O met the hole' : `${WAITS_FOR[removal.rule]} were waited for`;
    return [`${name}: ${waited}; the I/Os in flight ended well${refused}.`];
  });
}

/** How a run with removals was made. */
export function removalMethod(): string[] {
  return [
    'All schemes ran in one process or several, in the order of a Latin square, with equal I/O counts and the same access stream; the first removal of each process is not kept.',
    'An agent does the work of the kernel: it takes user mappings away page by page, refuses new references, waits for a grace period (every agent has been outside its loop) and for the references that are left, then takes the BAR out of the routing tables.',
    'Times are medians over the removals on real threads with their 95 % interval; the inline schedule draws its interleavings from the seed and is counted only.',
    'Raw removals: result.json, removal.rounds of each cell.',
  ];
}

/** What removals under I/O came to, in a sentence or two. */
export function removalAnswer(cells: readonly Cell[]): string[] {
  const removed = cells.filter(({ removal }) => removal !== undefined);
  if (removed.length === 0) return [];
  const names = (chosen: readonly Cell[]): string =>
    chosen.map((cell) => `${cell.scheme} (${buffersOf(cell)})`).join(', ');
  const isUsed = ({ removal }: Cell): boolean =>
    removal !== undefined && (removal.rule === 'none' || (removal.corruptedBlocks ?? 0) > 0);
  const [used, kept] = [removed.filter(isUsed), removed.filter((cell) => !isUsed(cell))];
  return [
    ...(kept.length > 0
      ? [`Removal of the provider waited for the I/O in flight and lost none of it in ${names(kept)}.`]
      : []),
    ...(used.length > 0 ? [`Nothing kept or stopped I/O to memory that was gone in ${names(used)}.`] : []),
  ];
}
