// The contract of trims and flushes: whatever the scheme, they carry no memory of the I/O, and leave nothing behind.
import { describe, expect, it } from 'vitest';
import { DeviceQueue, HostQueue } from '../../build/layout.ts';
import { KIB, MIB } from '../../src/base/units.ts';
import { field, field64 } from '../../src/lab/machine/fields.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { behindIommu } from '../support/iommu.ts';
import { type SmallMachine, type SmallSpec, smallMachine, type TestIo } from '../support/small_machine.ts';
import { soundVariants } from '../support/variants.ts';

const VARIANTS = soundVariants();
const FLUSH: TestIo = { op: 'flush', lba: 0, bytes: 0, buffer: 0 };

/** Writes, reads and trims of blocks apart, some writes with a flush behind, some with FUA; flushes; host RAM, which every scheme carries. */
function ios(depth = 16): TestIo[] {
  const ops = ['write', 'read', 'trim', 'read', 'write'] as const;
  const sizes = [4 * KIB, 64 * KIB, 512, 12 * KIB];
  return Array.from({ length: 128 }, (_, i) => {
    if (i % 13 === 5) return FLUSH;
    const op = ops[Math.floor(i / 8) % ops.length] as TestIo['op'];
    const place = i % (2 * depth);
    const base = { op, lba: place * 256, bytes: sizes[i % 4] as number, buffer: place * 128 * KIB, inRam: true };
    return op === 'write' ? { ...base, flush: i % 3 === 0, fua: i % 4 === 0 } : base;
  });
}

function run(scheme: string, buffers: Buffers, spec: SmallSpec, seed?: number): SmallMachine {
  const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 4, fsync: 'goes-on', ...spec });
  small.stream(ios());
  const result = small.run(scheme, buffers, 512, seed);
  expect(result).toMatchObject({ ios: 512, errors: 0, verifyErrors: 0, unclaimed: 0, refused: undefined });
  expect(small.leftovers()).toEqual([]);
  return small;
}

function flushesOf({ machine }: SmallMachine): { flushes: number; commands: number } {
  const { host } = machine.queues[0] as { host: number };
  return {
    flushes: field(machine.view, host, HostQueue.flushes),
    commands: field(machine.view, host, HostQueue.flushCommands),
  };
}

describe.each(VARIANTS)('%s', (scheme) => {
  it('trims and flushes between reads and writes, in any interleaving, with every kind of buffer', () => {
    for (const [index, buffers] of (['pool', 'fixed', 'user'] as const).entries()) {
      run(scheme, buffers, {}, index);
      run(scheme, buffers, { fsync: 'waits' }, index + 3);
    }
  });
});

describe('a trim', () => {
  const trims = (count: number, flush = false): TestIo[] =>
    Array.from({ length: count }, (_, i) => ({ op: 'trim', lba: i * 64, bytes: 4 * KIB, buffer: 0, flush }));

  it('is merged in the plug into one command of several ranges, whatever lies between', () => {
    const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 8 });
    small.stream(trims(16));
    expect(small.run('page', 'fixed', 64)).toMatchObject({ ios: 64, errors: 0, verifyErrors: 0, verifiedBlocks: 512 });
    // Eight in a batch: one command, one doorbell of it.
    expect(small.counters()).toMatchObject({ ios: 64, requests: 8, merges: 56, mapCalls: 0, pageLoads: 0 });
    expect(small.leftovers()).toEqual([]);
  });

  it('of the same blocks as a read after it gives zeroes', () => {
    const small = smallMachine({ payload: 'verify', iodepth: 1, batch: 1 });
    const place = { lba: 8, bytes: 4 * KIB, buffer: 0, inRam: true };
    small.stream([
      { ...place, op: 'write' },
      { ...place, op: 'trim' },
      { ...place, op: 'read' },
    ]);
    expect(small.run('page', 'fixed', 3)).toMatchObject({ errors: 0, verifyErrors: 0 });
    const { machine } = small;
    const window = machine.payload[1] as { at: number };
    expect(machine.view.u8.subarray(window.at, window.at + 4 * KIB).every((byte) => byte === 0)).toBe(true);
  });

  it('beyond the namespace fails with LBA out of range, and only its own command', () => {
    const small = smallMachine({ payload: 'verify', iodepth: 4, batch: 1, namespaceBytes: 16 * MIB });
    small.stream([...trims(3), { op: 'trim', lba: 32767, bytes: 4 * KIB, buffer: 0 }]);
    expect(small.run('page', 'fixed', 8)).toMatchObject({
      ios: 8,
      errors: 2,
      firstError: expect.stringContaining('LBA Out of Range'),
      verifyErrors: 0,
    });
    expect(small.leftovers()).toEqual([]);
  });

  it('waits for a tag where there is none', () => {
    const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 16, depthEntries: 4, fsync: 'goes-on' });
    small.stream(ios());
    expect(small.run('page', 'fixed', 256, 5)).toMatchObject({ ios: 256, errors: 0, verifyErrors: 0 });
    expect(small.leftovers()).toEqual([]);
  });

  it('reaches its ranges through an IOMMU that translates', () => {
    for (const mode of ['strict', 'lazy'] as const) {
      run('page', 'fixed', { fabricOf: behindIommu(mode) }, 2);
    }
  });
});

