// The contract of zoned namespaces: zones are written at their write pointers, in any interleaving and by any scheme; the controller
// refuses everything else with the status of the Zoned Namespace command set.
import { describe, expect, it } from 'vitest';
import { DeviceQueue } from '../../build/layout.ts';
import { KIB, MIB } from '../../src/base/units.ts';
import { field } from '../../src/lab/machine/fields.ts';
import { behindIommu } from '../support/iommu.ts';
import { type SmallMachine, type SmallSpec, smallMachine, type TestIo } from '../support/small_machine.ts';
import { soundVariants } from '../support/variants.ts';

const ZONE_BYTES = 256 * KIB;
const ZONE_BLOCKS = ZONE_BYTES / 512;
const zones = (over: Partial<NonNullable<SmallSpec['zones']>> = {}) => ({
  zones: { zoneBytes: ZONE_BYTES, capacityBytes: ZONE_BYTES, count: 16, mostActive: 0, ...over },
});

function machineOf(spec: SmallSpec = {}): SmallMachine {
  return smallMachine({ payload: 'verify', iodepth: 8, batch: 4, ...zones(), ...spec });
}

const write = (zone: number, at: number, bytes: number, over: Partial<TestIo> = {}): TestIo => ({
  op: 'write',
  lba: zone * ZONE_BLOCKS + at / 512,
  bytes,
  buffer: 0,
  inRam: true,
  overlaps: true,
  ...over,
});

/** Rounds over four zones: 16 writes each, a reset with the next one; reads of what was written. */
function filling(): TestIo[] {
  const ios: TestIo[] = [];
  for (let i = 0; i < 256; i++) {
    const zone = i % 4;
    const place = Math.floor(i / 4) % 16;
    const buffer = (i % 32) * 64 * KIB;
    const resetsZone = i === 0 || (place === 0 && i >= 64);
    ios.push(write(zone, place * 16 * KIB, 16 * KIB, { buffer, resetsZone }));
    ios.push({ ...write(zone, place * 16 * KIB, 16 * KIB, { buffer: buffer + 32 * KIB }), op: 'read' });
  }
  return ios;
}

function resetsOf({ machine }: SmallMachine): number {
  return field(machine.view, machine.queues[0]?.device as number, DeviceQueue.zoneResets);
}

describe.each(soundVariants())('%s', (scheme) => {
  it('writes zones at their write pointers, with resets between, whatever the interleaving', () => {
    const specs: SmallSpec[] = [{}, { batch: 1 }, { fsync: 'waits' }, { fabricOf: behindIommu('strict') }];
    for (const [seed, spec] of specs.entries()) {
      const small = machineOf({ streamIos: 512, ...spec });
      small.stream(
        filling().map((io, i) => (spec.fsync && i % 7 === 0 && io.op === 'write' ? { ...io, flush: true } : io)),
      );
      // Round the stream twice and a half.
      const result = small.run(scheme, 'fixed', 1280, seed);
      expect(result).toMatchObject({ ios: 1280, errors: 0, verifyErrors: 0, firstError: undefined });
      // At each start of the stream all zones; within it 12, in the half 4.
      expect(resetsOf(small)).toBe(3 * 16 + 12 + 12 + 4);
      expect(small.leftovers()).toEqual([]);
    }
  });
});

describe('the controller', () => {
  const statusOf = (ios: readonly TestIo[], over: Partial<NonNullable<SmallSpec['zones']>> = {}) => {
    const small = machineOf({ iodepth: 1, batch: 1, ...zones(over) });
    small.stream(ios);
    const { errors, firstError } = small.run('page', 'fixed', ios.length);
    expect(small.leftovers()).toEqual([]);
    return [errors, firstError];
  };
  const full = Array.from({ length: 4 }, (_, i) => write(0, i * 64 * KIB, 64 * KIB));

  it('refuses a write before or behind the write pointer', () => {
    const invalid = 'NVMe status 0x1bc (Zone Invalid Write)';
    expect(statusOf([write(0, 4 * KIB, 4 * KIB)])).toEqual([1, invalid]);
    expect(statusOf([write(0, 0, 8 * KIB), write(0, 4 * KIB, 4 * KIB)])).toEqual([1, invalid]);
    expect(statusOf([write(0, 0, 4 * KIB), write(0, 4 * KIB, 4 * KIB), write(1, 0, 4 * KIB)])).toEqual([0, undefined]);
  });

  it('refuses a write to a full zone until it is reset, and one over the capacity', () => {
    expect(statusOf([...full, write(0, 0, 4 * KIB)])).toEqual([1, 'NVMe status 0x1b9 (Zone Is Full)']);
    expect(statusOf([...full, { ...write(0, 0, ZONE_BYTES), op: 'trim' }, write(0, 0, 4 * KIB)])).toEqual([
      0,
      undefined,
    ]);
    const small = { capacityBytes: 96 * KIB };
    expect(statusOf(full.slice(0, 2), small)).toEqual([1, 'NVMe status 0x1b8 (Zone Boundary Error)']);
  });

  it('refuses a write that opens more zones than it has resources for', () => {
    const three = [0, 1, 2].map((zone) => write(zone, 0, 4 * KIB));
    expect(statusOf(three, { mostActive: 2 })).toEqual([1, 'NVMe status 0x1be (Too Many Open Zones)']);
    expect(statusOf([...full, ...three.slice(1)], { mostActive: 2 })).toEqual([0, undefined]);
  });

  it('refuses a reset that names no first block of a zone', () => {
    const reset = { ...write(0, 4 * KIB, ZONE_BYTES), op: 'trim' } as const;
    expect(statusOf([reset])).toEqual([1, 'NVMe status 0x2 (Invalid Field in Command)']);
  });
});

describe('the block layer', () => {
  it('neither merges nor splits across the boundary of two zones', () => {
    const small = machineOf({ iodepth: 8, batch: 8, barBytes: 64 * MIB });
    const ends = [write(0, 0, 192 * KIB, { buffer: 0 }), write(0, 192 * KIB, 64 * KIB, { buffer: 192 * KIB })];
    const starts = [write(1, 0, 64 * KIB, { buffer: 256 * KIB }), write(1, 64 * KIB, 64 * KIB, { buffer: 320 * KIB })];
    small.stream([...ends, ...starts].map((io) => ({ ...io, overlaps: false })));
    expect(small.run('page', 'fixed', 4)).toMatchObject({ ios: 4, errors: 0, verifyErrors: 0 });
    expect(small.counters()).toMatchObject({ requests: 2, merges: 2 });
    // A read over both is two commands.
    small.stream([{ ...write(0, 192 * KIB, 128 * KIB), op: 'read', overlaps: false }]);
    expect(small.run('page', 'fixed', 1)).toMatchObject({ ios: 1, errors: 0, verifyErrors: 0 });
    expect(small.counters()).toMatchObject({ requests: 2, splits: 1 });
  });
});
