// A gates file: what it may say, and its rules as the gate uses them. bench/README.md explains it to its writers.
import { z } from 'zod';
import { LabError } from '../base/errors.ts';
import { parseMs } from '../base/units.ts';
import { expecting, readYaml, strictMap, wordMap, type YamlFile } from '../base/yaml_file.ts';
import { type ArmName, BUFFERS, type Buffers, parseArm } from './arm.ts';
import { counterFault, type Expected, parseExpected } from './counter.ts';
import { ON_INCONCLUSIVE, type OnInconclusive, RULE_KINDS, type RuleKind } from './rule_words.ts';
import { MIN_HISTORY } from './shift.ts';

export const METRICS = ['cpuNsPerIo', 'iops', 'nsPerIo'] as const;
export type MetricName = (typeof METRICS)[number];

/** Options of `p2plab run` by their long names; read by the same parser as the command line. */
export type WorkloadOptions = Readonly<Record<string, unknown>>;

/** One thing measured, for all rules that name it. */
export interface Workload {
  name: string;
  options: WorkloadOptions;
  /** Line in the gates file. */
  line: number;
}

interface RuleBase {
  name: string;
  workload: Workload;
  line: number;
}
export interface ExactRule extends RuleBase {
  kind: 'exact';
  /** Every scheme with every buffer source. */
  arms: ArmName[];
  /** Counter to value. */
  expect: Readonly<Record<string, Expected>>;
}
/** A metric of a over b: the whole interval of the ratio must lie in the bounds. */
export interface RatioRule extends RuleBase {
  kind: 'ratio';
  metric: MetricName;
  a: ArmName;
  b: ArmName;
  above: number | undefined;
  below: number | undefined;
}
export interface EquivalentRule extends RuleBase {
  kind: 'equivalent';
  metric: MetricName;
  a: ArmName;
  b: ArmName;
  marginPercent: number;
}
/** A figure of this machine over time: no step for the worse among the latest records. */
export interface HistoryRule extends RuleBase {
  kind: 'history';
  metric: MetricName;
  a: ArmName;
  /** With b the figure is the ratio a/b. */
  b: ArmName | undefined;
  /** As written; {machine} stands for the fingerprint. */
  file: string;
  marginPercent: number;
  recent: number;
  least: number;
}
/** An arm of this checkout over the same arm of another commit; only with --against. */
export interface AgainstRule extends RuleBase {
  kind: 'against';
  metric: MetricName;
  arm: ArmName;
  marginPercent: number;
}
/** Instructions, accesses, lines and atomics of the timed modules as a baseline has them, or no more than at another commit. */
export interface CostRule extends RuleBase {
  kind: 'cost';
  arms: ArmName[];
  /** File beside the gates file (cost_baseline.ts); without one the rule is only asked with --against. */
  baseline: string | undefined;
  /** Processors to simulate; undefined: the baseline's. */
  cpus: readonly string[] | undefined;
  /** Tolerance of mean simulated misses; undefined: none are simulated. */
  missesPercent: number | undefined;
}
export type Rule = ExactRule | RatioRule | EquivalentRule | HistoryRule | AgainstRule | CostRule;

export interface Gates {
  /** The file as the user named it. */
  source: string;
  budgetMs: number;
  onInconclusive: OnInconclusive;
  rules: Rule[];
}

const DEFAULT_BUDGET_MS = 60_000;
const DEFAULT_RECENT = 10;
const DEFAULT_HISTORY_MARGIN = 5;
const DEFAULT_AGAINST_MARGIN = 3;

/** `2`, `2%`, `0.5 %`; undefined for anything else. */
function parsePercent(value: string | number): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(String(value));
  const percent = Number(match?.[1]);
  return percent >= 0.1 && percent <= 50 ? percent : undefined;
}

/** A word or number that `parse` understands, or the complaint. */
function parsed<T>(expected: string, parse: (value: string | number) => T | undefined) {
  return z.union([z.string(), z.number()], { error: expecting(expected) }).transform((value, context) => {
    const result = parse(value);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: expecting(expected)({ input: value }) });
    return z.NEVER;
  });
}

