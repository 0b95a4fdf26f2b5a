// The result document, "p2plab.result/1": types, their check, and the reading of a file. What a figure's label says (measured,
// counted, modelled) holds for the whole field. Anything that was not measured is null, never 0.
import { z } from 'zod';
import { LabError } from '../base/errors.ts';
import { METADATA } from '../catalogue/counters.ts';
import { DETAILS, VERDICTS } from '../stats/verdict.ts';
import { WARMUP_CLASSES } from '../stats/warmup_class.ts';
import { cellCost } from './cost.ts';
import {
  histogram,
  keptRounds,
  laneTotals,
  latencyByDirection,
  latencyTargetTerms,
  rawSample,
} from './measured_rounds.ts';
import { perIo } from './per_io.ts';

export const RESULT_SCHEMA = 'p2plab.result/1';

const count = z.number().nonnegative().nullable();
const interval = z.tuple([z.number(), z.number()]);
const paramValue = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.union([z.string(), z.number(), z.boolean()])),
]);

/**
 * Median over the rounds of one process, null interval with fewer than six; of several processes the median of theirs, with
 * their t interval. Where processes run at levels far apart, the figures are those of the level with most processes.
 */
const estimate = z.object({
  median: z.number(),
  ci95: interval.nullable(),
  /** Median of each process, by index; null of one without rounds. */
  byProcess: z.array(count).optional(),
  /** All levels, the fewest nanoseconds or I/Os first, where there are several. */
  levels: z.array(z.object({ processes: z.array(z.number().int()), median: z.number() })).optional(),
});

const latency = z.object({
  p50: count,
  p90: count,
  p99: count,
  p999: count,
  max: count,
  /** I/Os that were timed, of those that ended in the rounds kept: in a closed loop a sample of them, in an open one all. */
  samples: z.number().nonnegative(),
  histogram: histogram.nullable(),
  /** Directions apart, where there are several or trims: reads, writes and trims are the same samples, syncs (Flush) are beside them. */
  ...latencyByDirection,
  /**
   * "closed": the next I/O waits for one to complete, so a stall delays the I/Os that would have seen it; of a sample of the
   * I/Os, from submission. "open": I/Os are due at times of their own; of all I/Os, from when each was due.
   */
  loop: z.enum(['closed', 'open']),
  /**
   * Open loop: I/Os per second that were due and that were done over all slices, and whether that is the same.
   */
  offered: z.object({ iops: z.number().positive(), achievedIops: z.number(), kept: z.boolean() }).optional(),
});

/** Figures that rest on published costs of hardware that is not here (lab/iommu_model.ts), beside measured ones. */
const modelled = z.object({
  /** Waits for invalidations and write-back of page-table entries, per I/O: modelled only. */
  iommuNsPerIo: z.number().nonnegative().optional(),
  /** Measured cpuNsPerIo and modelled iommuNsPerIo together. */
  cpuNsPerIo: z.number().nonnegative().optional(),
  /** Service time of the device in the model, and the rate that follows from it and cpuNsPerIo. */
  serviceNs: z.number().positive().optional(),
  iops: z.number().positive().optional(),
  bound: z.enum(['cpu', 'device']).optional(),
});

/** Bytes the scheme keeps so that the I/O can be carried, for the cell's BAR. */
const metadataBytes = z.object(
  Object.fromEntries(Object.keys(METADATA).map((name) => [name, count])) as Record<keyof typeof METADATA, typeof count>,
);

const removalRound = z.object({
  round: z.number().int().nonnegative(),
  mode: z.enum(['threads', 'inline']),
  ios: z.number().nonnegative(),
  inFlight: z.number().nonnegative(),
  okBefore: z.number().nonnegative(),
  okDraining: z.number().nonnegative(),
  okAfter: z.number().nonnegative(),
  refused: z.number().nonnegative(),
  deviceErrors: z.number().nonnegative(),
  unclaimed: z.number().nonnegative(),
  landedElsewhere: z.number().nonnegative(),
  faults: z.number().nonnegative(),
  sigbus: z.number().nonnegative(),
  corruptedBlocks: z.number().nonnegative(),
  unmapNs: z.number().nonnegative(),
  graceNs: z.number().nonnegative(),
  drainNs: z.number().nonnegative(),
  /** Turns of the removing agent. */
  turns: z.number().nonnegative(),
});

