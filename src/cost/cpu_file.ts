// Files that describe a processor for the simulator (cpus/*.yaml): read, held to a schema, and turned into what the simulator takes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { LabError, suggestion } from '../base/errors.ts';
import { expecting, readYaml, strictMap } from '../base/yaml_file.ts';

const FOLDER = fileURLToPath(new URL('./cpus', import.meta.url));
/** What the simulator counts in. */
const LINE_BYTES = 64;
/** A table of more words than this is no cache of any processor. */
const MOST_SETS = 2 ** 20;
const MOST_WAYS = 128;
/** Entries of one table: an L3 of 256 MiB. */
export const MOST_ENTRIES = 2 ** 22;

/** Shape of a cache or a TLB. */
export interface TableShape {
  sets: number;
  ways: number;
}

/** How an L3 is filled (core/hierarchy.ts), by the simulator's number. */
export const L3_POLICIES = { victim: 0, 'non-inclusive': 1, inclusive: 2 } as const;

/** A processor as the simulator takes it; times in cycles. */
export interface Cpu {
  name: string;
  title: string;
  l1: TableShape;
  l2: TableShape;
  l3: TableShape;
  l3Policy: keyof typeof L3_POLICIES;
  dtlb: TableShape;
  /** Translations of 2 MiB pages where they have a table of their own. */
  dtlb2m: TableShape | undefined;
  stlb: TableShape;
  latency: {
    l1: number;
    l2: number;
    l3: number;
    memory: number;
    other: number;
    stlb: number;
    walk4k: number;
    walk2m: number;
  };
  cyclesPerOp: number;
  /** Instructions of the module that the core keeps in flight. */
  windowOps: number;
  missRegisters: number;
  lockedCycles: number;
}

const sourced = <Value extends z.ZodType>(value: Value) =>
  strictMap({
    value,
    source: z.string({ error: expecting('where the number is from') }).min(4, 'expected where the number is from.'),
  });

const number = (what: string, most: number) =>
  sourced(
    z
      .number({ error: expecting(what) })
      .positive(`expected ${what} above 0.`)
      .max(most, `expected ${what} of at most ${most}.`),
  );

const count = (what: string, most: number) =>
  sourced(
    z
      .number({ error: expecting(what) })
      .int(`expected a whole number: ${what}.`)
      .min(1, `expected ${what} from 1 on.`)
      .max(most, `expected ${what} of at most ${most}.`),
  );

const sets = sourced(
  z
    .number({ error: expecting('a number of sets, a power of two') })
    .refine(
      (value) => Number.isInteger(Math.log2(value)) && value >= 1,
      'expected a power of two: sets are chosen by bits of the address.',
    )
    .max(MOST_SETS, `expected at most ${MOST_SETS} sets.`),
);
const ways = count('a number of ways', MOST_WAYS);
const cycles = number('cycles', 1000);

const SCHEMA = strictMap({
  title: z.string({ error: expecting('the name of the processor') }).min(1),
  line_bytes: sourced(
    z.literal(LINE_BYTES, { error: expecting(`${LINE_BYTES}, the line that the simulator counts in`) }),
  ),
  ghz: number('GHz', 10),
  core: strictMap({
    instructions_per_op: number('instructions of the processor for one of the module', 10),
    width: number('instructions a cycle', 32),
    window: count('instructions in flight (the reorder buffer)', 4096),
    miss_registers: count('misses under way at once', 512),
    locked_cycles: number('cycles', 1000),
  }),
  l1d: strictMap({ sets, ways, cycles }),
  l2: strictMap({ sets, ways, cycles }),
  l3: strictMap({
    sets,
    ways,
    cycles,
    policy: sourced(
      z.enum(Object.keys(L3_POLICIES) as [keyof typeof L3_POLICIES], {
        error: expecting(Object.keys(L3_POLICIES).join(', ')),
      }),
    ),
  }),
  dtlb: strictMap({ sets, ways }),
  dtlb_2m: strictMap({ sets, ways }).optional(),
  stlb: strictMap({ sets, ways, cycles }),
  walk: strictMap({ cycles_4k: cycles, cycles_2m: cycles }),
  memory: strictMap({ ns: number('nanoseconds', 10_000) }),
  transfer: strictMap({ ns: number('nanoseconds', 10_000) }),
});

/** Names of the processors that come with the lab. */
export function knownCpus(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();
}

/** @param word a known name, or the path of a file that ends with .yaml. @throws LabError for what is neither, or impossible */
export function readCpu(word: string): Cpu {
  const isFile = /\.ya?ml$/.test(word);
  const known = knownCpus();
  if (!isFile && !known.includes(word)) {
    throw new LabError(
      `--cpu: unknown processor '${word}'${suggestion(word, known) || '.'} There are: ${known.join(', ')}; or a file of your own: FILE.yaml.`,
    );
  }
  const path = isFile ? word : join(FOLDER, `${word}.yaml`);
  if (!existsSync(path))
    throw new LabError(`--cpu: there is no file '${word}': expected a description as in src/cost/cpus.`);
  return parseCpu(readFileSync(path, 'utf8'), isFile ? word : `${word}.yaml`);
}

/** @param source name for messages; the processor is named after it. @throws LabError with the line of what is wrong */
export function parseCpu(text: string, source: string): Cpu {
  const { value: file, lineOf } = readYaml(text, source, SCHEMA);
  const wrong = (key: string, why: string): never => {
    throw new LabError(`${source}:${lineOf([key])}: ${key}: ${why}`);
  };
  const shape = (table: { sets: { value: number }; ways: { value: number } }): TableShape => ({
    sets: table.sets.value,
    ways: table.ways.value,
  });
  const [l1, l2] = [shape(file.l1d), shape(file.l2)];
  if (l1.sets * l1.ways > l2.sets * l2.ways) wrong('l2', 'smaller than l1d, all of which it holds. Make it larger.');
  if (l1.sets > l2.sets || l1.ways > l2.ways * (l2.sets / l1.sets))
    wrong('l2', 'cannot hold all of l1d: fewer places for the lines of one set of it. Give it more sets or ways.');
  for (const key of ['l1d', 'l2', 'l3', 'dtlb', 'dtlb_2m', 'stlb'] as const) {
    const { sets: rows, ways: columns } = file[key] === undefined ? { sets: 1, ways: 1 } : shape(file[key]);
    if (rows * columns > MOST_ENTRIES) wrong(key, `has ${rows * columns} entries, expected at most ${MOST_ENTRIES}.`);
  }
  const ghz = file.ghz.value;
  const { core } = file;
  return {
    name: basename(source).replace(/\.ya?ml$/, ''),
    title: file.title,
    l1,
    l2,
    l3: shape(file.l3),
    l3Policy: file.l3.policy.value,
    dtlb: shape(file.dtlb),
    dtlb2m: file.dtlb_2m === undefined ? undefined : shape(file.dtlb_2m),
    stlb: shape(file.stlb),
    latency: {
      l1: file.l1d.cycles.value,
      l2: file.l2.cycles.value,
      l3: file.l3.cycles.value,
      memory: Math.round(file.memory.ns.value * ghz),
      other: Math.round(file.transfer.ns.value * ghz),
      stlb: file.stlb.cycles.value,
      walk4k: file.walk.cycles_4k.value,
      walk2m: file.walk.cycles_2m.value,
    },
    cyclesPerOp: core.instructions_per_op.value / core.width.value,
    windowOps: core.window.value / core.instructions_per_op.value,
    missRegisters: core.miss_registers.value,
    lockedCycles: core.locked_cycles.value,
  };
}
