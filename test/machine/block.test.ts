// Split, merge and map rules of the block layer, seen through what reaches the device.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HostQueue, NvmeCommand, QueueLimits } from '../../build/layout.ts';
import { KIB, MIB } from '../../src/base/units.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { field, setField } from '../../src/lab/machine/fields.ts';
import { type SmallMachine, smallMachine, type TestIo } from '../support/small_machine.ts';

interface Sqe {
  slba: number;
  bytes: number;
  prp1: number;
}

/** Submits `count` I/Os without letting the device run, and reads the commands from the SQ. Then lets them end. */
function commandsOf(small: SmallMachine, scheme: string, count: number, buffers: 'fixed' | 'user' = 'fixed'): Sqe[] {
  const { machine } = small;
  const { view } = machine;
  const { host, device } = machine.queues[0] as { host: number; device: number };
  const module = small.host(scheme);
  setBuffers(machine, buffers);
  const target = field(view, host, HostQueue.issued) + count;
  setField(view, host, HostQueue.streamPos, 0);
  setField(view, host, HostQueue.issueTarget, target);
  setField(view, host, HostQueue.completionMark, target);
  const before = field(view, host, HostQueue.sqTail);
  module.run(host, 1e6, 0);
  const sqes: Sqe[] = [];
  for (let slot = before; slot !== field(view, host, HostQueue.sqTail); slot = (slot + 1) % machine.spec.depthEntries) {
    const at = field(view, host, HostQueue.sq) + slot * NvmeCommand.bytes;
    sqes.push({
      slba: Number(view.u64[(at + NvmeCommand.slba) / 8]),
      bytes: ((view.u32[(at + NvmeCommand.length) / 4] as number & 0xffff) + 1) * 512,
      prp1: Number(view.u64[(at + NvmeCommand.prp1) / 8]),
    });
  }
  while (field(view, host, HostQueue.completed) !== target) {
    small.device.run(device, 1e6, 0);
    module.run(host, 1e6, 0);
  }
  return sqes;
}

