// DMA translation in every scheme: counts of each path, what a stale IOTLB entry still reaches, faults, limits, returns.
import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/units.ts';
import { iommuModule, refusalReason } from '../../src/lab/machine/modules.ts';
import { takeLandings } from '../../src/lab/machine/queue_state.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import type { IommuMode } from '../../src/topology/addresses.ts';
import { misdirectionLines } from '../../src/topology/routes.ts';
import type { VariantExpectation } from '../support/expectation.ts';
import { expectedOf } from '../support/expected.ts';
import { behindIommu } from '../support/iommu.ts';
import { type SmallSpec, smallMachine, type TestIo } from '../support/small_machine.ts';
import { soundVariants } from '../support/variants.ts';

const BUFFERS: Buffers[] = ['pool', 'fixed', 'user'];
const TRANSLATING = ['lazy', 'strict'] as const;
const IOS = 64;

const ioOf = (bytes: number, inRam: boolean): TestIo[] =>
  Array.from({ length: 8 }, (_, i) => ({ op: 'read', lba: i * 4096, bytes, buffer: i * 2 * MIB, inRam }));

function countsOf(
  mode: IommuMode,
  scheme: string,
  buffers: Buffers,
  bytes: number,
  inRam = false,
  spec: SmallSpec = {},
) {
  const sizes = { barBytes: 64 * MIB, ramBytes: 64 * MIB, iodepth: 8, batch: 4 };
  const small = smallMachine({ ...sizes, fabricOf: behindIommu(mode), ...spec });
  small.stream(ioOf(bytes, inRam));
  const { iotlbMisses, ...outcome } = small.run(scheme, buffers, IOS);
  expect(outcome).toMatchObject({ ios: IOS, errors: 0, faults: 0, unclaimed: 0 });
  const counts = small.counters();
  expect(small.leftovers()).toEqual([]);
  const each = Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value / IOS]));
  return { ...each, iotlbMisses: iotlbMisses / IOS } as typeof counts & { iotlbMisses: number };
}

const NOTHING = { iovaAllocs: 0, iovaFrees: 0, pteWrites: 0, pteClears: 0, pteLines: 0, invalidations: 0, flushes: 0 };

/** The schemes that do so behind an IOMMU which P2P passes. */
const having = (iommu: VariantExpectation['iommu']): string[] =>
  soundVariants().filter((scheme) => expectedOf(scheme).iommu === iommu);

describe('contract behind an IOMMU', () => {
  const mixed = (inRam: boolean): TestIo[] =>
    Array.from({ length: 64 }, (_, i) => ({
      op: i % 3 === 0 ? 'write' : 'read',
      lba: (i % 32) * 256,
      bytes: [512, 4 * KIB, 12 * KIB, 64 * KIB, 8 * KIB, 128 * KIB][i % 6] as number,
      buffer: (i % 32) * 128 * KIB,
      inRam,
    }));

  it.each(soundVariants())('%s lands its data or refuses with a reason, and returns every range and page', (scheme) => {
    // RAM is translated in either preset and in no passthrough; P2P below a switch in no mode.
    for (const [preset, mode, kinds] of [
      ['one-switch', 'strict', [false]],
      ['two-root-ports', 'passthrough', [false]],
      ['two-root-ports', 'lazy', [false, true]],
      ['two-root-ports', 'strict', [false, true]],
    ] as const) {
      for (const buffers of BUFFERS) {
        for (const inRam of kinds) {
          const small = smallMachine({ payload: 'verify', fabricOf: behindIommu(mode, preset) });
          small.stream(mixed(inRam));
          const outcome = small.run(scheme, buffers, 128, 3);
          const at = `${preset} ${mode} ${buffers} ${inRam ? 'RAM' : 'P2P'}`;
          expect([at, outcome.ios, outcome.verifyErrors, outcome.faults]).toEqual([at, 128, 0, 0]);
          if (outcome.refused === undefined) expect([at, outcome.errors]).toEqual([at, 0]);
          else expect([at, refusalReason(scheme, outcome.refused, buffers) !== undefined]).toEqual([at, true]);
          expect([at, ...small.leftovers()]).toEqual([at]);
        }
      }
    }
  });

  it('v5.2 and what is built on it refuse the way through the host bridge as soon as there is an IOMMU', () => {
    for (const scheme of having('refused')) {
      for (const mode of ['passthrough', 'lazy', 'strict'] as const) {
        const small = smallMachine({ fabricOf: behindIommu(mode), iodepth: 4, batch: 4 });
        small.stream(ioOf(4 * KIB, false));
        expect(small.run(scheme, 'fixed', 8)).toMatchObject({ errors: 8, refused: 'EINVAL', faults: 0 });
      }
    }
  });
});

