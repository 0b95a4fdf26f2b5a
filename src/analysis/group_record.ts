// What measuring one group leaves: raw samples and facts, plain data that can be posted between processes. Figures are
// made from them elsewhere. The records of several processes merge into one.
import { assert } from '../base/errors.ts';
import type { Arm, GroupPlan, Mode } from '../plan/run_plan.ts';
import type { PerIo, RawSample, Removal, RemovalRound } from '../result/schema.ts';
import type { Estimate } from '../stats/estimate.ts';
import type { SparseHistogram } from '../stats/histogram.ts';

/** One stage's share of the CPU time of an I/O. */
export interface StageCost {
  stage: string;
  /** Median over the rounds; its interval is null with too few of them. */
  ns: number;
  ci95: Estimate['ci95'];
}

/** Latency samples of one slice. */
export interface SliceLatency {
  process: number;
  round: number;
  mode: Mode;
  /** Of each lane, counters of its histograms (stats/histogram.ts, LATENCY_COUNTERS): those that are not 0. */
  lanes: SparseHistogram[];
  maxNs: number;
  /** As its sample. */
  dirty?: boolean;
}

/** What was recorded of one arm. */
export interface ArmRecord {
  arm: Arm;
  /** Values of the scheme's options, where the arm names a variant (NAME@VALUE) itself. */
  options?: Record<string, string>;
  samples: RawSample[];
  /** Latency samples of each measured slice of the threads schedule. */
  latency: SliceLatency[];
  /** Wake-ups during the measured slices of the threads schedule, and the I/Os they belong to. */
  wakeups: number;
  wakeupIos: number;
  perIo: Omit<PerIo, 'wakeups'> | undefined;
  /** Where the CPU time of an I/O goes, where it was looked at. */
  stages?: StageCost[];
  refused: { errno: string; reason: string; counts?: Record<string, number> } | undefined;
  verifiedBlocks: number;
  verifiedIos: number;
  verifyErrors: number;
  /** Schedules in which it was not steady when its rounds began. */
  unsteady: Mode[];
  memmapBytes: number;
  poolBytes: number;
  mapStateBytes: number;
  residentBytes: number | null;
  /** Page tables of the clients' IOMMUs when the arm was counted: one set for all arms. */
  iommuTableBytes?: number;
  /** In place of samples, where the provider was removed. */
  removal?: ArmRemoval;
}

/** The removals of one arm. */
export interface ArmRemoval {
  rule: Removal['rule'];
  /** With what later I/O is refused, where it is. */
  errno: string | undefined;
  rounds: RemovalRound[];
}

/** Over one round, times in milliseconds. Null where this system does not count it. */
export interface Disturbance {
  wallMs: number;
  /** Times that the process was stopped (Ctrl-Z, SIGSTOP) and went on; a result from before this was counted has none. */
  stops?: number;
  /** Sum over CPUs of the time in which this guest wanted to run and did not (/proc/stat, in ticks of 10 ms). */
  stealMs: number | null;
  /**
   * Time that an agent's thread spent on a run queue (schedstat, run_delay) while it was in a slice, mean over the threads
   * that work in this schedule. Waking up for a slice is not in it: the lab itself, which has just given the order, then stands on one of their CPUs.
   */
  runDelayMs: number | null;
  /** Sum over the agents' threads of their time on a CPU (schedstat; what process.threadCpuUsage gives each of them). */
  cpuMs: number | null;
  /** Times an agent's thread was made to give up its CPU. */
  involuntarySwitches: number | null;
  /** Nanoseconds for each step of the sentinel loop before the round. */
  sentinelNs: number;
}

/** One round of one schedule: every arm once. What is set aside is set aside by rounds, for all arms together. */
export interface RoundRecord extends Disturbance {
  process: number;
  round: number;
  mode: Mode;
  /** Set when the machine was disturbed, with the reason. */
  dirty?: boolean;
  dirtyReason?: string;
}

/** Length and number of slices, equal for all arms and processes: found once, on the slowest arm. */
export interface Calibration {
  /** I/Os of each lane in a slice. */
  sliceIos: Partial<Record<Mode, number>>;
  /** In an open loop: milliseconds of the paced lanes in a slice of the threads schedule. */
  pacedMs?: number;
  /** Rounds of one process. */
  rounds: Partial<Record<Mode, number>>;
  /** With a latency target: what each arm's search came to, by id. */
  depths?: Record<string, FoundDepth>;
}

/** The largest depth that keeps a latency target; 1 where none does. */
export interface FoundDepth {
  depth: number;
  met: boolean;
}

export interface GroupRecord {
  plan: GroupPlan;
  oversubscribed: boolean;
  arms: ArmRecord[];
  rounds: RoundRecord[];
  calibration: Calibration;
  /** I/Os per second that an open loop offers over all its lanes; undefined in a closed loop. */
  offeredIops: number | undefined;
  /** What measuring it took, set-up and warm-up included. */
  tookMs: number;
  /** The plan was not finished: what is here is complete rounds. */
  interrupted: boolean;
}

/** One record for each group from those of several processes, in the order of the groups. Facts are the first process's. */
export function mergeReplicates(perProcess: readonly (readonly GroupRecord[])[]): GroupRecord[] {
  return [...Map.groupBy(perProcess.flat(), ({ plan }) => plan.id).values()].map(mergeGroup);
}

function mergeGroup(records: readonly GroupRecord[]): GroupRecord {
  const [first, ...others] = records;
  assert(first !== undefined, 'a group was measured at least once');
  return {
    ...first,
    arms: first.arms.map((arm) =>
      mergeArm([arm, ...others.flatMap(({ arms }) => arms.filter((other) => other.arm.id === arm.arm.id))]),
    ),
    rounds: records.flatMap(({ rounds }) => rounds),
    tookMs: records.reduce((sum, { tookMs }) => sum + tookMs, 0),
    interrupted: records.some(({ interrupted }) => interrupted),
  };
}

function mergeArm(records: readonly ArmRecord[]): ArmRecord {
  const [first] = records;
  assert(first !== undefined, 'an arm was measured at least once');
  const sum = (field: 'wakeups' | 'wakeupIos' | 'verifiedBlocks' | 'verifiedIos' | 'verifyErrors'): number =>
    records.reduce((total, record) => total + record[field], 0);
  return {
    ...first,
    samples: records.flatMap(({ samples }) => samples),
    latency: records.flatMap(({ latency }) => latency),
    wakeups: sum('wakeups'),
    wakeupIos: sum('wakeupIos'),
    perIo: records.find(({ perIo }) => perIo !== undefined)?.perIo,
    verifiedBlocks: sum('verifiedBlocks'),
    verifiedIos: sum('verifiedIos'),
    verifyErrors: sum('verifyErrors'),
    ...(first.removal ? { removal: mergeRemovals(records) } : {}),
    unsteady: [...new Set(records.flatMap(({ unsteady }) => unsteady))],
  };
}

function mergeRemovals(records: readonly ArmRecord[]): ArmRemoval {
  const removals = records.flatMap(({ removal }) => removal ?? []);
  const [first] = removals;
  assert(first !== undefined, 'an arm with removals has one');
  return {
    rule: first.rule,
    errno: removals.find(({ errno }) => errno !== undefined)?.errno,
    rounds: removals.flatMap(({ rounds }) => rounds),
  };
}
