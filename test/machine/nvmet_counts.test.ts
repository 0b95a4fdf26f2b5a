// What one I/O of an NVMe-oF target on P2P memory touches, exact: the whole of it, RDMA side and block side.
import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/units.ts';
import type { RdmaSpec } from '../../src/plan/machine_spec.ts';
import { expectedOf } from '../support/expected.ts';
import { smallMachine, type TestIo } from '../support/small_machine.ts';
import { rdmaSpec, targetFabric } from '../support/small_target.ts';
import { soundVariants } from '../support/variants.ts';

type Counts = ReturnType<ReturnType<typeof smallMachine>['counters']>;

const IOS = 64;
const DEPTH = 8;

/** Counts of one I/O, full turns of every agent. */
function countsOf(
  scheme: string,
  op: 'read' | 'write',
  bytes: number,
  over: Partial<RdmaSpec> = {},
  inRam = false,
): Counts {
  const small = smallMachine({
    flow: 'nvmet',
    fabricOf: targetFabric('one-switch'),
    rdma: rdmaSpec(over),
    barBytes: 64 * MIB,
    ramBytes: 64 * MIB,
    iodepth: DEPTH,
    batch: DEPTH,
    mdtsBytes: MIB,
  });
  small.stream(Array.from({ length: 8 }, (_, i): TestIo => ({ op, lba: i * 4096, bytes, buffer: 0, inRam })));
  expect(small.run(scheme, 'pool', IOS)).toMatchObject({ ios: IOS, errors: 0, poolFallbacks: 0 });
  const counts = small.counters();
  expect(small.leftovers()).toEqual([]);
  return Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value / IOS])) as Counts;
}

const BOTH = ['read', 'write'] as const;
const SIZES = [4 * KIB, 128 * KIB, MIB] as const;
const CASES = BOTH.flatMap((op) => SIZES.map((bytes) => [op, bytes] as const));

const CARRYING = soundVariants().filter((name) => typeof expectedOf(name).nvmet !== 'string');

describe.each(CASES)('%s of %i bytes', (op, bytes) => {
  it.each(CARRYING)('%s: exactly what its rules ask for, RDMA side and block side', (scheme) => {
    const { nvmet } = expectedOf(scheme);
    expect(countsOf(scheme, op, bytes)).toMatchObject((nvmet as (bytes: number) => object)(bytes));
  });

  it('two work requests each way, one doorbell of the send queue for a read, two for a write', () => {
    for (const scheme of ['page', 'dma_vec', 'null']) {
      // READ: WRITE with SEND in one chain. WRITE: READ alone, later SEND.
      const sendDoorbells = op === 'read' ? 1 : 2;
      const { workRequests, rdmaDoorbells, doorbells, poolAllocs, requests } = countsOf(scheme, op, bytes);
      expect({ workRequests, poolAllocs, requests }).toEqual({ workRequests: 2, poolAllocs: 1, requests: 1 });
      // And one of the receive queue; those of completion queues are shared by a batch.
      expect(rdmaDoorbells).toBeGreaterThan(sendDoorbells + 1);
      expect(rdmaDoorbells).toBeLessThanOrEqual(sendDoorbells + 1 + 3 / DEPTH);
      // Each command has a plug of its own: one SQ doorbell; one of the CQ for a batch.
      expect(doorbells).toBeGreaterThan(1);
      expect(doorbells).toBeLessThanOrEqual(1 + 1 / DEPTH);
    }
  });
});

describe('a scheme whose exporter publishes no p2pmem', () => {
  it.each(soundVariants().filter((name) => !CARRYING.includes(name)))(
    '%s is refused with the errno of its file',
    (scheme) => {
      const small = smallMachine({
        flow: 'nvmet',
        fabricOf: targetFabric('one-switch'),
        rdma: rdmaSpec({}),
        iodepth: 4,
        batch: 4,
      });
      small.stream([{ op: 'read', lba: 0, bytes: 4 * KIB, buffer: 0 }]);
      expect(small.run(scheme, 'pool', 4).refused).toBe(expectedOf(scheme).nvmet);
    },
  );
});

describe('registered regions', () => {
  it('cost a registration, and an invalidation once a region is used again', () => {
    const { mrRegistrations, workRequests } = countsOf('page', 'read', 64 * KIB, { forceMr: true });
    expect(mrRegistrations).toBe(1);
    // REG_MR, RDMA WRITE and SEND; LOCAL_INV for every region but each one's first use.
    expect(workRequests).toBe(3 + (IOS - DEPTH) / IOS);
  });

  it('list the DMA address of every page', () => {
    const plain = countsOf('dma_vec', 'read', MIB).descriptorBytes;
    const listed = countsOf('dma_vec', 'read', MIB, { forceMr: true }).descriptorBytes;
    // REG_MR's and LOCAL_INV's blocks, 256 addresses.
    expect(listed - plain).toBe(64 + (64 * (IOS - DEPTH)) / IOS + 256 * 8);
  });
});

describe('host RAM', () => {
  it('takes requests of at most max_sge segments, one for each page', () => {
    // 64 pages; blocks of 64 bytes hold 2 segments, then 4 each.
    expect(countsOf('page', 'read', 256 * KIB, {}, true).workRequests).toBe(Math.ceil(64 / 30) + 1);
    expect(countsOf('page', 'read', 256 * KIB, { maxSge: 4 }, true).workRequests).toBe(16 + 1);
    expect(countsOf('page', 'read', 4 * KIB, {}, true).workRequests).toBe(2);
  });

  it('is tested for P2P by the RDMA side of every kernel that may have P2P pages, entry by entry', () => {
    const loads = Object.fromEntries(
      soundVariants().map((name) => [name, countsOf(name, 'read', 8 * KIB, {}, true).pageLoads]),
    );
    const untested = soundVariants().filter((name) => expectedOf(name).hostPageLoads === 0);
    for (const name of untested) expect([name, loads[name]]).toEqual([name, 0]);
    for (const name of ['page', 'page@6.17', 'dmabuf', 'provider']) expect(loads[name]).toBeGreaterThanOrEqual(2);
  });

  it('takes the data of small writes from the capsule: one work request, no buffer', () => {
    expect(countsOf('page', 'write', 4 * KIB, { inlineBytes: 4096 })).toMatchObject({
      inlineWrites: 1,
      workRequests: 1,
      poolAllocs: 0,
      p2pTests: 0,
    });
  });
});
