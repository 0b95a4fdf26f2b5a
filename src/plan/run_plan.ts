// From what the user asked to what is run: groups (one machine, one workload), and in each group the arms to compare.
import { assert } from '../base/errors.ts';
import { MIB, powerAtLeast } from '../base/units.ts';
import type { FieldParams } from '../catalogue/options/catalogue.ts';
import type { HOLES } from '../catalogue/options/events.ts';
import type { MODES } from '../catalogue/options/measuring.ts';
import { isPaced } from '../jobs/arrivals.ts';
import { bufferBytesOf, type Job, usedBlockSizes } from '../jobs/job.ts';
import { namespaceEnd } from '../jobs/job_region.ts';
import { STEADY_RULE } from '../stats/steady_state.ts';
import type { Fabric } from './fabric.ts';
import { flowPlan } from './flows.ts';
import {
  type Buffers,
  DEFAULT_RDMA,
  type Flow,
  type LaneSpec,
  type MachineSpec,
  type Payload,
  type RdmaSpec,
} from './machine_spec.ts';
import { initiatorBytes, targetRamPages } from './nvmet_sizes.ts';

export type Mode = (typeof MODES)[number];

/** The provider is removed after this share of a round's I/Os, 0 to 1; `hole`: what has its addresses then. */
export interface RemovalParams {
  at: number;
  hole: (typeof HOLES)[number];
}

/** Everything that decides a run, resolved: options as they are (FieldParams), and what others come to. Sizes in bytes. */
export interface RunParams extends FieldParams {
  /** Schemes to compare; the first is the reference. */
  schemes: string[];
  /** Values chosen for the schemes' options, and the variant (module) that each scheme runs as because of them. */
  variants?: { options: Record<string, string>; of: Record<string, string> };
  bars: number[];
  /** BAR sizes of the BAR axis, or none. */
  barSweep: number[];
  payloads: Payload[];
  /** Fresh processes over which the rounds are spread; 1 measures in the lab's own. */
  processes: number;
  /** Whether the host's path is timed stage by stage as well. */
  stages?: boolean;
  /** Of all processes together. */
  rounds: number;
  roundMs: number;
  /** Of targets; default: as the kernel has it. */
  rdma?: Partial<RdmaSpec>;
  namespaceBytes: number;
  /** The provider is removed in every round, instead of a comparison. */
  removal?: RemovalParams;
  /** The emulated PCIe tree: its name, and its provider and the clients of a flow for a BAR size. */
  topology: string;
  fabricOf(barBytes: number, flow: Flow): Fabric;
  jobs: readonly Job[];
  /** The job file as given, or undefined for the default job. */
  jobFile: string | undefined;
}

/** What measuring needs of it: plain data. */
export type MeasureParams = Omit<RunParams, 'fabricOf'>;

/** The scheme that measures the harness; in every run. */
export const FLOOR_SCHEME = 'null';

/** One scheme with one buffer source. */
export interface Arm {
  /** Id of its cell. */
  id: string;
  scheme: string;
  buffers: Buffers;
  role: 'reference' | 'aa' | 'arm' | 'floor';
}

/** The module that a scheme runs as: the variant of it that was chosen. */
export function moduleOf({ scheme }: Pick<Arm, 'scheme'>, { variants }: Pick<RunParams, 'variants'>): string {
  return variants?.of[scheme] ?? scheme;
}

/** One machine and one workload, on which arms are compared. */
export interface GroupPlan {
  id: string;
  flow: Flow;
  payload: Payload;
  barBytes: number;
  fabric: Fabric;
  /** Jobs that run together, one queue pair for each clone. */
  jobs: readonly Job[];
  modes: Mode[];
  /** Of all processes together. */
  rounds: number;
  roundMs: number;
  /** Of the BAR axis: measured for what an I/O costs against the size of the BAR. */
  isOnBarAxis: boolean;
  arms: Arm[];
}

/** The same run without rounds: the counting build alone, which needs no process of its own. */
export function countOnly({ budgetMs: _, ...params }: RunParams): RunParams {
  return { ...params, modes: [], processes: 1 };
}

/** Share of the rounds that groups of the BAR axis have: enough for an interval, few enough for five sizes. */
const AXIS_SHARE = 3 / 8;