const percent = parsed('a percentage from 0.1 to 50, as 2 or 2%', parsePercent);
const arm = parsed("SCHEME/BUFFERS, as page/fixed, page@5.2/pool, or page/fixed' for the reference's copy", (value) =>
  parseArm(String(value)),
);
const word = (what: string) => z.string({ error: expecting(what) }).min(1, { error: expecting(what) });
const listOf = <T extends z.ZodType>(item: T) => z.union([item.transform((one) => [one]), z.array(item).min(1)]);
const buffersWord = z.enum(BUFFERS, { error: expecting(`one of ${BUFFERS.join(', ')}`) });
const schemeWord = z
  .string({ error: expecting("a scheme's name") })
  .regex(/^[a-z0-9_]+(@[a-z0-9.+-]+)?$/, { error: expecting("a scheme's name, as page or page@5.2") });
const metric = z.enum(METRICS, { error: expecting(`one of ${METRICS.join(', ')}`) });
const positive = z
  .number({ error: expecting('a positive number') })
  .positive({ error: expecting('a positive number') });
const workloadOptions = wordMap(z.unknown(), 'options of p2plab run, as bar: 256MiB').transform(
  (options): WorkloadOptions => Object.fromEntries(options),
);
const workload = z.union([z.string(), workloadOptions], {
  error: expecting('the name of a workload, or options of p2plab run'),
});

const expectations = wordMap(
  z.union([z.number(), z.string()]),
  'counters with values, as perIo.pageLines: 1',
).transform((entries, context) => {
  const checked: Record<string, Expected> = {};
  for (const [path, value] of entries) {
    const fault = counterFault(path);
    const expected = fault === undefined ? parseExpected(path, value) : undefined;
    if (expected !== undefined) checked[path] = expected;
    else {
      const kinds =
        path === 'refused' ? 'an errno as EINVAL, or none' : 'a count, a fraction as 1/32, or a size as 4MiB';
      context.addIssue({ code: 'custom', path: [path], message: `${fault ?? expecting(kinds)({ input: value })}` });
    }
  }
  if (entries.size === 0) context.addIssue({ code: 'custom', message: 'expected at least one counter.' });
  return checked;
});

const base = { name: word('a name'), workload: workload.optional() };
const pair = { metric: metric.default('cpuNsPerIo'), a: arm, b: arm };
const KINDS = {
  exact: strictMap({
    ...base,
    kind: z.literal('exact'),
    scheme: listOf(schemeWord),
    buffers: listOf(buffersWord),
    expect: expectations,
  }),
  ratio: strictMap({
    ...base,
    kind: z.literal('ratio'),
    ...pair,
    above: positive.optional(),
    below: positive.optional(),
  }).superRefine((rule, context) => {
    if (rule.above === undefined && rule.below === undefined) {
      context.addIssue({ code: 'custom', message: 'a ratio rule needs above, below or both.' });
    } else if ((rule.above ?? 0) >= (rule.below ?? Number.POSITIVE_INFINITY)) {
      context.addIssue({ code: 'custom', path: ['above'], message: 'above must be less than below.' });
    }
  }),
  equivalent: strictMap({ ...base, kind: z.literal('equivalent'), ...pair, margin: percent }),
  history: strictMap({
    ...base,
    kind: z.literal('history'),
    metric: metric.default('cpuNsPerIo'),
    a: arm,
    b: arm.optional(),
    file: word('the path of a JSONL file'),
    margin: percent.default(DEFAULT_HISTORY_MARGIN),
    recent: z
      .int({ error: expecting('a whole number of records') })
      .min(2)
      .max(1000)
      .default(DEFAULT_RECENT),
    least: z
      .int({ error: expecting('a whole number of records') })
      .min(MIN_HISTORY, { error: () => `a verdict on history needs ${MIN_HISTORY} records or more.` })
      .default(MIN_HISTORY),
  }),
  against: strictMap({
    ...base,
    kind: z.literal('against'),
    metric: metric.default('cpuNsPerIo'),
    scheme: schemeWord,
    buffers: buffersWord,
    margin: percent.default(DEFAULT_AGAINST_MARGIN),
  }),
  cost: strictMap({
    ...base,
    kind: z.literal('cost'),
    scheme: listOf(schemeWord),
    buffers: listOf(buffersWord),
    baseline: word('the path of a file that p2plab gate --update-baselines writes').optional(),
    misses: percent.optional(),
    cpu: listOf(word('a processor, as genoa')).optional(),
  }),
} as const satisfies Record<RuleKind, unknown>;

const kinds = [KINDS.exact, KINDS.ratio, KINDS.equivalent, KINDS.history, KINDS.against, KINDS.cost] as const;
const rule = z.discriminatedUnion('kind', kinds, {
  error: expecting(`a rule with a kind of ${RULE_KINDS.join(', ')}`),
});

