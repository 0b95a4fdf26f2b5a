// What a cost says on a terminal, in Markdown and as CSV: a row for each arm, then where it goes by structure, field and line.

import { formatBytes } from '../base/units.ts';
import type { CpuPerIo, Spread } from '../cost/caches.ts';
import type { CostCell, CostDifference, CostDocument, FieldCost, StructureCost } from '../cost/document.ts';
import type { CsvTable } from '../report/tables/csv.ts';
import { type Column, markdownTable, type Table, textTable } from '../report/tables/table.ts';

export interface CostViewOptions {
  isMarkdown: boolean;
  /** Structures, fields and lines of each arm. */
  top: number;
}

const NOT_MODELLED =
  'Counts are exact. Misses are those of the named processor over seeded placements, host and controller taking turns; cycles are a band: ' +
  'lo all misses overlap, dep by data dependence, hi none. Not modelled: branch misses, instruction fetch, what the compiler of wasm adds, ' +
  'hardware threads, memory bandwidth, prefetchers but the named one.';

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });

export function costReport(document: CostDocument, options: CostViewOptions): string {
  const parts = [
    ...section('Per I/O, exact', countTable(document, 'host'), options, 'host'),
    ...section('Per I/O, exact', countTable(document, 'device'), options, 'controller'),
    ...cpuNames(document).flatMap((cpu) => section(`Per I/O on ${cpu}`, cpuTable(document, cpu), options, 'host')),
    ...document.cells.flatMap((cell) => (cell.structures === undefined ? [] : cellParts(cell, document, options))),
    NOT_MODELLED,
    `${document.compiler}; pages ${document.options.pages}; ${document.options.seeds} placements.`,
  ];
  return `${parts.join('\n')}\n`;
}

export function differenceReport(difference: CostDifference, document: CostDocument, options: CostViewOptions): string {
  const { a, b, perIo, structures, functions } = difference;
  const name = (id: string): string => {
    const cell = document.cells.find((each) => each.id === id) as CostCell;
    return `${cell.scheme}/${cell.buffers}`;
  };
  const sums: Table = {
    columns: [left(''), ...Object.keys(perIo).map(right)],
    rows: [{ cells: [`${name(a)} less ${name(b)}`, ...Object.values(perIo).map(signed)] }],
  };
  const ofStructures: Table = {
    columns: ['structure'].map(left).concat(['accesses', 'lines', 'dirtied', 'atomics'].map(right)),
    rows: structures.slice(0, options.top).map((each) => {
      const { accesses, lines, dirtiedLines, atomics } = each.perIo;
      return { cells: [each.name, ...[accesses, lines, dirtiedLines, atomics].map(signed)] };
    }),
  };
  const ofLines: Table = {
    columns: [left('line'), left('function'), right('ops'), right('accesses')],
    rows: functions.slice(0, options.top).map(({ file, line, function: called, ops, accesses }) => ({
      cells: [`${file}:${line}`, called, signed(ops), signed(accesses)],
    })),
  };
  const parts = [
    ...section('Difference per I/O, host', sums, options),
    ...section('By structure', ofStructures, options),
    ...section('By line', ofLines, options),
  ];
  return `${parts.join('\n')}\n`;
}

function section(title: string, table: Table, { isMarkdown }: CostViewOptions, what?: string): string[] {
  if (table.rows.length === 0) return [];
  const words = what === undefined ? title : `${title}: ${what}`;
  return isMarkdown ? [`### ${words}`, '', ...markdownTable(table), ''] : [words, '', ...textTable(table), ''];
}

function labelOf({ scheme, buffers }: CostCell): string {
  return `${scheme}/${buffers}`;
}

/** BAR and payload tell the groups of a default run apart. */
function groupOf({ params }: CostCell): string[] {
  return [formatBytes(Number(params.bar)), String(params.payload)];
}

function countTable({ cells }: CostDocument, core: 'host' | 'device'): Table {
  const names = ['ops', 'accesses', 'lines', 'dirtiedLines', 'atomics'] as const;
  return {
    columns: [
      left('BAR'),
      left('payload'),
      left('scheme/buffers'),
      ...['ops', 'accesses', 'lines', 'dirtied', 'atomics'].map(right),
    ],
    rows: cells.map((cell) => {
      const start = [...groupOf(cell), labelOf(cell)];
      const perIo = cell[core]?.perIo;
      if (perIo === undefined) return { cells: start, note: `refused: ${cell.refused?.errno}` };
      return { cells: [...start, ...names.map((name) => figure(perIo[name]))] };
    }),
  };
}

