// Data checks where I/Os in flight share blocks and buffers: they go one after another, and every check is exact.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { KIB } from '../../src/base/units.ts';
import { smallMachine, type TestIo } from '../support/small_machine.ts';
import { soundVariants } from '../support/variants.ts';

/** Reads, writes, trims and flushes all over a few blocks and a few buffers of host RAM, which every scheme carries. */
function crowded(seed: number, overlaps: boolean): TestIo[] {
  const random = seededRandom(seed);
  return Array.from({ length: 256 }, () => {
    const op = (['read', 'write', 'write', 'trim'] as const)[random.below(4)] as TestIo['op'];
    const bytes = 512 * (1 + random.below(40));
    const lba = random.below(64);
    const buffer = random.below(8) * 4 * KIB;
    return { op, bytes, lba, buffer, inRam: true, overlaps, flush: op === 'write' && random.below(5) === 0 };
  });
}

describe.each(soundVariants())('%s', (scheme) => {
  it('checks I/Os that overlap one after another, in any interleaving, with every kind of buffer', () => {
    for (const [seed, buffers] of (['pool', 'fixed', 'user'] as const).entries()) {
      const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 4, fsync: 'goes-on', mdtsBytes: 8 * KIB });
      small.stream(crowded(seed, true));
      expect(small.run(scheme, buffers, 1024, seed)).toMatchObject({
        ios: 1024,
        errors: 0,
        verifyErrors: 0,
        unclaimed: 0,
      });
      expect(small.leftovers()).toEqual([]);
    }
  });
});

describe('I/Os that overlap', () => {
  it('would fail their checks if they were not held back', () => {
    const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 4, fsync: 'goes-on' });
    small.stream(crowded(1, false));
    expect(small.run('page', 'fixed', 1024, 1).verifyErrors).toBeGreaterThan(0);
  });

  it('go on at the full depth where they do not meet', () => {
    const apart = (overlaps: boolean): TestIo[] =>
      Array.from({ length: 64 }, (_, i) => ({
        op: 'write',
        bytes: 4 * KIB,
        lba: i * 8,
        buffer: i * 4 * KIB,
        overlaps,
      }));
    const doorbells = [true, false].map((overlaps) => {
      const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 8 });
      small.stream(apart(overlaps));
      expect(small.run('page', 'fixed', 512)).toMatchObject({ errors: 0, verifyErrors: 0 });
      return small.counters().doorbells;
    });
    expect(doorbells[0]).toBe(doorbells[1]);
  });
});
