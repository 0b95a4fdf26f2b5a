import { describe, expect, it } from 'vitest';
import { dirtReason, markDirtyBlocks } from './dirty_rounds.ts';
import type { BlockRecord, GroupRecord } from './group_record.ts';

function block(over: Partial<BlockRecord> = {}): BlockRecord {
  const quiet = { wallMs: 100, stealMs: 0, runDelayMs: 0.5, cpuMs: 199, involuntarySwitches: 1, sentinelNs: 1 };
  return { process: 0, round: 0, mode: 'threads', ...quiet, ...over };
}
const STILL = [1, 1.0001, 0.9999, 1.0002, 1];

describe('a block is dirty', () => {
  it('when steal and run delay together exceed 2 % of its time', () => {
    expect(dirtReason(block({ runDelayMs: 1.9 }), STILL)).toBeUndefined();
    expect(dirtReason(block({ runDelayMs: 2.1 }), STILL)).toMatch(/run delay 2\.1 ms in 100\.0 ms/);
    expect(dirtReason(block({ stealMs: 10 }), STILL)).toMatch(/steal 10\.0 ms/);
    expect(dirtReason(block({ stealMs: null, runDelayMs: null }), STILL)).toBeUndefined();
  });

  it('when the process was stopped in it, whatever else was counted', () => {
    expect(dirtReason(block({ stops: 0 }), STILL)).toBeUndefined();
    expect(dirtReason(block({ stops: 1 }), STILL)).toMatch(/^the process was stopped once in 100\.0 ms/);
    expect(dirtReason(block({ stops: 2, runDelayMs: 90 }), STILL)).toMatch(/stopped 2 times/);
  });

  it('when the sentinel is far from its median, by its own scatter', () => {
    expect(dirtReason(block({ sentinelNs: 1.02 }), STILL)).toMatch(/102\.0 % of its usual time/);
    expect(dirtReason(block({ sentinelNs: 0.97 }), STILL)).toMatch(/97\.0 %/);
    expect(dirtReason(block({ sentinelNs: 1.02 }), [0.96, 0.98, 1, 1.02, 1.04])).toBeUndefined();
  });

  it('never for a deviation that is none, however still the machine', () => {
    expect(dirtReason(block({ sentinelNs: 1.005 }), STILL)).toBeUndefined();
  });
});

it('sets aside the block in which a stop was heard and the one before it in its process', () => {
  const blocks = [block(), block({ round: 1 }), block({ round: 2, stops: 1 }), block({ round: 3 })];
  const others = [block({ process: 1 }), block({ process: 2, stops: 1 })];
  const [marked] = markDirtyBlocks([{ arms: [], blocks: [...blocks, ...others] } as unknown as GroupRecord]);
  expect(marked?.blocks.map(({ dirty }) => dirty === true)).toEqual([false, true, true, false, false, true]);
  expect(marked?.blocks.map(({ stops }) => stops)).toEqual([undefined, undefined, 1, undefined, undefined, 1]);
});

it('marks a dirty block for all arms together, and nothing of other blocks, schedules and processes', () => {
  const sample = (round: number, mode: 'threads' | 'inline', process: number) => ({
    ...{ round, order: 0, mode, ios: 1, ns: 1, process },
  });
  const arm = (): object => ({
    samples: [sample(0, 'threads', 0), sample(0, 'inline', 0), sample(1, 'threads', 0), sample(0, 'threads', 1)],
    latency: [{ ...sample(0, 'threads', 0), counts: [], maxNs: 1 }],
  });
  const record = {
    arms: [arm(), arm()],
    blocks: [block({ runDelayMs: 50 }), block({ mode: 'inline' }), block({ round: 1 }), block({ process: 1 })],
  } as unknown as GroupRecord;
  const [marked] = markDirtyBlocks([record]) as [GroupRecord];
  expect(marked.blocks.map(({ dirty }) => dirty === true)).toEqual([true, false, false, false]);
  for (const { samples, latency } of marked.arms) {
    expect(samples.map(({ dirty }) => dirty === true)).toEqual([true, false, false, false]);
    expect(samples[0]?.dirtyReason).toMatch(/run delay/);
    expect(latency[0]?.dirty).toBe(true);
  }
  expect(record.blocks[0]).not.toHaveProperty('dirty');
});