describe('one mapping for each request', () => {
  it.each(having('mapped for each request'))(
    '%s takes one range, writes and clears one entry for each page, and invalidates once',
    (scheme) => {
      for (const [bytes, pages, lines] of [
        [4 * KIB, 1, 1],
        [128 * KIB, 32, 4],
      ] as const) {
        const strict = countsOf('strict', scheme, 'fixed', bytes);
        expect(strict).toMatchObject({
          requests: 1,
          iovaAllocs: 1,
          iovaFrees: 1,
          pteWrites: pages,
          pteClears: pages,
          invalidations: 1,
          flushes: 0,
          iotlbMisses: pages,
        });
        // Each way; a few more for the tables themselves.
        expect(strict.pteLines).toBeGreaterThanOrEqual(2 * lines);
        expect(strict.pteLines).toBeLessThan(2 * lines + 0.5);
        const lazy = countsOf('lazy', scheme, 'fixed', bytes);
        expect(lazy).toMatchObject({ iovaAllocs: 1, pteWrites: pages, pteClears: pages });
        expect(lazy.invalidations).toBe(lazy.flushes);
        expect(lazy.invalidations).toBeLessThan(0.2);
        expect(countsOf('passthrough', scheme, 'fixed', bytes)).toMatchObject({ ...NOTHING, iotlbMisses: 0 });
      }
    },
  );

  it('maps host RAM the same way in every scheme, from every buffer source', () => {
    for (const scheme of soundVariants().filter((name) => name !== 'null')) {
      for (const buffers of BUFFERS) {
        const counts = countsOf('strict', scheme, buffers, 16 * KIB, true);
        expect([scheme, buffers, counts.iovaAllocs, counts.pteWrites, counts.invalidations]).toEqual([
          scheme,
          buffers,
          1,
          4,
          1,
        ]);
      }
    }
  });

  it('maps nothing for buffers that were mapped once, nor for P2P that no IOMMU meets', () => {
    for (const mode of TRANSLATING) {
      for (const scheme of having('mapped once')) {
        expect(countsOf(mode, scheme, 'fixed', 128 * KIB)).toMatchObject(NOTHING);
      }
      for (const scheme of soundVariants()) {
        const underSwitch = { fabricOf: behindIommu(mode, 'one-switch') };
        expect(countsOf(mode, scheme, 'fixed', 64 * KIB, false, underSwitch)).toMatchObject({
          ...NOTHING,
          iotlbMisses: 0,
        });
      }
    }
  });

  it('makes one segment of scattered pages: through a list (6.12) and by linking (6.17)', () => {
    for (const scheme of ['page', 'page@6.17', 'phys']) {
      const small = smallMachine({ payload: 'verify', iodepth: 8, batch: 8, fabricOf: behindIommu('strict') });
      // Neighbours on the medium, apart in memory: eight bios merge into one request.
      const ios = Array.from(
        { length: 8 },
        (_, i): TestIo => ({ op: 'read', lba: i * 8, bytes: 4 * KIB, buffer: i * 64 * KIB, inRam: true }),
      );
      small.stream(ios);
      expect(small.run(scheme, 'fixed', 64)).toMatchObject({ errors: 0, verifyErrors: 0 });
      const counts = small.counters();
      expect([scheme, counts.merges]).toEqual([scheme, 56]);
      expect(counts).toMatchObject({ requests: 8, iovaAllocs: 8, pteWrites: 64, pteClears: 64, invalidations: 8 });
      expect(small.leftovers()).toEqual([]);
    }
  });

  it('tells P2P below a switch from host RAM in one mixed list (6.12)', () => {
    const small = smallMachine({
      payload: 'verify',
      iodepth: 8,
      batch: 8,
      fabricOf: behindIommu('strict', 'one-switch'),
    });
    const ios = Array.from(
      { length: 8 },
      (_, i): TestIo => ({ op: 'read', lba: i * 8, bytes: 4 * KIB, buffer: i * 64 * KIB, inRam: i % 2 === 0 }),
    );
    small.stream(ios);
    expect(small.run('page', 'user', 64)).toMatchObject({ errors: 0, verifyErrors: 0, faults: 0 });
    expect(small.counters()).toMatchObject({ requests: 8, iovaAllocs: 8, pteWrites: 32, pteClears: 32 });
    expect(small.leftovers()).toEqual([]);
  });
});

it('1 MiB of user memory becomes eight requests, as counted on a running 6.12 with an IOMMU', () => {
  for (const mode of TRANSLATING) {
    expect(countsOf(mode, 'page', 'user', MIB)).toMatchObject({
      requests: 8,
      p2pTests: 16,
      pgmapChecks: 255,
      pageAtomics: 3 * 256,
      mapCalls: 8,
      iovaAllocs: 8,
      pteWrites: 256,
    });
  }
  expect(countsOf('passthrough', 'page', 'user', MIB)).toMatchObject({ requests: 2, p2pTests: 4, mapCalls: 2 });
});

