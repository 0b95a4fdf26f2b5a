// The arithmetic of a cell's time: what it grows with, and how measured cells correct it. No clock is read.
import { describe, expect, it } from 'vitest';
import { JOB_LIMITS, runParams } from '../../test/support/run_params.ts';
import { GIB, MIB } from '../base/units.ts';
import { defaultJob } from '../jobs/default_job.ts';
import { planGroups, type RunParams } from '../plan/run_plan.ts';
import { cellSeconds, paceOf } from './cell_time.ts';

const jobOf = (bs: string) => defaultJob(JOB_LIMITS, [{ key: 'bs', value: bs }]);

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
  return cellSeconds(
    groups,
    params,
    groups.map(() => touchedBytes),
  );
}

describe("a cell's time", () => {
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

describe('the pace of a machine', () => {
  it('is the median of what measured cells took for what they were estimated at', () => {
    expect(paceOf([])).toBe(1);
    expect(paceOf([{ estimatedSeconds: 2, tookSeconds: 5 }])).toBe(2.5);
    const took = [3, 2, 4, 400, 3].map((tookSeconds) => ({ estimatedSeconds: 1, tookSeconds }));
    expect(paceOf(took)).toBe(3);
  });

  it('does not count cells that took or were estimated at nothing', () => {
    const cells = [0, 1].map((estimatedSeconds) => ({ estimatedSeconds, tookSeconds: 2 }));
    expect(paceOf([...cells, { estimatedSeconds: 1, tookSeconds: 0 }])).toBe(2);
  });
});
