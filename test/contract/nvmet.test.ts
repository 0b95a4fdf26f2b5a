// The contract of the flow nvmet: whatever the scheme, data crosses wire, RNIC, buffer and drive in both directions and is
// right at both ends, or is refused with a reason; everything taken comes back, also after errors and without a pool.
import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/units.ts';
import { refusalReason } from '../../src/lab/machine/modules.ts';
import type { Fabric } from '../../src/plan/fabric.ts';
import type { RdmaSpec } from '../../src/plan/machine_spec.ts';
import { type SmallMachine, type SmallSpec, smallMachine, type TestIo } from '../support/small_machine.ts';
import { rdmaSpec, targetFabric } from '../support/small_target.ts';
import { soundVariants } from '../support/variants.ts';

const DEPTH = 8;
/** Schemes whose provider keeps no gen_pool: nvmet's p2pmem attribute does not take it. */
const WITHOUT_POOL = ['dmabuf', 'dmabuf@atomic', 'provider', 'vma'];
const VARIANTS = soundVariants();
const CARRYING = VARIANTS.filter((name) => !WITHOUT_POOL.includes(name));

function target(options: SmallSpec & { over?: Partial<RdmaSpec> } = {}): SmallMachine {
  const { over, ...rest } = options;
  return smallMachine({
    flow: 'nvmet',
    fabricOf: targetFabric('one-switch'),
    rdma: rdmaSpec(over),
    payload: 'verify',
    iodepth: DEPTH,
    batch: 4,
    mdtsBytes: MIB,
    ramBytes: 64 * MIB,
    mediaBytes: mediumFor(SMALL),
    ...rest,
  });
}

/** A medium for mixedIos of these sizes: filling it is most of what a machine here costs. */
function mediumFor(bytes: readonly number[]): number {
  return 2 * DEPTH * Math.max(...bytes);
}

/** Mixed reads and writes; no two that may be under way together share a block. */
function mixedIos(bytes: readonly number[], inRam = false): TestIo[] {
  const apart = Math.max(...bytes) / 512;
  return Array.from({ length: 64 }, (_, i) => ({
    op: i % 3 === 0 ? 'write' : 'read',
    lba: (i % (2 * DEPTH)) * apart,
    bytes: bytes[i % bytes.length] as number,
    buffer: 0,
    inRam,
  }));
}

const SMALL = [512, 4 * KIB, 12 * KIB, 64 * KIB, 8 * KIB];
const LARGE = [4 * KIB, MIB, 256 * KIB, 2 * MIB];
const GOOD = { errors: 0, verifyErrors: 0, unclaimed: 0, refused: undefined, rdmaErrors: 0 };

