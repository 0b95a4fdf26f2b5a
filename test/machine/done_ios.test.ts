// Bytes and I/Os by direction, as every figure of bandwidth rests on them: against what the controllers moved and against a walk
// over the stream, for any mix of sizes and directions, split, merged, overtaken or failed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeviceQueue } from '../../build/layout.ts';
import { type DoneIos, movedBytes, sumDone } from '../../src/analysis/done_ios.ts';
import { KIB, MIB } from '../../src/base/units.ts';
import { field64 } from '../../src/lab/machine/fields.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { type SmallMachine, smallMachine, type TestIo } from '../support/small_machine.ts';

const STREAM_IOS = 64;
const ARMS: readonly (readonly [string, Buffers])[] = [
  ['page', 'pool'],
  ['page', 'user'],
  ['dma_vec', 'fixed'],
  ['phys', 'pool'],
  ['null', 'fixed'],
];

/** Sizes of single sectors, of a PRP list, and above the largest transfer; places that follow on from each other, so that bios merge. */
const io = fc.record({
  op: fc.constantFrom('read' as const, 'write' as const, 'trim' as const),
  flush: fc.boolean(),
  bytes: fc.oneof(
    fc.integer({ min: 1, max: 16 }).map((sectors) => sectors * 512),
    fc.constantFrom(4 * KIB, 16 * KIB, 20 * KIB, 68 * KIB, 128 * KIB),
  ),
  slot: fc.nat({ max: 31 }),
  follows: fc.boolean(),
});

type DrawnIo = Pick<TestIo, 'op' | 'flush' | 'bytes'> & { slot: number; follows: boolean };

function streamOf(drawn: readonly DrawnIo[]): TestIo[] {
  let next = 0;
  return drawn.map(({ op, flush, bytes, slot, follows }) => {
    const lba = follows ? next : slot * 512;
    next = lba + bytes / 512;
    return { op, flush: flush === true && op === 'write', lba, bytes, buffer: slot * 128 * KIB };
  });
}

/** The first `count` I/Os, one after another. */
function walk(ios: readonly TestIo[], count: number): DoneIos {
  const done = Array.from({ length: count }, (_, i) => {
    const { op, flush, bytes } = ios[i % ios.length] as TestIo;
    if (op === 'trim') return { trimIos: 1, trimBytes: bytes };
    if (op === 'read') return { readIos: 1, readBytes: bytes };
    return { writeIos: 1, writeBytes: bytes, syncIos: flush === true ? 1 : 0 };
  });
  return sumDone(done);
}

function movedByControllers({ machine }: SmallMachine): number {
  return machine.queues.reduce((sum, { device }) => sum + field64(machine.view, device, DeviceQueue.bytesMoved), 0);
}

describe('I/Os and bytes that ended well', () => {
  it('are those that the controllers moved and those of the stream, whatever sizes, directions and number', () => {
    const small = smallMachine({
      ...{ queueCount: 2, streamIos: STREAM_IOS, depthEntries: 16, mdtsBytes: 16 * KIB },
      ...{ iodepth: 16, batch: 8, barBytes: 16 * MIB, fsync: 'goes-on' as const },
    });
    const drawnStream = fc.array(io, { minLength: 1, maxLength: STREAM_IOS });
    fc.assert(
      fc.property(
        fc.constantFrom(...ARMS),
        fc.tuple(drawnStream, drawnStream),
        fc.integer({ min: 1, max: 3 * STREAM_IOS }),
        fc.option(fc.nat(), { nil: undefined }),
        ([scheme, buffers], drawn, count, interleaveSeed) => {
          // A stream is repeated to its length, which the walk must see as well.
          const streams = drawn.map((each) => {
            const ios = streamOf(each);
            return Array.from({ length: STREAM_IOS }, (_, i) => ios[i % ios.length] as TestIo);
          });
          streams.forEach((ios, lane) => void small.stream(ios, lane));
          const before = movedByControllers(small);
          const { lanes, errors } = small.run(scheme, buffers, count, interleaveSeed);
          expect(errors).toBe(0);
          expect(lanes.map(({ done }) => done)).toEqual(streams.map((ios) => walk(ios, count)));
          expect(movedBytes(sumDone(lanes.map(({ done }) => done)))).toBe(movedByControllers(small) - before);
        },
      ),
      // One machine serves all runs: what a failed one leaves in it would mislead the search for a smaller one.
      { seed: 20261130, numRuns: 150, endOnFailure: true },
    );
    expect(small.leftovers()).toEqual([]);
  });

  it('leave out what failed: refused by the device or by the scheme', () => {
    const small = smallMachine({ namespaceBytes: MIB });
    const good: TestIo = { op: 'write', lba: 0, bytes: 8 * KIB, buffer: 0 };
    const beyond: TestIo = { op: 'read', lba: (2 * MIB) / 512, bytes: 4 * KIB, buffer: 64 * KIB };
    small.stream([good, beyond]);
    const { ios, errors, lanes } = small.run('page', 'fixed', 10);
    expect({ ios, errors }).toEqual({ ios: 10, errors: 5 });
    expect(lanes[0]?.done).toMatchObject({ writeIos: 5, writeBytes: 40 * KIB, readIos: 0, readBytes: 0 });
    small.stream([good]);
    expect(small.run('dma_vec', 'user', 4).lanes[0]?.done).toMatchObject({ writeIos: 0, writeBytes: 0 });
  });
});
