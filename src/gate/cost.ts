// Rules of kind `cost`: what the timed modules execute and touch, equal to a document that p2plab cost has written, and simulated misses
// within a tolerance. No time; where something differs, the lines, structures and fields that make the difference are named.
import { costDifference } from '../cost/differences.ts';
import type { CostCell, CostDocument, StructureCost } from '../cost/document.ts';
import { MISSES } from '../cost/simulator.ts';
import { type ArmName, armWords, schemeFile } from './arm.ts';
import type { CostRule } from './gates_file.ts';
import type { Outcome } from './outcome.ts';

const COUNTS = ['ops', 'accesses', 'lines', 'dirtiedLines', 'atomics'] as const;
/** Instructions depend on what compiled them, the others on the source alone. */
const OF_THE_COMPILER: readonly string[] = ['ops'];
/** Sums of shares of thousands of I/Os, written and read as decimal numbers. */
const ROUNDING = 1e-9;
/** Misses of so few I/Os are one or two of those that were simulated. */
const LEAST_MISSES = 0.02;
/** Lines and fields that a message names. */
const NAMED = 3;

/** @param baseline what `rule.baseline` says, `now` what this checkout is */
export function judgeCost(rule: CostRule, now: CostDocument, baseline: CostDocument): Outcome {
  const faults = rule.arms.flatMap((arm) => faultsOf(rule, arm, now, baseline));
  const counts = rule.missesPercent === undefined ? 'counts' : `counts; misses within ${rule.missesPercent} %`;
  const common = {
    rule,
    measured: `cost of ${rule.arms.map(armWords).join(', ')}`,
    bound: `${counts} as in ${rule.baseline}`,
    interval: null,
  };
  const [first] = faults;
  if (first === undefined) {
    const isSameCompiler = now.compiler === baseline.compiler;
    const why = isSameCompiler
      ? 'exactly as written'
      : `as written, ops left out: they were written with ${baseline.compiler}`;
    return { ...common, verdict: 'pass', why };
  }
  return { ...common, verdict: 'fail', why: faults.map(({ words }) => words).join('; '), file: first.file };
}

interface Fault {
  words: string;
  file: string;
}

function faultsOf(rule: CostRule, arm: ArmName, now: CostDocument, baseline: CostDocument): Fault[] {
  const [cell, before] = [cellOf(now, arm), cellOf(baseline, arm)];
  const name = armWords(arm);
  const file = schemeFile(arm.scheme);
  if (cell === undefined || before === undefined) {
    const where = cell === undefined ? 'this run' : rule.baseline;
    return [{ words: `${name} is not in ${where}: write it with p2plab cost --json`, file }];
  }
  if (cell.refused?.errno !== before.refused?.errno) {
    const [a, b] = [cell, before].map(({ refused }) => refused?.errno ?? 'not refused');
    return [{ words: `${name}: ${a}, expected ${b}`, file }];
  }
  if (cell.refused !== undefined) return [];
  const compared = COUNTS.filter((count) => !OF_THE_COMPILER.includes(count) || now.compiler === baseline.compiler);
  const changed = (['host', 'device'] as const).flatMap((core) =>
    compared.flatMap((count) => {
      const [got, expected] = [cell, before].map((each) => each[core]?.perIo[count] ?? 0) as [number, number];
      const side = core === 'host' ? 'host' : 'controller';
      return differs(got, expected) ? [`${count} of ${name} (${side}): expected ${expected}, got ${got}`] : [];
    }),
  );
  const misses = rule.missesPercent === undefined ? [] : missFaults(name, cell, before, rule.missesPercent);
  if (changed.length + misses.length === 0) return [];
  const because = changed.length === 0 ? [] : causesOf(cell, before);
  const lineFile = because.find(({ file: own }) => own !== undefined)?.file;
  const words = [...changed, ...misses].join(', ');
  const causes = because.length === 0 ? '' : ` (${because.map(({ words: each }) => each).join(', ')})`;
  return [{ words: `${words}${causes}`, file: lineFile ?? file }];
}

function differs(a: number, b: number): boolean {
  return Math.abs(a - b) > ROUNDING * Math.max(1, Math.abs(b));
}

function cellOf({ cells }: CostDocument, { scheme, buffers }: ArmName): CostCell | undefined {
  return cells.find((cell) => cell.scheme === scheme && cell.buffers === buffers);
}

/** The lines, and the fields, that differ most. */
function causesOf(cell: CostCell, before: CostCell): { words: string; file?: string }[] {
  const signed = (value: number): string => `${value > 0 ? '+' : ''}${Number(value.toPrecision(6))}`;
  const lines = costDifference(cell, before)
    .functions.slice(0, NAMED)
    .map(({ file, line, function: name, ops, accesses }) => ({
      words: `${file}:${line} ${name}: ${signed(ops)} ops, ${signed(accesses)} accesses`,
      file,
    }));
  return [...lines, ...fieldDifferences(cell.structures ?? [], before.structures ?? []).slice(0, NAMED)];
}

function fieldDifferences(now: readonly StructureCost[], before: readonly StructureCost[]): { words: string }[] {
  const flat = (structures: readonly StructureCost[]): Map<string, number> =>
    new Map(
      structures.flatMap(({ name, fields }) =>
        fields.map((field) => [`${name}.${field.name}`, field.reads + field.writes + field.atomics] as const),
      ),
    );
  const [a, b] = [flat(now), flat(before)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .map((name) => ({ name, by: (a.get(name) ?? 0) - (b.get(name) ?? 0) }))
    .filter(({ by }) => Math.abs(by) > ROUNDING)
    .sort((x, y) => Math.abs(y.by) - Math.abs(x.by) || (x.name < y.name ? -1 : 1))
    .map(({ name, by }) => ({ words: `${name} ${by > 0 ? '+' : ''}${Number(by.toPrecision(6))} accesses` }));
}

/** Means of the placements, host side, on every processor that both have. */
function missFaults(name: string, cell: CostCell, before: CostCell, percent: number): string[] {
  return Object.entries(before.host?.cpus ?? {}).flatMap(([cpu, expected]) => {
    const got = cell.host?.cpus[cpu];
    if (got === undefined) return [];
    return MISSES.flatMap((miss) => {
      const [a, b] = [got[miss].mean, expected[miss].mean];
      const room = Math.max(LEAST_MISSES, (percent / 100) * b);
      return Math.abs(a - b) > room
        ? [`${miss} of ${name} on ${cpu}: expected ${b.toFixed(3)}, got ${a.toFixed(3)}`]
        : [];
    });
  });
}
