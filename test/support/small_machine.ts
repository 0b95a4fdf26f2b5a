// A machine small enough for tests, its modules, and the ways tests look at it. Runs inline, in the test's own thread.
import type { DeviceModule, HostModule, SetupModule } from '../../build/exports.ts';
import { HostQueue, IO_FLUSH, IO_FUA, IO_OVERLAPS, IO_ZONE_RESET, Page } from '../../build/layout.ts';
import { assert } from '../../src/base/errors.ts';
import { MIB, TIB } from '../../src/base/units.ts';
import { fieldsOf } from '../../src/catalogue/options/catalogue.ts';
import { sharedMemory } from '../../src/lab/machine/arena.ts';
import { type BuiltMachine, buildMachine, setBuffers } from '../../src/lab/machine/build_machine.ts';
import { field } from '../../src/lab/machine/fields.ts';
import { biosOf, prpListPages } from '../../src/lab/machine/machine_plan.ts';
import { deviceModule, hostModule, setupModule } from '../../src/lab/machine/modules.ts';
import { type Outcome, readCounters, resetCounters, takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { type InlineResult, runInlineSlice } from '../../src/lab/workers/inline.ts';
import { type Fabric, oneSwitch } from '../../src/plan/fabric.ts';
import { flowPlan } from '../../src/plan/flows.ts';
import type { Buffers, LanePacing, LaneSpec, MachineSpec } from '../../src/plan/machine_spec.ts';
import { targetLeftovers } from './small_target.ts';

export const NVME_WRITE = 1;
export const NVME_READ = 2;
export const NVME_DSM = 9;
export const OPCODE = { read: NVME_READ, write: NVME_WRITE, trim: NVME_DSM, flush: 0 } as const;

/** One I/O of a test's stream. Offsets and lengths in bytes. */
export interface TestIo {
  /** A flush has no blocks and no buffer. */
  op: 'read' | 'write' | 'trim' | 'flush';
  /** A Flush follows the write. */
  flush?: boolean;
  /** Of a write: Force Unit Access. */
  fua?: boolean;
  lba: number;
  bytes: number;
  /** Byte offset of the buffer, a multiple of 4 KiB. */
  buffer: number;
  inRam?: boolean;
  /** Its zone is reset before it. */
  resetsZone?: boolean;
  /** Waits, with data checks, for those in flight that it meets. */
  overlaps?: boolean;
}

export interface SmallMachine {
  machine: BuiltMachine;
  memory: WebAssembly.Memory;
  setup: SetupModule;
  device: DeviceModule;
  host(scheme: string): HostModule;
  /** Takes a host module that is not of this build, under a name for `run`. */
  adopt(scheme: string, module: HostModule): void;
  /** Writes the stream of a lane (repeated to its length). */
  stream(ios: readonly TestIo[], lane?: number): void;
  /** Runs `count` I/Os of each lane and gives what came of it. */
  run(scheme: string, buffers: Buffers, count: number, interleaveSeed?: number): InlineResult & Outcome;
  /** Counts of the counting build since the last call. */
  counters(): ReturnType<typeof readCounters>;
  /** Everything that must be as it was once all I/O is done. */
  leftovers(): string[];
}

export type SmallSpec = Partial<Omit<MachineSpec, 'lanes'>> & {
  iodepth?: number;
  batch?: number;
  queueCount?: number;
  streamIos?: number;
  /** Times of the lanes' own. */
  pacing?: LanePacing;
  fsync?: LaneSpec['fsync'];
  zones?: LaneSpec['zones'];
  /** In place of queueCount and pacing: one lane for each. */
  lanes?: readonly (LanePacing | undefined)[];
  fabricOf?: (barBytes: number, ramBytes: number) => Fabric;
};

/** Builds a machine with the counting modules (their assertions included). */
export function smallMachine(options: SmallSpec = {}): SmallMachine {
  const {
    iodepth = 16,
    batch = 4,
    queueCount = 1,
    streamIos = 1024,
    pacing,
    fsync,
    zones,
    lanes = Array.from({ length: queueCount }, () => pacing),
    fabricOf = oneSwitch,
    ...over
  } = options;
  const barBytes = over.barBytes ?? 16 * MIB;
  const ramBytes = over.ramBytes ?? 16 * MIB;
  const { mdtsBytes, refcount, p2pQueue } = fieldsOf({});
  const spec: MachineSpec = {
    barBytes,
    ramBytes,
    fabric: fabricOf(barBytes, ramBytes),
    flow: 'direct',
    payload: 'move',
    lanes: lanes.map((each) => ({
      iodepth,
      batch,
      streamIos,
      ...(each && { pacing: each }),
      ...(fsync && { fsync }),
      ...(zones && { zones }),
    })),
    mdtsBytes,
    refcount,
    p2pQueue,
    depthEntries: 64,
    namespaceBytes: TIB,
    barWindowBytes: barBytes,
    ramWindowBytes: ramBytes,
    mediaBytes: 4 * MIB,
    workers: 1,
    ...over,
  };
  const memory = sharedMemory();
  const setup = setupModule(memory);
  const machine = buildMachine(memory, spec, setup);
  const device = deviceModule('nvme', memory);
  const hosts = new Map<string, HostModule>();
  const host = (scheme: string): HostModule => {
    const module = hosts.get(scheme) ?? hostModule(scheme, memory, true);
    if (!hosts.has(scheme)) module.setup(machine.at);
    hosts.set(scheme, module);
    return module;
  };
  resetCounters(machine);
  return {
    machine,
    memory,
    setup,
    device,
    host,
    adopt: (scheme, module) => {
      module.setup(machine.at);
      hosts.set(scheme, module);
    },
    stream: (ios, lane = 0) => writeStream(machine, ios, lane),
    run: (scheme, buffers, count, interleaveSeed) => {
      const module = host(scheme);
      setBuffers(machine, buffers);
      const result = runInlineSlice({
        view: machine.view,
        lanes: machine.lanes,
        host: module,
        device: (kind) => deviceModule(kind, memory),
        streamStart: 0,
        leadIos: 0,
        measureIos: count,
        interleaveSeed,
      });
      return { ...result, ...takeOutcome(machine) };
    },
    counters: () => {
      const counts = readCounters(machine);
      resetCounters(machine);
      return counts;
    },
    leftovers: () => leftovers(machine, setup, hosts),
  };
}

function writeStream(machine: BuiltMachine, ios: readonly TestIo[], lane: number): void {
  const span = machine.lanes[lane]?.stream as { at: number; bytes: number };
  const entries = span.bytes / 16;
  const mayFlush = machine.spec.lanes[lane]?.fsync !== undefined;
  assert(
    mayFlush || ios.every(({ op, flush }) => op === 'trim' || flush !== true),
    'a lane with flushes has bios for them: set fsync',
  );
  for (let i = 0; i < entries; i++) {
    const io = ios[i % ios.length] as TestIo;
    const word = span.at / 4 + i * 4;
    machine.view.u32[word] = io.lba;
    machine.view.u32[word + 1] = Math.floor(io.lba / 2 ** 32);
    machine.view.u32[word + 2] = io.bytes / 512 + flagsOf(io) + OPCODE[io.op] * 2 ** 24;
    machine.view.u32[word + 3] = io.buffer / 4096 + (io.inRam === true ? 2 ** 31 : 0);
  }
}

function flagsOf({ op, flush, fua, overlaps, resetsZone }: TestIo): number {
  const flags = (flush === true || op === 'flush' ? IO_FLUSH : 0) | (overlaps === true ? IO_OVERLAPS : 0);
  return (flags | (fua === true ? IO_FUA : 0) | (resetsZone === true ? IO_ZONE_RESET : 0)) >>> 0;
}

/** Names of resources that are not back where they were: tags, bios, lists, pool bytes, page references. */
export function leftovers(machine: BuiltMachine, setup: SetupModule, hosts: Map<string, HostModule>): string[] {
  const { view, spec } = machine;
  const wrong: string[] = [];
  const tags = spec.depthEntries - 1;
  machine.queues.forEach(({ host }, index) => {
    const expect = (name: string, value: number, expected: number): void => {
      if (value !== expected) wrong.push(`queue ${index} ${name}: ${value} instead of ${expected}`);
    };
    const bios = biosOf(spec, spec.lanes[Math.floor(index / flowPlan(spec.flow).nvmePairs)] as LaneSpec);
    expect('free bios', field(view, host, HostQueue.bioFree), bios);
    expect('free biovecs', field(view, host, HostQueue.biovecFree), bios);
    expect('free scatterlists', field(view, host, HostQueue.sgFree), tags);
    expect('free short PRP lists', field(view, host, HostQueue.prpSmallFree), tags);
    expect('free PRP pages', field(view, host, HostQueue.prpPageFree), tags * prpListPages(spec.mdtsBytes));
    expect('running flush', field(view, host, HostQueue.flushRequest), 0);
    expect('plugged requests', field(view, host, HostQueue.plugCount), 0);
    expect('pending bio', field(view, host, HostQueue.pendingBio), 0);
    expect('in flight', field(view, host, HostQueue.issued) - field(view, host, HostQueue.completed), 0);
    expect('free tags', countTags(machine, host), tags);
  });
  wrong.push(...targetLeftovers(machine));
  const free = setup.poolAvail(machine.at);
  if (free !== spec.barBytes) wrong.push(`pool: ${free} bytes free instead of ${spec.barBytes}`);
  for (const client of machine.translated) {
    if (setup.iovasHeld(client) !== 0) wrong.push(`IOMMU: ${setup.iovasHeld(client)} IOVA ranges held`);
    if (setup.iommuPagesHeld(client) !== 0) wrong.push(`IOMMU: ${setup.iommuPagesHeld(client)} pages mapped`);
  }
  for (const [scheme, module] of hosts) {
    const held = module.held(machine.at);
    if (held !== 0) wrong.push(`${scheme} holds ${held} references or mappings`);
  }
  const withPages = [...hosts.values()].some((module) => module.memmapBytes(spec.barBytes) > 0);
  const span = withPages ? machine.memmap : { at: machine.memmap.at, bytes: machine.spec.ramBytes / 64 };
  for (let at = span.at; at < span.at + span.bytes; at += Page.bytes) {
    const count = view.i32[(at + Page._refcount) / 4];
    if (count !== 1) wrong.push(`page ${(at - span.at) / Page.bytes}: refcount ${count} instead of 1`);
  }
  return wrong.slice(0, 5);
}

function countTags(machine: BuiltMachine, host: number): number {
  const first = field(machine.view, host, HostQueue.tagWords) / 8;
  const words = field(machine.view, host, HostQueue.tagWordCount);
  let free = 0;
  for (let i = 0; i < words; i++) {
    for (let word = machine.view.u64[first + i] as bigint; word > 0n; word &= word - 1n) free++;
  }
  return free;
}
