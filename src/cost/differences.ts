// What one cell costs more than another: instructions, lines and atomics of the host, by structure and by line of the source.
import type { CostCell, CostDifference, LineCost, StructureCost, StructurePerIo } from './document.ts';
import type { ExactPerIo } from './exact.ts';

const NOTHING: StructurePerIo = { accesses: 0, lines: 0, dirtiedLines: 0, atomics: 0 };

/** Each cell against its group's first with the same buffers, or with any: what a run compares. */
export function costDifferences(cells: readonly CostCell[]): CostDifference[] {
  const whole = cells.filter(({ host }) => host !== undefined);
  return [...Map.groupBy(whole, ({ params }) => params.group).values()].flatMap((group) =>
    group.flatMap((cell) => {
      const reference = group.find(({ buffers }) => buffers === cell.buffers) ?? group[0];
      return reference === undefined || reference === cell ? [] : [costDifference(cell, reference)];
    }),
  );
}

/** a - b. */
export function costDifference(a: CostCell, b: CostCell): CostDifference {
  return {
    a: a.id,
    b: b.id,
    perIo: less(a.host?.perIo as ExactPerIo, b.host?.perIo as ExactPerIo),
    structures: structureDifferences(a.structures ?? [], b.structures ?? []),
    functions: lineDifferences(a.functions ?? [], b.functions ?? []),
  };
}

function less<Counts extends object>(a: Counts, b: Counts): Counts {
  return Object.fromEntries(
    Object.entries(a).map(([name, value]) => [name, value - ((b as Record<string, number>)[name] as number)]),
  ) as Counts;
}

function structureDifferences(a: readonly StructureCost[], b: readonly StructureCost[]): CostDifference['structures'] {
  const of = (all: readonly StructureCost[], name: string): StructurePerIo =>
    all.find((each) => each.name === name)?.host ?? NOTHING;
  const names = new Set([...a, ...b].map(({ name }) => name));
  return [...names]
    .map((name) => ({ name, perIo: less(of(a, name), of(b, name)) }))
    .filter(({ perIo }) => Object.values(perIo).some((value) => value !== 0))
    .sort((x, y) => Math.abs(y.perIo.accesses) - Math.abs(x.perIo.accesses) || (x.name < y.name ? -1 : 1));
}

function lineDifferences(a: readonly LineCost[], b: readonly LineCost[]): CostDifference['functions'] {
  const found = new Map<string, Omit<LineCost, 'core'>>();
  const add = (lines: readonly LineCost[], sign: 1 | -1): void => {
    for (const { core, ...line } of lines) {
      if (core !== 'host') continue;
      const key = `${line.file}:${line.line} ${line.function}`;
      const had = found.get(key) ?? { ...line, ops: 0, accesses: 0 };
      found.set(key, { ...had, ops: had.ops + sign * line.ops, accesses: had.accesses + sign * line.accesses });
    }
  };
  add(a, 1);
  add(b, -1);
  return [...found.values()]
    .filter(({ ops, accesses }) => ops !== 0 || accesses !== 0)
    .sort(
      (x, y) => Math.abs(y.ops) - Math.abs(x.ops) || (x.file < y.file ? -1 : x.file > y.file ? 1 : x.line - y.line),
    );
}
