// How long a point of a sweep will take, from what it does: I/Os at each step, bytes that they move, pages that are touched for the
// first time. Costs are those of a usual machine; points of the same sweep that were measured say how this one differs.
import { isPaced } from '../jobs/arrivals.ts';
import { usedBlockSizes } from '../jobs/job.ts';
import { flowPlan } from '../plan/flows.ts';
import type { Payload } from '../plan/machine_spec.ts';
import {
  type GroupPlan,
  isStaged,
  queuesOf,
  type RunParams,
  roundsPerProcess,
  roundsThatFit,
  warmUpPlan,
  withReference,
} from '../plan/run_plan.ts';
import { median } from '../stats/location.ts';
import { SENTINEL_SHARE } from './host/disturbance.ts';
import { COUNTED_IOS } from './measure/count_arm.ts';
import { searchSlices } from './measure/latency_target.ts';
import { TRIAL_IOS, TRIAL_MS } from './measure/measure_group.ts';
import { leastPacedMs } from './measure/pacing.ts';
import { LEAD_DEPTHS } from './measure/slices.ts';
import { STAGE_BATCHES } from './measure/stage_cost.ts';

/** Host and controller for one I/O that moves nothing. */
const NS_PER_IO = 250;
/** The same by the counting build. */
const NS_PER_COUNTED_IO = 2500;
/** A controller copies so many bytes each nanosecond, and checks with so many passes over them. */
const COPIED_PER_NS = 6;
const PASSES: Readonly<Record<Payload, number>> = { none: 0, move: 1, verify: 3 };
/** The kernel gives and clears so many bytes of pages each nanosecond. */
const TOUCHED_PER_NS = 0.5;
/** Looking at /proc and handing an order to workers, in each round and for each slice. */
const ROUND_OVERHEAD_MS = 0.3;
const SLICE_MS = 0.1;
/** Share of the most warm-up slices that an arm usually takes until it is steady. */
const USUAL_WARM_UP = 0.75;
/** For which the slices are sized that look for a latency target. */
const SEARCHED_NS_PER_IO = 100;
/** Modules instantiated, streams compiled, threads told, figures made and written. */
const GROUP_MS = 250;
/** A fresh process until it measures. */
const PROCESS_MS = 700;
/** Of a sweep as a whole: its own start, and its figures drawn at the end. */
export const SWEEP_SECONDS = 2.2;

/**
 * Modules of the machine are compiled by then: its size was asked of them (needs.ts).
 * @param touchedBytes of each group's machine
 */
export function pointSeconds(groups: readonly GroupPlan[], params: RunParams, touchedBytes: readonly number[]): number {
  const { processes, budgetMs, removal } = params;
  const processMs = processes > 1 || budgetMs !== undefined ? processes * PROCESS_MS : 0;
  const groupMs = groups.map((group, index) => {
    const touchMs = (touchedBytes[index] as number) / TOUCHED_PER_NS / 1e6;
    const setUpMs = GROUP_MS + touchMs + trialMs(group);
    if (removal !== undefined) return processes * (setUpMs + removingMs(group, params));
    const once = searchMs(group) + countingMs(group, params);
    return processes * (setUpMs + measuringMs(group, params)) + once;
  });
  const ms = processMs + groupMs.reduce((sum, each) => sum + each, 0);
  // With a budget it goes on until everything is decided, at most until that is spent.
  return Math.max(ms, budgetMs ?? 0) / 1000;
}

/** Every arm is tried out, by a few of its I/Os. */
function trialMs(group: GroupPlan): number {
  const trialIos = Math.min(onePassOf(group), TRIAL_IOS);
  return withReference(group.arms).length * Math.min((trialIos * nsPerIo(group)) / 1e6, TRIAL_MS);
}

/** A job's latency target is looked for once, by slices sized for a fast arm. */
function searchMs(group: GroupPlan): number {
  const { count, ms } = searchSlices(group.jobs);
  const slowness = Math.max(1, nsPerIo(group) / SEARCHED_NS_PER_IO);
  return withReference(group.arms).length * (ms * slowness + count * SLICE_MS);
}

