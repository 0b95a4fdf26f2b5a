// The contract of flow `copy` for every scheme: what B's medium gets is what A's holds, both requests are mapped for their
// own client, a client that is refused refuses the copy, and everything comes back. Counts follow from those of one
// request (scheme_counts.test.ts): each copy has two.
import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/units.ts';
import { refusalReason } from '../../src/lab/machine/modules.ts';
import { takeLandings } from '../../src/lab/machine/queue_state.ts';
import { DEFAULT_RULES, type Fabric, presetFabric, presetPair, topologyFabric } from '../../src/plan/fabric.ts';
import { driveBeside } from '../../src/plan/flows/copy.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { preset } from '../../src/topology/presets.ts';
import { misdirectionLines } from '../../src/topology/routes.ts';
import { type SmallMachine, type SmallSpec, smallMachine, type TestIo } from '../support/small_machine.ts';
import { soundVariants } from '../support/variants.ts';

const BUFFERS: Buffers[] = ['pool', 'fixed', 'user', 'ram'];
const VARIANTS = soundVariants();

/** One switch; A is the preset's client, B the drive beside it. */
function twoDrives(barBytes: number, ramBytes: number): Fabric {
  const { topology, pair } = presetPair('one-switch', barBytes);
  return presetFabric('one-switch', barBytes, ramBytes, DEFAULT_RULES, [driveBeside(topology, pair)]);
}

function copyMachine(options: SmallSpec = {}): SmallMachine {
  return smallMachine({ flow: 'copy', fabricOf: twoDrives, ...options });
}

/** Copies of mixed sizes, buffers apart, blocks apart. The stream's opcodes must not matter. */
function mixedIos(depth = 16): TestIo[] {
  const sizes = [512, 4 * KIB, 12 * KIB, 64 * KIB, 8 * KIB, 128 * KIB];
  return Array.from({ length: 64 }, (_, i) => ({
    op: i % 3 === 0 ? 'write' : 'read',
    lba: (i % (2 * depth)) * 256,
    bytes: sizes[i % sizes.length] as number,
    buffer: (i % (2 * depth)) * 128 * KIB,
  }));
}

function carries(scheme: string, buffers: Buffers): boolean {
  const small = copyMachine({ iodepth: 4, batch: 4 });
  small.stream(mixedIos(4));
  const { refused, errors } = small.run(scheme, buffers, 4);
  if (refused === undefined) return errors === 0;
  expect(refusalReason(scheme, refused, buffers)).toBeDefined();
  expect(small.leftovers()).toEqual([]);
  return false;
}

const CASES = VARIANTS.flatMap((name) => BUFFERS.map((buffers) => [name, buffers] as const));

describe.each(CASES)('copy: %s with %s buffers', (scheme, buffers) => {
  it("brings what A's medium holds to B's, in any interleaving of the three agents, or refuses", () => {
    if (!carries(scheme, buffers)) return;
    for (const seed of [undefined, 1, 2, 3]) {
      // A small medium: filling it is most of what a machine here costs.
      const small = copyMachine({ payload: 'verify', iodepth: 4, mediaBytes: MIB });
      small.stream(mixedIos(4));
      const result = small.run(scheme, buffers, 256, seed);
      expect(result).toMatchObject({ ios: 256, errors: 0, verifyErrors: 0, unclaimed: 0, refused: undefined });
      expect(result.verifiedBlocks).toBeGreaterThan(256);
      expect(small.leftovers()).toEqual([]);
    }
  });

  it('gives everything back after splits and a shortage of tags on both queues', () => {
    if (!carries(scheme, buffers)) return;
    const small = copyMachine({
      payload: 'verify',
      iodepth: 8,
      batch: 8,
      depthEntries: 8,
      mdtsBytes: 16 * KIB,
      barBytes: 32 * MIB,
      ramBytes: 32 * MIB,
    });
    small.stream(
      Array.from({ length: 16 }, (_, i) => ({ op: 'read', lba: i * 256, bytes: 96 * KIB, buffer: i * MIB })),
    );
    expect(small.run(scheme, buffers, 100, 5)).toMatchObject({ ios: 100, errors: 0, verifyErrors: 0 });
    // 96 KiB at 16 KiB each: six commands for each of the two requests.
    expect(small.counters()).toMatchObject({ ios: 100, requests: 1200, splits: 1000 });
    expect(small.leftovers()).toEqual([]);
  });
});

it('the data check of a copy notices a write that goes elsewhere, and a read that does', () => {
  for (const astray of [0, 1]) {
    const small = copyMachine({
      payload: 'verify',
      // One client's way to the BAR ends a page further on.
      fabricOf: (barBytes, ramBytes) => {
        const fabric = twoDrives(barBytes, ramBytes);
        const clients = [fabric, ...(fabric.others ?? [])];
        for (const window of clients[astray]?.windows ?? []) if (window.target === 'bar') window.offset += 4096n;
        return fabric;
      },
    });
    small.stream(mixedIos());
    expect(small.run('page', 'fixed', 64).verifyErrors).toBeGreaterThan(0);
  }
});

