// PRP1, PRP2 and lists against the rules of the NVMe specification and the table of nvme_pci_setup_prps (6.12).

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StagesModule } from '../../build/exports.ts';
import { HostQueue, Machine, NvmeCommand, NvmeIod, Request } from '../../build/layout.ts';
import { KIB, MIB } from '../../src/base/units.ts';
import { field } from '../../src/lab/machine/fields.ts';
import { stagesModule } from '../../src/lab/machine/modules.ts';
import { type SmallMachine, smallMachine } from '../support/small_machine.ts';

const PAGE = 4096;

function prpMachine(): { small: SmallMachine; stages: StagesModule; queue: number } {
  const small = smallMachine({ mdtsBytes: 8 * MIB });
  return { small, stages: stagesModule(small.memory), queue: small.machine.queues[0]?.host as number };
}

const { small, stages, queue } = prpMachine();
const { view } = small.machine;
const u64 = (at: number): number => Number(view.u64[at / 8]);
/** Bus address of wasm address 0. */
const DMA_BASE = u64(small.machine.at + Machine.dmaBase);

/** The data PRPs in order, the list entries among them, and the list pages used (0: the small pool). */
function prpsOf(address: number, bytes: number): { data: number[]; listEntries: number; allocations: number } {
  const command = stages.writePrps(queue, 0, address, bytes);
  const iod = field(view, queue, HostQueue.requests) + Request.bytes;
  const allocations = new DataView(view.u8.buffer).getInt8(iod + NvmeIod.nr_allocations);
  const data = [u64(command + NvmeCommand.prp1)];
  const pages = Math.ceil(((address % PAGE) + bytes) / PAGE);
  const second = u64(command + NvmeCommand.prp2);
  let listEntries = 0;
  if (pages === 2) data.push(second);
  if (pages > 2) {
    let list = second - DMA_BASE;
    let slot = 0;
    while (data.length < pages) {
      const entry = u64(list + slot * 8);
      if (slot === 511 && pages - data.length > 1) {
        list = entry - DMA_BASE;
        slot = 0;
        continue;
      }
      data.push(entry);
      listEntries++;
      slot++;
    }
  }
  stages.freePrps(queue, 0);
  return { data, listEntries, allocations };
}

function expectedPrps(address: number, bytes: number): number[] {
  const pages = Math.ceil(((address % PAGE) + bytes) / PAGE);
  const first = address - (address % PAGE);
  return Array.from({ length: pages }, (_, i) => (i === 0 ? address : first + i * PAGE));
}

describe('PRPs', () => {
  // offset, bytes, data PRPs, list entries, nr_allocations (-1 none, 0 small pool, n pages)
  const rows: [number, number, number, number, number][] = [
    [0, 512, 1, 0, -1],
    [0, 4096, 1, 0, -1],
    [512, 4096, 2, 0, -1],
    [0, 8 * KIB, 2, 0, -1],
    [512, 8 * KIB, 3, 2, 0],
    [0, 64 * KIB, 16, 15, 0],
    [0, 128 * KIB, 32, 31, 0],
    [2048, 128 * KIB, 33, 32, 0],
    [0, MIB, 256, 255, 1],
    [0, 2 * MIB, 512, 511, 1],
    [0, 2 * MIB + 4 * KIB, 513, 512, 1],
    [0, 4 * MIB, 1024, 1023, 2],
    [0, 8 * MIB, 2048, 2047, 5],
    [512, 8 * MIB, 2049, 2048, 5],
  ];
  it.each(rows)(
    'offset %i, %i bytes: %i data PRPs, %i list entries, allocations %i',
    (offset, bytes, prps, entries, allocations) => {
      const base = 0x40_0000_0000;
      const got = prpsOf(base + offset, bytes);
      expect(got.data).toEqual(expectedPrps(base + offset, bytes));
      expect([got.data.length, got.listEntries, got.allocations]).toEqual([prps, entries, allocations]);
    },
  );

  it('covers every byte of any dword-aligned buffer once, in order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1023 }),
        fc.integer({ min: 1, max: 16384 }),
        fc.integer({ min: 1, max: 2 ** 35 }),
        (dword, blocks, page) => {
          const address = page * PAGE + dword * 4;
          expect(prpsOf(address, blocks * 512).data).toEqual(expectedPrps(address, blocks * 512));
        },
      ),
      { numRuns: 200 },
    );
    expect(small.leftovers()).toEqual([]);
  });
});
