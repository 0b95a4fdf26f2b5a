// fio's latency_target (steer in io_u.c: lat_target_*): the largest depth at which enough of the I/Os end in time, found for each arm
// before it is warmed up. The schemes are then compared at what each of them can keep.

import type { ArmRecord, FoundDepth, GroupRecord } from '../../analysis/group_record.ts';
import type { Job, LatencyTarget } from '../../jobs/job.ts';
import { addSparse, BUCKETS, bucketUpper, LATENCY_COUNTERS, sampleCount } from '../../stats/histogram.ts';
import { checkOutcome, clearLatency, takeLatency, takeOutcome } from '../machine/queue_state.ts';
import { type Group, isInterrupted, leadIos, slice, sliceIos } from './slices.ts';

/** Longer windows only repeat themselves on an emulated device. */
const LONGEST_MS = 50;
const SHORTEST_MS = 2;
/** One of so many I/Os is timed (machine/front/latency.ts), and so many of those beyond the percentile tell. */
const TIMED_EVERY = 64;
const TIMED_BEYOND = 4;
const MOST_IOS = 2 ** 19;
/** Slices after which the code is compiled well enough for its latency to count. */
const FIRST_SLICES = 10;

/** How many slices a search for one arm has at most, and how long they are together as they are sized, in milliseconds. */
export function searchSlices(jobs: readonly Pick<Job, 'iodepth' | 'latencyTarget'>[]): { count: number; ms: number } {
  const targeted = jobs.filter(({ latencyTarget }) => latencyTarget !== undefined);
  if (targeted.length === 0) return { count: 0, ms: 0 };
  const windowMs = Math.max(...targeted.map(({ latencyTarget }) => (latencyTarget?.windowNs ?? 0) / 1e6));
  // The largest depth, and a bisection below it.
  const tried = 1 + Math.ceil(Math.log2(Math.max(...targeted.map(({ iodepth }) => iodepth))));
  const ms = FIRST_SLICES * SHORTEST_MS + tried * Math.max(SHORTEST_MS, Math.min(LONGEST_MS, windowMs));
  return { count: FIRST_SLICES + tried, ms };
}

/** Depths of the arms, where a job has a target; in place in the calibration. False when it was interrupted. */
export async function findDepths(group: Group, record: GroupRecord, arms: readonly ArmRecord[]): Promise<boolean> {
  const targets = group.plan.jobs.flatMap(({ latencyTarget }) => latencyTarget ?? []);
  if (targets.length === 0) return true;
  const { calibration } = record;
  calibration.depths ??= {};
  for (const arm of arms) {
    const found = calibration.depths[arm.arm.id] ?? (await findDepth(group, arm, targets));
    calibration.depths[arm.arm.id] = found;
    group.depths.set(arm.arm.id, found.depth);
    if (isInterrupted(group)) return false;
  }
  return true;
}

async function findDepth(group: Group, record: ArmRecord, targets: readonly LatencyTarget[]): Promise<FoundDepth> {
  const targeted = group.plan.jobs.filter(({ latencyTarget }) => latencyTarget !== undefined);
  const most = Math.max(...targeted.map(({ iodepth }) => iodepth));
  for (let i = 0; i < FIRST_SLICES; i++) await timedSlice(group, record, most, 0);
  return largestDepth(most, (depth) => keepsTarget(group, record, depth, targets));
}

/**
 * By bisection, as fio does; the most first, since a target that it keeps needs no search.
 * @param keeps whether a depth keeps the target; what is deeper than one that does not is taken not to
 */
export async function largestDepth(most: number, keeps: (depth: number) => Promise<boolean>): Promise<FoundDepth> {
  if (await keeps(most)) return { depth: most, met: true };
  let [kept, missed] = [0, most];
  while (missed - kept > 1) {
    const middle = Math.floor((kept + missed) / 2);
    if (await keeps(middle)) kept = middle;
    else missed = middle;
  }
  return kept === 0 ? { depth: 1, met: false } : { depth: kept, met: true };
}

async function keepsTarget(
  group: Group,
  record: ArmRecord,
  depth: number,
  targets: readonly LatencyTarget[],
): Promise<boolean> {
  const strictest = Math.min(...targets.map(({ targetNs }) => targetNs));
  const percentile = Math.max(...targets.map((each) => each.percentile));
  const windowMs = Math.max(...targets.map(({ windowNs }) => windowNs / 1e6));
  const beyond = TIMED_BEYOND / Math.max(1 - percentile / 100, TIMED_BEYOND / 4096);
  const counts = await timedSlice(group, record, depth, Math.min(LONGEST_MS, windowMs), beyond * TIMED_EVERY);
  const inTime = counts.reduce((sum, count, at) => (bucketUpper(at % BUCKETS) <= strictest ? sum + count : sum), 0);
  return inTime >= (percentile / 100) * sampleCount(counts);
}

/** Latency counters of one slice at a depth. */
async function timedSlice(group: Group, record: ArmRecord, depth: number, ms: number, leastIos = 0): Promise<number[]> {
  const { machine } = group;
  clearLatency(machine);
  const ios = Math.max(sliceIos(group, 100, Math.max(SHORTEST_MS, ms)), Math.min(MOST_IOS, Math.ceil(leastIos)));
  group.depths.set(record.arm.id, depth);
  await slice(group, record.arm, 'threads', 0, leadIos(group), ios);
  checkOutcome(takeOutcome(machine), record.arm.id);
  // Flushes, the last direction, are not what the target is of.
  return addSparse(takeLatency(machine).lanes, LATENCY_COUNTERS).slice(0, -BUCKETS);
}