describe('the IOTLB', () => {
  /** An I/O that has completed, and the IOVA that it was mapped at. */
  function completed(mode: (typeof TRANSLATING)[number]) {
    const small = smallMachine({ iodepth: 1, batch: 1, fabricOf: behindIommu(mode) });
    small.stream([{ op: 'read', lba: 0, bytes: 4 * KIB, buffer: 0, inRam: true }]);
    const module = iommuModule(small.memory);
    const [client] = small.machine.translated as [number];
    const device = small.machine.queues[0]?.device as number;
    // The next range that the allocator hands out is the one that the I/O gets.
    const iova = module.alloc(client, 0, 1n, 2n ** 20n - 1n, 0) * 4096n;
    module.free(client, 0, iova / 4096n, 1n);
    expect(small.run('page', 'fixed', 1)).toMatchObject({ errors: 0 });
    return { small, module, client, device, iova };
  }

  it('still reaches the buffer after the unmap in lazy mode, until the flush; never in strict mode', () => {
    const lazy = completed('lazy');
    expect(lazy.module.walk(lazy.client, lazy.iova)).toBe(-1n);
    expect(lazy.small.setup.iovasQueued(lazy.client)).toBe(1);
    expect(lazy.module.translate(lazy.device, lazy.iova)).toBe(lazy.small.machine.spec.fabric.ramPhys);
    lazy.small.setup.flushIommu(lazy.client);
    expect(lazy.module.translate(lazy.device, lazy.iova)).toBe(-1n);
    expect(lazy.small.setup.iovasQueued(lazy.client)).toBe(0);

    const strict = completed('strict');
    expect(strict.module.walk(strict.client, strict.iova)).toBe(-1n);
    expect(strict.module.translate(strict.device, strict.iova)).toBe(-1n);
  });

  it('keeps a lazily unmapped range from being handed out before the flush', () => {
    const { small, module, client, iova } = completed('lazy');
    const others = Array.from({ length: 300 }, () => module.alloc(client, 0, 1n, 2n ** 20n - 1n, 0) * 4096n);
    expect(others).not.toContain(iova);
    for (const other of others) module.free(client, 0, other / 4096n, 1n);
    small.setup.flushIommu(client);
    const after = Array.from({ length: 301 }, () => module.alloc(client, 0, 1n, 2n ** 20n - 1n, 0) * 4096n);
    expect(after).toContain(iova);
  });

  it('is emptied when the host has gone round the invalidation queue unseen', () => {
    const { small, module, client, device, iova } = completed('lazy');
    module.translate(device, iova);
    for (let i = 0; i < 300; i++) small.setup.flushIommu(client);
    expect(module.translate(device, iova)).toBe(-1n);
  });

  it('holds a working set of pre-mapped pages: each is looked up once', () => {
    const small = smallMachine({ barBytes: 64 * MIB, fabricOf: behindIommu('strict') });
    small.stream(ioOf(128 * KIB, false).map((io, i) => ({ ...io, buffer: i * 128 * KIB })));
    expect(small.run('dmabuf', 'fixed', 256)).toMatchObject({ errors: 0, iotlbMisses: 8 * 32 });
  });
});

describe('faults', () => {
  it('answer a transfer without a mapping with Data Transfer Error, counted and named', () => {
    const small = smallMachine({
      fabricOf: (barBytes, ramBytes) => ({ ...behindIommu('strict')(barBytes, ramBytes), iommu: 'lazy' }),
    });
    const [client] = small.machine.translated as [number];
    const module = iommuModule(small.memory);
    const device = small.machine.queues[0]?.device as number;
    const wild = 0x1234_5000n;
    expect(module.walk(client, wild)).toBe(-1n);
    expect(module.translate(device, wild)).toBe(-1n);
    small.stream(ioOf(4 * KIB, true));
    const outcome = small.run('page', 'fixed', 8);
    expect(outcome).toMatchObject({ errors: 0, faults: 1, firstFault: '0x12345000' });
  });

  it('catch an address that a caller made: what the RFC would program behind a host bridge', () => {
    // The verdict of a kernel that does not ask whether there is an IOMMU.
    const small = smallMachine({
      fabricOf: (barBytes, ramBytes) => ({ ...behindIommu('strict')(barBytes, ramBytes), mapType: 'BUS_ADDR' }),
    });
    small.stream(ioOf(4 * KIB, false));
    const outcome = small.run('dma_vec', 'fixed', 16);
    const { barBus, provider } = small.machine.spec.fabric;
    expect(outcome).toMatchObject({
      errors: 16,
      faults: 16,
      unclaimed: 0,
      firstError: 'NVMe status 0x4 (Data Transfer Error)',
      firstFault: `0x${barBus.toString(16)}`,
    });
    expect(misdirectionLines(provider, takeLandings(small.machine, 0, outcome.faults), 'transfers')).toEqual([
      'misdirected: 16 of 16 transfers faulted at the IOMMU, which has no mapping for them',
    ]);
    expect(small.leftovers()).toEqual([]);
  });
});

it('several queues share a domain, each with caches of its own', () => {
  for (const mode of TRANSLATING) {
    const small = smallMachine({ queueCount: 3, payload: 'verify', fabricOf: behindIommu(mode) });
    for (let queue = 0; queue < 3; queue++) {
      small.stream(
        ioOf(64 * KIB, true).map((io, i) => ({ ...io, buffer: (queue * 8 + i) * 64 * KIB })),
        queue,
      );
    }
    expect(small.run('page', 'user', 400, 5)).toMatchObject({ errors: 0, verifyErrors: 0, faults: 0 });
    expect(small.leftovers()).toEqual([]);
  }
});