function cpuTable({ cells }: CostDocument, cpu: string): Table {
  const misses = ['l1Misses', 'l2Misses', 'l3Misses', 'dtlbMisses', 'stlbMisses', 'transfers'] as const;
  return {
    columns: [
      ...[left('BAR'), left('payload'), left('scheme/buffers')],
      ...['L1 misses', 'L2 misses', 'L3 misses', 'DTLB', 'STLB', 'transfers', 'cycles lo', 'dep', 'hi'].map(right),
    ],
    rows: cells.flatMap((cell) => {
      const perIo = cell.host?.cpus[cpu];
      if (perIo === undefined) return [];
      const { lo, dep, hi } = perIo.cycles;
      const cycles = [lo, dep, hi].map((value) => value.toFixed(0));
      return [{ cells: [...groupOf(cell), labelOf(cell), ...misses.map((miss) => spread(perIo[miss])), ...cycles] }];
    }),
  };
}

function cellParts(cell: CostCell, document: CostDocument, options: CostViewOptions): string[] {
  const [cpu] = cpuNames(document);
  const structures = (cell.structures ?? []).slice(0, options.top);
  const title = `${labelOf(cell)}, BAR ${groupOf(cell).join(', payload ')}`;
  return [
    ...section(`${title}: structures, both sides`, structureTable(structures, cpu), options),
    ...section(`${title}: lines of the source`, lineTable(cell, options.top), options),
  ];
}

/** As pahole lists a structure: fields in their order, with what is done to them. */
function structureTable(structures: readonly StructureCost[], cpu: string | undefined): Table {
  const row = (name: string, place: string, { reads, writes, atomics, l2Misses }: FieldCost) => ({
    cells: [name, place, ...[reads, writes, atomics, cpu === undefined ? 0 : (l2Misses[cpu] ?? 0)].map(figure)],
  });
  return {
    columns: [
      left('structure, field'),
      right('offset, bytes'),
      ...['reads', 'writes', 'atomics', `L2 misses ${cpu ?? ''}`].map(right),
    ],
    rows: structures.flatMap(({ name, fields, perIo }) => [
      {
        cells: [name, ''],
        note: `${figure(perIo.accesses)} accesses, ${figure(perIo.lines)} lines, ${figure(perIo.dirtiedLines)} dirtied, ${figure(perIo.atomics)} atomics`,
      },
      ...fields.map((field) =>
        row(`  ${field.name}`, field.bytes === 0 ? '' : `${field.offset}, ${field.bytes}`, field),
      ),
    ]),
  };
}

function lineTable({ functions = [] }: CostCell, top: number): Table {
  return {
    columns: [left('line'), left('function'), left('side'), right('ops'), right('accesses')],
    rows: functions.slice(0, top).map(({ core, file, line, function: name, ops, accesses }) => ({
      cells: [`${file}:${line}`, name, core === 'host' ? 'host' : 'controller', figure(ops), figure(accesses)],
    })),
  };
}

/** A row for each arm, with every figure as it is. */
export function costCsv(document: CostDocument): CsvTable {
  const cpus = cpuNames(document);
  const misses = ['l1Misses', 'l2Misses', 'l3Misses', 'dtlbMisses', 'stlbMisses', 'transfers'] as const;
  const counts = ['ops', 'accesses', 'lines', 'dirtiedLines', 'atomics'] as const;
  const sides = ['host', 'device'] as const;
  const figures = (of: CpuPerIo | undefined): (number | undefined)[] => [
    ...misses.flatMap((miss) => [of?.[miss].mean, of?.[miss].min, of?.[miss].max]),
    ...[of?.cycles.lo, of?.cycles.dep, of?.cycles.hi],
  ];
  const titles = (side: string, cpu: string): string[] => [
    ...misses.flatMap((miss) => ['mean', 'min', 'max'].map((kind) => `${side}_${cpu}_${miss}_${kind}`)),
    ...['lo', 'dep', 'hi'].map((clock) => `${side}_${cpu}_cycles_${clock}`),
  ];
  return {
    columns: [
      ...['id', 'scheme', 'buffers', 'bar', 'payload', 'flow', 'refused'],
      ...sides.flatMap((side) => [
        ...counts.map((count) => `${side}_${count}`),
        ...cpus.flatMap((cpu) => titles(side, cpu)),
      ]),
    ],
    rows: document.cells.map((cell) => [
      ...[cell.id, cell.scheme, cell.buffers, Number(cell.params.bar), String(cell.params.payload)],
      ...[String(cell.params.flow), cell.refused?.errno],
      ...sides.flatMap((side) => [
        ...counts.map((count) => cell[side]?.perIo[count]),
        ...cpus.flatMap((cpu) => figures(cell[side]?.cpus[cpu])),
      ]),
    ]),
  };
}

function cpuNames({ cells }: CostDocument): string[] {
  return Object.keys(cells.find(({ host }) => host !== undefined)?.host?.cpus ?? {});
}

/** Whole counts without a point, others with as many digits as tell them apart. */
function figure(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(1) : value.toFixed(2);
}

function signed(value: number): string {
  return value > 0 ? `+${figure(value)}` : value < 0 ? `-${figure(-value)}` : '0';
}

function spread({ mean, min, max }: Spread): string {
  const [a, b, c] = [mean, min, max].map((value) => value.toFixed(2));
  return b === c ? (a as string) : `${a} [${b}, ${c}]`;
}
