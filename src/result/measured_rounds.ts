// What a result has of each timed slice, of the rounds kept, and of each queue pair: parts of the document of result.ts.
import { z } from 'zod';

/**
 * I/Os that ended well in what was measured, and their bytes, by direction: counted by the machine, exact. A direction without I/Os
 * is absent; `sync` is a Flush. All are absent in results of versions that did not count them.
 */
const done = {
  readIos: z.number().nonnegative().optional(),
  readBytes: z.number().nonnegative().optional(),
  writeIos: z.number().nonnegative().optional(),
  writeBytes: z.number().nonnegative().optional(),
  trimIos: z.number().nonnegative().optional(),
  trimBytes: z.number().nonnegative().optional(),
  syncIos: z.number().nonnegative().optional(),
};

/** One timed slice of one cell. */
export const rawSample = z.object({
  round: z.number().int().nonnegative(),
  /** Position of the cell within its round, from 0. */
  order: z.number().int().nonnegative(),
  mode: z.enum(['threads', 'inline']),
  ios: z.number().nonnegative(),
  /** Wall time of the slice in threads mode, time of the host's batches in inline mode. */
  ns: z.number().nonnegative(),
  ...done,
  /** Each queue pair by itself, where there are several; `ns` is its own time in threads mode, that of all in inline mode. */
  lanes: z.array(z.object({ ns: z.number().nonnegative(), ...done })).optional(),
  /** Set when the machine was disturbed: the round is kept but not used, for any cell. */
  dirty: z.boolean().optional(),
  /** What disturbed it. */
  dirtyReason: z.string().optional(),
  /** Replicate the slice ran in, when a run has several processes. */
  process: z.number().int().nonnegative().optional(),
});

/** Log-linear counters in fio's layout (stats/histogram.ts): [bucket, count] where count > 0. */
export const histogram = z.object({
  layout: z.string(),
  counts: z.array(z.tuple([z.number().int(), z.number().int()])),
});

/** Latency samples of each direction apart; a sync is a Flush. */
export const latencyByDirection = {
  reads: histogram.optional(),
  writes: histogram.optional(),
  trims: histogram.optional(),
  syncs: histogram.optional(),
};

/** What the figures of a schedule rest on. */
export const keptRounds = z.object({
  /** Rounds behind the figures: those that were not disturbed; all where none was left. */
  rounds: z.number().int().positive(),
  /** Rounds that were run: fewer than planned where slices took longer than asked, or the run ended early. */
  measured: z.number().int().positive(),
  planned: z.number().int().positive(),
  /** Of the measured ones, those that noise on the machine took away. */
  disturbed: z.number().int().nonnegative(),
  /** Sums over the rounds kept. */
  ns: z.number().nonnegative(),
  ...done,
});

/** fio's latency_target, latency_window and latency_percentile. */
export const latencyTargetTerms = z.object({
  targetNs: z.number().positive(),
  windowNs: z.number().nonnegative(),
  percentile: z.number().gt(0).max(100),
});

export const laneTotals = z.object({
  /** Name of the job whose clone it runs, and which one, from 0. */
  job: z.string(),
  clone: z.number().int().nonnegative(),
  /** Queue pairs that fio reports as one (group_reporting) have the same number. */
  reportGroup: z.number().int().nonnegative().optional(),
  latencyTarget: latencyTargetTerms.optional(),
  /** As that of the cell's latencies, which is open where any lane's is. */
  loop: z.enum(['closed', 'open']),
  /** Sums over the rounds kept of the threads schedule, and their latency samples. */
  ns: z.number().nonnegative(),
  ...done,
  ...latencyByDirection,
});
