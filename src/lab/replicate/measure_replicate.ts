// One replicate: every group of a plan once, in this process. Raw records only, plain data that can be posted elsewhere.

import type { GroupRecord } from '../../analysis/group_record.ts';
import { keepMemmaps } from '../machine/kept_memmap.ts';
import { measureGroup } from '../measure/measure_group.ts';
import { type Measurement, type ReplicateTask, withProgress } from '../measure/measurement.ts';
import { machineRoom } from '../measure/session.ts';
import { closePool } from '../workers/crew.ts';

/**
 * Measures the groups one after the other; after an interruption, those that were begun.
 * @throws LabError when one fails; what is whole was handed to the events
 */
export async function measureReplicate(task: ReplicateTask, measurement: Measurement): Promise<GroupRecord[]> {
  const { session } = measurement.policy;
  const room = session ?? machineRoom();
  // Groups after one another, as stonewalled jobs are, find their struct pages ready.
  if (session === undefined && task.groups.length > 1) keepMemmaps(room.memory);
  const { process, counting } = task;
  const records: GroupRecord[] = [];
  try {
    for (const [index, plan] of task.groups.entries()) {
      if (measurement.signal.aborted) break;
      const ofGroup = withProgress(measurement, (share, what) =>
        measurement.events.progress((index + share) / task.groups.length, `group ${plan.id}, ${what}`),
      );
      const calibration = task.calibrations[plan.id];
      records.push(
        await measureGroup(plan, task.params, { room, process, counting, calibration, measurement: ofGroup }),
      );
    }
  } finally {
    if (session === undefined) await closePool();
  }
  return records;
}
