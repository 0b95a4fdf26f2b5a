import { describe, expect, it } from 'vitest';
import { largestDepth } from './latency_target.ts';

describe('the largest depth that keeps a latency', () => {
  it('is found whatever it is, and is none where not even 1 keeps it', async () => {
    for (const most of [1, 2, 3, 128, 1023]) {
      for (let limit = 0; limit <= most; limit++) {
        const found = await largestDepth(most, async (depth) => depth <= limit);
        expect(found).toEqual(limit === 0 ? { depth: 1, met: false } : { depth: limit, met: true });
      }
    }
  });

  it("needs no search where the job's own depth keeps it", async () => {
    const asked: number[] = [];
    await largestDepth(128, async (depth) => {
      asked.push(depth);
      return true;
    });
    expect(asked).toEqual([128]);
  });
});