/** What the provider's removal under I/O came to, over all rounds and schedules. Counts are sums of I/Os. */
const removal = z.object({
  /** Share of a round's I/Os after which the provider went. */
  at: z.number().gt(0).lt(1),
  /** What its addresses led to afterwards. */
  hole: z.enum(['empty', 'reassigned']),
  /** What the removal waited for; `none`: nothing that the scheme has could be waited for or revoked. */
  rule: z.enum(['pins', 'allocations', 'holders', 'revoked', 'none']),
  inFlight: z.number().nonnegative(),
  okBefore: z.number().nonnegative(),
  okDraining: z.number().nonnegative(),
  /** Ended well although the provider was gone: host RAM, or what another device now has at its addresses. */
  okAfter: z.number().nonnegative(),
  refused: z.object({ ios: z.number().nonnegative(), errno: z.string().nullable() }),
  deviceErrors: z.number().nonnegative(),
  /**
   * Transfers to the provider's addresses after it was gone: that nothing claimed, that ended in another device, that an
   * IOMMU stopped (what no switch claims goes up to it).
   */
  usedAfter: z.object({
    unclaimed: z.number().nonnegative(),
    landedElsewhere: z.number().nonnegative(),
    faults: z.number().nonnegative(),
  }),
  /** CPU accesses to its memory that met no mapping, and media blocks that hold something else than was written; null: not looked. */
  sigbus: count,
  corruptedBlocks: count,
  /**
   * Measured in the threads schedule: taking away user mappings, the grace period after which nobody can take a reference,
   * waiting for the references that are left. Null where only the inline schedule ran.
   */
  unmapNs: estimate.nullable(),
  graceNs: estimate.nullable(),
  drainNs: estimate.nullable(),
  rounds: z.array(removalRound),
});

const cell = z.object({
  /** GROUP/SCHEME/BUFFERS, for example g0/page/user; the reference's copy ends in an apostrophe. */
  id: z.string(),
  scheme: z.string(),
  /** Every resolved option. `role` is reference, aa (the reference's copy), arm or floor (the null scheme). */
  params: z.record(z.string(), paramValue),
  /** More runnable threads than cores: the figures are the scheduler's. */
  oversubscribed: z.boolean(),
  iops: estimate.nullable(),
  nsPerIo: estimate.nullable(),
  cpuNsPerIo: estimate.nullable(),
  /** 10^9 bytes read and written per second: median over the rounds. Null where payload was not moved. */
  gbPerS: count,
  /** Mean size of the I/Os that were measured. */
  bytesPerIo: z.number().positive().optional(),
  latencyNs: latency.nullable(),
  perIo: perIo.nullable(),
  metadataBytes: metadataBytes.nullable(),
  /** With fio's latency_target: the largest depth at which this arm keeps it, at which it was measured; 1 and not met where none. */
  latencyTarget: z
    .object({ depth: z.number().int().positive(), met: z.boolean(), ...latencyTargetTerms.partial().shape })
    .optional(),
  verified: z
    .object({ ios: z.number().nonnegative(), bytes: z.number().nonnegative(), errors: z.number().nonnegative() })
    .nullable(),
  modelled: modelled.optional(),
  rounds: z.array(rawSample),
  /** Of each schedule that ran. */
  kept: z.object({ threads: keptRounds.optional(), inline: keptRounds.optional() }).optional(),
  /** Each queue pair by itself, where there are several. */
  lanes: z.array(laneTotals).optional(),
  /**
   * Why the scheme cannot carry these buffers: the kernel's error, and the rule behind it. Or `misdirected`: its
   * transfers ended elsewhere, and where.
   */
  refused: z
    .object({
      errno: z.string(),
      reason: z.string(),
      /** Counts per refused I/O of those who refused: fields of perIo. */
      counts: z.record(z.string(), z.number().positive()).optional(),
    })
    .optional(),
  /** What each process did over its rounds, by schedule and process; only where it had rounds enough to tell. */
  warmup: z
    .array(z.object({ process: z.number().int(), mode: z.enum(['threads', 'inline']), class: z.enum(WARMUP_CLASSES) }))
    .optional(),
  /** In place of rounds, in runs that removed the provider. */
  removal: removal.optional(),
  /** Field -> how its figure came about, where it is not the usual way (figure_labels.ts). */
  labels: z.record(z.string(), z.enum(['measured', 'counted', 'modelled'])).optional(),
  /** Shares of cpuNsPerIo by stage of the path, in the order an I/O passes them. */
  stages: z.array(z.object({ stage: z.string(), ns: z.number().nonnegative(), ci95: interval.nullable() })).optional(),
  /** What the timed modules execute and touch, exactly, and the model of a processor: without a clock. */
  cost: cellCost.optional(),
});

