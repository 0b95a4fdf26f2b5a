// Rules of kind `cost`: what the timed modules execute and touch, equal to what a baseline says or no more than at another commit, and
// simulated misses within a tolerance. No time; where something differs, the lines, structures and fields that make the difference are
// named.
import type { CostCell, FieldCost, LineCost, StructureCost } from '../cost/document.ts';
import { lineChanges } from '../cost/line_changes.ts';
import { MISSES } from '../cost/simulator.ts';
import { type ArmName, armWords, schemeFile } from './arm.ts';
import type { CostRule } from './gates_file.ts';
import type { Outcome } from './outcome.ts';

const COUNTS = ['ops', 'accesses', 'lines', 'dirtiedLines', 'atomics'] as const;
/** Instructions depend on what compiled them, the others on the source alone. */
const OF_THE_COMPILER: readonly string[] = ['ops'];
/** Sums of shares of thousands of I/Os, written and read as decimal numbers. */
const ROUNDING = 1e-9;
/** Fields explain a difference: baselines have them with three decimals. */
const EXPLAINING = 2e-3;
/** Misses of so few I/Os are one or two of those that were simulated. */
const LEAST_MISSES = 0.02;
/** Lines and fields that a message names. */
const NAMED = 6;

/** What is judged of a structure, and of an arm: less than a document of p2plab cost has, as much as a baseline has. */
export type JudgedStructure = Pick<StructureCost, 'name' | 'perIo'> & {
  fields: readonly Pick<FieldCost, 'name' | 'reads' | 'writes' | 'atomics'>[];
};
export type JudgedCell = Pick<CostCell, 'scheme' | 'buffers' | 'refused' | 'host' | 'device'> & {
  structures?: readonly JudgedStructure[];
  functions?: readonly LineCost[];
};

export interface JudgedCosts {
  compiler: string;
  cells: readonly JudgedCell[];
}

/** What a checkout is held to. */
export interface CostBound {
  /** The file, or the commit. */
  words: string;
  costs: JudgedCosts;
  /** Less is no fault: of another commit. A baseline is equal. */
  allowsLess: boolean;
  /** Arms that it cannot have, such as those of a scheme that it does not know yet: nothing is held against them. */
  without: readonly string[];
}

/** @param now what this checkout is */
export function judgeCost(rule: CostRule, now: JudgedCosts, bound: CostBound): Outcome {
  const held = rule.arms.filter((arm) => !bound.without.includes(armWords(arm)));
  const faults = held.flatMap((arm) => faultsOf(rule, arm, now, bound));
  const counts = rule.missesPercent === undefined ? 'counts' : `counts; misses within ${rule.missesPercent} %`;
  const common = {
    rule,
    measured: `cost of ${armsWords(rule.arms)}`,
    bound: bound.allowsLess ? `${counts}: no more than at ${bound.words}` : `${counts} as in ${bound.words}`,
    interval: null,
  };
  const [first] = faults;
  if (first === undefined) return { ...common, verdict: 'pass', why: whyKept(held, rule, now, bound) };
  return { ...common, verdict: 'fail', why: faults.map(({ words }) => words).join('; '), file: first.file };
}

/** All of them where they are few. */
export function armsWords(arms: readonly ArmName[]): string {
  return arms.length > 3 ? `${arms.length} arms` : arms.map(armWords).join(', ');
}

function whyKept(held: readonly ArmName[], rule: CostRule, now: JudgedCosts, bound: CostBound): string {
  const less = held.flatMap((arm) => {
    const { cell, before } = pairOf(arm, now, bound);
    if (cell === undefined || before === undefined) return [];
    return changesOf(armWords(arm), cell, before, comparedCounts(now, bound)).map(({ words }) => words);
  });
  const unknown = rule.arms.length > held.length ? [`${bound.words} has no ${bound.without.join(', ')}`] : [];
  const isSameCompiler = now.compiler === bound.costs.compiler;
  const compiler = isSameCompiler ? [] : [`ops left out: they were compiled by ${bound.costs.compiler}`];
  const kept = less.length > 0 ? `less than before: ${less.join(', ')}` : 'exactly as written';
  return [bound.allowsLess && less.length === 0 ? 'exactly as before' : kept, ...compiler, ...unknown].join('; ');
}

interface Fault {
  words: string;
  file: string;
}

function pairOf(arm: ArmName, now: JudgedCosts, bound: CostBound) {
  return { cell: cellOf(now, arm), before: cellOf(bound.costs, arm) };
}

function comparedCounts(now: JudgedCosts, { costs }: CostBound): (typeof COUNTS)[number][] {
  return COUNTS.filter((count) => !OF_THE_COMPILER.includes(count) || now.compiler === costs.compiler);
}