describe('a flush', () => {
  const writes = (count: number): TestIo[] =>
    Array.from({ length: count }, (_, i) => ({
      op: 'write',
      lba: i * 64,
      bytes: 4 * KIB,
      buffer: i * 4 * KIB,
      inRam: true,
      flush: true,
    }));

  it('keeps a submitter that sleeps in fsync from issuing anything: one command for each', () => {
    const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 4, fsync: 'waits' });
    small.stream(writes(32));
    expect(small.run('page', 'fixed', 64)).toMatchObject({ ios: 64, errors: 0, verifyErrors: 0 });
    expect(flushesOf(small)).toEqual({ flushes: 64, commands: 64 });
    expect(small.counters()).toMatchObject({ ios: 64, requests: 128 });
    expect(small.leftovers()).toEqual([]);
  });

  it('is an I/O of its own too, one command for each where the submitter waits', () => {
    const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 4, fsync: 'waits' });
    small.stream([...writes(3).map((io) => ({ ...io, flush: false })), FLUSH]);
    expect(small.run('page', 'fixed', 64)).toMatchObject({ ios: 64, errors: 0, verifyErrors: 0 });
    expect(flushesOf(small)).toEqual({ flushes: 16, commands: 16 });
    expect(small.counters()).toMatchObject({ ios: 48, requests: 64, flushCommands: 16 });
    expect(small.leftovers()).toEqual([]);
  });

  it('waits for a tag, alone or behind a write, where there is none', () => {
    for (const fsync of ['waits', 'goes-on'] as const) {
      const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 16, depthEntries: 4, fsync });
      small.stream([...writes(32), FLUSH, FLUSH]);
      expect(small.run('page', 'fixed', 102, 3)).toMatchObject({ ios: 102, errors: 0, verifyErrors: 0 });
      expect(flushesOf(small).flushes).toBe(102);
      expect(small.leftovers()).toEqual([]);
    }
  });

  it('that is asked for while one runs shares the next command', () => {
    const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 4, fsync: 'goes-on' });
    small.stream(writes(32));
    expect(small.run('page', 'fixed', 64)).toMatchObject({ ios: 64, errors: 0, verifyErrors: 0 });
    const { flushes, commands } = flushesOf(small);
    expect(flushes).toBe(64);
    expect(commands).toBeLessThan(flushes);
    expect(small.leftovers()).toEqual([]);
  });

  it('follows all parts of a write that is split and waits for tags', () => {
    for (const fsync of ['waits', 'goes-on'] as const) {
      const small = smallMachine({
        payload: 'verify',
        iodepth: 4,
        batch: 4,
        depthEntries: 4,
        mdtsBytes: 16 * KIB,
        fsync,
      });
      small.stream(writes(16).map((io, i) => ({ ...io, lba: i * 256, bytes: 96 * KIB, buffer: i * 128 * KIB })));
      expect(small.run('page', 'fixed', 32, 9)).toMatchObject({ ios: 32, errors: 0, verifyErrors: 0 });
      expect(flushesOf(small).flushes).toBe(32);
      expect(small.leftovers()).toEqual([]);
    }
  });
});

describe('a write with Force Unit Access', () => {
  const write = (i: number, over: Partial<TestIo>): TestIo => {
    return { op: 'write', lba: i * 8, bytes: 4 * KIB, buffer: i * 4 * KIB, inRam: true, ...over };
  };
  const fuaWritesOf = ({ machine }: SmallMachine): number => {
    return field64(machine.view, machine.queues[0]?.device ?? 0, DeviceQueue.fuaWrites);
  };

  it('keeps its bit through split and plug, up to the controller, and is never merged', () => {
    const small = smallMachine({ payload: 'verify', iodepth: 16, batch: 16, mdtsBytes: 16 * KIB });
    // All go on where the one before ended: only those without the bit merge, up to the largest transfer.
    small.stream(Array.from({ length: 16 }, (_, i) => write(i, { fua: i < 8 })));
    expect(small.run('null', 'fixed', 16)).toMatchObject({ ios: 16, errors: 0, verifyErrors: 0, verifiedBlocks: 128 });
    expect(small.counters()).toMatchObject({ requests: 10, merges: 6, fuaWrites: 8, flushCommands: 0 });
    expect(fuaWritesOf(small)).toBe(8);

    small.stream([write(0, { bytes: 64 * KIB, fua: true })]);
    small.run('null', 'fixed', 1);
    expect(small.counters()).toMatchObject({ requests: 4, splits: 3, fuaWrites: 4 });
    expect(fuaWritesOf(small)).toBe(12);
    expect(small.leftovers()).toEqual([]);
  });
});
