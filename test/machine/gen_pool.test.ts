// The pool allocator against a naive bitmap: first fit from bit 0, 4 KiB granules, contiguous.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../src/base/units.ts';
import { smallMachine } from '../support/small_machine.ts';

const PAGE = 4096;
const BAR = 2 * MIB;

/** First fit by the definition. */
function naivePool() {
  const taken = new Array<boolean>(BAR / PAGE).fill(false);
  return {
    allocate(bytes: number): number {
      const need = Math.ceil(bytes / PAGE);
      for (let start = 0; start + need <= taken.length; start++) {
        if (taken.slice(start, start + need).some(Boolean)) continue;
        taken.fill(true, start, start + need);
        return start * PAGE;
      }
      return -1;
    },
    free(at: number, bytes: number): void {
      taken.fill(false, at / PAGE, at / PAGE + Math.ceil(bytes / PAGE));
    },
    available: () => taken.filter((each) => !each).length * PAGE,
  };
}

describe('gen_pool', () => {
  it('allocates and frees exactly as first fit does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 300_000 }), fc.nat()), { maxLength: 80 }),
        (steps) => {
          const { machine, setup } = smallMachine({ barBytes: BAR });
          const naive = naivePool();
          const held: { at: number; bytes: number }[] = [];
          for (const [allocates, bytes, pick] of steps) {
            if (allocates || held.length === 0) {
              const at = setup.allocate(machine.at, bytes);
              expect(at).toBe(naive.allocate(bytes));
              if (at >= 0) held.push({ at, bytes });
            } else {
              const [freed] = held.splice(pick % held.length, 1) as [{ at: number; bytes: number }];
              setup.free(machine.at, freed.at, freed.bytes);
              naive.free(freed.at, freed.bytes);
            }
            expect(setup.poolAvail(machine.at)).toBe(naive.available());
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes a whole 4 KiB for 512 bytes', () => {
    const { machine, setup } = smallMachine({ barBytes: BAR });
    expect(setup.allocate(machine.at, 512)).toBe(0);
    expect(setup.allocate(machine.at, 512)).toBe(PAGE);
    expect(setup.poolAvail(machine.at)).toBe(BAR - 2 * PAGE);
  });

  it('fills to the last page and then refuses', () => {
    const { machine, setup } = smallMachine({ barBytes: BAR });
    expect(setup.allocate(machine.at, BAR)).toBe(0);
    expect(setup.allocate(machine.at, 1)).toBe(-1);
    setup.free(machine.at, BAR - PAGE, PAGE);
    expect(setup.allocate(machine.at, 2 * PAGE)).toBe(-1);
    expect(setup.allocate(machine.at, PAGE)).toBe(BAR - PAGE);
  });
});
