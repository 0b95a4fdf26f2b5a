// Resident bytes of a scheme's set-up for a BAR: the lab builds the machine in fresh memory and asks the operating system
// which pages of memmap and pool are in RAM. What `p2plab memory` shows beside its model.
import { GIB, KIB, MIB, TIB } from '../base/units.ts';
import { sharedMemory } from './arena.ts';
import { oneSwitch } from './fabric.ts';
import { buildMachine } from './machine.ts';
import type { MachineSpec } from './machine_spec.ts';
import { hostModule, listSchemes, setupModule } from './modules.ts';
import { residentBytes } from './resident.ts';

const LARGEST_BAR = 128 * GIB;
const SMALLEST_BAR = 2 * MIB;
const RAM_BYTES = 16 * MIB;

/**
 * Bytes in RAM for one provider's BAR, or undefined when the lab has no such scheme, cannot hold the BAR, or the system
 * does not tell. Struct pages are those of 4 KiB pages.
 */
export function measureSetUp(scheme: string, barBytes: number): number | undefined {
  if (!listSchemes().some(({ name }) => name === scheme)) return undefined;
  if (barBytes < SMALLEST_BAR || barBytes > LARGEST_BAR || !Number.isInteger(Math.log2(barBytes))) return undefined;
  if (barBytes / 64 > process.availableMemory() / 2) return undefined;
  const memory = sharedMemory();
  const machine = buildMachine(memory, specFor(barBytes), setupModule(memory));
  const host = hostModule(scheme, memory);
  host.setup(machine.at);
  const memmap = host.memmapBytes(barBytes) > 0 ? residentBytes(memory, machine.barMemmap) : 0;
  const pool = residentBytes(memory, machine.pool);
  return memmap === null || pool === null ? undefined : memmap + pool;
}

function specFor(barBytes: number): MachineSpec {
  return {
    barBytes,
    ramBytes: RAM_BYTES,
    fabric: oneSwitch(barBytes, RAM_BYTES),
    payload: 'none',
    queues: [{ iodepth: 1, batch: 1, streamIos: 2 }],
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