/** The groups of a run, in the order they are run. */
export function planGroups(params: RunParams): GroupPlan[] {
  const jobGroups = [...Map.groupBy(params.jobs, (job) => job.group).values()];
  const plans: Omit<GroupPlan, 'id' | 'arms' | 'fabric'>[] = [];
  for (const jobs of jobGroups) {
    for (const flow of params.flows) {
      for (const payload of params.payloads) {
        for (const barBytes of params.bars) {
          const { modes } = params;
          plans.push({ flow, payload, barBytes, jobs, modes, isOnBarAxis: false, ...roundsOf(params, jobs) });
        }
      }
    }
  }
  const first = jobGroups[0];
  const [flow] = params.flows;
  if (params.barSweep.length > 0 && first !== undefined && flow !== undefined) {
    for (const barBytes of params.barSweep) {
      const { roundMs } = roundsOf(params, first);
      const rounds = wholeRounds(Math.ceil(params.rounds * AXIS_SHARE), params.processes);
      plans.push({
        flow,
        payload: 'none',
        barBytes,
        jobs: first,
        modes: ['inline'],
        isOnBarAxis: true,
        rounds,
        roundMs,
      });
    }
  }
  return plans.map((plan, index) => {
    const id = `g${index}`;
    return { ...plan, id, fabric: params.fabricOf(plan.barBytes, plan.flow), arms: planArms(id, params, plan.flow) };
  });
}

/** How many of a plan's rounds one process runs. */
export function roundsPerProcess(rounds: number, processes: number): number {
  return Math.ceil(rounds / processes);
}

/** Rounds of a process, however long its slices are; of a rate that takes seconds for an I/O, two to compare. */
const LEAST_ROUNDS = 8;
const FEWEST_ROUNDS = 2;
const LONG_MS = 500;

/** The rounds of a process when slices come out longer than asked: as many as take the time of those that were planned. */
export function roundsThatFit(planned: number, roundMs: number, sliceMs: number): number {
  const least = sliceMs > LONG_MS ? FEWEST_ROUNDS : LEAST_ROUNDS;
  return Math.min(planned, Math.max(least, Math.ceil((planned * roundMs) / sliceMs)));
}

/** As many rounds for every process. */
function wholeRounds(rounds: number, processes: number): number {
  return roundsPerProcess(rounds, processes) * processes;
}

/** A job's runtime bounds what each arm is measured for; it never lengthens the plan. */
function roundsOf(params: RunParams, jobs: readonly Job[]): { rounds: number; roundMs: number } {
  const runtimes = jobs.map((job) => job.runtimeMs ?? Number.POSITIVE_INFINITY);
  const rounds = wholeRounds(params.rounds, params.processes);
  return { rounds, roundMs: Math.min(params.roundMs, Math.max(...runtimes) / rounds) };
}

function planArms(group: string, params: RunParams, flow: Flow): Arm[] {
  const arms: Arm[] = [];
  const plan = flowPlan(flow);
  const sources = plan.buffers ?? params.buffers;
  const bounced = plan.bounces ? params.schemes.find((scheme) => scheme !== FLOOR_SCHEME) : undefined;
  for (const scheme of params.schemes) {
    if (scheme === FLOOR_SCHEME) continue;
    for (const buffers of sources) arms.push({ id: `${group}/${scheme}/${buffers}`, scheme, buffers, role: 'arm' });
    // What a copy without P2P costs: through host RAM.
    if (scheme === bounced) arms.push({ id: `${group}/${scheme}/ram`, scheme, buffers: 'ram', role: 'arm' });
  }
  // The floor has no rules about buffers; long-lived ones add nothing of their own.
  const buffers = sources.includes('fixed') ? 'fixed' : (sources[0] as Buffers);
  arms.push({ id: `${group}/${FLOOR_SCHEME}/${buffers}`, scheme: FLOOR_SCHEME, buffers, role: 'floor' });
  return arms;
}

/**
 * Names the reference among the arms that can run and adds its copy A': the first scheme with its first buffer source
 * that is not refused. With only the floor left, the floor is its own reference.
 */
