import { describe, expect, it } from 'vitest';
import type { GroupRecord } from '../../analysis/group_record.ts';
import { EXIT, LabError } from '../../base/errors.ts';
import type { GroupPlan, MeasureParams } from '../../plan/run_plan.ts';
import type { IsOpen, ReplicateOutcome, ReplicateTask } from '../measure/measurement.ts';
import { measureReplicates } from './replicates.ts';

const plan = (id: string): GroupPlan => ({ id }) as unknown as GroupPlan;
const GROUPS = [plan('g0'), plan('g1')];
/** Every group of a process takes so long on the fake clock. */
const GROUP_MS = 100;

interface Case {
  processes?: number;
  budgetMs?: number;
  isOpen?: IsOpen;
  /** What a process ends with. */
  failure?: (process: number) => LabError | undefined;
  /** Interrupts the run while this process is measured. */
  interruptIn?: number;
}

async function measure({ processes = 3, budgetMs, isOpen, failure, interruptIn }: Case) {
  const tasks: ReplicateTask[] = [];
  let clockMs = 0;
  const interruption = new AbortController();
  const run = async (task: ReplicateTask): Promise<ReplicateOutcome> => {
    tasks.push(task);
    const tookMs = task.groups.length * GROUP_MS;
    clockMs += tookMs;
    if (task.process === interruptIn) interruption.abort();
    const records = task.groups.map((group) => ({
      ...{ plan: group, arms: [], rounds: [], tookMs: GROUP_MS, interrupted: false },
      calibration: { sliceIos: { threads: 1000 + task.process }, rounds: {} },
    })) as unknown as GroupRecord[];
    return { records, failure: failure?.(task.process), paddingBytes: 0, tookMs };
  };
  const params = { processes, seed: 1, ...(budgetMs === undefined ? {} : { budgetMs }) } as unknown as MeasureParams;
  const outcome = await measureReplicates(GROUPS, params, {
    signal: interruption.signal,
    events: { progress: () => {} },
    policy: { cores: 2, isOpen, runner: { run }, now: () => clockMs },
  });
  return { outcome, tasks, clockMs, measured: tasks.map(({ groups }) => groups.map(({ id }) => id).join(' ')) };
}

describe('replicates without a budget', () => {
  it('are as many as planned, of all groups, at one look', async () => {
    const { outcome, measured } = await measure({ isOpen: () => true });
    expect(measured).toEqual(['g0 g1', 'g0 g1', 'g0 g1']);
    expect(outcome.looks).toEqual({ planned: 1, taken: 1, alpha: 0.05 });
  });

  it('take the calibration of the first, and only the first counts', async () => {
    const { tasks } = await measure({});
    expect(tasks.map(({ counting }) => counting)).toEqual([true, false, false]);
    expect(tasks[0]?.calibrations).toEqual({});
    for (const { calibrations } of tasks.slice(1))
      expect(calibrations).toMatchObject({ g0: { sliceIos: { threads: 1000 } }, g1: { sliceIos: { threads: 1000 } } });
  });

  it('end with the first that fails, and keep what it has', async () => {
    const lost = new LabError('worker host0 died', EXIT.runFailed);
    const { outcome, tasks } = await measure({ failure: (process) => (process === 1 ? lost : undefined) });
    expect(tasks).toHaveLength(2);
    expect(outcome).toMatchObject({ failure: lost, interrupted: false });
    expect(outcome.groups[0]?.tookMs).toBe(2 * GROUP_MS);
  });

  it('end after the one in which they are interrupted', async () => {
    const { outcome, tasks } = await measure({ interruptIn: 1 });
    expect(tasks).toHaveLength(2);
    expect(outcome).toMatchObject({ failure: undefined, interrupted: true });
  });
});

describe('replicates with a budget', () => {
  it('look at most three times, at the level that three looks cost, each with as many processes', async () => {
    const { outcome, tasks } = await measure({ processes: 2, budgetMs: 10_000, isOpen: () => true });
    expect(outcome.looks).toEqual({ planned: 3, taken: 3, alpha: 0.0221 });
    // 10 s hold 50 processes of 200 ms: 16 a look.
    expect(tasks).toHaveLength(48);
  });

  it('stop at the first look that leaves nothing open', async () => {
    const alphas: number[] = [];
    const isOpen: IsOpen = (_, alpha) => {
      alphas.push(alpha);
      return false;
    };
    const { outcome, tasks } = await measure({ processes: 2, budgetMs: 1200, isOpen });
    expect(tasks).toHaveLength(2);
    expect(outcome.looks.taken).toBe(1);
    expect(alphas).toEqual([0.0221, 0.0221]);
  });

  it('measure again only the groups that are open', async () => {
    const { measured } = await measure({ processes: 2, budgetMs: 1200, isOpen: ({ plan: { id } }) => id === 'g1' });
    expect(measured).toEqual(['g0 g1', 'g0 g1', 'g1', 'g1', 'g1', 'g1']);
  });

  it('never begin a process that would end behind it', async () => {
    const { clockMs, tasks } = await measure({ processes: 2, budgetMs: 700, isOpen: () => true });
    expect(tasks).toHaveLength(3);
    expect(clockMs).toBeLessThanOrEqual(700);
  });

  it('are at least two, so that there is a spread between processes', async () => {
    expect((await measure({ processes: 1, budgetMs: 1, isOpen: () => true })).tasks).toHaveLength(2);
  });
});
