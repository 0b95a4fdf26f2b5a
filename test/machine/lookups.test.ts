// The structures behind page-less schemes against naive models: arrays by index, providers by physical address.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GIB, MIB } from '../../src/base/units.ts';
import { lookupsModule } from '../../src/lab/machine/modules.ts';
import { oneSwitch } from '../../src/plan/fabric.ts';
import { smallMachine } from '../support/small_machine.ts';

/** What provider_ranges.ts says of the other drives: 16 MiB every 64 GiB behind 1 TiB, seven of them. */
const OTHERS = Array.from({ length: 7 }, (_, i) => ({
  owner: i + 2,
  start: 2n ** 40n + BigInt(i + 1) * 2n ** 36n,
  bytes: 2n ** 24n,
}));

function rangesOf(barPhys: bigint, barBytes: bigint) {
  const meets = ({ start, bytes }: { start: bigint; bytes: bigint }): boolean =>
    start < barPhys + barBytes && barPhys < start + bytes;
  return [{ owner: 1, start: barPhys, bytes: barBytes }, ...OTHERS.filter((other) => !meets(other))];
}

describe('a provider is found by its address', () => {
  const places = [
    ['above the others', 0x600_0000_0000n, 256 * MIB],
    ['below the others', 0x40_0000_0000n, 16 * GIB],
    ['among them', 0x115_0000_0000n, 4 * GIB],
    ['over one of them', 0x120_0000_0000n, 64 * MIB],
  ] as const;

  it.each(places)('with the BAR %s: by hash, by interval tree, and by section', (_, barPhys, barBytes) => {
    const small = smallMachine({
      barBytes,
      barWindowBytes: 16 * MIB,
      fabricOf: (bar, ram) => ({ ...oneSwitch(bar, ram), barPhys }),
    });
    const lookups = lookupsModule(small.memory);
    const { at } = small.machine;
    const [hash, tree, radix] = [lookups.buildHash(at), lookups.buildTree(at), lookups.buildRadix(at)];
    const ranges = rangesOf(barPhys, BigInt(barBytes));
    const ownerOf = (phys: bigint): number =>
      ranges.find(({ start, bytes }) => phys >= start && phys < start + bytes)?.owner ?? 0;
    const edges = ranges.flatMap(({ start, bytes }) => [start - 1n, start, start + bytes - 1n, start + bytes]);
    const inside = fc
      .tuple(fc.nat(ranges.length - 1), fc.double({ min: 0, max: 0.999, noNaN: true }))
      .map(([index, share]) => {
        const { start, bytes } = ranges[index] as (typeof ranges)[number];
        return start + BigInt(Math.floor(share * Number(bytes)));
      });
    const anywhere = fc.bigInt({ min: 0n, max: 2n ** 52n - 1n });
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...edges), inside, anywhere), (phys) => {
        const owner = ownerOf(phys);
        expect([phys, lookups.ownerByHash(hash, phys)]).toEqual([phys, owner]);
        expect([phys, lookups.ownerInTree(tree, phys)]).toEqual([phys, owner]);
        // A section has one owner: who asks about memory without an owner gets its neighbour's.
        if (owner !== 0) expect([phys, lookups.ownerInRadix(radix, phys)]).toEqual([phys, owner]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('an xarray', () => {
  it('answers as a map does, whatever the order of its indices', () => {
    const small = smallMachine();
    const lookups = lookupsModule(small.memory);
    const index = fc.oneof(fc.nat(200), fc.nat(2 ** 16), fc.nat(2 ** 32 - 1));
    fc.assert(
      fc.property(fc.array(fc.tuple(index, fc.integer({ min: 1, max: 2 ** 31 - 1 })), { maxLength: 40 }), (entries) => {
        const array = lookups.newArray(small.machine.at, 40);
        const model = new Map<number, number>();
        for (const [key, value] of entries) {
          expect(lookups.arrayStore(array, key, value)).toBe(1);
          model.set(key, value);
          for (const [known, expected] of model) expect(lookups.arrayLoad(array, known)).toBe(expected);
        }
        for (const probe of [0, 1, 63, 64, 4095, 4096, 2 ** 32 - 1, ...entries.map(([key]) => (key + 1) % 2 ** 32)])
          expect(lookups.arrayLoad(array, probe)).toBe(model.get(probe) ?? 0);
      }),
      { numRuns: 300 },
    );
  });

  it('says so when its memory is used up', () => {
    const small = smallMachine();
    const lookups = lookupsModule(small.memory);
    const array = lookups.newArray(small.machine.at, 1);
    expect(lookups.arrayStore(array, 2 ** 32 - 1, 7)).toBe(1);
    expect(lookups.arrayStore(array, 0, 8)).toBe(1);
    expect(lookups.arrayStore(array, 2 ** 31, 9)).toBe(0);
    expect(lookups.arrayLoad(array, 2 ** 32 - 1)).toBe(7);
  });
});
