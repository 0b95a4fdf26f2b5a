// The contract of an address scheme: whatever it is, the same cases hold. The list of schemes and variants is the folder's.
import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/units.ts';
import { refusalReason } from '../../src/lab/machine/modules.ts';
import { takeLandings } from '../../src/lab/machine/queue_state.ts';
import { oneSwitch } from '../../src/plan/fabric.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { misdirectionLines } from '../../src/topology/routes.ts';
import { expectedOf } from '../support/expected.ts';
import { type SmallMachine, smallMachine, type TestIo } from '../support/small_machine.ts';
import { soundVariants } from '../support/variants.ts';

const BUFFERS: Buffers[] = ['pool', 'fixed', 'user'];
const VARIANTS = soundVariants();
const CASES = VARIANTS.flatMap((name) => BUFFERS.map((buffers) => [name, buffers] as const));

/** Reads and writes of mixed sizes, buffers apart, blocks apart; `depth` of them may be in flight. */
function mixedIos(inRam: boolean, depth = 16): TestIo[] {
  const sizes = [512, 4 * KIB, 12 * KIB, 64 * KIB, 8 * KIB, 128 * KIB];
  return Array.from({ length: 64 }, (_, i) => ({
    op: i % 3 === 0 ? 'write' : 'read',
    lba: (i % (2 * depth)) * 256,
    bytes: sizes[i % sizes.length] as number,
    buffer: (i % (2 * depth)) * 128 * KIB,
    inRam,
  }));
}

/** True when the scheme carries these buffers; else the refusal is checked and false given. */
function carries(scheme: string, buffers: Buffers): boolean {
  const small = smallMachine({ iodepth: 4, batch: 4 });
  small.stream(mixedIos(false, 4));
  const { refused, errors } = small.run(scheme, buffers, 4);
  if (refused === undefined) return errors === 0;
  expect(refusalReason(scheme, refused, buffers)).toBeDefined();
  expect(small.leftovers()).toEqual([]);
  return false;
}

function verified(scheme: string, buffers: Buffers, inRam: boolean, seed: number | undefined): SmallMachine {
  const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 4 });
  small.stream(mixedIos(inRam));
  const result = small.run(scheme, buffers, 512, seed);
  expect(result).toMatchObject({ ios: 512, errors: 0, verifyErrors: 0, unclaimed: 0, refused: undefined });
  expect(result.verifiedBlocks).toBeGreaterThan(512);
  return small;
}

describe.each(CASES)('%s with %s buffers', (scheme, buffers) => {
  it('lands P2P data exactly where it should, or refuses with an errno that it explains', () => {
    if (!carries(scheme, buffers)) return;
    expect(verified(scheme, buffers, false, undefined).leftovers()).toEqual([]);
  });

  it('lands host RAM data exactly where it should', () => {
    expect(verified(scheme, buffers, true, undefined).leftovers()).toEqual([]);
  });

  it('does so in any interleaving of host and device', () => {
    const inRam = !carries(scheme, buffers);
    for (const seed of [1, 2, 3, 4, 5]) expect(verified(scheme, buffers, inRam, seed).leftovers()).toEqual([]);
  });

  it('gives back tags, bios, lists, pool bytes and page references after splits and tag shortage', () => {
    const inRam = !carries(scheme, buffers);
    const small = smallMachine({
      iodepth: 8,
      batch: 8,
      depthEntries: 8,
      mdtsBytes: 16 * KIB,
      barBytes: 32 * MIB,
      ramBytes: 32 * MIB,
    });
    small.stream(
      Array.from({ length: 16 }, (_, i) => ({ op: 'read', lba: i * 512, bytes: 96 * KIB, buffer: i * MIB, inRam })),
    );
    expect(small.run(scheme, buffers, 200)).toMatchObject({ ios: 200, errors: 0 });
    // 96 KiB at 16 KiB each: six commands, five of them split off.
    expect(small.counters()).toMatchObject({ requests: 1200, splits: 1000 });
    expect(small.leftovers()).toEqual([]);
  });

  it('reaches P2P memory on its bus address only: every transfer hits the window of the BAR', () => {
    if (!carries(scheme, buffers)) return;
    const small = smallMachine({ payload: 'none' });
    small.stream(mixedIos(false));
    const { ios } = small.run(scheme, buffers, 64);
    expect(ios).toBe(64);
    const { provider } = small.machine.spec.fabric;
    expect(misdirectionLines(provider, takeLandings(small.machine, 0), 'transfers')).toEqual([]);
    expect(takeLandings(small.machine, 0).every(({ transfers }) => transfers === 0)).toBe(true);
  });
});

