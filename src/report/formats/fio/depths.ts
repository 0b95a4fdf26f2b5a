// fio's tables of how deep the queue was and how large the batches: all I/Os at one level, as a closed loop keeps them.
import type { FioJob } from './jobs.ts';

const DEPTHS = ['1', '2', '4', '8', '16', '32', '>=64'];
const BATCHES = ['0', '4', '8', '16', '32', '64', '>=64'];

/** The depth at which the job was measured: that of its latency target, where it has one. */
export function depthOf({ cell, options, latencyTarget }: FioJob): number | undefined {
  const iodepth = Number(options.iodepth);
  if (!Number.isFinite(iodepth)) return undefined;
  return latencyTarget === undefined ? iodepth : Math.min(iodepth, cell.latencyTarget?.depth ?? iodepth);
}

/** fio counts a depth at the largest power of two that it reaches. */
export function depthTable(job: FioJob): Record<string, number> {
  const depth = depthOf(job);
  return atLevel(DEPTHS, depth === undefined ? undefined : Math.floor(Math.log2(depth)));
}

/** Batches as they were asked for, at the smallest level that holds them. */
export function batchTable({ options }: FioJob): Record<string, number> {
  const batch = Number(options.iodepth_batch ?? options.batch);
  if (!Number.isFinite(batch)) return atLevel(BATCHES, undefined);
  return atLevel(BATCHES, batch <= 4 ? 1 : Math.ceil(Math.log2(batch)) - 1);
}

function atLevel(names: readonly string[], level: number | undefined): Record<string, number> {
  const shown = level === undefined ? undefined : Math.min(names.length - 1, level);
  return Object.fromEntries(names.map((name, index) => [name, index === shown ? 100 : 0]));
}
