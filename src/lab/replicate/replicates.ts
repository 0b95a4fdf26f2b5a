// The replicates of a run: fresh processes one after the other, or this process alone; as many as the plan says, and more of
// them for groups whose comparisons are still open while a budget lasts.

import { comparisonsOf, controlIds } from '../../analysis/comparisons.ts';
import { markDirtyBlocks } from '../../analysis/dirty_rounds.ts';
import { type GroupRecord, mergeReplicates } from '../../analysis/group_record.ts';
import { EXIT, LabError } from '../../base/errors.ts';
import { seededRandom } from '../../base/random.ts';
import type { GroupPlan, MeasureParams } from '../../plan/run_plan.ts';
import type { ComparisonRecord } from '../../result/schema.ts';
import { alphaOfLooks, MOST_LOOKS, processesPerLook } from '../../stats/looks.ts';
import type { Crew, CrewOptions } from '../workers/crew.ts';
import { type LabSession, measureReplicate, type ReplicateTask } from './measure_replicate.ts';
import { runReplicateProcess } from './replicate_process.ts';

/** How the replicates report back. */
export interface ReplicatesHooks {
  /** @param share of what is planned now, 0 to 1 */
  progress(share: number, what: string): void;
  /** Called with the function that ends them early. */
  onInterruptible(interrupt: () => void): void;
  fault?: CrewOptions['fault'];
  cores: number;
  /** An interrupted run is of no use: its processes are ended at once. */
  onlyWhole?: boolean | undefined;
  /** Memory and threads that are kept between the runs of one process; a run without it makes and ends its own. */
  session?: LabSession | undefined;
  /**
   * Whether a group needs more rounds, asked at each look: by default, while one of its comparisons is inconclusive.
   * @param alpha level of this look
   */
  isOpen?: IsOpen | undefined;
}

export type IsOpen = (group: GroupRecord, alpha: number) => boolean;

/** One replicate that ran. */
export interface ReplicateFacts {
  process: number;
  paddingBytes: number;
  tookMs: number;
}

export interface Replicates {
  /** Over all processes, dirty blocks marked. */
  groups: GroupRecord[];
  processes: ReplicateFacts[];
  looks: { planned: number; taken: number; alpha: number };
  interrupted: boolean;
  /** Why it ended early, if it did. */
  failure: LabError | undefined;
}

/** How a replicate is started, and the clock of the budget: tests have their own. */
export interface Starting {
  start: typeof runReplicateProcess;
  now(): number;
}

/** Measures a plan. A replicate that fails ends it; what is whole before that is in the outcome. */
export async function measureReplicates(
  groups: readonly GroupPlan[],
  params: MeasureParams,
  hooks: ReplicatesHooks,
  { start = runReplicateProcess, now = () => performance.now() }: Partial<Starting> = {},
): Promise<Replicates> {
  const began = now();
  const run = new ReplicateRun(params, hooks, start);
  const { budgetMs } = params;
  const planned = budgetMs === undefined ? 1 : MOST_LOOKS;
  const alpha = alphaOfLooks(planned);
  const isOpen = hooks.isOpen ?? ((group, level) => hasOpenComparison(group, params, level));
  await run.one(groups, 0, params.processes);
  const perLook = budgetMs === undefined ? params.processes : await lookSize(run, groups, params, budgetMs);
  while (run.goesOn && run.count < perLook) await run.one(groups, run.count / perLook, perLook);
  let taken = 1;
  for (; run.goesOn && taken < planned && budgetMs !== undefined; taken++) {
    const records = run.groups();
    const open = groups.filter(({ id }) => {
      const group = records.find(({ plan }) => plan.id === id);
      return group === undefined || isOpen(group, alpha);
    });
    const target = (taken + 1) * perLook;
    const before = run.count;
    while (open.length > 0 && run.goesOn && run.count < target) {
      if (now() - began + run.expectedMs(open) > budgetMs) break;
      await run.one(open, (now() - began) / budgetMs, target);
    }
    if (run.count === before) break;
  }
  return {
    groups: run.groups(),
    processes: run.processes,
    looks: { planned, taken, alpha },
    interrupted: run.interrupted,
    failure: run.failure,
  };
}

/** Processes of a look that fills its part of the budget. The first process counts as well: the second tells what others take. */
async function lookSize(
  run: ReplicateRun,
  groups: readonly GroupPlan[],
  params: MeasureParams,
  budgetMs: number,
): Promise<number> {
  const least = Math.max(2, params.processes);
  if (run.goesOn) await run.one(groups, 1 / least, least);
  const [first, later] = run.processes;
  if (first === undefined || later === undefined) return least;
  return processesPerLook(budgetMs, first.tookMs, later.tookMs, least);
}

