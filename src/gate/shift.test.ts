// Histories with and without a step, simulated with fixed seeds: how often a step is seen, and how often one that is not there.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { judgeShift, type Shift, type ShiftOptions } from './shift.ts';

const OPTIONS: ShiftOptions = { higherIsBetter: false, marginPercent: 5, recent: 10, least: 20 };

/** n records with 2 % noise, one in twenty disturbed by up to 30 %; the last `stepped` of them `step` times as large. */
function history(n: number, seed: number, stepped = 0, step = 1): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: n }, (_, i) => {
    const spike = random.unit() < 0.05 ? 1 + 0.3 * random.unit() : 1;
    return 100 * Math.exp(0.02 * random.normal()) * spike * (i >= n - stepped ? step : 1);
  });
}

function share(of: (seed: number) => Shift, verdict: Shift['verdict'], runs = 300): number {
  return Array.from({ length: runs }, (_, seed) => of(seed)).filter((each) => each.verdict === verdict).length / runs;
}

describe('a history', () => {
  it('says nothing below the least number of records', () => {
    expect(judgeShift(history(19, 1), OPTIONS)).toMatchObject({ verdict: 'inconclusive' });
    expect(judgeShift(history(20, 1), OPTIONS).verdict).not.toBe('inconclusive');
  });

  it('without a step fails in at most 5 % of gates, whatever its length', () => {
    for (const n of [20, 30, 60, 200]) {
      expect(share((seed) => judgeShift(history(n, seed), OPTIONS), 'fail')).toBeLessThanOrEqual(0.05);
    }
  });

  it('finds a step of 20 % for the worse after five records in at least 9 of 10', () => {
    expect(share((seed) => judgeShift(history(40, seed, 5, 1.2), OPTIONS), 'fail')).toBeGreaterThanOrEqual(0.9);
  });

  it('passes a step for the better, and a step that is old, and says when they were', () => {
    expect(judgeShift(history(40, 3, 6, 0.8), OPTIONS)).toMatchObject({
      verdict: 'pass',
      why: expect.stringMatching(/not worse/),
    });
    expect(judgeShift(history(40, 3, 15, 1.3), OPTIONS)).toMatchObject({ verdict: 'pass', since: 25 });
    expect(judgeShift(history(40, 3, 6, 1.3), { ...OPTIONS, higherIsBetter: true }).verdict).toBe('pass');
    expect(judgeShift(history(40, 3, 6, 0.7), { ...OPTIONS, higherIsBetter: true }).verdict).toBe('fail');
  });

  it('is not upset by one odd record at its end', () => {
    expect(share((seed) => judgeShift([...history(39, seed), 180], OPTIONS), 'fail')).toBeLessThanOrEqual(0.1);
  });
});