/** Two cells of one group by the rounds they share; the ratio is a/b. */
const comparison = z.object({
  /** A field of a cell: iops, nsPerIo, cpuNsPerIo. */
  metric: z.string(),
  a: z.string(),
  b: z.string(),
  ratio: z.number().positive(),
  ci95: interval.nullable(),
  ci90: interval.nullable().optional(),
  verdict: z.enum(VERDICTS),
  detail: z.enum(DETAILS).optional(),
  /** Smallest relative difference found with 80 % power (0.012 is 1.2 %). */
  minDetectable: z.number().nullable(),
  roundsNeeded: z.number().nullable().optional(),
  n: z.number().int().positive(),
  marginPercent: z.number().optional(),
  /** Processes behind the rounds. */
  processes: z.number().int().positive().optional(),
  /** p-values of no difference and of a difference as large as the margin. */
  pValue: z.number().nullable().optional(),
  pEquivalence: z.number().nullable().optional(),
  /** Why there is no verdict although there are intervals: too few clean rounds, levels, processes without a steady state. */
  withheld: z.string().optional(),
  /** Ratios of all levels at which the processes ran, where there are several; the figures above are those of the first. */
  levels: z
    .array(z.object({ processes: z.array(z.number().int()), ratio: z.number().positive(), n: z.number().int() }))
    .optional(),
  /** The verdict among all that are read together. */
  adjusted: z
    .object({
      method: z.enum(['holm', 'benjamini-hochberg']),
      of: z.number().int().positive(),
      pValue: z.number(),
      verdict: z.enum(VERDICTS),
      /** The verdict is not taken back. */
      survives: z.boolean().optional(),
    })
    .optional(),
});

/** One round of one schedule in one process, and what disturbed it (milliseconds; null where the system does not count). */
const block = z.object({
  group: z.string(),
  process: z.number().int().nonnegative(),
  round: z.number().int().nonnegative(),
  mode: z.enum(['threads', 'inline']),
  wallMs: z.number(),
  /** Times that the measuring process was stopped and went on (SIGCONT). */
  stops: z.number().int().nonnegative().optional(),
  /** Sum over CPUs, in ticks of 10 ms. */
  stealMs: count,
  /** Sums over the agents' threads. */
  runDelayMs: count,
  cpuMs: count,
  involuntarySwitches: count,
  /** Nanoseconds for each step of a loop of integer multiplications. */
  sentinelNs: z.number(),
  dirty: z.boolean().optional(),
  dirtyReason: z.string().optional(),
});

const environment = z.object({
  cpu: z.string(),
  cores: z.number().int().positive(),
  kernel: z.string(),
  node: z.string(),
  v8: z.string(),
  warnings: z.array(z.string()),
});

const run = z.object({
  id: z.string(),
  version: z.string(),
  argv: z.array(z.string()),
  seed: z.number().int(),
  /** ISO 8601. */
  startedAt: z.string(),
  /** By the monotonic clock. Files of before may have one below 0, of a run during which the clock was set back. */
  durationMs: z.number(),
  /** Set when the run was stopped before its plan was done: what is here is valid, but less. */
  interrupted: z.boolean().optional(),
  /** Processes in which it was measured: bytes of padding in the environment, and what they took. */
  processes: z
    .array(z.object({ process: z.number().int(), paddingBytes: z.number().int(), tookMs: z.number() }))
    .optional(),
  /** Looks at the data that were planned and taken, and the level of each, when more was measured while verdicts were open. */
  looks: z.object({ planned: z.number().int(), taken: z.number().int(), alpha: z.number() }).optional(),
  /** Why the run ended before its plan was done, when it was not the user. */
  failure: z.string().optional(),
});

