// Targets, RNICs with their initiators, and controllers on real threads, more of them than cores: every block is checked,
// every resource counted, whatever ran when.
import { afterAll, describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/units.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { closePool, startCrew } from '../../src/lab/workers/crew.ts';
import { effort } from '../support/effort.ts';
import { smallMachine, type TestIo } from '../support/small_machine.ts';
import { rdmaSpec, targetFabric } from '../support/small_target.ts';

afterAll(closePool);

const DEPTH = 16;
const SCHEMES = ['page', 'dma_vec', 'phys', 'null'];

function ios(inRam: boolean): TestIo[] {
  const sizes = [512, 4 * KIB, 20 * KIB, 64 * KIB];
  return Array.from({ length: 64 }, (_, i) => ({
    op: i % 3 === 0 ? 'write' : 'read',
    lba: (i % (2 * DEPTH)) * 128,
    bytes: sizes[i % sizes.length] as number,
    buffer: 0,
    inRam: inRam && i % 2 === 0,
  }));
}

const PLACEMENTS = [
  ['poll', 2],
  ['irq', 6],
  ['irq', 2],
  ['poll', 6],
] as const;

describe.each(PLACEMENTS.slice(0, effort(2, 4)))('two targets, completion by %s, %i threads', (wait, cores) => {
  // A ring of 8 entries has fewer tags than commands; a pool of 2 MiB runs out.
  it.each([
    [8, 16 * MIB, false],
    [64, 2 * MIB, true],
  ])('moves every block rightly with %i entries and a pool of %i bytes', async (depthEntries, barBytes, forceMr) => {
    const small = smallMachine({
      flow: 'nvmet',
      fabricOf: targetFabric('one-switch'),
      rdma: rdmaSpec({ maxIoBytes: 64 * KIB, forceMr, inlineBytes: forceMr ? 4096 : 0 }),
      payload: 'verify',
      iodepth: DEPTH,
      batch: 4,
      queueCount: 2,
      depthEntries,
      barBytes,
      mdtsBytes: 16 * KIB,
      workers: cores,
    });
    for (const lane of [0, 1]) small.stream(ios(forceMr), lane);
    for (const scheme of SCHEMES) small.host(scheme);
    setBuffers(small.machine, 'pool');
    const crew = await startCrew(small.machine, { schemes: SCHEMES, wait, cores });
    // Switching schemes between slices needs every response of the one before to be let go.
    for (const arm of [0, 1, 2, 3, 1]) {
      const order = { mode: 'threads', arm, streamStart: 0, leadIos: 64, measureIos: 300 } as const;
      expect(await crew.run(order)).toMatchObject({ complete: true });
      const outcome = takeOutcome(small.machine);
      expect(outcome).toMatchObject({ errors: 0, verifyErrors: 0, unclaimed: 0, refused: undefined, rdmaErrors: 0 });
      expect(outcome.verifiedBlocks).toBeGreaterThan(600);
      expect(small.leftovers()).toEqual([]);
    }
    await crew.close();
  });
});
