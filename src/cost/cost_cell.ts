// One arm's cell: exact counts and the figures of each processor, put together by core, structure, field and line of the source.
import type { CacheFigures } from './caches.ts';
import type { CostArm } from './cost_arm.ts';
import type { CoreCost, CostCell, FieldCost, LineCost, StructureCost, StructurePerIo } from './document.ts';
import type { ExactCounts, FieldsPerIo } from './exact.ts';
import type { Instrumented } from './instrument.ts';
import type { Field } from './regions.ts';
import { type CoreName, type FieldCounts, MISSES, type Misses } from './simulator.ts';
import type { SourceLines, SourcePlace } from './source_lines.ts';

const CORES = ['host', 'device'] as const;

/** @param figures by the processor's name */
export function coreCost(core: CoreName, exact: ExactCounts, figures: ReadonlyMap<string, CacheFigures>): CoreCost {
  return {
    perIo: exact.perIo[core],
    cpus: Object.fromEntries([...figures].map(([cpu, { perIo }]) => [cpu, perIo[core]])),
  };
}

/** Every structure that is touched, the most accessed first. */
export function structureCosts(
  fields: readonly Field[],
  exact: ExactCounts,
  figures: ReadonlyMap<string, CacheFigures>,
): StructureCost[] {
  const byStructure = Map.groupBy(
    fields.map((field, index) => ({ field, index })),
    ({ field }) => field.structure,
  );
  return [...byStructure]
    .map(([name, members]): StructureCost => {
      const indices = members.map(({ index }) => index);
      const perCore = CORES.map((core) => structurePerIo(exact.fields[core], indices));
      return {
        name,
        perIo: added(perCore[0] as StructurePerIo, perCore[1] as StructurePerIo),
        host: perCore[0] as StructurePerIo,
        cpus: Object.fromEntries([...figures].map(([cpu, { fields: rows }]) => [cpu, summed(rows.host, indices)])),
        fields: fieldCosts(members, exact, figures),
      };
    })
    .filter(({ perIo }) => perIo.accesses > 0 || perIo.lines > 0)
    .sort((a, b) => b.perIo.accesses - a.perIo.accesses || (a.name < b.name ? -1 : 1));
}

function structurePerIo(rows: FieldsPerIo, indices: readonly number[]): StructurePerIo {
  const sum = (...names: (keyof FieldCounts)[]): number =>
    indices.reduce((all, index) => all + names.reduce((own, name) => own + (rows[index] as FieldCounts)[name], 0), 0);
  return {
    accesses: sum('reads', 'writes', 'atomics', 'atomicStores'),
    lines: sum('lines'),
    dirtiedLines: sum('dirtiedLines'),
    atomics: sum('atomics'),
  };
}

function added(a: StructurePerIo, b: StructurePerIo): StructurePerIo {
  return {
    accesses: a.accesses + b.accesses,
    lines: a.lines + b.lines,
    dirtiedLines: a.dirtiedLines + b.dirtiedLines,
    atomics: a.atomics + b.atomics,
  };
}

function summed(rows: readonly Misses[], indices: readonly number[]): Misses {
  return Object.fromEntries(
    MISSES.map((miss) => [miss, indices.reduce((sum, index) => sum + (rows[index] as Misses)[miss], 0)]),
  ) as Misses;
}

/** Fields of one name may be of several regions: those of the same place are one. */
function fieldCosts(
  members: readonly { field: Field; index: number }[],
  exact: ExactCounts,
  figures: ReadonlyMap<string, CacheFigures>,
): FieldCost[] {
  const same = Map.groupBy(members, ({ field }) => `${field.offset} ${field.name}`);
  return [...same.values()]
    .map((group): FieldCost => {
      const { field } = group[0] as (typeof group)[number];
      const rows = group.flatMap(({ index }) => CORES.map((core) => exact.fields[core][index] as FieldCounts));
      const sum = (...names: (keyof FieldCounts)[]): number =>
        rows.reduce((all, row) => all + names.reduce((own, name) => own + row[name], 0), 0);
      const misses = ({ fields }: CacheFigures): number =>
        group.reduce(
          (all, { index }) => all + CORES.reduce((own, core) => own + (fields[core][index] as Misses).l2Misses, 0),
          0,
        );
      return {
        ...{ name: field.name, offset: field.offset, bytes: field.bytes },
        ...{ reads: sum('reads'), writes: sum('writes', 'atomicStores'), atomics: sum('atomics') },
        l2Misses: Object.fromEntries([...figures].map(([cpu, each]) => [cpu, misses(each)])),
      };
    })
    .filter(({ reads, writes, atomics }) => reads + writes + atomics > 0)
    .sort((a, b) => a.offset - b.offset);
}

/** Lines by what they execute, the most first. Every instruction and access has its line, `?` where the module does not say it. */
export function lineCosts(
  { host }: Pick<CostArm, 'host'>,
  exact: ExactCounts,
  lines: ReadonlyMap<Instrumented, SourceLines>,
): LineCost[] {
  const found = new Map<string, LineCost>();
  const at = (core: CoreName, place: SourcePlace | undefined): LineCost => {
    const { file, line, function: name } = place ?? { file: '?', line: 0, function: '?' };
    const key = `${core} ${file}:${line} ${name}`;
    const had = found.get(key) ?? { core, file, line, function: name, ops: 0, accesses: 0 };
    found.set(key, had);
    return had;
  };
  for (const [module, runs] of exact.blockRuns) {
    const core = module === host ? 'host' : 'device';
    const source = lines.get(module);
    module.blocks.forEach(({ ops }, block) => {
      const times = (runs[block] as number) / exact.ios;
      if (times > 0) for (const offset of ops) at(core, source?.placeAt(offset)).ops += times;
    });
    for (const site of module.sites) {
      const times = (exact.siteAccesses[site.id] as number) / exact.ios;
      if (times > 0) at(core, source?.placeAt(site.at)).accesses += times;
    }
  }
  return [...found.values()].sort(
    (a, b) =>
      b.ops - a.ops || b.accesses - a.accesses || (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line),
  );
}

/** The cell of an arm whose I/O the scheme refuses, or its figures. */
export type CellFigures = Pick<CostCell, 'host' | 'device' | 'structures' | 'functions'>;
