// The cells of a result in the order a reader wants them: groups that share a workload; in each, the reference first, then its
// copy, the other arms, and the floor last.

import type { Cell, ComparisonRecord, Params, Result, Role } from '../../result/schema.ts';
import { commonParams } from '../words/params.ts';

export interface Group {
  /** First part of its cells' ids. */
  id: string;
  /** Options that all cells of the group share. */
  params: Params;
  cells: Cell[];
}

const ROLE_ORDER: Readonly<Record<Role, number>> = { reference: 0, aa: 1, arm: 2, floor: 3 };

/** All groups, in the order of their first cell. */
export function groupsOf(result: Result): Group[] {
  const byId = Map.groupBy(result.cells, ({ id }) => id.split('/')[0] as string);
  return [...byId].map(([id, cells]) => ({
    id,
    params: commonParams(cells.filter((cell) => roleOf(cell) !== 'floor').map(({ params }) => params)),
    cells: cells.toSorted((a, b) => ROLE_ORDER[roleOf(a)] - ROLE_ORDER[roleOf(b)]),
  }));
}

/** Groups that are points of a sweep over one option; they are shown together. */
export function isSweep(group: Group): boolean {
  return group.cells.some(({ params }) => typeof params.sweep === 'string');
}

export function roleOf(cell: Cell): Role {
  const role = cell.params.role;
  return role === 'reference' || role === 'aa' || role === 'floor' ? role : 'arm';
}

/** Where the cell's buffers come from: pool, fixed, user. */
export function buffersOf(cell: Cell): string {
  return String(cell.params.buffers ?? '');
}

/** `page/user`: how a cell is named where its group is clear. */
export function armName(cell: Cell): string {
  const buffers = buffersOf(cell);
  return buffers === '' ? cell.scheme : `${cell.scheme}/${buffers}`;
}

/** The cell that measures the harness alone, if the group has one. */
export function floorOf(group: Group): Cell | undefined {
  return group.cells.find((cell) => roleOf(cell) === 'floor');
}

/** The cells a chart compares: the reference and the arms, without copy, floor and refusals. */
export function armsOf(group: Group): Cell[] {
  return group.cells.filter(
    (cell) => (roleOf(cell) === 'reference' || roleOf(cell) === 'arm') && cell.refused === undefined,
  );
}

/** The comparison of a cell with what it is like: the first of its comparisons in one metric. */
export function comparisonOf(result: Result, cell: Cell, metric: string): ComparisonRecord | undefined {
  return result.comparisons.find((compared) => compared.a === cell.id && compared.metric === metric);
}

/** The comparison of two given cells in one metric. */
export function comparisonBetween(result: Result, a: Cell, b: Cell, metric: string): ComparisonRecord | undefined {
  return result.comparisons.find((each) => each.a === a.id && each.b === b.id && each.metric === metric);
}

/** Pairs of cells that were compared: those of different schemes; where there is one scheme, its arms with each other. */
export function comparedPairs(result: Result, group: Group): (readonly [Cell, Cell])[] {
  const byId = new Map(group.cells.map((cell) => [cell.id, cell]));
  const pairs = new Map<string, readonly [Cell, Cell]>();
  for (const { a, b } of result.comparisons) {
    const [left, right] = [byId.get(a), byId.get(b)];
    if (left === undefined || right === undefined || roleOf(left) !== 'arm') continue;
    pairs.set(`${a} ${b}`, [left, right]);
  }
  const all = [...pairs.values()];
  const across = all.filter(([left, right]) => left.scheme !== right.scheme);
  return across.length > 0 ? across : all;
}

/**
 * What a scheme sets up for the BAR, in bytes: all metadata but the descriptors of I/Os in flight, which come and go; null
 * when none of it is known. `resident` is the measured counterpart.
 */
export function setUpMetadataBytes(cell: Cell): number | null {
  if (cell.metadataBytes === null) return null;
  const { memmap, pageTables, pool, mapState } = cell.metadataBytes;
  const known = [memmap, pageTables, pool, mapState].filter((bytes) => bytes !== null);
  return known.length === 0 ? null : known.reduce((sum, bytes) => sum + bytes, 0);
}
