// Resident bytes of a scheme's set-up for a BAR: the lab builds the machine in fresh memory and asks the operating system
// which pages of memmap and pool are in RAM. What `p2plab memory` shows beside its model.
import { Machine } from '../../../build/layout.ts';
import { GIB, KIB, MIB, TIB } from '../../base/units.ts';
import { oneSwitch } from '../../plan/fabric.ts';
import type { MachineSpec } from '../../plan/machine_spec.ts';
import { type Span, sharedMemory } from './arena.ts';
import { buildMachine } from './build_machine.ts';
import { field } from './fields.ts';
import { hostModule, listSchemes, setupModule, usesPool } from './modules.ts';
import { residentBytes } from './resident.ts';

const LARGEST_BAR = 128 * GIB;
const SMALLEST_BAR = 2 * MIB;
const RAM_BYTES = 16 * MIB;
const PAGE_BYTES = 4096;

/**
 * Bytes in RAM for one provider's BAR, or undefined when the lab has no such scheme, cannot hold the BAR, or the system
 * does not tell. Struct pages are those of 4 KiB pages.
 */
export function measureSetUp(scheme: string, barBytes: number): number | undefined {
  const found = listSchemes().find(({ name }) => name === scheme);
  if (found === undefined) return undefined;
  if (barBytes < SMALLEST_BAR || barBytes > LARGEST_BAR || !Number.isInteger(Math.log2(barBytes))) return undefined;
  if (barBytes / 64 > process.availableMemory() / 2) return undefined;
  const memory = sharedMemory();
  const machine = buildMachine(memory, specFor(barBytes), setupModule(memory));
  const host = hostModule(scheme, memory);
  const stateFrom = field(machine.view, machine.at, Machine.stateNext);
  host.setup(machine.at);
  const parts: Span[] = [
    ...(host.memmapBytes(barBytes) > 0 ? [machine.barMemmap] : []),
    ...(usesPool(found) ? [machine.pool] : []),
    { at: stateFrom, bytes: field(machine.view, machine.at, Machine.stateNext) - stateFrom },
  ].filter(({ bytes }) => bytes >= PAGE_BYTES);
  const resident = parts.map((part) => residentBytes(memory, part));
  // Pages are what the system counts: a scheme that keeps less than one cannot be told from nothing.
  if (parts.length === 0 || resident.includes(null)) return undefined;
  return resident.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
}

function specFor(barBytes: number): MachineSpec {
  return {
    barBytes,
    ramBytes: RAM_BYTES,
    fabric: oneSwitch(barBytes, RAM_BYTES),
    flow: 'direct',
    payload: 'none',
    lanes: [{ iodepth: 1, batch: 1, streamIos: 2 }],
    depthEntries: 2,
    mdtsBytes: 512 * KIB,
    namespaceBytes: TIB,
    barWindowBytes: SMALLEST_BAR,
    ramWindowBytes: SMALLEST_BAR,
    mediaBytes: SMALLEST_BAR,
    refcount: 'atomic',
    p2pQueue: true,
    workers: 1,
  };
}
