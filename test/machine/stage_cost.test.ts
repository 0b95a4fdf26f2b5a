// The path cut into stages is the path: the same data lands, and nothing is left, wherever it is cut.
import { describe, expect, it } from 'vitest';
import { KIB } from '../../src/base/units.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { measureStages } from '../../src/lab/measure/stage_cost.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { smallMachine, type TestIo } from '../support/small_machine.ts';

const EFFORT = { rounds: 2, batches: 2 };
const ARMS: readonly (readonly [string, Buffers])[] = [
  ['null', 'fixed'],
  ['page', 'pool'],
  ['page', 'user'],
  ['dma_vec', 'fixed'],
  ['phys', 'pool'],
  ['dmabuf', 'fixed'],
  ['vma', 'fixed'],
];

function ios(bytes: number): TestIo[] {
  return Array.from({ length: 64 }, (_, i) => ({
    op: i % 3 === 0 ? 'write' : 'read',
    lba: (i % 32) * 256,
    bytes,
    buffer: (i % 32) * 128 * KIB,
  }));
}

describe('the stages of the path', () => {
  it.each(ARMS)('%s with %s buffers: all of them, their data right, nothing left', (scheme, buffers) => {
    const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 4 });
    small.stream(ios(12 * KIB));
    const host = small.host(scheme);
    setBuffers(small.machine, buffers);
    const [stages] =
      measureStages(small.machine, [{ host }], { iodepth: 16, batch: 4, requestsPerIo: 1 }, EFFORT) ?? [];
    expect(stages?.map(({ stage }) => stage)).toEqual([
      ...['loop and clock', 'alloc', 'fill', 'split and merge', 'command', 'map', 'PRP', 'SQE'],
      ...['reap', 'unmap', 'complete'],
    ]);
    expect(stages?.every(({ ns }) => Number.isFinite(ns) && ns >= 0)).toBe(true);
    const outcome = takeOutcome(small.machine);
    expect(outcome).toMatchObject({ errors: 0, verifyErrors: 0, unclaimed: 0, refused: undefined });
    expect(outcome.verifiedBlocks).toBeGreaterThan(0);
    expect(small.leftovers()).toEqual([]);
  });

  it('are timed round by round, each arm in its turn', () => {
    const small = smallMachine({ iodepth: 16, batch: 4 });
    small.stream(ios(4 * KIB));
    const turns: string[] = [];
    const arms = (['page', 'dma_vec'] as const).map((scheme) => ({
      host: small.host(scheme),
      begin: () => {
        setBuffers(small.machine, 'fixed');
        turns.push(`${scheme} begins`);
      },
      end: () => {
        turns.push(`${scheme} ends`);
      },
    }));
    const stages = measureStages(small.machine, arms, { iodepth: 16, batch: 4, requestsPerIo: 1 }, EFFORT);
    expect(stages).toHaveLength(2);
    const round = ['page begins', 'page ends', 'dma_vec begins', 'dma_vec ends'];
    expect(turns).toEqual([...round, ...round]);
  });

  it('count I/Os that are split, and say so where a batch of them does not fit a plug', () => {
    const small = smallMachine({ payload: 'verify', iodepth: 8, batch: 4, mdtsBytes: 64 * KIB });
    small.stream(ios(128 * KIB));
    const host = small.host('page');
    setBuffers(small.machine, 'pool');
    expect(measureStages(small.machine, [{ host }], { iodepth: 8, batch: 4, requestsPerIo: 2 }, EFFORT)).toBeDefined();
    expect(takeOutcome(small.machine)).toMatchObject({ errors: 0, verifyErrors: 0 });
    expect(small.leftovers()).toEqual([]);
    expect(
      measureStages(small.machine, [{ host }], { iodepth: 8, batch: 4, requestsPerIo: 40 }, EFFORT),
    ).toBeUndefined();
  });
});
