// What an IOMMU costs beyond what this machine can execute, as a table of its own: counted events, time modelled from them,
// and, labelled in its titles, the sum of measured and modelled time with the rate that follows from it.
import { formatCount, trimNumber } from '../../base/units.ts';
import type { Cell } from '../../result/schema.ts';
import { buffersOf, type Group, roleOf } from '../select/groups.ts';
import { MODELLED_COUNTS } from '../words/counts.ts';
import { NOT_MEASURED } from '../words/format.ts';
import type { Column, Table } from './table.ts';

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });

/** Undefined where no cell of the groups has an IOMMU that translates, or a modelled device. */
export function modelledTable(groups: readonly Group[]): Table | undefined {
  const cells = groups.flatMap((group) => group.cells).filter((cell) => cell.modelled && roleOf(cell) !== 'aa');
  if (cells.length === 0) return undefined;
  const counted = cells.some(({ modelled }) => modelled?.iommuNsPerIo !== undefined) ? MODELLED_COUNTS : [];
  const [service] = cells.flatMap(({ modelled }) => modelled?.serviceNs ?? []);
  return {
    columns: [
      left('scheme'),
      left('buffers'),
      ...counted.map(({ title }) => right(title)),
      ...(counted.length > 0 ? [right('IOMMU wait, write-back ns/I/O (modelled)')] : []),
      right('CPU ns/I/O (measured + modelled)'),
      ...(service === undefined ? [] : [right(`IOPS at ${service} ns service (modelled)`), left('bound by')]),
    ],
    rows: cells.map((cell) => ({
      cells: [
        cell.scheme,
        buffersOf(cell),
        ...counted.map(({ field }) => count(cell.perIo?.[field])),
        ...(counted.length > 0 ? [nanoseconds(cell.modelled?.iommuNsPerIo)] : []),
        nanoseconds(cell.modelled?.cpuNsPerIo),
        ...(service === undefined ? [] : rateOf(cell)),
      ],
    })),
  };
}

/** Mean counts: lazy mode's invalidations are a few in a thousand I/Os. */
function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOT_MEASURED;
  return value > 0 && value < 0.1 ? value.toPrecision(2) : trimNumber(value);
}

function nanoseconds(value: number | undefined): string {
  return value === undefined ? NOT_MEASURED : trimNumber(value);
}

function rateOf({ modelled }: Cell): string[] {
  if (modelled?.iops === undefined) return [NOT_MEASURED, ''];
  return [formatCount(modelled.iops), modelled.bound ?? ''];
}
