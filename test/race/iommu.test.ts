// One DMA domain under two host agents and two controllers on threads of their own: the tree and the caches of IOVA ranges,
// the flush queues and the invalidation queue are shared, and a translation that is wrong once is a block that is wrong.
import { afterAll, describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/units.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { closePool, startCrew } from '../../src/lab/workers/crew.ts';
import { behindIommu } from '../support/iommu.ts';
import { smallMachine, type TestIo } from '../support/small_machine.ts';

afterAll(closePool);

const DEPTH = 16;
const SCHEMES = ['page', 'page@6.17', 'dmabuf'];

/** Sizes of several classes; every fourth I/O is on host RAM. */
function ios(queue: number): TestIo[] {
  const sizes = [512, 4 * KIB, 20 * KIB, 128 * KIB];
  return Array.from({ length: 64 }, (_, i) => ({
    op: i % 3 === 0 ? 'write' : 'read',
    lba: (i % (2 * DEPTH)) * 256,
    bytes: sizes[i % sizes.length] as number,
    buffer: queue * 8 * MIB + (i % (2 * DEPTH)) * 128 * KIB,
    inRam: i % 4 === 1,
  }));
}

describe.each(['lazy', 'strict'] as const)('two queue pairs behind one IOMMU, %s', (mode) => {
  it('check every block, fault nowhere, and return every range and page', async () => {
    const small = smallMachine({
      payload: 'verify',
      iodepth: DEPTH,
      batch: 4,
      queueCount: 2,
      workers: 4,
      fabricOf: behindIommu(mode),
    });
    for (const queue of [0, 1]) small.stream(ios(queue), queue);
    for (const scheme of SCHEMES) small.host(scheme);
    const crew = await startCrew(small.machine, { schemes: SCHEMES, wait: 'poll', cores: 4 });
    for (const [arm, buffers] of [
      [0, 'user'],
      [1, 'fixed'],
      [2, 'fixed'],
    ] as const) {
      setBuffers(small.machine, buffers);
      for (let round = 0; round < 2; round++) {
        const order = { mode: 'threads', arm, streamStart: 0, leadIos: 64, measureIos: 600 } as const;
        expect(await crew.run(order)).toMatchObject({ complete: true, ios: 1200 });
        const outcome = takeOutcome(small.machine);
        expect(outcome).toMatchObject({ errors: 0, verifyErrors: 0, faults: 0, unclaimed: 0, refused: undefined });
      }
    }
    await crew.close();
    expect(small.leftovers()).toEqual([]);
    for (const client of small.machine.translated) {
      small.setup.flushIommu(client);
      expect(small.setup.iovasQueued(client)).toBe(0);
      expect(small.setup.iovasHeld(client)).toBe(0);
    }
  }, 60_000);
});
