import { describe, expect, test } from 'vitest';
import { resultFixture } from '../../../test/support/result_fixture.ts';
import { GIB, MIB } from '../../base/units.ts';
import type { Result } from '../../result/schema.ts';
import { answer } from './answer.ts';

const options = {
  workloads: [
    { payload: 'none', bar: 256 * MIB },
    { payload: 'none', bar: 16 * GIB },
  ],
  sweepBars: [],
};

/** The fixture with every comparison of CPU time between schemes set to a ratio and its interval. */
function withRatios(
  of: (i: number) => { ratio: number; ci95: [number, number]; verdict: Result['comparisons'][0]['verdict'] },
) {
  const result = resultFixture(options);
  let i = 0;
  for (const compared of result.comparisons) {
    if (compared.metric === 'cpuNsPerIo' && compared.a.includes('dma_vec')) Object.assign(compared, of(i++));
  }
  return result;
}

describe('three sentences', () => {
  test('name the range of the differences with intervals and conditions, what stayed the same, and the memory', () => {
    const [first, second, third] = answer(resultFixture(options)) as [string, string, string];
    expect(first).toMatch(
      /^Of 4 comparisons of CPU time per I\/O between schemes, 4 find an advantage, from 0\.\d+ times/,
    );
    expect(first).toMatch(/\(95 % interval 0\.\d+ to 0\.\d+\) for dma_vec\/\w+ against page\/user at BAR 16 GiB/);
    expect(first).toMatch(/at BAR 256 MiB \(memmap 4 MiB\); none finds a disadvantage\.$/);
    expect(second).toBe('There is no condition among those tried in which CPU time per I/O stayed the same.');
    expect(third).toBe(
      'For a BAR of 16 GiB, page keeps 257 MiB, dma_vec 518 KiB of metadata (modelled; set-up of pool and map state included).',
    );
  });

  test('tell disadvantages too, and the conditions under which nothing differs', () => {
    const result = withRatios((i) =>
      i < 2
        ? { ratio: 1, ci95: [0.999, 1.001], verdict: 'equivalent' }
        : { ratio: 1.5, ci95: [1.4, 1.6], verdict: 'slower' },
    );
    const [first, second] = answer(result) as [string, string];
    expect(first).toContain('2 find a disadvantage, from 1.50 times (95 % interval 1.40 to 1.60)');
    expect(first).toContain('none finds an advantage');
    expect(second).toBe(
      'The other 2 are equivalent within 2 %; no difference was found at BAR 256 MiB (memmap 4 MiB).',
    );
  });

  test('say so when nothing differs anywhere, and what would have been seen', () => {
    const undecided = {
      ratio: 1.01,
      ci95: [0.97, 1.05] as [number, number],
      verdict: 'inconclusive' as const,
      minDetectable: 0.04,
    };
    const [first, second] = answer(withRatios(() => undecided)) as [string, string];
    expect(first).toBe('None of 4 comparisons of CPU time per I/O between schemes finds a difference.');
    expect(second).toMatch(/^They are undecided \(a difference above 4 % would have been seen\)/);
  });

  test('a difference that is significant but within the margin counts as none', () => {
    const result = withRatios(() => ({ ratio: 1.01, ci95: [1.005, 1.015], verdict: 'equivalent' }));
    expect(answer(result)[0]).toContain('None of 4');
  });

  test('the adjustment for many comparisons decides where it was made', () => {
    const result = withRatios(() => ({ ratio: 0.5, ci95: [0.4, 0.6], verdict: 'faster' }));
    for (const compared of result.comparisons) {
      compared.adjusted = { method: 'benjamini-hochberg', of: 9, pValue: 0.2, verdict: 'inconclusive' };
    }
    expect(answer(result)[0]).toContain('None of 4');
  });

  test('a verdict that was withheld is told with its reason, not as a missing difference', () => {
    const result = withRatios((i) =>
      i < 3
        ? { ratio: 0.5, ci95: [0.4, 0.6], verdict: 'inconclusive', withheld: 'too few clean rounds' }
        : { ratio: 0.5, ci95: [0.4, 0.6], verdict: 'faster' },
    );
    const [first, second] = answer(result) as [string, string];
    expect(first).toContain('1 finds an advantage');
    expect(second).toMatch(/^The other 3 are without a verdict \(too few clean rounds\)/);
  });

  test('one scheme alone answers nothing, but has a memory', () => {
    const alone = answer(resultFixture({ ...options, schemes: ['page'] }));
    expect(alone[0]).toContain('Nothing can be said of schemes');
    expect(alone[1]).toContain('page keeps 257 MiB');
  });
});
