// The arithmetic of a point's time: what it grows with, and how measured points correct it. No clock is read.
import { describe, expect, it } from 'vitest';
import { JOB_LIMITS, runParams } from '../../test/support/run_params.ts';
import { GIB, MIB } from '../base/units.ts';
import { defaultJob } from '../jobs/default_job.ts';
import { planGroups, type RunParams } from '../plan/run_plan.ts';
import { paceOf, pointSeconds } from './point_time.ts';

const jobOf = (bs: string, more: { key: string; value: string }[] = []) =>
  defaultJob(JOB_LIMITS, [{ key: 'bs', value: bs }, ...more]);

const pairOf = ([key, value]: [string, string]) => ({ key, value });

function seconds(over: Partial<RunParams> = {}, touchedBytes = 0): number {
  const params = runParams({
    buffers: ['fixed'],
    modes: ['inline'],
    rounds: 100,
    roundMs: 1,
    ramBytes: 64 * MIB,
    ...over,
  });
  const groups = planGroups(params);
  return pointSeconds(
    groups,
    params,
    groups.map(() => touchedBytes),
  );
}

describe("a point's time", () => {
  it('is at least that of its slices, and grows with rounds by as much', () => {
    const arms = 4;
    const longer = seconds({ rounds: 3000 }) - seconds({ rounds: 2000 });
    expect(longer).toBeGreaterThan(arms * 1);
    expect(longer).toBeLessThan(arms * 1 * 2);
    expect(seconds({ rounds: 2000 })).toBeGreaterThan(arms * 2);
  });

  it('has the payload of the lead-in, the warm-up and the count, however short the rounds are', () => {
    const short = { rounds: 4, roundMs: 1 };
    const moved = seconds({ ...short, payloads: ['move'], jobs: [jobOf('1m')] });
    // 4 arms count 4096 I/Os of 1 MiB: 16 GiB, and each slice waits for 1024 I/Os of lead-in and measures as many.
    expect(moved).toBeGreaterThan(seconds(short) + 2.8);
    expect(seconds({ ...short, payloads: ['verify'], jobs: [jobOf('1m')] })).toBeGreaterThan(2 * moved);
  });

  it('has the pages that are touched, in every process, and the start of each', () => {
    expect(seconds({}, 2 * GIB) - seconds({}, 0)).toBeCloseTo(4.295, 2);
    expect(seconds({ processes: 2 }, 2 * GIB) - seconds({ processes: 2 }, 0)).toBeCloseTo(2 * 4.295, 2);
    expect(seconds({ processes: 8, rounds: 8 }) - seconds({ processes: 1, rounds: 8 })).toBeGreaterThan(7 * 0.7);
  });

  it('has the cut into stages where there is one', () => {
    expect(seconds({ stages: true }) - seconds({ stages: false })).toBeGreaterThan(0.1);
    expect(seconds({ stages: true, rounds: 4 })).toBe(seconds({ stages: false, rounds: 4 }));
  });
});

describe('what is done besides rounds', () => {
  it('is the search for a latency target, once for each arm', () => {
    const target = (window: string) =>
      seconds({
        jobs: [
          jobOf('4k', Object.entries({ iodepth: '256', latency_target: '10', latency_window: window }).map(pairOf)),
        ],
      });
    // Ten slices of 2 ms, the depth of 256, and 8 halvings of it, of 50 ms at most, for each of four arms.
    expect(target('10s') - seconds()).toBeGreaterThan(4 * (10 * 0.002 + 9 * 0.05));
    expect(target('10s')).toBe(target('50ms'));
    expect(target('50ms') - target('25ms')).toBeGreaterThan(4 * 9 * 0.025 * 0.99);
  });

  it('is the removal of the provider in place of warm-up and counts', () => {
    const removal = { at: 0.5, hole: 'empty' } as const;
    expect(seconds({ removal, rounds: 1000 }) - seconds({ removal, rounds: 500 })).toBeGreaterThan(3 * 0.5);
    expect(seconds({ removal, rounds: 4 })).toBeLessThan(seconds({ rounds: 4 }));
  });

  it('is what a budget allows, where nothing is decided before', () => {
    expect(seconds({ budgetMs: 60_000 })).toBe(60);
    expect(seconds({ budgetMs: 1, processes: 2 })).toBeGreaterThan(2 * 0.7);
  });

  it('is the time of a rate, whose slices are longer than asked', () => {
    const paced = { jobs: [jobOf('4k', [{ key: 'rate_iops', value: '1000' }])], modes: ['threads' as const] };
    // 4 arms, 18 ms each, in at least 8 rounds.
    expect(seconds({ ...paced, rounds: 8 })).toBeGreaterThan(4 * 8 * 0.018);
  });
});

describe('the pace of a machine', () => {
  it('is the median of what measured points took for what they were estimated at', () => {
    expect(paceOf([])).toBe(1);
    expect(paceOf([{ estimatedSeconds: 2, tookSeconds: 5 }])).toBe(2.5);
    const took = [3, 2, 4, 400, 3].map((tookSeconds) => ({ estimatedSeconds: 1, tookSeconds }));
    expect(paceOf(took)).toBe(3);
  });

  it('does not count points that took or were estimated at nothing', () => {
    const points = [0, 1].map((estimatedSeconds) => ({ estimatedSeconds, tookSeconds: 2 }));
    expect(paceOf([...points, { estimatedSeconds: 1, tookSeconds: 0 }])).toBe(2);
  });
});