describe('split', () => {
  it('cuts at the transfer limit of the controller, front first', () => {
    const small = smallMachine({ barBytes: 64 * MIB, mdtsBytes: 128 * KIB, iodepth: 4, batch: 1 });
    small.stream([{ op: 'read', lba: 1000, bytes: 300 * KIB, buffer: MIB }]);
    const sqes = commandsOf(small, 'null', 1);
    expect(sqes.map(({ slba, bytes }) => [slba, bytes])).toEqual([
      [1000, 128 * KIB],
      [1256, 128 * KIB],
      [1512, 44 * KIB],
    ]);
    expect(sqes.map(({ prp1 }) => prp1 - (sqes[0] as Sqe).prp1)).toEqual([0, 128 * KIB, 256 * KIB]);
    expect(small.leftovers()).toEqual([]);
  });

  it('never lets a segment cross a 4 GiB boundary of the address it carries, whatever the scheme carries', () => {
    // BAR of 8 GiB: an I/O across the middle crosses the boundary on the bus and in physical addresses alike.
    const small = smallMachine({
      barBytes: 8192 * MIB,
      barWindowBytes: 16 * MIB,
      payload: 'none',
      iodepth: 4,
      batch: 1,
    });
    small.stream([{ op: 'read', lba: 0, bytes: 16 * KIB, buffer: 4096 * MIB - 8 * KIB }]);
    for (const scheme of ['null', 'page', 'dma_vec']) {
      commandsOf(small, scheme, 1);
      expect(small.counters()).toMatchObject({ requests: 1, segments: 2 });
    }
  });

  it('sends every byte of any I/O once, in order, within the limits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2048 }),
        fc.integer({ min: 0, max: 255 }),
        fc.constantFrom(4, 16, 64, 128, 512),
        (blocks, page, mdtsKib) => {
          const small = smallMachine({
            barBytes: 4 * MIB,
            mdtsBytes: mdtsKib * KIB,
            iodepth: 2,
            batch: 1,
            depthEntries: 512,
            payload: 'none',
          });
          small.stream([{ op: 'write', lba: 77, bytes: blocks * 512, buffer: page * 4096 }]);
          const sqes = commandsOf(small, 'page', 1);
          let lba = 77;
          for (const { slba, bytes, prp1 } of sqes) {
            expect(slba).toBe(lba);
            expect(bytes).toBeLessThanOrEqual(mdtsKib * KIB);
            expect(prp1 - (sqes[0] as Sqe).prp1).toBe((lba - 77) * 512);
            lba += bytes / 512;
          }
          expect(lba).toBe(77 + blocks);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('merge in the plug', () => {
  const run = (scheme: string, ios: TestIo[], buffers: 'fixed' | 'user' = 'fixed') => {
    const small = smallMachine({ barBytes: 64 * MIB, iodepth: 8, batch: 8, mdtsBytes: 32 * KIB });
    small.stream(ios);
    const sqes = commandsOf(small, scheme, ios.length, buffers);
    expect(small.leftovers()).toEqual([]);
    return sqes.map(({ slba, bytes }) => [slba, bytes]);
  };
  const sequential = (inRam: boolean, op: 'read' | 'write' = 'read'): TestIo[] =>
    Array.from({ length: 4 }, (_, i) => ({ op, lba: i * 8, bytes: 4 * KIB, buffer: i * 64 * KIB, inRam }));

  it('joins bios that continue each other on the medium, up to the transfer limit', () => {
    expect(run('page', sequential(true))).toEqual([[0, 16 * KIB]]);
    const longer = Array.from(
      { length: 12 },
      (_, i): TestIo => ({ op: 'read', lba: i * 8, bytes: 4 * KIB, buffer: i * 64 * KIB, inRam: true }),
    );
    expect(run('page', longer.slice(0, 8))).toEqual([[0, 32 * KIB]]);
  });

  it('joins in front as well', () => {
    expect(run('page', sequential(true).reverse())).toEqual([[0, 16 * KIB]]);
  });

  it('joins user P2P pages but never in-kernel P2P buffers (REQ_NOMERGE) nor dma-direct bios', () => {
    expect(run('page', sequential(false), 'user')).toEqual([[0, 16 * KIB]]);
    expect(run('page', sequential(false))).toHaveLength(4);
    expect(run('dma_vec', sequential(false))).toHaveLength(4);
  });

  it('keeps reads and writes, and neighbours with a gap on the medium, apart', () => {
    const [read] = sequential(true);
    const mixed = [read as TestIo, { ...(sequential(true, 'write')[1] as TestIo) }];
    expect(run('page', mixed)).toHaveLength(2);
    expect(run('page', [read as TestIo, { ...(read as TestIo), lba: 16 }])).toHaveLength(2);
  });

  it('keeps bios apart that would leave a hole inside a controller page', () => {
    const ios: TestIo[] = [
      { op: 'read', lba: 0, bytes: 512, buffer: 0, inRam: true },
      { op: 'read', lba: 1, bytes: 512, buffer: 64 * KIB, inRam: true },
    ];
    expect(run('page', ios)).toHaveLength(2);
  });
});

describe('limits', () => {
  it('are those of nvme-pci 6.12 for the controller', () => {
    const { machine } = smallMachine({ mdtsBytes: 512 * KIB });
    const at = field(machine.view, machine.queues[0]?.host as number, HostQueue.limits);
    expect(field(machine.view, at, QueueLimits.max_sectors)).toBe(1024);
    expect(new DataView(machine.view.u8.buffer).getUint16(at + QueueLimits.max_segments, true)).toBe(128);
    expect(machine.view.u64[(at + QueueLimits.virt_boundary_mask) / 8]).toBe(4095n);
  });
});

describe('the plug', () => {
  /** Doorbells of the SQ for one batch of reads of these sizes in KiB, apart from each other unless they go on (negative). */
  const ringsOf = (sizes: readonly number[]): number => {
    const small = smallMachine({ barBytes: 64 * MIB, mdtsBytes: MIB, iodepth: sizes.length, batch: sizes.length });
    let lba = 0;
    let buffer = 0;
    const reads = sizes.map((kib): TestIo => {
      const bytes = Math.abs(kib) * KIB;
      if (kib > 0) [lba, buffer] = [lba + 4096, buffer + MIB / 2];
      const io: TestIo = { op: 'read', lba, bytes, buffer };
      [lba, buffer] = [lba + bytes / 512, buffer + bytes];
      return io;
    });
    small.stream(reads);
    small.counters();
    commandsOf(small, 'null', sizes.length);
    // All that is done is reaped at once: one doorbell of the CQ.
    return small.counters().doorbells - 1;
  };

  it('is flushed once for a batch of small requests, and before the 33rd', () => {
    expect(ringsOf(Array(32).fill(4))).toBe(1);
    expect(ringsOf(Array(33).fill(4))).toBe(2);
  });

  it('is flushed before the next request where the last has 128 KiB', () => {
    expect(ringsOf(Array(4).fill(124))).toBe(1);
    expect(ringsOf(Array(4).fill(128))).toBe(4);
    expect(ringsOf([4, 128, 4, 4])).toBe(2);
    // Only the last counts, as in blk_add_rq_to_plug.
    expect(ringsOf([128])).toBe(1);
  });

  it('still merges into a last request of that size', () => {
    expect(ringsOf([128, -128, -128])).toBe(1);
    expect(ringsOf([64, -64, 4])).toBe(2);
  });
});