describe.each(VARIANTS.filter((name) => name !== 'null'))('copy: the second client of %s', (scheme) => {
  it('refuses the copy with an errno that the scheme explains, after its reads; host RAM goes on', () => {
    for (const buffers of ['pool', 'fixed', 'user'] as const) {
      if (!carries(scheme, buffers)) continue;
      const small = copyMachine({
        iodepth: 4,
        batch: 4,
        fabricOf: (barBytes, ramBytes) => {
          const fabric = twoDrives(barBytes, ramBytes);
          return { ...fabric, others: (fabric.others ?? []).map((other) => ({ ...other, mapType: 'NOT_SUPPORTED' })) };
        },
      });
      small.stream(mixedIos(4));
      const { ios, errors, refused = 'nothing', refusedBy } = small.run(scheme, buffers, 16);
      expect({ ios, errors, refusedBy }).toEqual({ ios: 16, errors: 16, refusedBy: '0000:05:00.0' });
      expect(refusalReason(scheme, refused, buffers)).toBeDefined();
      // Every read was done all the same.
      expect(takeLandings(small.machine, 0).reduce((sum, { transfers }) => sum + transfers, 0)).toBeGreaterThan(0);
      expect(small.run(scheme, 'ram', 16)).toMatchObject({ ios: 16, errors: 0, refused: undefined });
      expect(small.leftovers()).toEqual([]);
    }
  });
});

it('each client gets its own address: the near one over the bus, the other through its host bridge', () => {
  const astray = VARIANTS.filter((scheme) => {
    const small = copyMachine({
      payload: 'verify',
      fabricOf: (barBytes, ramBytes) => {
        const { topology, provider, providerBar, client, nearClient } = preset('two-host-bridges', { barBytes });
        const pair = {
          provider: { device: provider, bar: providerBar },
          client: nearClient as string,
          others: [client],
        };
        return topologyFabric('near and far', topology, pair, ramBytes, { ...DEFAULT_RULES, cpu: topology.cpu });
      },
    });
    const [near, far] = [small.machine.spec.fabric, small.machine.spec.fabric.others?.[0]];
    expect([near.mapType, far?.mapType]).toEqual(['BUS_ADDR', 'THRU_HOST_BRIDGE']);
    small.stream(mixedIos());
    const outcome = small.run(scheme, 'fixed', 64);
    const lines = misdirectionLines(near.provider, takeLandings(small.machine, outcome.unclaimed), 'transfers');
    if (outcome.refused === undefined && lines.length === 0)
      expect(outcome).toMatchObject({ errors: 0, verifyErrors: 0 });
    return outcome.refused !== undefined || lines.length > 0;
  });
  // The caller of the RFC and 5.2's mapping take the bus address for every client; 2018 refuses all but a common switch.
  expect(astray).toEqual(['dma_vec', 'page@5.2', 'sgl']);
});

/** Counts of one copy. */
function countsOf(scheme: string, buffers: Buffers, bytes: number) {
  const small = copyMachine({ barBytes: 64 * MIB, ramBytes: 64 * MIB, iodepth: 8, batch: 4, mdtsBytes: MIB });
  small.stream(
    Array.from({ length: 8 }, (_, i): TestIo => ({ op: 'read', lba: i * 4096, bytes, buffer: i * 2 * MIB })),
  );
  expect(small.run(scheme, buffers, 64)).toMatchObject({ ios: 64, errors: 0 });
  const counts = small.counters();
  return Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value / 64]));
}

describe('what a copy touches', () => {
  it.each([4 * KIB, 128 * KIB])(
    'page in 6.12, pool buffer of %i bytes: 3 tests and a map call for each request, one line',
    (bytes) => {
      expect(countsOf('page', 'pool', bytes)).toMatchObject({
        ios: 1,
        requests: 2,
        poolAllocs: 1,
        // Submission, nvme's single segment, the DMA layer; twice.
        p2pTests: 6,
        mapCalls: 2,
        pageLines: 1,
        pageAtomics: 0,
      });
    },
  );

  it('page in 6.12, user buffer: pins, checks and releases of both requests on the same lines', () => {
    expect(countsOf('page', 'user', 128 * KIB)).toMatchObject({
      requests: 2,
      pageLines: 32,
      pageAtomics: 2 * 96,
      p2pTests: 2 * 2,
      pgmapChecks: 2 * 31,
      mapCalls: 2,
    });
  });

  it('page in 5.2: 8 tests', () => {
    expect(countsOf('page@5.2', 'pool', 4 * KIB)).toMatchObject({ p2pTests: 8, mapCalls: 2, pageLines: 1 });
  });

  it('every scheme: twice what one request touches of lookups, lists and references', () => {
    const pages = (128 * KIB) / 4096;
    expect(countsOf('phys@tree', 'fixed', 128 * KIB)).toMatchObject({ providerLookups: 2, mapCalls: 2, pageLines: 0 });
    expect(countsOf('vma', 'fixed', 128 * KIB)).toMatchObject({
      listEntries: 2 * 3 * pages,
      mapCalls: 2,
      pageLines: 0,
    });
    expect(countsOf('dmabuf', 'fixed', 128 * KIB)).toMatchObject({ listEntries: 2 * pages, mapRefs: 4, mapCalls: 0 });
    expect(countsOf('dma_vec', 'fixed', 128 * KIB)).toMatchObject({ mapCalls: 0, pageLines: 0, requests: 2 });
  });

  it('the bounce through host RAM: no P2P answer and no map call, whatever the scheme', () => {
    for (const scheme of VARIANTS)
      expect([scheme, countsOf(scheme, 'ram', 4 * KIB)]).toMatchObject([
        scheme,
        { requests: 2, p2pTests: 0, mapCalls: 0, poolAllocs: 0, pageAtomics: 0 },
      ]);
    expect(countsOf('page', 'ram', 4 * KIB)).toMatchObject({ pageLines: 1, pageLoads: 2 * 2 });
  });
});