function faultsOf(rule: CostRule, arm: ArmName, now: JudgedCosts, bound: CostBound): Fault[] {
  const { cell, before } = pairOf(arm, now, bound);
  const name = armWords(arm);
  const file = schemeFile(arm.scheme);
  if (cell === undefined || before === undefined) {
    const where = cell === undefined ? 'this run' : bound.words;
    return [{ words: `${name} is not in ${where}: write it anew with p2plab gate --update-baselines`, file }];
  }
  if (cell.refused?.errno !== before.refused?.errno) {
    const [a, b] = [cell, before].map(({ refused }) => refused?.errno ?? 'not refused');
    return [{ words: `${name}: ${a}, expected ${b}`, file }];
  }
  if (cell.refused !== undefined) return [];
  const changes = changesOf(name, cell, before, comparedCounts(now, bound));
  const changed = changes.filter(({ by }) => by > 0 || !bound.allowsLess).map(({ words }) => words);
  const misses = rule.missesPercent === undefined ? [] : missFaults(name, cell, before, rule.missesPercent, bound);
  if (changed.length + misses.length === 0) return [];
  const because = changed.length === 0 ? [] : causesOf(cell, before);
  const lineFile = because.find(({ file: own }) => own !== undefined)?.file;
  const words = [...changed, ...misses].join(', ');
  const causes = because.length === 0 ? '' : ` (${because.map(({ words: each }) => each).join(', ')})`;
  return [{ words: `${words}${causes}`, file: lineFile ?? file }];
}

/** Counts that differ; where none does, structures whose parts of them do. */
function changesOf(
  name: string,
  cell: JudgedCell,
  before: JudgedCell,
  compared: readonly (typeof COUNTS)[number][],
): { words: string; by: number }[] {
  const sums = (['host', 'device'] as const).flatMap((core) =>
    compared.flatMap((count) => {
      const [got, expected] = [cell, before].map((each) => each[core]?.perIo[count] ?? 0) as [number, number];
      const side = core === 'host' ? 'host' : 'controller';
      if (!differs(got, expected)) return [];
      return [{ words: `${count} of ${name} (${side}): expected ${expected}, got ${got}`, by: got - expected }];
    }),
  );
  return sums.length > 0 ? sums : structureChanges(name, cell.structures ?? [], before.structures ?? []);
}

/** A load of one structure in place of another's leaves the sums as they are. */
function structureChanges(
  name: string,
  now: readonly JudgedStructure[],
  before: readonly JudgedStructure[],
): { words: string; by: number }[] {
  if (before.length === 0) return [];
  const names = new Set([...now, ...before].map((each) => each.name));
  return [...names].flatMap((structure) =>
    (['lines', 'accesses', 'atomics'] as const).flatMap((count) => {
      const [got, expected] = [now, before].map(
        (all) => all.find((each) => each.name === structure)?.perIo[count] ?? 0,
      ) as [number, number];
      if (!differs(got, expected)) return [];
      const words = `${count} of ${structure} in ${name}: expected ${expected}, got ${got}`;
      return [{ words, by: got - expected }];
    }),
  );
}

function differs(a: number, b: number): boolean {
  return Math.abs(a - b) > ROUNDING * Math.max(1, Math.abs(b));
}

function cellOf({ cells }: JudgedCosts, { scheme, buffers }: ArmName): JudgedCell | undefined {
  return cells.find((cell) => cell.scheme === scheme && cell.buffers === buffers);
}

/** The lines, and the fields, that differ most. */
function causesOf(cell: JudgedCell, before: JudgedCell): { words: string; file?: string }[] {
  const isKnown = cell.functions !== undefined && before.functions !== undefined;
  const changes = isKnown ? lineChanges(cell.functions ?? [], before.functions ?? []) : [];
  const lines = changes.slice(0, NAMED).map(({ file, line, function: name, ops, accesses }) => ({
    words: `${file}:${line} ${name}: ${signed(ops)} ops, ${signed(accesses)} accesses`,
    file,
  }));
  return [...lines, ...fieldDifferences(cell.structures ?? [], before.structures ?? []).slice(0, NAMED)];
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${Number(value.toPrecision(6))}`;
}

function fieldDifferences(now: readonly JudgedStructure[], before: readonly JudgedStructure[]): { words: string }[] {
  const flat = (structures: readonly JudgedStructure[]): Map<string, number> =>
    new Map(
      structures.flatMap(({ name, fields }) =>
        fields.map((field) => [`${name}.${field.name}`, field.reads + field.writes + field.atomics] as const),
      ),
    );
  const [a, b] = [flat(now), flat(before)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .map((name) => ({ name, by: (a.get(name) ?? 0) - (b.get(name) ?? 0) }))
    .filter(({ by }) => Math.abs(by) > EXPLAINING)
    .sort((x, y) => Math.abs(y.by) - Math.abs(x.by) || (x.name < y.name ? -1 : 1))
    .map(({ name, by }) => ({ words: `${name} ${signed(by)} accesses` }));
}

/** Means of the placements, host side, on every processor that both have. */
function missFaults(
  name: string,
  cell: JudgedCell,
  before: JudgedCell,
  percent: number,
  { allowsLess }: CostBound,
): string[] {
  return Object.entries(before.host?.cpus ?? {}).flatMap(([cpu, expected]) => {
    const got = cell.host?.cpus[cpu];
    if (got === undefined) return [];
    return MISSES.flatMap((miss) => {
      const [a, b] = [got[miss].mean, expected[miss].mean];
      const room = Math.max(LEAST_MISSES, (percent / 100) * b);
      return (allowsLess ? a - b : Math.abs(a - b)) > room
        ? [`${miss} of ${name} on ${cpu}: expected ${b.toFixed(3)}, got ${a.toFixed(3)}`]
        : [];
    });
  });
}
