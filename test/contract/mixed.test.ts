// An I/O whose memory is partly host RAM and partly P2P: every scheme refuses it or carries it exactly as its kernel does. The
// table says how: in how many requests, or with which error, for either order of the two pieces.
import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/units.ts';
import { refusalReason } from '../../src/lab/machine/modules.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { both, type MixedRow, type Outcome } from '../support/expectation.ts';
import { EXPECTED, expectedOf } from '../support/expected.ts';
import { type SmallMachine, smallMachine, type TestIo } from '../support/small_machine.ts';
import { soundVariants } from '../support/variants.ts';

const ASTRAY = 'claimed by nothing';
const OOPS = 'follows a pointer that is none';

const PIECE = 8 * KIB;
const IOS = 48;

/** Pieces in turn, the medium's blocks in one run for each pair, and holes between pairs so that no two of them merge. */
function pieces(first: 'host' | 'p2p'): TestIo[] {
  return Array.from({ length: 64 }, (_, i) => ({
    op: i % 6 < 2 ? 'write' : 'read',
    lba: Math.floor(i / 2) * 64 + (i % 2) * (PIECE / 512),
    bytes: PIECE,
    buffer: i * 64 * KIB,
    inRam: (i % 2 === 0) === (first === 'host'),
  }));
}

function mixedMachine(first: 'host' | 'p2p'): SmallMachine {
  const small = smallMachine({ flow: 'mixed', payload: 'verify', barBytes: 16 * MIB, ramBytes: 16 * MIB });
  small.stream(pieces(first));
  return small;
}

function outcomeOf(scheme: string, buffers: Buffers, first: 'host' | 'p2p'): Outcome {
  const small = mixedMachine(first);
  let result: ReturnType<SmallMachine['run']>;
  try {
    result = small.run(scheme, buffers, IOS, 3);
  } catch (error) {
    expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
    return OOPS;
  }
  expect(result.ios).toBe(IOS);
  // Whatever became of the I/Os, everything came back.
  expect(small.leftovers()).toEqual([]);
  const { requests } = small.counters();
  if (result.refused !== undefined) {
    expect(result.errors).toBe(IOS);
    expect(refusalReason(scheme, result.refused, buffers)).toBeDefined();
    return result.refused;
  }
  if (result.errors === IOS) return result.unclaimed === IOS ? ASTRAY : (result.firstError ?? 'unknown');
  expect(result).toMatchObject({ errors: 0, verifyErrors: 0 });
  expect(result.verifiedBlocks).toBe((IOS * 2 * PIECE) / 512);
  return (requests / IOS) as 1 | 2;
}

function rowOf(scheme: string, buffers: Buffers): MixedRow {
  return { hostFirst: outcomeOf(scheme, buffers, 'host'), p2pFirst: outcomeOf(scheme, buffers, 'p2p') };
}

describe('an I/O on host RAM and P2P memory together', () => {
  it('has a rule in every scheme and variant', () => {
    expect(Object.keys(EXPECTED).sort()).toEqual(soundVariants().sort());
  });

  it.each(soundVariants())('%s: in-kernel buffers', (scheme) => {
    expect(rowOf(scheme, 'fixed')).toEqual(expectedOf(scheme).mixed.fixed);
  });

  it.each(soundVariants())('%s: user buffers', (scheme) => {
    const expected = expectedOf(scheme).mixed.user;
    if (expected !== undefined) {
      expect(rowOf(scheme, 'user')).toEqual(expected);
      return;
    }
    // GUP refuses the P2P piece, wherever it is, and the pins of the other one go back.
    const alone = smallMachine({ iodepth: 4, batch: 4 });
    alone.stream([{ op: 'read', lba: 0, bytes: PIECE, buffer: 0 }]);
    const { refused } = alone.run(scheme, 'user', 4);
    expect(refused).toBeDefined();
    expect(rowOf(scheme, 'user')).toEqual(both(refused as string));
  });

  it('pool buffers go as other in-kernel buffers do, and their bytes come back', () => {
    // The rest ends differently for either kind of buffer: it is refused, or breaks its kernel.
    const carried = soundVariants().filter((scheme) => {
      const { mixed, removal } = expectedOf(scheme);
      return removal.pool !== undefined && Object.values(mixed.fixed).every((end) => typeof end === 'number');
    });
    expect(carried).toEqual(expect.arrayContaining(['page', 'page@6.17', 'phys', 'pfn_t']));
    for (const scheme of carried) {
      expect([scheme, rowOf(scheme, 'pool')]).toEqual([scheme, expectedOf(scheme).mixed.fixed]);
    }
  });

  it('6.12 maps one request of both kinds entry by entry: a map call for the P2P entry alone', () => {
    const small = mixedMachine('host');
    small.run('page', 'user', IOS);
    const { requests, segments, mapCalls, p2pTests } = small.counters();
    // Two entries; the DMA layer's test is true for one of them, and the single-segment test is not made.
    expect([requests, segments, mapCalls, p2pTests].map((count) => count / IOS)).toEqual([1, 2, 1, 1]);
  });

  it('the RFC warns of each page that is added to a dma-direct bio', () => {
    const small = mixedMachine('p2p');
    small.run('dma_vec', 'fixed', IOS);
    expect(small.counters()).toMatchObject({ warnBioAddPage: IOS });
  });
});
