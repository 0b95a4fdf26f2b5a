// Baselines of cost rules: what a checkout's costs are held to. Written by `p2plab gate --update-baselines` as "p2plab.cost-baseline/1",
// small and a line for each structure and function, so that a commit's diff shows what it changed; a document of `p2plab cost --json`
// (p2plab.cost/1) is one as well.
import { COST_SCHEMA, type CostDocument, type LineCost } from '../cost/document.ts';
import type { ExactPerIo } from '../cost/exact.ts';
import { armWords, parseArm } from './arm.ts';
import type { JudgedCell, JudgedCosts, JudgedStructure } from './cost.ts';

const SCHEMA = 'p2plab.cost-baseline/1';

/** How its misses were simulated. */
export type CostSimulation = CostDocument['options'];

export interface Baseline extends JudgedCosts {
  options: CostSimulation;
}

/** By the name of the workload; of a document of p2plab cost, which has one, by any. */
export interface BaselineFile {
  of(workload: string): Baseline | undefined;
}

type Numbers = readonly number[];

interface WrittenArm {
  refused?: { errno: string; reason: string };
  /** ops, accesses, lines, dirtied lines, atomics. */
  host?: Numbers;
  device?: Numbers;
  cpus?: NonNullable<JudgedCell['host']>['cpus'];
  /** "accesses lines dirtied atomics" of the structure; reads, writes and atomics of its fields. */
  structures?: Record<string, { perIo: Numbers; fields: Record<string, Numbers> }>;
  /** "CORE FILE FUNCTION": line, ops and accesses of each of its lines. */
  functions?: Record<string, readonly Numbers[]>;
}

/** An arm as the file has it: schemes share most of their path, so only what differs from another arm is told, null where it has none. */
type StoredArm = Omit<WrittenArm, 'structures' | 'functions'> & {
  like?: string;
  structures?: Stored<NonNullable<WrittenArm['structures']>>;
  functions?: Stored<NonNullable<WrittenArm['functions']>>;
};
type Stored<Table> = { [Key in keyof Table]: Table[Key] | null };

interface WrittenWorkload {
  compiler: string;
  options: CostSimulation;
  arms: Record<string, StoredArm>;
}

interface Written {
  schema: typeof SCHEMA;
  workloads: Record<string, WrittenWorkload>;
}

/** @throws Error that says what it is not */
export function readBaselines(text: string): BaselineFile {
  const value = JSON.parse(text) as Partial<Written> & Partial<CostDocument>;
  if (value.schema === COST_SCHEMA && Array.isArray(value.cells) && value.options !== undefined) {
    const document = value as CostDocument;
    return { of: () => document };
  }
  const { workloads } = value;
  if (value.schema !== (SCHEMA as string) || typeof workloads !== 'object' || workloads === null) {
    throw new Error(`expected a ${SCHEMA} or ${COST_SCHEMA} document, found ${JSON.stringify(value.schema) ?? 'none'}`);
  }
  return { of: (workload) => baselineOf(workloads[workload]) };
}

function baselineOf(written: WrittenWorkload | undefined): Baseline | undefined {
  if (written === undefined) return undefined;
  const { compiler, options, arms } = written;
  return { compiler, options, cells: Object.entries(wholeArms(arms)).map(([name, arm]) => cellOf(name, arm)) };
}

function wholeArms(arms: Record<string, StoredArm>): Record<string, WrittenArm> {
  const whole = <Entry>(own: Stored<Record<string, Entry>>, base: Stored<Record<string, Entry>>) =>
    Object.fromEntries(Object.entries({ ...base, ...own }).filter(([, each]) => each !== null)) as Record<
      string,
      Entry
    >;
  return Object.fromEntries(
    Object.entries(arms).map(([name, { like, structures, functions, ...arm }]) => {
      const base = like === undefined ? undefined : arms[like];
      return [
        name,
        {
          ...arm,
          ...(structures === undefined ? {} : { structures: whole(structures, base?.structures ?? {}) }),
          ...(functions === undefined ? {} : { functions: whole(functions, base?.functions ?? {}) }),
        },
      ];
    }),
  );
}

function storedArms(arms: Record<string, WrittenArm>): Record<string, StoredArm> {
  const [like, base] = Object.entries(arms).find(([, { refused }]) => refused === undefined) ?? [];
  const differing = <Entry>(
    own: Record<string, Entry>,
    of: Record<string, Entry> = {},
  ): Stored<Record<string, Entry>> => ({
    ...Object.fromEntries(
      Object.entries(own).filter(([key, each]) => JSON.stringify(each) !== JSON.stringify(of[key])),
    ),
    ...Object.fromEntries(Object.keys(of).flatMap((key) => (key in own ? [] : [[key, null]]))),
  });
  return Object.fromEntries(
    Object.entries(arms).map(([name, arm]) => {
      if (name === like || arm.refused !== undefined || base === undefined) return [name, arm];
      const { structures, functions, ...rest } = arm;
      return [
        name,
        {
          ...{ like, ...rest },
          ...(structures === undefined ? {} : { structures: differing(structures, base.structures) }),
          ...(functions === undefined ? {} : { functions: differing(functions, base.functions) }),
        },
      ];
    }),
  );
}

