// The replicates of a run: fresh processes one after the other, or this process alone; as many as the plan says, and more of
// them for groups whose comparisons are still open while a budget lasts.

import { comparisonsOf, controlIds } from '../../analysis/comparisons.ts';
import { markDirtyRounds } from '../../analysis/dirty_rounds.ts';
import { type GroupRecord, mergeReplicates } from '../../analysis/group_record.ts';
import type { LabError } from '../../base/errors.ts';
import { seededRandom } from '../../base/random.ts';
import type { GroupPlan, MeasureParams } from '../../plan/run_plan.ts';
import type { ComparisonRecord } from '../../result/schema.ts';
import { alphaOfLooks, MOST_LOOKS, processesPerLook } from '../../stats/looks.ts';
import {
  type Measurement,
  type MeasuringPolicy,
  type ReplicateTask,
  type Runner,
  withProgress,
} from '../measure/measurement.ts';
import { freshProcess } from './replicate_process.ts';
import { thisProcess } from './this_process.ts';

/** Environment sizes vary so that no result hangs on one alignment of the stack (Mytkowicz et al., ASPLOS 2009). */
const PADDING_MOST_BYTES = 4096;

/** One replicate that ran. */
export interface ReplicateFacts {
  process: number;
  paddingBytes: number;
  tookMs: number;
}

export interface Replicates {
  /** Over all processes, dirty rounds marked. */
  groups: GroupRecord[];
  processes: ReplicateFacts[];
  looks: { planned: number; taken: number; alpha: number };
  interrupted: boolean;
  /** Why it ended early, if it did. */
  failure: LabError | undefined;
}

/** Measures a plan. A replicate that fails ends it; what is whole before that is in the outcome. */
export async function measureReplicates(
  groups: readonly GroupPlan[],
  params: MeasureParams,
  measurement: Measurement,
): Promise<Replicates> {
  const { now = () => performance.now() } = measurement.policy;
  const began = now();
  const run = new ReplicateRun(params, measurement);
  const { budgetMs } = params;
  const planned = budgetMs === undefined ? 1 : MOST_LOOKS;
  const alpha = alphaOfLooks(planned);
  const isOpen = measurement.policy.isOpen ?? ((group, level) => hasOpenComparison(group, params, level));
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

function runnerOf({ processes, budgetMs }: MeasureParams, { runner }: MeasuringPolicy): Runner {
  return runner ?? (processes === 1 && budgetMs === undefined ? thisProcess() : freshProcess());
}

/** The replicates so far: it knows which comes next. */
class ReplicateRun {
  readonly processes: ReplicateFacts[] = [];
  failure: LabError | undefined;
  private readonly params: MeasureParams;
  private readonly measurement: Measurement;
  private readonly runner: Runner;
  private readonly records: GroupRecord[][] = [];
  private readonly padding;

  constructor(params: MeasureParams, measurement: Measurement) {
    this.params = params;
    this.measurement = measurement;
    this.runner = runnerOf(params, measurement.policy);
    this.padding = seededRandom(params.seed);
  }

  get count(): number {
    return this.processes.length;
  }

  get interrupted(): boolean {
    return this.measurement.signal.aborted;
  }

  get goesOn(): boolean {
    return !this.interrupted && this.failure === undefined;
  }

  /** Everything so far, over all processes. */
  groups(): GroupRecord[] {
    return markDirtyRounds(mergeReplicates(this.records));
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
    const task = this.task(groups, of);
    const measurement = withProgress(this.measurement, (done, what) =>
      this.measurement.events.progress(share + done / of, of === 1 ? what : `${task.name}, ${what}`),
    );
    const { records, paddingBytes, tookMs, failure } = await this.runner.run(task, measurement);
    this.records.push(records);
    this.processes.push({ process: task.process, paddingBytes, tookMs });
    this.failure ??= failure;
  }

  private task(groups: readonly GroupPlan[], of: number): ReplicateTask {
    const index = this.count;
    const { cores, fault } = this.measurement.policy;
    const calibrated = mergeReplicates(this.records).map(({ plan, calibration }) => [plan.id, calibration] as const);
    return {
      name: `process ${index + 1} of ${of}`,
      params: this.params,
      groups: [...groups],
      process: index,
      cores,
      fault: index === 0 || fault?.target === `process${index}` ? fault : undefined,
      counting: index === 0,
      calibrations: Object.fromEntries(calibrated),
      paddingBytes: this.padding.below(PADDING_MOST_BYTES + 1),
    };
  }
}
