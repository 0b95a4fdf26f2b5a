// What each scheme keeps for a BAR, and what that is worth: the CPU time per I/O that the saved memory would pay for, at the two rates
// the reader gives, beside the CPU time that was measured.
import { formatBytes, GIB, trimNumber } from '../base/units.ts';
import { largestByScheme, type SchemeMemory } from '../report/select/memory.ts';
import type { Table } from '../report/tables/table.ts';
import type { Result } from '../result/schema.ts';
import { nsPerIoWorth } from '../topology/memory/break_even.ts';
import { h, labelled } from './dom.ts';
import { htmlTable } from './html_table.ts';

export interface MemoryView {
  element: HTMLElement;
  show(result: Result): void;
}

/** 4 GiB of RAM go with a core in the clouds; a million I/Os per second over all providers. */
const RAM_GIB_PER_CORE = 4;
const IOPS = 1_000_000;

export function memoryView(): MemoryView {
  const ram = h('input', { type: 'number', min: 0.25, max: 1024, step: 0.25, value: RAM_GIB_PER_CORE });
  const iops = h('input', { type: 'number', min: 1000, max: 1e9, step: 1000, value: IOPS });
  const body = h('div');
  let rows: SchemeMemory[] = [];
  const fill = (): void => {
    const rates = { ramBytesPerCore: Number(ram.value) * GIB, iops: Number(iops.value) };
    const usable = rates.ramBytesPerCore > 0 && rates.iops > 0;
    body.replaceChildren(
      usable
        ? htmlTable('Memory and break-even against the reference scheme', memoryTable(rows, rates))
        : h('p', { role: 'alert' }, 'Give two numbers above 0.'),
    );
  };
  ram.addEventListener('input', fill);
  iops.addEventListener('input', fill);
  const element = h(
    'section',
    { 'aria-labelledby': 'memory' },
    h('h2', { id: 'memory' }, 'Memory and break-even'),
    h(
      'p',
      { class: 'subtitle' },
      'Modelled, but for “resident”, which this run held. A scheme that saves memory may cost each I/O that much more before it is a loss: ' +
        'memory is turned into CPU time by the RAM that goes with a core.',
    ),
    h('form', { class: 'controls' }, labelled('RAM per core, GiB', ram), labelled('I/Os per second', iops)),
    body,
  );
  return {
    element,
    show(result) {
      rows = largestByScheme(result);
      element.hidden = rows.length === 0;
      fill();
    },
  };
}

function memoryTable(rows: readonly SchemeMemory[], rates: { ramBytesPerCore: number; iops: number }): Table {
  const left = (title: string) => ({ title, align: 'left' as const });
  const right = (title: string) => ({ title, align: 'right' as const });
  return {
    columns: [
      left('BAR'),
      left('scheme'),
      ...['memmap', 'page tables', 'pool', 'map state', 'in all', 'resident', 'saves', 'of a core', 'worth'].map(right),
      right('CPU saved, measured'),
    ],
    rows: rows.map(({ barBytes, scheme, memory, setUpBytes, savedBytes, savedNs }) => ({
      cells: [
        formatBytes(barBytes),
        scheme,
        ...[memory.memmap, memory.pageTables, memory.pool, memory.mapState, setUpBytes, memory.resident].map(bytes),
        ...(savedBytes === null
          ? ['reference', '', '']
          : [
              formatBytes(savedBytes),
              trimNumber(savedBytes / rates.ramBytesPerCore),
              `${trimNumber(nsPerIoWorth(savedBytes, rates))} ns per I/O`,
            ]),
        savedNs === null ? '' : `${[...new Set(savedNs.map(trimNumber))].join(' to ')} ns per I/O`,
      ],
    })),
  };
}

const bytes = (value: number | null): string => (value === null ? '-' : formatBytes(value));
