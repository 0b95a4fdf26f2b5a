// A trace as tables: a row for what one part of the path does to one structure; two schemes side by side.
import type { CoreName } from '../cost/simulator.ts';
import type { Trace, TraceStep } from '../cost/trace.ts';
import { type Table, textTable } from '../report/tables/table.ts';

export function traceText(trace: Trace): string {
  const title = `${trace.scheme}/${trace.buffers} (${trace.id})`;
  if (trace.refused !== undefined) return `${title}: refused with ${trace.refused}\n`;
  return `${[title, ...addressLines(trace), '', ...textTable(stepTable(trace.steps)), '', restOf(trace.steps)].join('\n')}\n`;
}

/** A row: what one part of the path does to one structure. */
interface Row {
  core: CoreName;
  part: string;
  functions: Set<string>;
  structure: string;
  elements: Set<number | undefined>;
  fields: Set<string>;
  accesses: number;
  ops: number;
}

/**
 * Steps of one part of the path, one behind the other, are a row for each structure. What belongs to the lab and not to the path (its
 * queues' own fields, facts of the machine, stacks of free elements) is left out.
 */
function rowsOf(steps: readonly TraceStep[]): Row[] {
  const rows: Row[] = [];
  let part = '';
  let first = 0;
  for (const step of steps) {
    const next = HELPERS.test(step.file) && part !== '' && rows.at(-1)?.core === step.core ? part : step.file;
    if (next !== part || rows.at(-1)?.core !== step.core) first = rows.length;
    part = next;
    if (OF_THE_LAB.test(step.structure)) continue;
    let row = rows.slice(first).find((each) => each.structure === step.structure);
    if (row === undefined) {
      row = {
        ...{ core: step.core, part, structure: step.structure, accesses: 0, ops: 0 },
        ...{ functions: new Set<string>(), elements: new Set<number | undefined>(), fields: new Set<string>() },
      };
      rows.push(row);
    }
    for (const name of step.functions) row.functions.add(name);
    for (const field of step.fields) row.fields.add(field);
    row.elements.add(step.element);
    row.accesses += step.accesses;
    row.ops += step.ops;
  }
  return rows;
}

/** Fields of a row that are named. */
const MOST_FIELDS = 8;
/** Files whose functions work for whoever calls them; the optimiser has put them there. */
const HELPERS = /^(layout|mm|pci|base|front|counting|block\/(limits|map_iter|tags))/;
const OF_THE_LAB =
  /^(host_queue|device_queue|machine|table of schemes|queue free .*|latency histogram|plug|lifetime|initiator)$/;

function nameOf({ structure, elements }: Row): string {
  const known = [...elements].filter((element) => element !== undefined);
  return known.length === 0
    ? structure
    : `${structure} [${known.length > 3 ? `${known[0]}..${known.at(-1)}` : known.join(', ')}]`;
}

/** What the table leaves out. */
function restOf(steps: readonly TraceStep[]): string {
  const own = steps.filter(({ structure }) => OF_THE_LAB.test(structure));
  const sum = (of: 'accesses' | 'ops'): number => own.reduce((all, step) => all + step[of], 0);
  return `Besides: ${sum('accesses')} accesses, ${sum('ops')} ops of the lab's own structures (fields of its queues, stacks, facts of the machine).`;
}

function stepTable(steps: readonly TraceStep[]): Table {
  return {
    columns: [
      ...(['side', 'part', 'functions', 'structure'] as const).map((title) => ({ title, align: 'left' as const })),
      ...(['accesses', 'ops'] as const).map((title) => ({ title, align: 'right' as const })),
      { title: 'fields: R read, W written, L locked', align: 'left' },
    ],
    rows: rowsOf(steps).map((row) => ({
      cells: [sideOf(row), row.part, short([...row.functions], 3), nameOf(row), String(row.accesses), String(row.ops)],
      note: short([...row.fields], MOST_FIELDS),
    })),
  };
}

function sideOf({ core }: Row): string {
  return core === 'host' ? 'host' : 'controller';
}

function short(words: readonly string[], most: number): string {
  const more = words.length - most;
  return [...words.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

function addressLines({ addresses }: Trace): string[] {
  return addresses.map(({ what, kind, value }) => `  ${what}: ${kind} 0x${value.toString(16)}`);
}

/** Rows of both in the order of the path, those that are alike in one line. */
export function sideBySide(a: Trace, b: Trace): string {
  const names = [a, b].map(({ scheme, buffers }) => `${scheme}/${buffers}`) as [string, string];
  const rows = align(rowsOf(a.steps), rowsOf(b.steps)).map(([one, other]) => {
    const either = (one ?? other) as Row;
    const fields = [one, other].map((row) => (row === undefined ? '' : short([...row.fields], MOST_FIELDS)));
    const note =
      fields[0] === fields[1]
        ? fields[0]
        : fields
            .map((words, i) => (words ? `${names[i]}: ${words}` : ''))
            .filter(Boolean)
            .join('; ');
    const count = (row: Row | undefined): string => (row === undefined ? '-' : String(row.accesses));
    return {
      cells: [sideOf(either), keyOf(either).part, either.structure, count(one), count(other)],
      ...(note === undefined ? {} : { note }),
    };
  });
  const columns: Table['columns'] = [
    ...['side', 'part', 'structure'].map((title) => ({ title, align: 'left' as const })),
    ...names.map((title) => ({ title, align: 'right' as const })),
    { title: 'fields: R read, W written, L locked', align: 'left' },
  ];
  const heads = [a, b].flatMap((trace, i) => [names[i] as string, ...addressLines(trace)]);
  return `${[...heads, '', ...textTable({ columns, rows })].join('\n')}\n`;
}

function keyOf({ core, part, structure }: Row): { part: string; key: string } {
  const alike = part.replace(/^schemes\/.*/, 'schemes/*');
  return { part: alike, key: `${core} ${alike} ${structure}` };
}

/** Longest common subsequence of the rows' keys; what only one has stands by itself. */
function align(a: readonly Row[], b: readonly Row[]): [Row | undefined, Row | undefined][] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  const isAlike = (i: number, j: number): boolean => keyOf(a[i] as Row).key === keyOf(b[j] as Row).key;
  const at = (i: number, j: number): number => lengths[i]?.[j] as number;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--)
      (lengths[i] as number[])[j] = isAlike(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const pairs: [Row | undefined, Row | undefined][] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && isAlike(i, j)) pairs.push([a[i++], b[j++]]);
    else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) pairs.push([a[i++], undefined]);
    else pairs.push([undefined, b[j++]]);
  }
  return pairs;
}
