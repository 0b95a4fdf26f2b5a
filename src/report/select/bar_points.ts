// Cells by the size of their BAR: what charts over BAR sizes and the memory table show.

import { bytesOf } from '../../catalogue/options/words.ts';
import type { Cell } from '../../result/schema.ts';
import { armsOf, type Group } from './groups.ts';

export interface BarPoint {
  barBytes: number;
  cell: Cell;
  group: Group;
}

/** Cells of the groups with the BAR size of their group, ascending. */
export function barPoints(groups: readonly Group[], cellsOf = armsOf): BarPoint[] {
  return groups
    .flatMap((group) => {
      const barBytes = bytesOf(group.params.bar);
      return barBytes === undefined ? [] : cellsOf(group).map((cell) => ({ barBytes, cell, group }));
    })
    .sort((a, b) => a.barBytes - b.barBytes);
}
