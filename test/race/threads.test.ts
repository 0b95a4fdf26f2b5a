// Host and controller agents on real threads, more of them than cores, so that the scheduler makes the interleavings:
// every block is checked, every resource counted, whatever ran when.
import { afterAll, describe, expect, it } from 'vitest';
import { HostQueue } from '../../build/layout.ts';
import { KIB, MIB } from '../../src/base/units.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { field } from '../../src/lab/machine/fields.ts';
import { setPacing } from '../../src/lab/machine/lane_pacing.ts';
import { clearLatency, takeLatency, takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { type Crew, closePool, startCrew } from '../../src/lab/workers/crew.ts';
import { DEFAULT_RULES, type Fabric, presetFabric, presetPair } from '../../src/plan/fabric.ts';
import { driveBeside } from '../../src/plan/flows/copy.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { type SmallMachine, smallMachine, type TestIo } from '../support/small_machine.ts';
import { until } from '../support/wait.ts';

afterAll(closePool);

const DEPTH = 16;
const SCHEMES = ['page', 'dma_vec', 'null'];

/** Mixed I/Os of one queue, in its half of the BAR; no two of 2 x DEPTH consecutive ones share a block or a buffer. */
function ios(queue: number, inRam: boolean): TestIo[] {
  const sizes = [512, 4 * KIB, 20 * KIB, 64 * KIB];
  return Array.from({ length: 64 }, (_, i) => ({
    op: i % 3 === 0 ? 'write' : 'read',
    lba: (i % (2 * DEPTH)) * 128,
    bytes: sizes[i % sizes.length] as number,
    buffer: queue * 4 * MIB + (i % (2 * DEPTH)) * 64 * KIB,
    inRam,
  }));
}

function machineOf(depthEntries: number, inRam = false): SmallMachine {
  const small = smallMachine({
    payload: 'verify',
    iodepth: DEPTH,
    batch: 4,
    queueCount: 2,
    depthEntries,
    mdtsBytes: 16 * KIB,
    workers: 4,
  });
  for (const queue of [0, 1]) small.stream(ios(queue, inRam), queue);
  for (const scheme of SCHEMES) small.host(scheme);
  return small;
}

async function slices(small: SmallMachine, crew: Crew, arm: number, buffers: Buffers, rounds: number): Promise<void> {
  setBuffers(small.machine, buffers);
  for (let round = 0; round < rounds; round++) {
    const order = { mode: 'threads', arm, streamStart: 0, leadIos: 64, measureIos: 400 } as const;
    expect(await crew.run(order)).toMatchObject({ complete: true, ios: 800 });
    const outcome = takeOutcome(small.machine);
    expect(outcome).toMatchObject({ errors: 0, verifyErrors: 0, unclaimed: 0, refused: undefined });
    expect(outcome.verifiedBlocks).toBeGreaterThan(800);
  }
}

describe.each(['poll', 'irq'] as const)('two queue pairs on four threads, completion by %s', (wait) => {
  // A ring of 8 entries wraps hundreds of times a slice and has fewer tags than the parts of one batch.
  it.each([8, 64])(
    'check every block and return everything with rings of %i entries',
    async (depthEntries) => {
      const small = machineOf(depthEntries);
      const crew = await startCrew(small.machine, { schemes: SCHEMES, wait, cores: 4 });
      // The pool is shared by both host agents: its bitmap words are fought for.
      for (const [arm, buffers] of [
        [0, 'pool'],
        [0, 'user'],
        [1, 'pool'],
        [1, 'fixed'],
        [2, 'fixed'],
      ] as const) {
        await slices(small, crew, arm, buffers, 2);
      }
      await crew.close();
      expect(small.leftovers()).toEqual([]);
    },
    60_000,
  );
});

it('copies on six threads, two hosts and four controllers, check every block and return everything', async () => {
  const twoDrives = (barBytes: number, ramBytes: number): Fabric => {
    const { topology, pair } = presetPair('one-switch', barBytes);
    return presetFabric('one-switch', barBytes, ramBytes, DEFAULT_RULES, [driveBeside(topology, pair)]);
  };
  const small = smallMachine({
    ...{ flow: 'copy', fabricOf: twoDrives, payload: 'verify', iodepth: DEPTH, batch: 4, queueCount: 2 },
    ...{ depthEntries: 8, mdtsBytes: 16 * KIB, workers: 6 },
  });
  for (const lane of [0, 1]) small.stream(ios(lane, false), lane);
  for (const scheme of SCHEMES) small.host(scheme);
  const crew = await startCrew(small.machine, { schemes: SCHEMES, wait: 'irq', cores: 6 });
  expect(crew.placed.workers.map(({ name }) => name)).toEqual(['host0', 'host1', 'nvme0', 'nvme1', 'nvme2', 'nvme3']);
  for (const [arm, buffers] of [
    [0, 'pool'],
    [0, 'user'],
    [0, 'ram'],
    [1, 'fixed'],
  ] as const) {
    await slices(small, crew, arm, buffers, 2);
  }
  await crew.close();
  expect(small.leftovers()).toEqual([]);
}, 60_000);

it('a slice that is interrupted drains and leaves the machine as it was', async () => {
  const small = machineOf(64);
  const interruption = new AbortController();
  const options = { schemes: ['page'], wait: 'poll', cores: 4 } as const;
  const crew = await startCrew(small.machine, { ...options, schemes: ['page'], signal: interruption.signal });
  setBuffers(small.machine, 'user');
  const running = crew.run({ mode: 'threads', arm: 0, streamStart: 0, leadIos: 64, measureIos: 500_000_000 });
  const { host } = small.machine.queues[0] as { host: number };
  await until(() => field(small.machine.view, host, HostQueue.completed) > 1000);
  interruption.abort();
  expect((await running).complete).toBe(false);
  takeOutcome(small.machine);
  // What is asked of it afterwards ends as soon: nothing has to be told twice.
  const next = await crew.run({ mode: 'inline', arm: 0, streamStart: 0, leadIos: 64, measureIos: 500_000_000 });
  expect(next.complete).toBe(false);
  takeOutcome(small.machine);
  await crew.close();
  expect(small.leftovers()).toEqual([]);
  const other = await startCrew(small.machine, { ...options, schemes: ['page'] });
  await slices(small, other, 0, 'user', 1);
  await other.close();
}, 30_000);

it('both schedules do the same I/Os: equal counts of commands and blocks', async () => {
  const small = machineOf(64);
  const crew = await startCrew(small.machine, { schemes: ['page'], wait: 'poll', cores: 2 });
  setBuffers(small.machine, 'user');
  const order = { arm: 0, streamStart: 0, leadIos: 0, measureIos: 640 };
  const inline = await crew.run({ ...order, mode: 'inline' });
  const blocks = takeOutcome(small.machine).verifiedBlocks;
  const threads = await crew.run({ ...order, mode: 'threads' });
  expect([inline.ios, threads.ios]).toEqual([1280, 1280]);
  expect(takeOutcome(small.machine).verifiedBlocks).toBeGreaterThanOrEqual(blocks);
  await crew.close();
});

describe('the measured window of a slice on threads', () => {
  const order = { mode: 'threads', arm: 0, streamStart: 0, leadIos: 64 } as const;

  it('counts the I/Os and bytes of each lane by direction, exactly those that ended in it', async () => {
    const small = smallMachine({
      payload: 'move',
      iodepth: DEPTH,
      batch: 4,
      queueCount: 2,
      workers: 4,
      streamIos: 256,
    });
    // Sizes tell the directions and the lanes apart.
    const sizeOf = (lane: number, op: 'read' | 'write'): number => (1 + 2 * lane + (op === 'write' ? 1 : 0)) * 4 * KIB;
    for (const lane of [0, 1]) {
      const op = (i: number): 'read' | 'write' => (i % (3 + lane) === 0 ? 'write' : 'read');
      small.stream(
        Array.from({ length: 64 }, (_, i) => ({ op: op(i), lba: i * 128, bytes: sizeOf(lane, op(i)), buffer: 0 })),
        lane,
      );
    }
    small.host('page');
    const crew = await startCrew(small.machine, { schemes: ['page'], wait: 'poll', cores: 2 });
    setBuffers(small.machine, 'fixed');
    for (const measureIos of [1, 7, 400]) {
      const { ios, lanes } = await crew.run({ ...order, measureIos });
      expect(ios).toBe(2 * measureIos);
      lanes.forEach(({ done }, lane) => {
        expect(done.readIos + done.writeIos).toBe(measureIos);
        expect(done.readBytes).toBe(done.readIos * sizeOf(lane, 'read'));
        expect(done.writeBytes).toBe(done.writeIos * sizeOf(lane, 'write'));
      });
    }
    takeOutcome(small.machine);
    await crew.close();
    expect(small.leftovers()).toEqual([]);
  });

  it('times I/Os that end in it only: in an open loop as many as it counts', async () => {
    const small = smallMachine({ payload: 'none', iodepth: DEPTH, batch: 1, pacing: { kind: 'arrivals' } });
    small.stream([{ op: 'read', lba: 0, bytes: 4096, buffer: 0 }]);
    const gaps = small.machine.lanes[0]?.pacing?.gaps ?? { at: 0, bytes: 0 };
    new Float64Array(small.memory.buffer, gaps.at, gaps.bytes / 8).fill(2000);
    setPacing(small.machine, true);
    small.host('page');
    const crew = await startCrew(small.machine, { schemes: ['page'], wait: 'poll', cores: 2 });
    setBuffers(small.machine, 'fixed');
    clearLatency(small.machine);
    for (const measureIos of [100, 333]) {
      await crew.run({ ...order, measureIos });
      const { lanes, maxNs } = takeLatency(small.machine);
      expect(lanes.map((counts) => counts.reduce((sum, [, count]) => sum + count, 0))).toEqual([measureIos]);
      expect(maxNs).toBeGreaterThan(0);
    }
    takeOutcome(small.machine);
    await crew.close();
  });
});
