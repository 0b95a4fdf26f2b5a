// How long a cell of a sweep will take, from what it does: I/Os at each step, bytes that they move, pages that are touched for the
// first time. Costs are those of a usual machine; cells of the same sweep that were measured say how this one differs.
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
import { TRIAL_IOS, TRIAL_MS } from './measure/measure_group.ts';
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
/** Looking at /proc and handing an order to workers, in each block and for each slice. */
const BLOCK_MS = 0.3;
const SLICE_MS = 0.1;
/** Share of the most warm-up slices that an arm usually takes until it is steady. */
const USUAL_WARM_UP = 0.75;
/** Modules instantiated, streams compiled, threads told, figures made and written. */
const GROUP_MS = 250;
/** A fresh process until it measures. */
const PROCESS_MS = 700;
/** Of a sweep as a whole: its own start, and its figures drawn at the end. */
export const SWEEP_SECONDS = 2.2;

/** @param touchedBytes of each group's machine */
export function cellSeconds(groups: readonly GroupPlan[], params: RunParams, touchedBytes: readonly number[]): number {
  const processMs = params.processes > 1 ? params.processes * PROCESS_MS : 0;
  const groupMs = groups.map((group, index) => {
    const touchMs = (touchedBytes[index] as number) / TOUCHED_PER_NS / 1e6;
    return params.processes * (GROUP_MS + touchMs + measuringMs(group, params)) + countingMs(group, params);
  });
  return (processMs + groupMs.reduce((sum, ms) => sum + ms, 0)) / 1000;
}

/** What one process does in each schedule: tries every arm out, warms it up, runs its slices. */
function measuringMs(group: GroupPlan, params: RunParams): number {
  const arms = withReference(group.arms).length;
  const lanes = queuesOf(group).length;
  const msPerIo = nsPerIo(group) / 1e6;
  const leadIos = LEAD_DEPTHS * Math.max(...group.jobs.map((job) => job.iodepth));
  const leastIos = Math.max(...group.jobs.map((job) => job.iodepthBatch));
  const onePass = Math.max(...group.jobs.map((job) => job.totalIos));
  const sliceOf = (ms: number, least: number): number =>
    lanes * Math.min(onePass, Math.max(ms / msPerIo / lanes, least)) * msPerIo;
  const leadMs = lanes * Math.min(onePass, leadIos) * msPerIo;
  const { sliceMs: askedMs, slicesMost } = warmUpPlan(group, params);
  const rampMs = Math.max(...group.jobs.map((job) => job.rampMs));
  const warmMs = Math.max(rampMs, USUAL_WARM_UP * slicesMost * (sliceOf(askedMs, leastIos) + leadMs + SLICE_MS));
  const sliceMs = sliceOf(group.roundMs, leadIos);
  const rounds = roundsThatFit(roundsPerProcess(group.rounds, params.processes), group.roundMs, sliceMs);
  const blockMs = BLOCK_MS + SENTINEL_SHARE * group.roundMs + arms * (sliceMs + leadMs + SLICE_MS);
  const trialMs = arms * Math.min(Math.min(onePass, TRIAL_IOS) * msPerIo, TRIAL_MS);
  return trialMs + group.modes.length * (arms * warmMs + rounds * blockMs);
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

/** A cell that was measured. */
export interface MeasuredCell {
  estimatedSeconds: number;
  tookSeconds: number;
}

/**
 * How many times longer than estimated cells take on this machine: the median over those that were measured, so that one which
 * waited for something else says little; 1 where there is none.
 */
export function paceOf(cells: readonly MeasuredCell[]): number {
  const ratios = cells
    .filter(({ estimatedSeconds, tookSeconds }) => estimatedSeconds > 0 && tookSeconds > 0)
    .map(({ estimatedSeconds, tookSeconds }) => tookSeconds / estimatedSeconds);
  return ratios.length === 0 ? 1 : median(ratios);
}