describe.each(CARRYING)('%s', (scheme) => {
  it('carries P2P memory both ways, on every interleaving', () => {
    const small = target({ over: { maxIoBytes: 64 * KIB } });
    small.stream(mixedIos(SMALL));
    for (const seed of [undefined, 1, 2, 3]) {
      expect(small.run(scheme, 'pool', 256, seed)).toMatchObject({ ...GOOD, ios: 256, poolFallbacks: 0 });
      expect(small.leftovers()).toEqual([]);
    }
  });

  it('carries I/Os above 1 MiB as several commands', () => {
    const small = target({ over: { maxIoBytes: 2 * MIB }, barBytes: 64 * MIB, mediaBytes: mediumFor(LARGE) });
    small.stream(mixedIos(LARGE));
    expect(small.run(scheme, 'pool', 64, 4)).toMatchObject({ ...GOOD, ios: 64, poolFallbacks: 0 });
    // A quarter of the I/Os is 2 MiB.
    expect(small.counters().ios).toBe(64 + 16);
    expect(small.leftovers()).toEqual([]);
  });

  it('moves data through a registered region as well', () => {
    const small = target({ over: { forceMr: true }, barBytes: 64 * MIB, mediaBytes: mediumFor([MIB]) });
    small.stream(mixedIos([4 * KIB, MIB, 64 * KIB]));
    expect(small.run(scheme, 'pool', 128, 5)).toMatchObject({ ...GOOD, ios: 128 });
    expect(small.counters().mrRegistrations).toBe(128);
    expect(small.leftovers()).toEqual([]);
  });

  it('takes host RAM when the pool is empty, and says how often', () => {
    const small = target({ barBytes: 2 * MIB, over: { maxIoBytes: 512 * KIB }, mediaBytes: mediumFor([512 * KIB]) });
    small.stream(mixedIos([512 * KIB]));
    const result = small.run(scheme, 'pool', 128, 6);
    expect(result).toMatchObject({ ...GOOD, ios: 128 });
    // Four of the eight commands under way find room in the pool.
    expect(result.poolFallbacks).toBeGreaterThan(0);
    expect(result.poolFallbacks).toBeLessThan(128);
    expect(small.counters().poolFallbacks).toBe(result.poolFallbacks);
    expect(small.leftovers()).toEqual([]);
  });

  it('ends a command whose RDMA access reaches nothing in error, counts it, and goes on', () => {
    const small = target({ fabricOf: withoutBarAtRnic, over: { maxIoBytes: 64 * KIB } });
    small.stream(mixedIos(SMALL));
    for (const seed of [undefined, 7]) {
      const result = small.run(scheme, 'pool', 64, seed);
      expect(result).toMatchObject({ ios: 64, errors: 64, rdmaErrors: 64, refused: undefined, verifyErrors: 0 });
      expect(result.firstRdmaError).toBe('local protection error');
      expect(result.unclaimed).toBeGreaterThanOrEqual(64);
      expect(small.leftovers()).toEqual([]);
    }
    small.stream(mixedIos(SMALL, true));
    expect(small.run(scheme, 'pool', 64, 8)).toMatchObject({ ...GOOD, ios: 64 });
    expect(small.leftovers()).toEqual([]);
  });

  it('refuses a namespace whose queue takes no P2P memory; host RAM goes on', () => {
    if (scheme === 'null') return;
    const small = target({ p2pQueue: false, over: { maxIoBytes: 64 * KIB } });
    small.stream(mixedIos(SMALL));
    expect(small.run(scheme, 'pool', 32)).toMatchObject({ ios: 32, errors: 32, refused: 'EINVAL' });
    expect(refusalReason(scheme, 'EINVAL', 'pool')).toBeDefined();
    small.stream(mixedIos(SMALL, true));
    expect(small.run(scheme, 'pool', 64)).toMatchObject({ ...GOOD, ios: 64 });
    expect(small.leftovers()).toEqual([]);
  });

  it('takes host RAM for everything when the RNIC cannot reach the provider, as nvmet silently does', () => {
    if (scheme === 'null') return;
    const small = target({ fabricOf: withUnreachableRnic, over: { maxIoBytes: 64 * KIB } });
    small.stream(mixedIos(SMALL));
    expect(small.run(scheme, 'pool', 64, 9)).toMatchObject({ ...GOOD, ios: 64, poolFallbacks: 64 });
    expect(small.leftovers()).toEqual([]);
  });

  it('waits where tags run out', () => {
    const small = target({ depthEntries: 8, mdtsBytes: 16 * KIB, over: { maxIoBytes: 64 * KIB } });
    small.stream(mixedIos(SMALL));
    expect(small.run(scheme, 'pool', 256, 10)).toMatchObject({ ...GOOD, ios: 256 });
    expect(small.counters().splits).toBeGreaterThan(0);
    expect(small.leftovers()).toEqual([]);
  });
});

