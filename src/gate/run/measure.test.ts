// What a gate measures and when it stops, with replicates that nobody has to run.
import { describe, expect, it } from 'vitest';
import type { ArmRecord, GroupRecord } from '../../analysis/group_record.ts';
import { EXIT, LabError } from '../../base/errors.ts';
import { seededRandom } from '../../base/random.ts';
import type { ReplicateTask, Runner } from '../../lab/measure/measurement.ts';
import { type GroupPlan, withReference } from '../../plan/run_plan.ts';
import { readGates } from '../gates_file.ts';
import { measureAndJudge } from './measure.ts';
import { planWorkloads } from './workloads.ts';

/** A process takes so long on the fake clock, and has so many rounds. */
const PROCESS_MS = 100;
const ROUNDS = 4;
/** Three looks of 16 processes fill it. */
const BUDGET_MS = 5000;

interface Case {
  /** Rules, without the list's dashes. */
  rules: string[];
  /** ns per I/O of an arm in a process's round. */
  nsOf(arm: GroupPlan['arms'][number], noise: number): number;
  refused?: string;
  failure?: LabError;
  /** Ctrl-C comes while the first process is measured. */
  interrupts?: boolean;
}

const ratio = (bounds: string, workload = ''): string =>
  `name: r, kind: ratio, metric: iops, a: dma_vec/fixed, b: page/fixed, ${bounds}${workload}`;

async function gate({ rules, nsOf, refused, failure, interrupts }: Case) {
  const source = `schema: p2plab.gates/1\nrules:\n${rules.map((rule) => `  - { ${rule} }\n`).join('')}`;
  const order = readGates(source, 'g.yaml').rules;
  const random = seededRandom(3);
  const tasks: ReplicateTask[] = [];
  let clockMs = 0;
  const interruption = new AbortController();
  const run: Runner['run'] = async (task) => {
    tasks.push(task);
    clockMs += PROCESS_MS;
    if (interrupts) interruption.abort();
    const records = task.groups.map((plan) => recordOf(plan, task.process));
    return { records, failure, paddingBytes: 0, tookMs: PROCESS_MS };
  };
  const recordOf = (plan: GroupPlan, process: number): GroupRecord => {
    const arms = withReference(plan.arms).map((arm) => {
      const samples = Array.from({ length: ROUNDS }, (_, index) => ({
        ...{ round: process * ROUNDS + index, order: 0, mode: 'threads' as const, ios: 1000, readIos: 1000, process },
        ns: Math.round(1000 * nsOf(arm, random.unit())),
      }));
      const isRefused = arm.scheme === refused;
      return {
        ...{ arm, latency: [], wakeups: 0, wakeupIos: 0, perIo: undefined, verifiedBlocks: 0, verifiedIos: 0 },
        ...{ verifyErrors: 0, unsteady: [], memmapBytes: 0, poolBytes: 0, mapStateBytes: 0, residentBytes: 0 },
        samples: isRefused ? [] : samples,
        refused: isRefused ? { errno: 'EREMOTEIO', reason: 'no way' } : undefined,
      } as unknown as ArmRecord;
    });
    return {
      ...{ plan, oversubscribed: false, arms, rounds: [], offeredIops: undefined, tookMs: PROCESS_MS },
      ...{ calibration: { sliceIos: {}, rounds: {} }, interrupted: false },
    };
  };
  const shares: number[] = [];
  const judged = measureAndJudge(await planWorkloads(order, 'g.yaml'), {
    order,
    budgetMs: BUDGET_MS,
    histories: undefined as never,
    costs: { plans: [], bounds: new Map(), beside: async (outcomes) => [...outcomes] },
    against: { plans: [], checkOut: () => Promise.reject(new Error('nobody asked for another commit')) },
    measurement: {
      signal: interruption.signal,
      events: { progress: (share) => void shares.push(share) },
      policy: { cores: 2, runner: { run }, now: () => clockMs },
    },
  });
  return { judged, tasks, shares };
}

const twiceAsFast: Case['nsOf'] = ({ scheme }, noise) => (scheme === 'dma_vec' ? 100 : 200) * (1 + noise / 100);

describe('a gate of timed rules', () => {
  it('stops at the first look at which every rule is decided', async () => {
    const { judged, tasks } = await gate({ rules: [ratio('above: 1.5')], nsOf: twiceAsFast });
    expect((await judged).outcomes).toMatchObject([{ verdict: 'pass' }]);
    const decidedAfter = tasks.length;
    const open = await gate({ rules: [ratio('above: 1.99999, below: 2.00001')], nsOf: twiceAsFast });
    expect((await open.judged).outcomes).toMatchObject([{ verdict: 'inconclusive' }]);
    expect(open.tasks).toHaveLength(3 * decidedAfter);
  });

  it('asks its own rules and not the lab’s comparisons, whose margin nobody asked for', async () => {
    const noisy: Case['nsOf'] = (_, noise) => 100 + 60 * noise;
    const decided = await gate({ rules: [ratio('above: 0.5')], nsOf: noisy });
    expect((await decided.judged).outcomes).toMatchObject([{ verdict: 'pass' }]);
    expect(decided.tasks.length * PROCESS_MS).toBeLessThan(BUDGET_MS / 2);
    const open = await gate({ rules: [ratio('above: 1.99999')], nsOf: twiceAsFast });
    expect((await open.judged).outcomes).toMatchObject([{ verdict: 'inconclusive' }]);
    expect(open.tasks.length * PROCESS_MS).toBeGreaterThan(BUDGET_MS / 2);
  });

  it('stops for a rule whose arm is refused: no round will mend it', async () => {
    const { judged, tasks } = await gate({ rules: [ratio('above: 1')], nsOf: twiceAsFast, refused: 'dma_vec' });
    const { outcomes } = await judged;
    expect(outcomes).toMatchObject([{ verdict: 'fail', measured: 'nothing' }]);
    expect(outcomes[0]?.why).toMatch(/dma_vec\/fixed is refused: EREMOTEIO, no way/);
    expect(tasks.length * PROCESS_MS).toBeLessThan(BUDGET_MS / 2);
  });

  it('shares the budget among workloads, and gives a later one what an earlier one left', async () => {
    const rules = [
      ratio('above: 1.5'),
      ratio('above: 1.99999', ', workload: { bs: 8k }').replace('name: r', 'name: s'),
    ];
    const { judged, tasks } = await gate({ rules, nsOf: twiceAsFast });
    await judged;
    const budgets = [...new Set(tasks.map(({ params }) => params.budgetMs))];
    expect(budgets).toHaveLength(2);
    expect(budgets[0]).toBe(BUDGET_MS / 2);
    expect(budgets[1]).toBeGreaterThan(BUDGET_MS / 2);
  });
});

describe('a gate that cannot be judged', () => {
  it('names the workload whose run failed', async () => {
    const failure = new LabError('worker host0 died', EXIT.runFailed);
    const { judged } = await gate({ rules: [ratio('above: 1')], nsOf: twiceAsFast, failure });
    await expect(judged).rejects.toMatchObject({
      exitCode: EXIT.runFailed,
      message: /^workload .*: worker host0 died/,
    });
  });

  it('ends with the exit code of an interruption', async () => {
    const { judged, tasks } = await gate({ rules: [ratio('above: 1')], nsOf: twiceAsFast, interrupts: true });
    await expect(judged).rejects.toMatchObject({ exitCode: EXIT.interrupted });
    expect(tasks).toHaveLength(1);
  });
});
