// One replicate: every group of a plan once, in this process. Raw records only, plain data that can be posted elsewhere.
import { sharedMemory } from './arena.ts';
import { type Crew, type CrewOptions, closePool } from './crew.ts';
import { startSentinel } from './disturbance.ts';
import type { GroupRecord } from './group_record.ts';
import { measureGroup } from './measure_group.ts';
import { probesModule } from './modules.ts';
import type { GroupPlan, MeasureParams } from './run_plan.ts';

/** What a replicate measures. Plain data. */
export interface ReplicateTask {
  params: MeasureParams;
  groups: GroupPlan[];
  /** Index of this process among those of the run: its rounds follow those of the ones before. */
  process: number;
  cores: number;
  fault: CrewOptions['fault'];
  /** Whether to count as well: exact counts are the same in every process. */
  counting: boolean;
  /** Slice lengths by group, where an earlier process has calibrated them. */
  sliceIos: Record<string, GroupRecord['sliceIos']>;
}

/** How a replicate reports back while it goes on. */
export interface ReplicateHooks {
  /** @param share of this replicate, 0 to 1 */
  progress(share: number, what: string): void;
  interrupted(): boolean;
  /** The crew that runs now, so that an interruption can reach it. */
  onCrew(crew: Crew | undefined): void;
  /** The group that is being measured, with its whole rounds; the same object is given again when it has more. */
  onRound(record: GroupRecord): void;
}

/**
 * Measures the groups one after the other; after an interruption, those that were begun.
 * @throws LabError when one fails; what is whole was handed to the hooks
 */
export async function measureReplicate(task: ReplicateTask, hooks: ReplicateHooks): Promise<GroupRecord[]> {
  const memory = sharedMemory();
  const sentinel = startSentinel(probesModule(memory));
  const records: GroupRecord[] = [];
  try {
    for (const [index, plan] of task.groups.entries()) {
      if (hooks.interrupted()) break;
      const { process, cores, counting, fault } = task;
      const observer = {
        ...hooks,
        progress: (done: number, of: number, what: string) =>
          hooks.progress((index + done / of) / task.groups.length, `group ${plan.id}, ${what}`),
      };
      const sliceIos = task.sliceIos[plan.id];
      records.push(
        await measureGroup(plan, task.params, {
          memory,
          cores,
          fault,
          sentinel,
          process,
          counting,
          sliceIos,
          observer,
        }),
      );
    }
  } finally {
    await closePool();
  }
  return records;
}