function cellOf(name: string, { refused, host, device, cpus = {}, structures, functions }: WrittenArm): JudgedCell {
  const { scheme, buffers } = parseArm(name) ?? { scheme: name, buffers: '' };
  if (refused !== undefined) return { scheme, buffers, refused };
  return {
    scheme,
    buffers,
    ...(host === undefined ? {} : { host: { perIo: perIoOf(host), cpus } }),
    ...(device === undefined ? {} : { device: { perIo: perIoOf(device), cpus: {} } }),
    ...(structures === undefined ? {} : { structures: Object.entries(structures).map(structureOf) }),
    ...(functions === undefined ? {} : { functions: Object.entries(functions).flatMap(linesOf) }),
  };
}

function perIoOf([ops = 0, accesses = 0, lines = 0, dirtiedLines = 0, atomics = 0]: Numbers): ExactPerIo {
  return { ops, accesses, lines, dirtiedLines, atomics };
}

function structureOf([name, { perIo, fields }]: [string, { perIo: Numbers; fields: Record<string, Numbers> }]) {
  const [accesses = 0, lines = 0, dirtiedLines = 0, atomics = 0] = perIo;
  return {
    name,
    perIo: { accesses, lines, dirtiedLines, atomics },
    fields: Object.entries(fields).map(([field, [reads = 0, writes = 0, locked = 0]]) => ({
      name: field,
      reads,
      writes,
      atomics: locked,
    })),
  } satisfies JudgedStructure;
}

function linesOf([key, rows]: [string, readonly Numbers[]]): LineCost[] {
  const [core, file = '', ...words] = key.split(' ');
  return rows.map(([line = 0, ops = 0, accesses = 0]) => ({
    core: core === 'device' ? 'device' : 'host',
    file,
    line,
    function: words.join(' '),
    ops,
    accesses,
  }));
}

/**
 * The file with these workloads in it; arms of them that were not asked for stay, where the same compiler made them.
 * @param before what the file holds, if it is there
 */
export function baselineText(before: string | undefined, costs: ReadonlyMap<string, CostDocument>): string {
  const old = before === undefined ? {} : ((JSON.parse(before) as Partial<Written>).workloads ?? {});
  const workloads: Record<string, WrittenWorkload> = { ...old };
  for (const [name, { compiler, options, cells }] of costs) {
    const kept = old[name]?.compiler === compiler ? wholeArms(old[name]?.arms ?? {}) : {};
    const arms = Object.fromEntries(cells.map((cell) => [wordsOf(cell), writtenArm(cell)]));
    workloads[name] = { compiler, options, arms: storedArms({ ...kept, ...arms }) };
  }
  return `${lined({ schema: SCHEMA, workloads }, 0)}\n`;
}

function wordsOf({ scheme, buffers }: JudgedCell): string {
  return armWords({ scheme, buffers: buffers as 'fixed', isCopy: false });
}

function writtenArm(cell: CostDocument['cells'][number]): WrittenArm {
  const { refused, host, device, structures = [], functions } = cell;
  if (refused !== undefined || host === undefined || device === undefined) {
    return refused === undefined ? {} : { refused };
  }
  const counts = ({ ops, accesses, lines, dirtiedLines, atomics }: ExactPerIo): number[] => [
    ...[ops, accesses, lines, dirtiedLines, atomics],
  ];
  const byFunction = Map.groupBy(functions ?? [], ({ core, file, function: name }) => `${core} ${file} ${name}`);
  return {
    host: counts(host.perIo),
    device: counts(device.perIo),
    ...(Object.keys(host.cpus).length === 0 ? {} : { cpus: host.cpus }),
    structures: Object.fromEntries(
      structures
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, perIo: { accesses, lines, dirtiedLines, atomics }, fields }) => [
          name,
          {
            perIo: [accesses, lines, dirtiedLines, atomics],
            fields: Object.fromEntries(
              fields.map((field) => [field.name, [field.reads, field.writes, field.atomics].map(rounded)] as const),
            ),
          },
        ]),
    ),
    ...(functions === undefined
      ? {}
      : {
          functions: Object.fromEntries(
            sortedByKey(byFunction).map(([key, lines]) => [
              key,
              lines
                .toSorted((a, b) => a.line - b.line)
                .map(({ line, ops, accesses }) => [line, rounded(ops), rounded(accesses)]),
            ]),
          ),
        }),
  };
}

/** In an order that does not change with the counts. */
function sortedByKey<Value>(table: ReadonlyMap<string, Value>): [string, Value][] {
  return [...table].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Of what only explains a difference. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** What lies deeper than the parts of an arm stands on one line. */
const DEEPEST = 6;

function lined(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth >= DEEPEST)
    return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  if (entries.length === 0) return '{}';
  const indent = ' '.repeat(depth + 1);
  const lines = entries.map(([key, each]) => `${indent}${JSON.stringify(key)}: ${lined(each, depth + 1)}`);
  return `{\n${lines.join(',\n')}\n${' '.repeat(depth)}}`;
}