export function withReference(arms: readonly Arm[]): Arm[] {
  const reference = arms.find((arm) => arm.role === 'arm') ?? arms[0];
  assert(reference !== undefined, 'a group has arms');
  const copy: Arm = { ...reference, id: `${reference.id}'`, role: 'aa' };
  return arms.flatMap((arm) => (arm === reference ? [{ ...arm, role: 'reference' as const }, copy] : [arm]));
}

/** One queue pair: a clone of a job. */
export interface QueuePlan {
  job: Job;
  clone: number;
}

export function queuesOf(group: GroupPlan): QueuePlan[] {
  return group.jobs.flatMap((job) => Array.from({ length: job.numjobs }, (_, clone) => ({ job, clone })));
}

const DEFAULT_WINDOW_BYTES = 64 * MIB;
const ALL_MEDIA_BYTES = 256 * MIB;
const MOST_SHARED_BYTES = 1024 * MIB;
const STREAM_IOS = 2 ** 20;
const LEAST_STREAM_IOS = 2 ** 15;

/** The machine of a group. */
export function machineSpec(group: GroupPlan, params: MeasureParams, workers: number): MachineSpec {
  const queues = queuesOf(group);
  const maxBytes = Math.max(...group.jobs.flatMap((job) => usedBlockSizes(job).map(({ bytes }) => bytes)));
  const maxDepth = Math.max(...group.jobs.map((job) => job.iodepth));
  const slotBytes = powerAtLeast(Math.max(4096, ...group.jobs.map(bufferBytesOf)));
  // Twice the I/Os in flight, so that a buffer is not used again while its last I/O is being checked. Where nobody looks at the data
  // they may share what would be too large.
  const apart = slotBytes * powerAtLeast(2 * maxDepth) * powerAtLeast(queues.length);
  const most = group.payload === 'verify' ? apart : Math.max(slotBytes, MOST_SHARED_BYTES);
  const wanted = Math.max(DEFAULT_WINDOW_BYTES, Math.min(apart, most));
  const streamIos = Math.max(
    LEAST_STREAM_IOS,
    Math.min(powerAtMost(STREAM_IOS / queues.length), powerAtMost(mostIosOf(group, params))),
    powerAtLeast(2 * maxDepth),
    ...group.jobs.flatMap(({ replays = [] }) => replays.map(({ blocks }) => powerAtLeast(blocks.length))),
  );
  // The same buffers of the stream are in either memory where there is an alternative in host RAM.
  const bounces = group.arms.some(({ buffers }) => buffers === 'ram');
  const both = bounces ? Math.min(group.barBytes, params.ramBytes) : Number.POSITIVE_INFINITY;
  const lanes = queues.map(({ job }) => ({
    iodepth: job.iodepth,
    batch: job.iodepthBatch,
    streamIos,
    ...pacingOf(job, queues),
    ...zonesOf(job),
    ...(job.fsync && { fsync: job.fsync.waits ? ('waits' as const) : ('goes-on' as const) }),
  }));
  const { nvmePairs, hasTarget } = flowPlan(group.flow);
  const rdma = hasTarget ? { ...DEFAULT_RDMA, ...params.rdma, maxIoBytes: maxBytes } : undefined;
  const targetBytes =
    rdma === undefined ? 0 : powerAtLeast(4096 * lanes.reduce((sum, lane) => sum + targetRamPages(lane, rdma), 0));
  return {
    barBytes: group.barBytes,
    ramBytes: params.ramBytes,
    fabric: group.fabric,
    flow: group.flow,
    payload: group.payload,
    ...(rdma === undefined ? {} : { rdma }),
    lanes,
    depthEntries: params.depthEntries,
    mdtsBytes: params.mdtsBytes,
    namespaceBytes: params.namespaceBytes,
    barWindowBytes: Math.min(wanted, group.barBytes, both),
    ramWindowBytes: Math.min(Math.max(wanted, targetBytes), params.ramBytes, both),
    mediaBytes: Math.max(
      powerAtLeast(group.payload === 'verify' ? maxBytes : Math.max(4096, ...group.jobs.map(bufferBytesOf))),
      Math.min(DEFAULT_WINDOW_BYTES, powerAtMost(ALL_MEDIA_BYTES / (queues.length * nvmePairs))),
    ),
    refcount: params.refcount,
    p2pQueue: params.p2pQueue,
    workers,
  };
}