const plainValue = z.union([z.string(), z.number(), z.boolean()]);
/** A value of an axis as it was written; null is the option's default. */
const axisValue = z.union([plainValue, z.null(), z.array(plainValue).readonly()]);

/** What a result merged from many has besides: the plan of cells, and what became of each. */
const sweep = z.object({
  axes: z.array(z.object({ key: z.string(), param: z.string(), values: z.array(axisValue) })),
  repeat: z.number().int().positive(),
  cells: z.array(
    z.object({
      /** First part of the ids of its cells, before the full stop. */
      hash: z.string(),
      values: z.record(z.string(), axisValue),
      repeat: z.number().int().positive(),
      /** impossible: its machine cannot be built; missing: nobody has measured it yet. */
      state: z.enum(['measured', 'failed', 'impossible', 'missing']),
      reason: z.string().optional(),
    }),
  ),
});

const resultSchema = z
  .object({
    schema: z.literal(RESULT_SCHEMA),
    run,
    environment,
    cells: z.array(cell),
    comparisons: z.array(comparison),
    blocks: z.array(block).optional(),
    sweep: sweep.optional(),
    /** In the file of a sweep's cell: which one it is. */
    cellHash: z.string().optional(),
    /** The machines of a merged result, when there are several; params.machine of a cell says which one. */
    environments: z.array(environment.extend({ id: z.string() })).optional(),
  })
  .superRefine((result, context) => {
    const ids = new Set<string>();
    result.cells.forEach(({ id }, i) => {
      if (ids.has(id)) context.addIssue({ code: 'custom', path: ['cells', i, 'id'], message: `'${id}' appears twice` });
      ids.add(id);
    });
    result.comparisons.forEach((compared, i) => {
      for (const side of ['a', 'b'] as const) {
        if (ids.has(compared[side])) continue;
        const message = `no cell has the id '${compared[side]}'`;
        context.addIssue({ code: 'custom', path: ['comparisons', i, side], message });
      }
    });
  });

export type Result = z.infer<typeof resultSchema>;
export type Cell = z.infer<typeof cell>;
export type ComparisonRecord = z.infer<typeof comparison>;
export type Block = z.infer<typeof block>;
export type Environment = z.infer<typeof environment>;
export type SweepInfo = z.infer<typeof sweep>;
export type RunInfo = z.infer<typeof run>;
export type RawSample = z.infer<typeof rawSample>;
export type KeptRounds = z.infer<typeof keptRounds>;
export type LaneTotals = z.infer<typeof laneTotals>;
export type CellEstimate = z.infer<typeof estimate>;
export type Latency = z.infer<typeof latency>;
export type PerIo = z.infer<typeof perIo>;
export type Modelled = z.infer<typeof modelled>;
export type MetadataBytes = z.infer<typeof metadataBytes>;
export type Removal = z.infer<typeof removal>;
export type RemovalRound = z.infer<typeof removalRound>;
export type ParamValue = z.infer<typeof paramValue>;
export type Params = Record<string, ParamValue>;
export type Stage = NonNullable<Cell['stages']>[number];
export type Role = 'reference' | 'aa' | 'arm' | 'floor';

/**
 * Reads a result document.
 * @param source where the text came from, for the error message
 * @throws LabError when it is not JSON or not a result of this version
 */
export function parseResult(text: string, source: string): Result {
  return checkResult(parseJson(text, source), source);
}

/** As `parseResult`, for a value that is parsed already. Fields that this version does not know are kept. */
export function checkResult(value: unknown, source: string): Result {
  const version = (value as { schema?: unknown } | null)?.schema;
  if (version !== RESULT_SCHEMA) {
    throw new LabError(
      `${source}: expected a result with "schema": "${RESULT_SCHEMA}", found ${JSON.stringify(version) ?? 'none'}. ` +
        'Give the result.json of a p2plab run of this version.',
    );
  }
  const checked = resultSchema.safeParse(value);
  if (checked.success) return value as Result;
  const problems = checked.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.')}: ${message}`);
  const more = checked.error.issues.length - problems.length;
  throw new LabError(
    `${source}: not a valid result: ${problems.join('; ')}${more > 0 ? `; and ${more} more` : ''}. ` +
      'The file was changed or cut off after the run; use the original or run again.',
  );
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LabError(`${source}: not JSON (${(error as Error).message}). Give the result.json of a p2plab run.`);
  }
}
