// A replicate in this process that fails: what it has told stays, whatever ended it.
import { describe, expect, it } from 'vitest';
import type { ArmRecord, GroupRecord } from '../../analysis/group_record.ts';
import { EXIT, LabError } from '../../base/errors.ts';
import { NEVER } from '../../base/interrupt.ts';
import type { Measurement, ReplicateTask } from '../measure/measurement.ts';
import type { measureReplicate } from './measure_replicate.ts';
import { thisProcess } from './this_process.ts';

const FAULT = { target: 'host0', kind: 'exit', afterMs: 1 } as const;
const task = { name: 'process 1 of 1', groups: [], process: 0, fault: undefined, paddingBytes: 7 };
const measurement: Measurement = { signal: NEVER, events: { progress: () => {} }, policy: { cores: 2, fault: FAULT } };

/** (module (func (export "trap") unreachable)) */
const TRAP = new Uint8Array(
  [
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    [1, 4, 1, 0x60, 0, 0],
    [3, 2, 1, 0],
    [7, 8, 1, 4, 0x74, 0x72, 0x61, 0x70, 0, 0],
    [10, 5, 1, 3, 0, 0, 0x0b],
  ].flat(),
);

/** Measures two rounds of a group, then ends as it is told to. */
async function measured(end: () => GroupRecord[]) {
  const record = { plan: { id: 'g0' }, arms: [{ arm: { id: 'a' }, samples: [], latency: [] }], rounds: [] };
  const given: Measurement[] = [];
  const measure: typeof measureReplicate = async (_, inner) => {
    given.push(inner);
    const [arm] = record.arms as unknown as ArmRecord[];
    for (const round of [0, 1]) {
      await inner.events.rounds?.(record as unknown as GroupRecord);
      arm?.samples.push({ round } as ArmRecord['samples'][number]);
    }
    await inner.events.rounds?.(record as unknown as GroupRecord);
    // Of a round that nobody has heard of.
    arm?.samples.push({ round: 2 } as ArmRecord['samples'][number]);
    return end();
  };
  const outcome = await thisProcess(measure).run(task as unknown as ReplicateTask, measurement);
  return { ...outcome, given };
}

describe('a replicate in this process', () => {
  it('that traps ends with exit 4 and keeps its whole rounds', async () => {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(TRAP));
    const ended = await measured(() => {
      (exports.trap as () => void)();
      return [];
    });
    expect(ended.failure?.exitCode).toBe(EXIT.runFailed);
    expect(ended.failure?.message).toMatch(/unexpected error during the run.*RuntimeError: unreachable/s);
    expect(ended.records[0]?.arms[0]?.samples).toEqual([{ round: 0 }, { round: 1 }]);
  });

  it('hands on what failed in it, with its exit code', async () => {
    const ended = await measured(() => {
      throw new LabError('too little memory', EXIT.usage);
    });
    expect(ended.failure).toMatchObject({ message: 'too little memory', exitCode: 2 });
    expect(ended.records).toHaveLength(1);
  });

  it('has the whole record in the end, its own fault, and no padding', async () => {
    const whole = { plan: { id: 'g0' }, arms: [], rounds: [{ round: 5 }] } as unknown as GroupRecord;
    const ended = await measured(() => [whole]);
    expect(ended).toMatchObject({ failure: undefined, records: [whole], paddingBytes: 0 });
    expect(ended.given).toMatchObject([{ signal: NEVER, policy: { cores: 2, fault: undefined } }]);
  });
});