/** Whether a comparison of the group that is not a control has no verdict yet. */
function hasOpenComparison(group: GroupRecord, params: MeasureParams, alpha: number): boolean {
  const controls = controlIds([group]);
  return comparisonsOf(group, params, alpha).some(
    ({ a, verdict }: ComparisonRecord) => verdict === 'inconclusive' && !controls.has(a),
  );
}

/** The replicates so far: it knows which comes next. */
class ReplicateRun {
  readonly processes: ReplicateFacts[] = [];
  interrupted = false;
  failure: LabError | undefined;
  private readonly start: Starting['start'];
  private readonly params: MeasureParams;
  private readonly hooks: ReplicatesHooks;
  private readonly records: GroupRecord[][] = [];
  private readonly padding;
  private interruptCurrent: (() => void) | undefined;

  constructor(params: MeasureParams, hooks: ReplicatesHooks, start: Starting['start']) {
    this.start = start;
    this.params = params;
    this.hooks = hooks;
    this.padding = seededRandom(params.seed);
    hooks.onInterruptible(() => {
      this.interrupted = true;
      this.interruptCurrent?.();
    });
  }

  get count(): number {
    return this.processes.length;
  }

  get goesOn(): boolean {
    return !this.interrupted && this.failure === undefined;
  }

  /** Everything so far, over all processes. */
  groups(): GroupRecord[] {
    return markDirtyBlocks(mergeReplicates(this.records));
  }

  /** What a process for these groups takes, from those that ran. */
  expectedMs(groups: readonly GroupPlan[]): number {
    const runs = this.records.length;
    const ids = new Set(groups.map(({ id }) => id));
    const took = this.records.flat().filter(({ plan }) => ids.has(plan.id));
    return took.reduce((sum, { tookMs }) => sum + tookMs, 0) / Math.max(1, runs);
  }

  /** One more process. @param of how many are planned now */
  async one(groups: readonly GroupPlan[], share: number, of: number): Promise<void> {
    const index = this.count;
    const calibrated = mergeReplicates(this.records).map(({ plan, calibration }) => [plan.id, calibration] as const);
    const task: ReplicateTask = {
      params: this.params,
      groups: [...groups],
      process: index,
      cores: this.hooks.cores,
      fault: index === 0 || this.hooks.fault?.target === `process${index}` ? this.hooks.fault : undefined,
      counting: index === 0,
      calibrations: Object.fromEntries(calibrated),
    };
    const name = `process ${index + 1} of ${of}`;
    const progress = (done: number, what: string): void =>
      this.hooks.progress(share + done / of, of === 1 ? what : `${name}, ${what}`);
    const outcome = await (this.params.processes === 1 && this.params.budgetMs === undefined
      ? this.inThisProcess(task, progress)
      : this.start(
          task,
          { progress, onInterruptible: this.setInterrupt },
          { name, random: this.padding, ...(this.hooks.onlyWhole === true ? { endingMostMs: 0 } : {}) },
        ));
    this.records.push(outcome.records);
    this.processes.push({ process: index, paddingBytes: outcome.paddingBytes, tookMs: outcome.tookMs });
    this.failure ??= outcome.failure;
  }

  private readonly setInterrupt = (interrupt: (() => void) | undefined): void => {
    this.interruptCurrent = interrupt;
    if (this.interrupted) interrupt?.();
  };

  private async inThisProcess(task: ReplicateTask, progress: (share: number, what: string) => void) {
    const began = performance.now();
    const records = new Map<string, GroupRecord>();
    let failure: LabError | undefined;
    let crew: Crew | undefined;
    this.setInterrupt(() => crew?.interrupt());
    try {
      const whole = await measureReplicate(task, {
        progress,
        interrupted: () => this.interrupted,
        onCrew: (now) => {
          crew = now;
        },
        onRound: (record) => {
          records.set(record.plan.id, record);
        },
        session: this.hooks.session,
      });
      for (const record of whole) records.set(record.plan.id, record);
    } catch (error) {
      if (error instanceof LabError && error.exitCode !== EXIT.runFailed) throw error;
      // Whatever it is, a trap of the machine as well: what was measured before is kept, as a process of its own would.
      failure = error instanceof LabError ? error : unexpected(error);
    }
    this.setInterrupt(undefined);
    return { records: [...records.values()], failure, paddingBytes: 0, tookMs: performance.now() - began };
  }
}

function unexpected(error: unknown): LabError {
  const stack = (error as Error)?.stack ?? String(error);
  return new LabError(
    `unexpected error during the run, please report it. Nothing after the last complete round is used.\n${stack}`,
    EXIT.runFailed,
  );
}
