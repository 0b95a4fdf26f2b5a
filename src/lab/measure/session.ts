// What replicates of one process may share: memory that only grows, threads, and the sentinel's calibration.
import { type Sentinel, startSentinel } from '../host/disturbance.ts';
import { type Surroundings, watchManyRuns } from '../host/surroundings.ts';
import { sharedMemory } from '../machine/arena.ts';
import { keepMemmaps } from '../machine/kept_memmap.ts';
import { probesModule } from '../machine/modules.ts';

/** Where machines are built, and the loop that is run beside them. */
export interface MachineRoom {
  memory: WebAssembly.Memory;
  sentinel: Sentinel;
}

export interface LabSession extends MachineRoom {
  surroundings: Surroundings;
}

/** Opens what replicates of this process share until `closePool` (crew.ts) ends its threads. */
export function openSession(): LabSession {
  const room = machineRoom();
  keepMemmaps(room.memory);
  return { ...room, surroundings: watchManyRuns() };
}

export function machineRoom(): MachineRoom {
  const memory = sharedMemory();
  return { memory, sentinel: startSentinel(probesModule(memory)) };
}
