import { describe, expect, it } from 'vitest';
import { JOB_LIMITS, runParams } from '../../test/support/run_params.ts';
import { GIB, MIB } from '../base/units.ts';
import { defaultJob } from '../jobs/default_job.ts';
import { groupParams } from './group_params.ts';
import {
  type GroupPlan,
  machineSpec,
  planGroups,
  type RunParams,
  roundsThatFit,
  warmUpPlan,
  withReference,
} from './run_plan.ts';

const params = (over: Partial<RunParams> = {}): RunParams =>
  runParams({ bars: [256 * MIB, 16 * GIB], payloads: ['none', 'move'], ...over });

describe('groups', () => {
  it('are every payload with every BAR, then the BAR axis', () => {
    const groups = planGroups(params({ barSweep: [GIB, 4 * GIB] }));
    expect(groups.map(({ id, payload, barBytes, isOnBarAxis }) => [id, payload, barBytes, isOnBarAxis])).toEqual([
      ['g0', 'none', 256 * MIB, false],
      ['g1', 'none', 16 * GIB, false],
      ['g2', 'move', 256 * MIB, false],
      ['g3', 'move', 16 * GIB, false],
      ['g4', 'none', GIB, true],
      ['g5', 'none', 4 * GIB, true],
    ]);
    expect(groups[4]?.modes).toEqual(['inline']);
  });

  it('compare every scheme with every buffer source, and the floor once', () => {
    const [group] = planGroups(params());
    expect(group?.arms.map(({ id }) => id)).toEqual([
      'g0/page/pool',
      'g0/page/fixed',
      'g0/page/user',
      'g0/dma_vec/pool',
      'g0/dma_vec/fixed',
      'g0/dma_vec/user',
      'g0/null/fixed',
    ]);
  });

  it('run jobs that a stonewall separates one after the other', () => {
    const job = defaultJob(JOB_LIMITS);
    const groups = planGroups(
      params({ bars: [GIB], payloads: ['none'], jobs: [job, { ...job, name: 'second', group: 1 }] }),
    );
    expect(groups.map(({ jobs }) => jobs.map(({ name }) => name))).toEqual([['default'], ['second']]);
  });

  it('measure no longer than the runtime of their job', () => {
    const job = { ...defaultJob(JOB_LIMITS), runtimeMs: 240 };
    const [group] = planGroups(params({ jobs: [job] }));
    expect(group).toMatchObject({ rounds: 12, roundMs: 20 });
  });
});

describe('the reference', () => {
  const arms = planGroups(params())[0]?.arms ?? [];

  it('is the first arm that runs, with a copy beside it', () => {
    const [reference, copy] = withReference(arms);
    expect(reference).toMatchObject({ id: 'g0/page/pool', role: 'reference' });
    expect(copy).toMatchObject({ id: "g0/page/pool'", role: 'aa' });
    expect(withReference(arms.slice(2))[0]).toMatchObject({ id: 'g0/page/user', role: 'reference' });
  });

  it('is the floor when nothing else runs', () => {
    expect(withReference(arms.filter(({ role }) => role === 'floor'))[0]).toMatchObject({
      scheme: 'null',
      role: 'reference',
    });
  });
});

describe('the machine of a group', () => {
  it('has payload windows for twice the I/Os in flight of every queue, within BAR and RAM', () => {
    const job = { ...defaultJob(JOB_LIMITS, [{ key: 'bs', value: '128k' }]), numjobs: 2 };
    const [group] = planGroups(params({ bars: [GIB], jobs: [job] }));
    const spec = machineSpec(group as NonNullable<typeof group>, params(), 2);
    expect(spec.lanes).toHaveLength(2);
    expect(spec.barWindowBytes).toBe(2 * 512 * 128 * 1024);
    expect(spec.barWindowBytes).toBeLessThanOrEqual(spec.barBytes);
  });

  it('is described by every option that decided it', () => {
    const [group] = planGroups(params());
    expect(groupParams(group as NonNullable<typeof group>, params())).toMatchObject({
      bar: 256 * MIB,
      payload: 'none',
      bs: '4096',
      iodepth: '256',
      batch: '32',
      queues: 1,
      era: '6.12',
      mdts: 512 * 1024,
      'fio.rw': 'randread',
    });
  });
});

describe('the rounds of a process', () => {
  it('are as planned where slices are as long as asked, and fewer where they came out longer', () => {
    expect(roundsThatFit(150, 1, 0.9)).toBe(150);
    expect(roundsThatFit(150, 1, 1.5)).toBe(100);
    expect(roundsThatFit(150, 1, 500)).toBe(8);
    expect(roundsThatFit(150, 1, 3000)).toBe(2);
    expect(roundsThatFit(2, 1, 500)).toBe(2);
  });
});

describe('a plan of milliseconds', () => {
  const short = params({ rounds: 5, roundMs: 1 });
  const [group] = planGroups(short) as [GroupPlan];

  it('is warmed up for a third of what it measures', () => {
    expect(warmUpPlan(group, short)).toEqual({ sliceMs: 0.5, slicesMost: 4 });
    const usual = params({ rounds: 450, roundMs: 1, processes: 3 });
    expect(warmUpPlan(planGroups(usual)[0] as GroupPlan, usual)).toEqual({ sliceMs: 2, slicesMost: 24 });
  });

  it('has no longer stream than it can come through', () => {
    const streamIos = (over: Partial<RunParams>): number => {
      const all = params(over);
      return machineSpec(planGroups(all)[0] as GroupPlan, all, 2).lanes[0]?.streamIos as number;
    };
    expect(streamIos({})).toBe(2 ** 20);
    expect(streamIos({ rounds: 5, roundMs: 1 })).toBe(2 ** 16);
    expect(streamIos({ rounds: 1, roundMs: 0.1 })).toBe(2 ** 15);
  });
});
