import { describe, expect, it } from 'vitest';
import { dirtReason, markDirtyRounds } from './dirty_rounds.ts';
import type { GroupRecord, RoundRecord } from './group_record.ts';

function round(over: Partial<RoundRecord> = {}): RoundRecord {
  const quiet = { wallMs: 100, stealMs: 0, runDelayMs: 0.5, cpuMs: 199, involuntarySwitches: 1, sentinelNs: 1 };
  return { process: 0, round: 0, mode: 'threads', ...quiet, ...over };
}
const STILL = [1, 1.0001, 0.9999, 1.0002, 1];

describe('a round is dirty', () => {
  it('when steal and run delay together exceed 2 % of its time', () => {
    expect(dirtReason(round({ runDelayMs: 1.9 }), STILL)).toBeUndefined();
    expect(dirtReason(round({ runDelayMs: 2.1 }), STILL)).toMatch(/run delay 2\.1 ms in 100\.0 ms/);
    expect(dirtReason(round({ stealMs: 10 }), STILL)).toMatch(/steal 10\.0 ms/);
    expect(dirtReason(round({ stealMs: null, runDelayMs: null }), STILL)).toBeUndefined();
  });

  it('when the process was stopped in it, whatever else was counted', () => {
    expect(dirtReason(round({ stops: 0 }), STILL)).toBeUndefined();
    expect(dirtReason(round({ stops: 1 }), STILL)).toMatch(/^the process was stopped once in 100\.0 ms/);
    expect(dirtReason(round({ stops: 2, runDelayMs: 90 }), STILL)).toMatch(/stopped 2 times/);
  });

  it('when the sentinel is far from its median, by its own scatter', () => {
    expect(dirtReason(round({ sentinelNs: 1.02 }), STILL)).toMatch(/102\.0 % of its usual time/);
    expect(dirtReason(round({ sentinelNs: 0.97 }), STILL)).toMatch(/97\.0 %/);
    expect(dirtReason(round({ sentinelNs: 1.02 }), [0.96, 0.98, 1, 1.02, 1.04])).toBeUndefined();
  });

  it('never for a deviation that is none, however still the machine', () => {
    expect(dirtReason(round({ sentinelNs: 1.005 }), STILL)).toBeUndefined();
  });
});

it('sets aside the round in which a stop was heard and the one before it in its process', () => {
  const rounds = [round(), round({ round: 1 }), round({ round: 2, stops: 1 }), round({ round: 3 })];
  const others = [round({ process: 1 }), round({ process: 2, stops: 1 })];
  const [marked] = markDirtyRounds([{ arms: [], rounds: [...rounds, ...others] } as unknown as GroupRecord]);
  expect(marked?.rounds.map(({ dirty }) => dirty === true)).toEqual([false, true, true, false, false, true]);
  expect(marked?.rounds.map(({ stops }) => stops)).toEqual([undefined, undefined, 1, undefined, undefined, 1]);
});

it('marks a dirty round for all arms together, and nothing of other rounds, schedules and processes', () => {
  const sample = (round: number, mode: 'threads' | 'inline', process: number) => ({
    ...{ round, order: 0, mode, ios: 1, ns: 1, process },
  });
  const arm = (): object => ({
    samples: [sample(0, 'threads', 0), sample(0, 'inline', 0), sample(1, 'threads', 0), sample(0, 'threads', 1)],
    latency: [{ ...sample(0, 'threads', 0), counts: [], maxNs: 1 }],
  });
  const record = {
    arms: [arm(), arm()],
    rounds: [round({ runDelayMs: 50 }), round({ mode: 'inline' }), round({ round: 1 }), round({ process: 1 })],
  } as unknown as GroupRecord;
  const [marked] = markDirtyRounds([record]) as [GroupRecord];
  expect(marked.rounds.map(({ dirty }) => dirty === true)).toEqual([true, false, false, false]);
  for (const { samples, latency } of marked.arms) {
    expect(samples.map(({ dirty }) => dirty === true)).toEqual([true, false, false, false]);
    expect(samples[0]?.dirtyReason).toMatch(/run delay/);
    expect(latency[0]?.dirty).toBe(true);
  }
  expect(record.rounds[0]).not.toHaveProperty('dirty');
});
