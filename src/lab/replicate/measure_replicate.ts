// One replicate: every group of a plan once, in this process. Raw records only, plain data that can be posted elsewhere.

import type { Calibration, GroupRecord } from '../../analysis/group_record.ts';
import type { GroupPlan, MeasureParams } from '../../plan/run_plan.ts';
import { type Sentinel, startSentinel } from '../host/disturbance.ts';
import { type Surroundings, watchManyRuns } from '../host/surroundings.ts';
import { sharedMemory } from '../machine/arena.ts';
import { keepMemmaps } from '../machine/kept_memmap.ts';
import { probesModule } from '../machine/modules.ts';
import { measureGroup } from '../measure/measure_group.ts';
import { type Crew, type CrewOptions, closePool } from '../workers/crew.ts';

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
  /** By group, where an earlier process has found it. */
  calibrations: Record<string, Calibration>;
}

/** What replicates of one process may share: memory that only grows, threads, and the sentinel's calibration. */
export interface LabSession {
  memory: WebAssembly.Memory;
  sentinel: Sentinel;
  surroundings: Surroundings;
}

/** Opens what replicates of this process share until `closePool` (crew.ts) ends its threads. */
export function openSession(): LabSession {
  const room = machineRoom();
  keepMemmaps(room.memory);
  return { ...room, surroundings: watchManyRuns() };
}

function machineRoom(): Omit<LabSession, 'surroundings'> {
  const memory = sharedMemory();
  return { memory, sentinel: startSentinel(probesModule(memory)) };
}

/** How a replicate reports back while it goes on. */
export interface ReplicateHooks {
  /** @param share of this replicate, 0 to 1 */
  progress(share: number, what: string): void;
  interrupted(): boolean;
  /** The crew that runs now, so that an interruption can reach it. */
  onCrew(crew: Crew | undefined): void;
  /**
   * The group that is being measured, with its whole rounds; the same object is given again when it has more. Measuring goes on
   * when the promise resolves.
   */
  onRound(record: GroupRecord): Promise<void> | void;
  /** Kept open for the next replicate; without it the replicate opens and closes its own. */
  session?: LabSession | undefined;
}

/**
 * Measures the groups one after the other; after an interruption, those that were begun.
 * @throws LabError when one fails; what is whole was handed to the hooks
 */
export async function measureReplicate(task: ReplicateTask, hooks: ReplicateHooks): Promise<GroupRecord[]> {
  const { memory, sentinel } = hooks.session ?? machineRoom();
  // Groups after one another, as stonewalled jobs are, find their struct pages ready.
  if (hooks.session === undefined && task.groups.length > 1) keepMemmaps(memory);
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
      const calibration = task.calibrations[plan.id];
      records.push(
        await measureGroup(plan, task.params, {
          memory,
          cores,
          fault,
          sentinel,
          process,
          counting,
          calibration,
          observer,
        }),
      );
    }
  } finally {
    if (hooks.session === undefined) await closePool();
  }
  return records;
}
