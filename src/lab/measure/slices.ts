// A group while it is measured, and one slice of one of its arms: the unit of everything that is timed.
import { HostQueue } from '../../../build/layout.ts';
import type { Calibration } from '../../analysis/group_record.ts';
import { type Arm, type GroupPlan, type MeasureParams, type Mode, moduleOf, queuesOf } from '../../plan/run_plan.ts';
import { type BuiltMachine, setBuffers } from '../machine/build_machine.ts';
import { setField } from '../machine/fields.ts';
import { setPacing } from '../machine/lane_pacing.ts';
import type { Crew, SliceResult } from '../workers/crew.ts';
import type { Measurement } from './measurement.ts';
import { type LanePace, laneOrders } from './pacing.ts';
import type { MachineRoom } from './session.ts';

/** Where and for which replicate a group is measured. */
export interface GroupRun {
  room: MachineRoom;
  /** Index of this process among those of the run. */
  process: number;
  /** Whether to count as well: exact counts are the same in every process. */
  counting: boolean;
  /** What another process has calibrated. */
  calibration: Calibration | undefined;
  measurement: Measurement;
}

/** Whether nobody wants more of a group. */
export function isInterrupted({ run }: Pick<Group, 'run'>): boolean {
  return run.measurement.signal.aborted;
}

/** A group while it is measured. */
export interface Group {
  plan: GroupPlan;
  params: MeasureParams;
  machine: BuiltMachine;
  paces: readonly LanePace[];
  /** Bytes that an I/O moves, on average over the streams; 0 where nothing is moved. */
  movedBytes: number;
  crew: Crew;
  /** Host modules, in the order of the crew's. */
  schemes: string[];
  run: GroupRun;
  /** Depth that keeps the jobs' latency target, by arm, where there is one. */
  depths: Map<string, number>;
}

/** Lead-in before a slice is measured, in depths of the queue. */
export const LEAD_DEPTHS = 4;

/**
 * One slice of an arm.
 * @param pacedMs of lanes with times of their own: how long; only the threads schedule keeps them, as they say nothing about the
 * CPU time of an I/O
 */
export function slice(
  group: Group,
  arm: Arm,
  mode: Mode,
  streamStart: number,
  leadIos: number,
  measureIos: number,
  pacedMs?: number,
) {
  setBuffers(group.machine, arm.buffers);
  setDepth(group, group.depths.get(arm.id));
  setPacing(group.machine, mode === 'threads');
  return group.crew.run({
    mode,
    arm: group.schemes.indexOf(moduleOf(arm, group.params)),
    streamStart,
    leadIos,
    measureIos,
    lanes: laneOrders(group.paces, mode === 'threads' ? pacedMs : undefined, { leadIos, measureIos }),
  });
}

/** @param depth of lanes with a latency target, at most their iodepth; undefined: as their jobs say. Only between slices. */
export function setDepth({ machine, plan }: Pick<Group, 'machine' | 'plan'>, depth: number | undefined): void {
  queuesOf(plan).forEach(({ job }, lane) => {
    if (job.latencyTarget === undefined) return;
    const front = machine.lanes[lane]?.front as number;
    const iodepth = Math.min(job.iodepth, depth ?? job.iodepth);
    setField(machine.view, front, HostQueue.iodepth, iodepth);
    setField(machine.view, front, HostQueue.batch, Math.min(job.iodepthBatch, iodepth));
  });
}

/** For the first slices of an arm: code that is not compiled yet, and memory that was not touched. */
const FIRST_NS_PER_IO = 400;
/** 10 GB/s. */
const COPY_NS_PER_BYTE = 0.1;

/** What an I/O takes, about, while nobody has measured one. */
export function firstNsPerIo({ movedBytes }: Pick<Group, 'movedBytes'>): number {
  return FIRST_NS_PER_IO + COPY_NS_PER_BYTE * movedBytes;
}

/** A slice of the inline schedule may take so many times its length by the wall clock. */
const WALL_PER_HOST = 4;

/**
 * What sizes slices, nanoseconds per I/O: in the threads schedule of the wall clock. Inline only host agents are measured; what the
 * devices beside them copy would make a slice of large I/Os as long as a run.
 */
export function sizingNs(
  mode: Mode,
  { ns, wallNs, ios, iops }: Pick<SliceResult, 'ns' | 'wallNs' | 'ios' | 'iops'>,
): number {
  return mode === 'threads' ? 1e9 / iops : Math.max(ns, wallNs / WALL_PER_HOST) / ios;
}

/** I/Os of each lane in a slice of `ms`: the same for every arm, at most one pass of a job that has an end. */
export function sliceIos(group: Group, nsPerIo: number, ms: number): number {
  const lanes = group.machine.lanes.length;
  const byTime = Math.ceil((ms * 1e6) / nsPerIo / lanes);
  const onePass = Math.max(...group.plan.jobs.map((job) => job.totalIos));
  const least = Math.max(...group.plan.jobs.map((job) => job.iodepthBatch));
  return Math.min(Math.max(byTime, least), onePass, 2 ** 29);
}

/** I/Os of each lane in a slice that is measured: at least as many as its lead-in, or it would show how queues fill and drain. */
export function measuredIos(group: Group, nsPerIo: number, ms: number): number {
  const onePass = Math.max(...group.plan.jobs.map((job) => job.totalIos));
  return Math.min(Math.max(sliceIos(group, nsPerIo, ms), leadIos(group)), onePass);
}

export function leadIos(group: Group): number {
  return LEAD_DEPTHS * Math.max(...group.plan.jobs.map((job) => job.iodepth));
}
