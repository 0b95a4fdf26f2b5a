// What each scheme and each era of the page scheme touches for one I/O, exact, by the kernel's source and the proposals.
// The page scheme of 6.12 as counted on a running kernel is in counts.test.ts.
import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/units.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { expectedOf } from '../support/expected.ts';
import { smallMachine, type TestIo } from '../support/small_machine.ts';
import { soundVariants } from '../support/variants.ts';

type Counts = ReturnType<ReturnType<typeof smallMachine>['counters']>;

/** Counts of one I/O; the controller takes 1 MiB in one command. */
function countsOf(scheme: string, buffers: Buffers, bytes: number, inRam = false): Counts {
  const small = smallMachine({ barBytes: 64 * MIB, ramBytes: 64 * MIB, iodepth: 8, batch: 4, mdtsBytes: MIB });
  const ios = Array.from(
    { length: 8 },
    (_, i): TestIo => ({ op: 'read', lba: i * 4096, bytes, buffer: i * 2 * MIB, inRam }),
  );
  small.stream(ios);
  expect(small.run(scheme, buffers, 64)).toMatchObject({ ios: 64, errors: 0 });
  const counts = small.counters();
  expect(small.leftovers()).toEqual([]);
  return Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value / 64])) as Counts;
}

describe.each(soundVariants().filter((scheme) => expectedOf(scheme).counts.length > 0))('%s', (scheme) => {
  it.each(expectedOf(scheme).counts)('$title', ({ buffers, bytes, inRam, expected }) => {
    for (const source of buffers) {
      for (const each of bytes)
        expect([source, each, countsOf(scheme, source, each, inRam)]).toMatchObject([source, each, expected(each)]);
    }
  });
});

describe('page in 6.17', () => {
  it('decides once for each request of a split I/O, on its own first page', () => {
    const small = smallMachine({ barBytes: 64 * MIB, iodepth: 4, batch: 4, mdtsBytes: 64 * KIB });
    small.stream(
      Array.from({ length: 4 }, (_, i) => ({ op: 'read', lba: i * 512, bytes: 256 * KIB, buffer: i * MIB })),
    );
    small.run('page@6.17', 'fixed', 4);
    expect(small.counters()).toMatchObject({ requests: 16, mapCalls: 16, pageLines: 16, p2pTests: 4 * 2 + 16 });
  });
});

describe('dma_vec', () => {
  it('warns, by name, of each dma-direct bio that is handed user pages, and of nothing else', () => {
    const small = smallMachine({ iodepth: 4, batch: 4 });
    small.stream([{ op: 'read', lba: 0, bytes: 4 * KIB, buffer: 0 }]);
    expect(small.run('dma_vec', 'user', 16)).toMatchObject({ ios: 16, errors: 16, refused: 'EINVAL' });
    expect(small.counters()).toMatchObject({ warnBioIovIterGetPages: 16 });
    expect(small.run('dma_vec', 'fixed', 16)).toMatchObject({ errors: 0 });
    expect(small.counters()).toMatchObject({ warnBioIovIterGetPages: 0 });
  });
});

describe('pfn_t', () => {
  it('counts what consumers that want pages refuse', () => {
    for (const [buffers, p2pQueue, refused] of [
      ['user', true, 'EFAULT'],
      ['fixed', false, 'EINVAL'],
    ] as const) {
      const small = smallMachine({ p2pQueue, iodepth: 4, batch: 4 });
      small.stream([{ op: 'read', lba: 0, bytes: 4 * KIB, buffer: 0 }]);
      expect(small.run('pfn_t', buffers, 16)).toMatchObject({ errors: 16, refused });
      expect(small.counters()).toMatchObject({ unconverted: 16 });
    }
  });
});

describe('host RAM', () => {
  it.each(soundVariants().filter((name) => name !== 'null'))('of a user costs %s the pins of its era', (scheme) => {
    const { hostPinAtomics = 3 * 32 } = expectedOf(scheme);
    expect(countsOf(scheme, 'user', 128 * KIB, true)).toMatchObject({
      pageLines: 32,
      pageAtomics: hostPinAtomics,
      p2pTests: 0,
      pgmapChecks: 0,
      mapCalls: 0,
      providerLookups: 0,
    });
  });

  it.each(soundVariants())('is tested for P2P by %s as often as P2P pages may exist', (scheme) => {
    expect(countsOf(scheme, 'fixed', 4 * KIB, true).pageLoads).toBe(expectedOf(scheme).hostPageLoads);
  });
});