const gatesSchema = strictMap({
  schema: z.literal('p2plab.gates/1', { error: expecting("'p2plab.gates/1'") }),
  budget: parsed('a time with its unit, as 90s or 3m', (value) => parseMs(String(value))).optional(),
  inconclusive: z
    .union([z.enum(ON_INCONCLUSIVE), z.literal(3).transform(() => '3' as const)], {
      error: expecting(`one of ${ON_INCONCLUSIVE.join(', ')}`),
    })
    .optional(),
  workloads: wordMap(workloadOptions, 'names with options of p2plab run').optional(),
  rules: z.array(rule, { error: expecting('a list of rules') }).min(1, { error: () => 'expected at least one rule.' }),
});

/** Reads a gates file. @throws LabError with line and key */
export function readGates(text: string, source: string): Gates {
  const file = readYaml(text, source, gatesSchema);
  const { budget, inconclusive, rules } = file.value;
  const named = namedWorkloads(file);
  const inline = new Map<string, Workload>();
  const names = new Map<string, number>();
  return {
    source,
    budgetMs: budget ?? DEFAULT_BUDGET_MS,
    onInconclusive: inconclusive ?? '3',
    rules: rules.map((written, index) => {
      const line = file.lineOf(['rules', index]);
      const before = names.get(written.name);
      if (before !== undefined) {
        throw new LabError(
          `${source}:${line}: rules[${index}].name: '${written.name}' is the name of line ${before} too.`,
        );
      }
      names.set(written.name, line);
      return ruleOf(written, { line, workload: workloadOf(written.workload, index) });
    }),
  };

  function workloadOf(said: string | WorkloadOptions | undefined, index: number): Workload {
    const line = file.lineOf(['rules', index, 'workload']);
    if (typeof said === 'string') {
      const found = named.get(said);
      if (found !== undefined) return found;
      const there = named.size > 0 ? `There are: ${[...named.keys()].join(', ')}.` : 'The file has no workloads.';
      throw new LabError(`${source}:${line}: rules[${index}].workload: no workload '${said}'. ${there}`);
    }
    const options = said ?? {};
    const key = canonical(options);
    const known = [...named.values()].find((each) => canonical(each.options) === key) ?? inline.get(key);
    if (known !== undefined) return known;
    const made = { name: said === undefined ? 'default' : `of line ${line}`, options, line };
    inline.set(key, made);
    return made;
  }
}

/** The same options in another order are the same workload. */
function canonical(options: WorkloadOptions): string {
  return JSON.stringify(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function namedWorkloads({ value, lineOf }: YamlFile<z.output<typeof gatesSchema>>): Map<string, Workload> {
  const entries = [...(value.workloads ?? [])];
  return new Map(entries.map(([name, options]) => [name, { name, options, line: lineOf(['workloads', name]) }]));
}

function everyArm({ scheme, buffers }: { scheme: readonly string[]; buffers: readonly Buffers[] }): ArmName[] {
  return scheme.flatMap((each) => buffers.map((source) => ({ scheme: each, buffers: source, isCopy: false })));
}

function ruleOf(written: z.output<typeof rule>, { line, workload }: { line: number; workload: Workload }): Rule {
  const common = { name: written.name, line, workload };
  switch (written.kind) {
    case 'exact':
      return { ...common, kind: 'exact', arms: everyArm(written), expect: written.expect };
    case 'cost': {
      const { baseline, misses, cpu } = written;
      return { ...common, kind: 'cost', arms: everyArm(written), baseline, cpus: cpu, missesPercent: misses };
    }
    case 'ratio': {
      const { metric, a, b, above, below } = written;
      return { ...common, kind: 'ratio', metric, a, b, above, below };
    }
    case 'equivalent': {
      const { metric, a, b, margin } = written;
      return { ...common, kind: 'equivalent', metric, a, b, marginPercent: margin };
    }
    case 'history': {
      const { metric, a, b, file, margin, recent, least } = written;
      return { ...common, kind: 'history', metric, a, b, file, marginPercent: margin, recent, least };
    }
    case 'against': {
      const { metric, scheme, buffers, margin } = written;
      return { ...common, kind: 'against', metric, arm: { scheme, buffers, isCopy: false }, marginPercent: margin };
    }
  }
}