/** As many zones as the job's files reach into. */
function zonesOf(job: Job): Pick<LaneSpec, 'zones'> {
  const { zoned, files } = job;
  if (zoned === undefined) return {};
  const { zoneBytes, capacityBytes, maxOpen, isLimited } = zoned;
  const count = Math.ceil(namespaceEnd(job) / zoneBytes);
  return { zones: { zoneBytes, capacityBytes, count, mostActive: isLimited ? maxOpen * files.count : 0 } };
}

/** What the workload says of a lane's times. */
function pacingOf(job: Job, queues: readonly QueuePlan[]): Pick<LaneSpec, 'pacing'> {
  if (isPaced(job)) return { pacing: { kind: 'arrivals' } };
  if (job.think !== undefined) return { pacing: { kind: 'bursts', ...job.think } };
  const { flow } = job;
  if (flow === undefined) return {};
  const peers = queues.flatMap((queue, index) => (queue.job.flow?.id === flow.id ? [index] : []));
  if (peers.length < 2) return {};
  const totalWeight = peers.reduce((sum, peer) => sum + (queues[peer]?.job.flow?.weight ?? 0), 0);
  return { pacing: { kind: 'share', weight: flow.weight, peers, totalWeight } };
}

/** Warm-up: lengths of a slice, and how many of them. */
const WARM_SLICE_MS = 2;
const LEAST_WARM_MS = 0.1;
const WARM_SLICES_MOST = 24;
const WARM_SLICES_FEWEST = 3;
const WARM_SLICES_USUAL = STEADY_RULE.window;
/** Warm-up of an arm lasts at most so much of the time for which the arm is measured in the process, but for the fewest slices. */
const WARM_SHARE = 1 / 3;

/** How an arm is warmed up before it is measured. */
export function warmUpPlan(group: GroupPlan, params: MeasureParams): { sliceMs: number; slicesMost: number } {
  const measured = measuredMs(group, params);
  const sliceMs = Math.min(WARM_SLICE_MS, Math.max(LEAST_WARM_MS, measured / WARM_SLICES_USUAL));
  const byShare = Math.ceil((WARM_SHARE * measured) / sliceMs);
  return { sliceMs, slicesMost: Math.min(WARM_SLICES_MOST, Math.max(WARM_SLICES_FEWEST, byShare)) };
}

/** What one process measures of one arm in one schedule. */
function measuredMs(group: GroupPlan, params: MeasureParams): number {
  return roundsPerProcess(group.rounds, params.processes) * group.roundMs;
}

/** Shorter plans are not cut into stages: that takes longer than they do. */
const STAGED_MS = 100;

/** The path is cut for drives' I/Os that follow one another as fast as they can, in groups that measure CPU time. */
export function isStaged(group: GroupPlan, params: MeasureParams): boolean {
  return (
    params.stages === true &&
    group.modes.includes('inline') &&
    group.rounds * group.roundMs >= STAGED_MS &&
    !group.isOnBarAxis &&
    flowPlan(group.flow).staged === true
  );
}

/** What an I/O of the shortest paths takes, about. */
const USUAL_NS_PER_IO = 64;

/** How far a process comes in its streams: a longer stream would only take time to compile, and is read in a circle. */
function mostIosOf(group: GroupPlan, params: MeasureParams): number {
  return Math.ceil((measuredMs(group, params) * 1e6) / USUAL_NS_PER_IO);
}

/** Bytes that the machine will really touch, for the check against the memory there is. */
export function touchedBytes(spec: MachineSpec, memmapBytes: number): number {
  const payload = spec.payload === 'none' ? 0 : spec.barWindowBytes + spec.ramWindowBytes;
  const media = spec.payload === 'none' ? 0 : spec.mediaBytes * spec.lanes.length * flowPlan(spec.flow).nvmePairs;
  const streams = spec.lanes.reduce(
    (sum, { streamIos, pacing }) => sum + streamIos * (pacing?.kind === 'arrivals' ? 24 : 16),
    0,
  );
  const targets = spec.lanes.reduce((sum, lane) => sum + initiatorBytes(spec, lane), 0);
  return memmapBytes + spec.ramBytes / 64 + payload + media + streams + targets;
}

function powerAtMost(value: number): number {
  return 2 ** Math.floor(Math.log2(value));
}