/** Removals in place of rounds: one more than are kept, none of them warmed up for. */
function removingMs(group: GroupPlan, params: RunParams): number {
  const sliceMs = Math.max(group.roundMs, (2 * nsPerIo(group)) / 1e6);
  const slices = roundsPerProcess(group.rounds, params.processes) + 2;
  return group.modes.length * group.arms.length * slices * (sliceMs + SLICE_MS);
}

function onePassOf(group: GroupPlan): number {
  return Math.max(...group.jobs.map((job) => job.totalIos));
}

/** What one process does in each schedule: warms every arm up, runs its slices. */
function measuringMs(group: GroupPlan, params: RunParams): number {
  const arms = withReference(group.arms).length;
  const lanes = queuesOf(group).length;
  const msPerIo = nsPerIo(group) / 1e6;
  const leadIos = LEAD_DEPTHS * Math.max(...group.jobs.map((job) => job.iodepth));
  const leastIos = Math.max(...group.jobs.map((job) => job.iodepthBatch));
  const onePass = onePassOf(group);
  const sliceOf = (ms: number, least: number): number =>
    lanes * Math.min(onePass, Math.max(ms / msPerIo / lanes, least)) * msPerIo;
  const leadMs = lanes * Math.min(onePass, leadIos) * msPerIo;
  const { sliceMs: askedMs, slicesMost } = warmUpPlan(group, params);
  const rampMs = Math.max(...group.jobs.map((job) => job.rampMs));
  const warmMs = Math.max(rampMs, USUAL_WARM_UP * slicesMost * (sliceOf(askedMs, leastIos) + leadMs + SLICE_MS));
  const byMode = group.modes.map((mode) => {
    // In times of its own a workload's slices are longer than is asked, and its warm-up is a few of them.
    const isTimed = mode === 'threads' && group.jobs.some((job) => isPaced(job) || job.think !== undefined);
    const sliceMs = isTimed ? Math.max(group.roundMs, leastPacedMs()) : sliceOf(group.roundMs, leadIos);
    const rounds = roundsThatFit(roundsPerProcess(group.rounds, params.processes), group.roundMs, sliceMs);
    const roundMs = ROUND_OVERHEAD_MS + SENTINEL_SHARE * group.roundMs + arms * (sliceMs + leadMs + SLICE_MS);
    return arms * (isTimed ? Math.max(rampMs, sliceMs) : warmMs) + rounds * roundMs;
  });
  return byMode.reduce((sum, ms) => sum + ms, 0);
}

/** What one process does once: exact counts, and the path cut into stages. */
function countingMs(group: GroupPlan, params: RunParams): number {
  const arms = withReference(group.arms).length;
  // Counting moves data only where they are checked.
  const countedNs = COUNTED_IOS * (NS_PER_COUNTED_IO + (group.payload === 'verify' ? movedNs(group) : 0));
  const depth = Math.max(...group.jobs.map((job) => job.iodepth));
  const stagedNs = isStaged(group, params) ? STAGE_BATCHES * Math.min(256, depth) * nsPerIo(group) : 0;
  return (arms * (countedNs + stagedNs)) / 1e6;
}

function nsPerIo(group: GroupPlan): number {
  return flowPlan(group.flow).nvmePairs * NS_PER_IO + movedNs(group);
}

/** Moving and checking the payload of a mean I/O. */
function movedNs(group: GroupPlan): number {
  const sizes = group.jobs.flatMap((job) => usedBlockSizes(job).map(({ bytes }) => bytes));
  const meanBytes = sizes.reduce((sum, bytes) => sum + bytes, 0) / sizes.length;
  return (flowPlan(group.flow).nvmePairs * PASSES[group.payload] * meanBytes) / COPIED_PER_NS;
}

/** A point that was measured. */
export interface MeasuredPoint {
  estimatedSeconds: number;
  tookSeconds: number;
}

/**
 * How many times longer than estimated points take on this machine: the median over those that were measured, so that one which
 * waited for something else says little; 1 where there is none.
 */
export function paceOf(points: readonly MeasuredPoint[]): number {
  const ratios = points
    .filter(({ estimatedSeconds, tookSeconds }) => estimatedSeconds > 0 && tookSeconds > 0)
    .map(({ estimatedSeconds, tookSeconds }) => tookSeconds / estimatedSeconds);
  return ratios.length === 0 ? 1 : median(ratios);
}
