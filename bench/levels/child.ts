// One process of the levels experiment: the same slices in five phases, one thing changed from each to the next. Prints one
// JSON line. What moves the level is what changed.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MIB } from '../../src/base/units.ts';
import { sharedMemory } from '../../src/lab/machine/arena.ts';
import { type BuiltMachine, setBuffers } from '../../src/lab/machine/build_machine.ts';
import { type Crew, closePool, startCrew } from '../../src/lab/workers/crew.ts';
import { median } from '../../src/stats/location.ts';
import { benchMachine } from '../support.ts';
import { addressOf, framesOf } from './pages.ts';

/** What a phase found. */
export interface Phase {
  name: string;
  /** Of each slice. */
  nsPerIo: number[];
  median: number;
  /** CPUs on which host and controller were seen after each slice. */
  cpus: string[];
}

export interface Process {
  /** Virtual address of the memory, and pages per colour of a 16-colour L2 that hot structures have; empty when hidden. */
  memories: { base: string; colours: number[] }[];
  phases: Phase[];
}

const SLICES = 12;
const SLICE_IOS = 400_000;
/** Of a 512 KiB or 1 MiB L2 with 1024 or 2048 sets of 64 bytes, the page number's lowest 4 bits choose among 16 colours. */
const COLOURS = 16;

async function main(): Promise<void> {
  const result: Process = { memories: [], phases: [] };
  const { machine } = benchMachine({ barBytes: 256 * MIB, schemes: ['dma_vec'] });
  result.memories.push(memoryFacts(machine));
  const crew = await startCrew(machine, { schemes: ['dma_vec'], wait: 'poll', cores: 2 });
  const [host = 0, device = 0] = crew.threadIds();
  result.phases.push(await phase('as the scheduler places them', machine, crew));
  pin(host, 0);
  pin(device, 1);
  result.phases.push(await phase('host on CPU 0, controller on CPU 1', machine, crew));
  pin(host, 1);
  pin(device, 0);
  result.phases.push(await phase('host on CPU 1, controller on CPU 0', machine, crew));
  pin(host, 0);
  pin(device, 1);
  result.phases.push(await phase('as before the exchange', machine, crew));
  await crew.close();
  // Other physical pages, the same threads and places.
  const other = benchMachine({ barBytes: 256 * MIB, schemes: ['dma_vec'] }, sharedMemory()).machine;
  result.memories.push(memoryFacts(other));
  const again = await startCrew(other, { schemes: ['dma_vec'], wait: 'poll', cores: 2 });
  const [hostAgain = 0, deviceAgain = 0] = again.threadIds();
  pin(hostAgain, 0);
  pin(deviceAgain, 1);
  result.phases.push(await phase('another memory, same places', other, again));
  await again.close();
  await closePool();
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function phase(name: string, machine: BuiltMachine, crew: Crew): Promise<Phase> {
  setBuffers(machine, 'fixed');
  const nsPerIo: number[] = [];
  const cpus: string[] = [];
  for (let slice = 0; slice < SLICES + 4; slice++) {
    const order = {
      mode: 'threads',
      arm: 0,
      streamStart: slice * SLICE_IOS,
      leadIos: 4096,
      measureIos: SLICE_IOS,
    } as const;
    const { iops } = await crew.run(order);
    if (slice < 4) continue;
    nsPerIo.push(1e9 / iops);
    cpus.push(crew.threadIds().map(cpuOf).join('/'));
  }
  return { name, nsPerIo, median: median(nsPerIo), cpus };
}

/** The CPU a thread ran on last: field 39 of its stat. */
function cpuOf(threadId: number): string {
  const stat = readFileSync(`/proc/self/task/${threadId}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[36] ?? '?';
}

function pin(threadId: number, cpu: number): void {
  execFileSync('taskset', ['-cp', String(cpu), String(threadId)], { stdio: 'ignore' });
}

/** Pages from the host's queue to the end of the stream's beginning: what each I/O touches again and again. */
function memoryFacts(machine: BuiltMachine): Process['memories'][number] {
  const base = addressOf(machine.memory);
  const [lane] = machine.lanes;
  if (base === undefined || lane === undefined) return { base: 'hidden', colours: [] };
  const frames = framesOf(base, machine.at, lane.stream.at - machine.at);
  const colours = new Array<number>(frames.length > 0 ? COLOURS : 0).fill(0);
  for (const frame of frames) colours[frame % COLOURS] = (colours[frame % COLOURS] ?? 0) + 1;
  return { base: `0x${base.toString(16)}`, colours };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