describe.each(VARIANTS)('%s', (scheme) => {
  it('carries a stream that mixes host RAM and P2P memory, one kind in each request', () => {
    if (!carries(scheme, 'fixed')) return;
    const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 4 });
    small.stream(mixedIos(false).map((io, i) => ({ ...io, inRam: i % 2 === 0 })));
    expect(small.run(scheme, 'fixed', 512, 7)).toMatchObject({ ios: 512, errors: 0, verifyErrors: 0 });
    expect(small.leftovers()).toEqual([]);
  });

  it('keeps host RAM and P2P memory apart, or maps each piece by itself, where requests could merge', () => {
    for (const buffers of ['fixed', 'user'] as const) {
      if (!carries(scheme, buffers)) continue;
      const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 8 });
      // One run of blocks, every other piece of it from the other kind of memory.
      const ios = Array.from({ length: 16 }, (_, i) => ({
        op: 'read' as const,
        lba: i * 8,
        bytes: 4 * KIB,
        buffer: i * 64 * KIB,
        inRam: i % 2 === 0,
      }));
      small.stream(ios);
      expect(small.run(scheme, buffers, 64)).toMatchObject({ errors: 0, verifyErrors: 0, refused: undefined });
      const { merges = [] } = expectedOf(scheme);
      expect(small.counters().merges > 0).toBe(merges.includes(buffers));
      expect(small.leftovers()).toEqual([]);
    }
  });

  it('refuses a client that cannot reach the provider, with an errno that it explains; host RAM goes on', () => {
    if (scheme === 'null') return;
    for (const buffers of ['fixed', 'user'] as const) {
      if (!carries(scheme, buffers)) continue;
      const small = smallMachine({
        fabricOf: (barBytes, ramBytes) => ({ ...oneSwitch(barBytes, ramBytes), mapType: 'NOT_SUPPORTED' }),
        iodepth: 4,
        batch: 4,
      });
      small.stream(mixedIos(false, 4));
      const { refused = 'nothing', ios, errors } = small.run(scheme, buffers, 8);
      expect({ ios, errors, reason: refusalReason(scheme, refused, buffers) !== undefined }).toEqual({
        ios: 8,
        errors: 8,
        reason: true,
      });
      small.stream(mixedIos(true, 4));
      expect(small.run(scheme, buffers, 8)).toMatchObject({ errors: 0, refused: undefined });
      expect(small.leftovers()).toEqual([]);
    }
  });

  it('is refused on a queue that does not take P2P memory, with an errno that it explains; host RAM goes on', () => {
    const small = smallMachine({ p2pQueue: false, iodepth: 4, batch: 4 });
    small.stream(mixedIos(false, 4));
    const { refused, ios } = small.run(scheme, 'fixed', 8);
    expect(ios).toBe(8);
    if (scheme !== 'null') expect(refusalReason(scheme, refused ?? 'nothing', 'fixed')).toBeDefined();
    small.stream(mixedIos(true, 4));
    expect(small.run(scheme, 'fixed', 8)).toMatchObject({ errors: 0, refused: undefined });
    expect(small.leftovers()).toEqual([]);
  });

  it('fails the I/O and returns everything when the pool is empty', () => {
    const small = smallMachine({ barBytes: 2 * MIB, iodepth: 16, batch: 4 });
    small.stream([{ op: 'read', lba: 0, bytes: 256 * KIB, buffer: 0 }]);
    const result = small.run(scheme, 'pool', 64);
    expect(result.ios).toBe(64);
    expect(result.refused).toBe('ENOMEM');
    expect(small.leftovers()).toEqual([]);
  });
});

it('a refused or failed write leaves the data check of the others intact', () => {
  const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 4 });
  small.stream(mixedIos(false));
  expect(small.run('dma_vec', 'user', 64).refused).toBe('EINVAL');
  expect(small.run('page', 'user', 256)).toMatchObject({ errors: 0, verifyErrors: 0 });
});
