// How measuring is asked for and heard of, from the command down to the slice: one object, handed on whole. What is added to it
// on the way is a copy with one part replaced (`withEvents`, `withPolicy`), so that nothing can be left out.

import type { Calibration, GroupRecord } from '../../analysis/group_record.ts';
import type { LabError } from '../../base/errors.ts';
import type { GroupPlan, MeasureParams } from '../../plan/run_plan.ts';
import type { Fault } from '../workers/fault.ts';
import type { LabSession } from './session.ts';

export interface Measurement {
  /** Aborted when nobody wants more: what is whole then is kept. */
  signal: AbortSignal;
  events: MeasuringEvents;
  policy: MeasuringPolicy;
}

/** What measuring tells while it goes on, between slices. */
export interface MeasuringEvents {
  /** @param share of what is planned now, 0 to 1 */
  progress(share: number, what: string): void;
  /**
   * The group that is measured, with its whole rounds: before the first of them and after each; the same object each time. Only
   * where it is measured; measuring goes on when the promise resolves.
   */
  rounds?(record: GroupRecord): Promise<void> | void;
}

/** How to measure, beside what is measured. */
export interface MeasuringPolicy {
  cores: number;
  fault?: Fault | undefined;
  /** An interrupted run is of no use: its processes are ended at once. */
  onlyWhole?: boolean | undefined;
  /** Memory and threads that are kept between the runs of one process; a run without it makes and ends its own. */
  session?: LabSession | undefined;
  /** Whether a group needs more rounds, asked at each look: by default, while one of its comparisons is inconclusive. */
  isOpen?: IsOpen | undefined;
  /** What measures each replicate: by default a fresh process, or this one where the plan asks for a single one. */
  runner?: Runner | undefined;
  /** Clock of the budget, in milliseconds. */
  now?: (() => number) | undefined;
}

/** @param alpha level of this look */
export type IsOpen = (group: GroupRecord, alpha: number) => boolean;

/** The same measurement, heard elsewhere. */
export function withProgress(measurement: Measurement, progress: MeasuringEvents['progress']): Measurement {
  return { ...measurement, events: { ...measurement.events, progress } };
}

/** The same measurement with more rules. */
export function withPolicy(measurement: Measurement, policy: Partial<MeasuringPolicy>): Measurement {
  return { ...measurement, policy: { ...measurement.policy, ...policy } };
}

/** What a replicate measures. Plain data. */
export interface ReplicateTask {
  /** "process 2 of 3", for messages. */
  name: string;
  params: MeasureParams;
  groups: GroupPlan[];
  /** Index of this process among those of the run: its rounds follow those of the ones before. */
  process: number;
  cores: number;
  fault: Fault | undefined;
  /** Whether to count as well: exact counts are the same in every process. */
  counting: boolean;
  /** By group, where an earlier process has found it. */
  calibrations: Record<string, Calibration>;
  /** Of the environment, where the process is its own. */
  paddingBytes: number;
}

/** Where a replicate runs: a process of its own (replicate_process.ts), or this one (this_process.ts). */
export interface Runner {
  /** Never throws for what happens there: the outcome says it. */
  run(task: ReplicateTask, measurement: Measurement): Promise<ReplicateOutcome>;
}

export interface ReplicateOutcome {
  records: GroupRecord[];
  /** Why it ended early, if it did. */
  failure: LabError | undefined;
  paddingBytes: number;
  tookMs: number;
}
