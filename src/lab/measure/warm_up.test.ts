// Warm-up with a crew that runs nothing and only says what its slices took.
import { describe, expect, it } from 'vitest';
import { smallMachine } from '../../../test/support/small_machine.ts';
import type { ArmRecord, GroupRecord } from '../../analysis/group_record.ts';
import { MIB } from '../../base/units.ts';
import type { Mode } from '../../plan/run_plan.ts';
import { STEADY_RULE } from '../../stats/steady_state.ts';
import type { SliceOrder, SliceResult } from '../workers/crew.ts';
import type { Group } from './slices.ts';
import { warmUpAll } from './warm_up.ts';

const ROUND_MS = 20;
/** Of a plan as long as this one: WARM_SLICE_MS and WARM_SLICES_MOST of run_plan.ts. */
const SLICE_MS = 2;
const SLICES_MOST = 24;

interface Case {
  modes?: Mode[];
  /** Schemes of the arms. */
  arms?: string[];
  movedBytes?: number;
  /** Nanoseconds per I/O of an arm's slice: of host agents, and by the wall clock. */
  took(slice: number, arm: number): { hostNs: number; wallNs: number };
  /** The slice, counted over all arms, after which somebody interrupts. */
  interruptedAfter?: number;
  sliceIos?: Partial<Record<Mode, number>>;
}

async function warmUp({ modes = ['inline'], arms = ['page'], movedBytes = 0, took, ...rest }: Case) {
  const orders: SliceOrder[] = [];
  const interruption = new AbortController();
  const job = { iodepth: 4, iodepthBatch: 1, totalIos: 2 ** 29, numjobs: 1, rampMs: 0 };
  const run = async (order: SliceOrder): Promise<SliceResult> => {
    const slice = orders.filter(({ arm, mode }) => arm === order.arm && mode === order.mode).length;
    orders.push(order);
    if (orders.length > (rest.interruptedAfter ?? Infinity)) interruption.abort();
    const { hostNs, wallNs } = took(slice, order.arm);
    const ios = order.measureIos;
    const ns = (order.mode === 'inline' ? hostNs : wallNs) * ios;
    const iops = order.mode === 'inline' ? 0 : 1e9 / wallNs;
    return { ios, ns, wallNs: wallNs * ios, iops, turns: 0, complete: true, lanes: [] };
  };
  const records = arms.map((scheme, index) => ({
    arm: { id: `${scheme}${index}`, scheme, buffers: 'fixed' },
    unsteady: [],
  }));
  const group = {
    plan: { modes, jobs: [job], rounds: 300, roundMs: ROUND_MS },
    params: { processes: 1 },
    machine: smallMachine().machine,
    paces: [undefined],
    movedBytes,
    crew: { run },
    schemes: arms,
    run: { measurement: { signal: interruption.signal, events: { progress: () => {} }, policy: { cores: 2 } } },
    depths: new Map(),
  } as unknown as Group;
  const record = { calibration: { sliceIos: { ...rest.sliceIos }, rounds: {} } } as unknown as GroupRecord;
  const done = await warmUpAll(group, record, records as unknown as ArmRecord[]);
  return { done, orders, calibration: record.calibration, unsteady: records.map(({ unsteady }) => unsteady) };
}

const even = (ns: number) => (): { hostNs: number; wallNs: number } => ({ hostNs: ns, wallNs: ns });

describe('warm-up of an arm', () => {
  it('ends with the first window of slices that neither drift nor scatter', async () => {
    const settling: Case['took'] = (slice) => even(slice < 4 ? 1000 - 100 * slice : 500)();
    const { done, orders, unsteady } = await warmUp({ took: settling });
    expect(done).toBe(true);
    expect(orders).toHaveLength(4 + STEADY_RULE.window);
    expect(unsteady).toEqual([[]]);
  });

  it('that never settles ends all the same, and the arm says so', async () => {
    const { done, orders, unsteady } = await warmUp({ took: (slice) => even(slice % 2 === 0 ? 500 : 700)() });
    expect(done).toBe(true);
    expect(orders).toHaveLength(SLICES_MOST);
    expect(unsteady).toEqual([['inline']]);
  });

  it('goes on in the stream where the slice before has ended', async () => {
    const { orders } = await warmUp({ took: (slice) => even(400 + 40 * slice)() });
    for (const [index, { streamStart }] of orders.slice(1).entries()) {
      const before = orders[index] as SliceOrder;
      expect(streamStart).toBe(before.streamStart + before.measureIos);
    }
  });

  it('that is interrupted leaves nothing to measure by', async () => {
    const { done, orders, calibration } = await warmUp({ took: even(500), interruptedAfter: 2 });
    expect(done).toBe(false);
    expect(orders).toHaveLength(3);
    expect(calibration.sliceIos).toEqual({});
  });
});

describe('slices of warm-up', () => {
  it('of large I/Os are short from the first one on', async () => {
    const { orders } = await warmUp({ took: () => ({ hostNs: 1000, wallNs: 100_000 }), movedBytes: MIB });
    // 1 MiB at 10 GB/s takes 105 µs.
    expect(orders[0]?.measureIos).toBe(Math.ceil((SLICE_MS * 1e6) / (400 + 0.1 * MIB)));
    for (const { measureIos } of orders) expect(measureIos * 100_000).toBeLessThanOrEqual(4 * SLICE_MS * 1e6);
  });

  it('are of host time where the devices take no more than four times that', async () => {
    const { orders } = await warmUp({ took: () => ({ hostNs: 200, wallNs: 600 }) });
    expect(orders[1]?.measureIos).toBe((SLICE_MS * 1e6) / 200);
  });
});

describe('slices of the rounds', () => {
  it('are as long as the slowest arm makes them, equal for all arms', async () => {
    const { calibration } = await warmUp({ arms: ['page', 'null'], took: (_, arm) => even(arm === 0 ? 400 : 100)() });
    expect(calibration.sliceIos.inline).toBe((ROUND_MS * 1e6) / 400);
    expect(calibration.rounds.inline).toBe(300);
  });

  it('have a length of their own in each schedule', async () => {
    const { calibration } = await warmUp({
      modes: ['threads', 'inline'],
      took: () => ({ hostNs: 1000, wallNs: 100_000 }),
    });
    expect(calibration.sliceIos).toEqual({
      threads: (ROUND_MS * 1e6) / 100_000,
      inline: (4 * ROUND_MS * 1e6) / 100_000,
    });
  });

  it('are those of an earlier process where there was one', async () => {
    const { calibration } = await warmUp({ took: even(500), sliceIos: { inline: 1234 } });
    expect(calibration.sliceIos.inline).toBe(1234);
  });
});