describe.each(VARIANTS)('%s, host RAM', (scheme) => {
  it('carries it page by page, in one request or in several', () => {
    for (const [over, seed] of [
      [{}, 11],
      [{ maxSge: 4 }, 12],
      [{ forceMr: true }, 13],
    ] as const) {
      const small = target({ over, mediaBytes: mediumFor([MIB]) });
      small.stream(mixedIos([4 * KIB, MIB, 512, 300 * KIB], true));
      expect(small.run(scheme, 'pool', 128, seed)).toMatchObject({ ...GOOD, ios: 128, poolFallbacks: 0 });
      expect(small.leftovers()).toEqual([]);
    }
  });

  it('takes the data of small writes from the capsule', () => {
    const small = target({ over: { inlineBytes: 16 * KIB, maxIoBytes: 64 * KIB } });
    const ios = mixedIos([4 * KIB, 16 * KIB, 512, 20 * KIB], true);
    small.stream(ios);
    const result = small.run(scheme, 'pool', 128, 14);
    expect(result).toMatchObject({ ...GOOD, ios: 128 });
    const inCapsule = ios.filter(({ op, bytes }) => op === 'write' && bytes <= 16 * KIB).length;
    expect(result.inlineWrites).toBe(2 * inCapsule);
    expect(small.leftovers()).toEqual([]);
  });
});

describe.each(WITHOUT_POOL)('%s', (scheme) => {
  it('is refused as provider of a target: it publishes no p2pmem', () => {
    const small = target({ over: { maxIoBytes: 64 * KIB } });
    small.stream(mixedIos(SMALL));
    expect(small.run(scheme, 'pool', 32)).toMatchObject({ ios: 32, errors: 32, refused: 'ENODEV' });
    expect(refusalReason(scheme, 'ENODEV', 'pool')).toMatch(/p2pmem/);
    expect(small.leftovers()).toEqual([]);
  });
});

describe('the RNIC behind another host bridge', () => {
  it('gets a right address only where the mapping asks for provider and RNIC', () => {
    const astray = CARRYING.filter((scheme) => {
      const small = target({ fabricOf: targetFabric('two-host-bridges'), over: { maxIoBytes: 4 * KIB } });
      small.stream(mixedIos([4 * KIB]));
      const { verifyErrors, errors, poolFallbacks } = small.run(scheme, 'pool', 64);
      expect(small.leftovers()).toEqual([]);
      // The series of 2018 wants a common switch, so its target takes host RAM.
      expect(poolFallbacks).toBe(scheme === 'sgl' ? 64 : 0);
      return verifyErrors + errors > 0;
    });
    expect(astray).toEqual(['dma_vec', 'page@5.2']);
  });
});

describe('an RNIC whose driver takes CPU addresses (HFI, rxe)', () => {
  const virtual = (barBytes: number, ramBytes: number): Fabric =>
    rnicOf(barBytes, ramBytes, () => ({ clientDmaOps: 'virt' }));

  it('is refused by the flag in dma_map_ops, and is what the refusal names', () => {
    const small = target({ fabricOf: virtual, over: { maxIoBytes: 4 * KIB } });
    small.stream(mixedIos([4 * KIB]));
    const outcome = small.run('sgl', 'pool', 16);
    expect(outcome).toMatchObject({ ios: 16, errors: 16, refused: 'EINVAL', refusedBy: '0000:04:00.0', rdmaErrors: 0 });
    expect(small.leftovers()).toEqual([]);
  });
});

/** The RNIC's own view of the fabric, changed. */
function rnicOf(barBytes: number, ramBytes: number, change: (rnic: Fabric) => object): Fabric {
  const fabric = targetFabric('one-switch')(barBytes, ramBytes);
  return { ...fabric, others: (fabric.others ?? []).map((rnic) => ({ ...rnic, ...change(rnic as Fabric) })) };
}

function withoutBarAtRnic(barBytes: number, ramBytes: number): Fabric {
  return rnicOf(barBytes, ramBytes, ({ windows }) => ({ windows: windows.filter(({ target }) => target !== 'bar') }));
}

function withUnreachableRnic(barBytes: number, ramBytes: number): Fabric {
  return rnicOf(barBytes, ramBytes, () => ({ mapType: 'NOT_SUPPORTED' }));
}
