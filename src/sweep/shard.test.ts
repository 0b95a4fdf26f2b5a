// Which machine measures which point.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isOf, parseShard, shardOfEnvironment } from './shard.ts';

const HASHES = Array.from({ length: 1000 }, (_, i) =>
  createHash('sha256').update(String(i)).digest('hex').slice(0, 16),
);

describe('shards', () => {
  it('have every point once, in parts of about the same size', () => {
    for (const count of [1, 2, 4, 7]) {
      const sizes = Array.from(
        { length: count },
        (_, i) => HASHES.filter((hash) => isOf(hash, { index: i + 1, count })).length,
      );
      expect(sizes.reduce((a, b) => a + b, 0)).toBe(HASHES.length);
      expect(Math.min(...sizes)).toBeGreaterThan((0.75 * HASHES.length) / count);
    }
  });

  it.each(['', '0/4', '5/4', '1', 'a/b', '1/0', '-1/2', '1/2/3'])('%j is none', (text) => {
    expect(() => parseShard(text)).toThrow(/is not i\/n/);
  });
});

describe("a batch system's environment", () => {
  it('is a task of a Slurm array, wherever the array begins', () => {
    const of = (id: number, min: number, count: number, more = {}) =>
      shardOfEnvironment({
        SLURM_ARRAY_TASK_ID: String(id),
        SLURM_ARRAY_TASK_MIN: String(min),
        SLURM_ARRAY_TASK_COUNT: String(count),
        ...more,
      });
    expect([of(0, 0, 4), of(3, 0, 4), of(1, 1, 4), of(4, 1, 4)]).toEqual(
      [1, 4, 1, 4].map((index) => ({ index, count: 4 })),
    );
    expect(of(10, 2, 5, { SLURM_ARRAY_TASK_STEP: '4' })).toEqual({ index: 3, count: 5 });
    expect(() => of(7, 1, 3)).toThrow(/SLURM_ARRAY_TASK_ID 7 is not one of 3 tasks/);
    // One task of four, run again by itself.
    expect(of(2, 2, 1, { P2PLAB_SHARDS: '4' })).toEqual({ index: 3, count: 4 });
    expect(() => shardOfEnvironment({ SLURM_ARRAY_TASK_ID: '1' })).toThrow(/SLURM_ARRAY_TASK_COUNT/);
  });

  it('is a pod of an Indexed Job with the number of its completions', () => {
    expect(shardOfEnvironment({ JOB_COMPLETION_INDEX: '0', P2PLAB_SHARDS: '3' })).toEqual({ index: 1, count: 3 });
    expect(() => shardOfEnvironment({ JOB_COMPLETION_INDEX: '0' })).toThrow(/P2PLAB_SHARDS/);
    expect(() => shardOfEnvironment({ JOB_COMPLETION_INDEX: '3', P2PLAB_SHARDS: '3' })).toThrow(/is not i\/n/);
  });

  it('is nothing elsewhere', () => {
    expect(shardOfEnvironment({ PATH: '/bin' })).toBeUndefined();
  });
});
