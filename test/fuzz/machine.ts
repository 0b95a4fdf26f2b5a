// A case on the machine itself, in one thread, and what came of it. One memory serves all cases: machines are built over it.
import type { HostModule, SetupModule } from '../../build/exports.ts';
import { DeviceQueue, HostQueue, IO_FLUSH, Machine, QueueLimits, QueueShared } from '../../build/layout.ts';
import { TIB } from '../../src/base/units.ts';
import { sharedMemory } from '../../src/lab/machine/arena.ts';
import { type BuiltMachine, buildMachine, setBuffers } from '../../src/lab/machine/build_machine.ts';
import { field, field64, setField } from '../../src/lab/machine/fields.ts';
import { deviceModule, hostModule, setupModule } from '../../src/lab/machine/modules.ts';
import { readCounters, resetCounters, takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { runInlineSlice } from '../../src/lab/workers/inline.ts';
import type { RemovalRule } from '../../src/lab/workers/removal.ts';
import { DEFAULT_RULES, type Fabric, oneSwitch, presetFabric } from '../../src/plan/fabric.ts';
import type { MachineSpec } from '../../src/plan/machine_spec.ts';
import { inlineRemoval } from '../support/inline_removal.ts';
import { leftovers, OPCODE } from '../support/small_machine.ts';
import { checksItself, type FuzzCase } from './case.ts';
import type { Contents } from './model.ts';

const PAGE = 4096;
const STREAM_IOS = 128;

export interface Happened extends Contents {
  before: Contents;
  ios: number;
  errors: number;
  refusals: number;
  deviceFailures: number;
  /** What the provider's removal waits for, where it is removed. */
  rule: RemovalRule | undefined;
  refused: string | undefined;
  unclaimed: number;
  verifyErrors: number;
  counts: ReturnType<typeof readCounters>;
  /** Flushes that ended well, and writes with Force Unit Access as the controller had them. */
  flushes: number;
  fuaWrites: number;
  leftovers: string[];
}

/** Runs cases. `instantiate` gives another host module than the build's, for planted faults. */
export interface Bench {
  run(fuzz: FuzzCase): Happened;
}

export function openBench(instantiate?: (memory: WebAssembly.Memory, scheme: string) => HostModule): Bench {
  const memory = sharedMemory();
  const setup = setupModule(memory);
  const hosts = new Map<string, HostModule>();
  const hostOf = (scheme: string): HostModule => {
    const module = hosts.get(scheme) ?? instantiate?.(memory, scheme) ?? hostModule(scheme, memory, true);
    hosts.set(scheme, module);
    return module;
  };
  return { run: (fuzz) => runCase(fuzz, memory, setup, hostOf(fuzz.scheme)) };
}

function fabricOf({ place, pages }: FuzzCase): Fabric {
  const bytes = pages * PAGE;
  if (place === 'bridge') return presetFabric('two-root-ports', bytes, bytes, DEFAULT_RULES);
  const near = oneSwitch(bytes, bytes);
  return place === 'switch' ? near : { ...near, mapType: 'NOT_SUPPORTED' };
}

function specOf(fuzz: FuzzCase): MachineSpec {
  const bytes = fuzz.pages * PAGE;
  return {
    barBytes: bytes,
    ramBytes: bytes,
    fabric: fabricOf(fuzz),
    flow: 'direct',
    // Pool buffers are where there is room, so the data checks itself; others are compared byte by byte.
    payload: checksItself(fuzz) ? 'verify' : 'move',
    lanes: [
      {
        ...{ iodepth: fuzz.iodepth, batch: fuzz.batch, streamIos: STREAM_IOS },
        fsync: fuzz.flushWaits === true ? 'waits' : 'goes-on',
      },
    ],
    depthEntries: fuzz.depthEntries,
    mdtsBytes: fuzz.mdtsBytes,
    namespaceBytes: TIB,
    barWindowBytes: bytes,
    ramWindowBytes: bytes,
    mediaBytes: fuzz.mediaBlocks * 512,
    refcount: fuzz.refcount,
    p2pQueue: fuzz.p2pQueue,
    workers: 1,
  };
}

function runCase(fuzz: FuzzCase, memory: WebAssembly.Memory, setup: SetupModule, host: HostModule): Happened {
  const machine = buildMachine(memory, specOf(fuzz), setup);
  host.setup(machine.at);
  resetCounters(machine);
  prepare(machine, fuzz);
  const taken = fuzz.poolTaken > 0 ? setup.allocate(machine.at, fuzz.poolTaken * PAGE) : 0;
  const before = fill(machine, fuzz);
  const when = { afterIos: Math.floor(fuzz.removeAt * fuzz.ios.length), completedBase: fuzz.positions };
  const removal = fuzz.removeAt > 0 ? inlineRemoval(machine, host, when) : undefined;
  const result = runInlineSlice({
    view: machine.view,
    lanes: machine.lanes,
    host,
    device: () => deviceModule('nvme', memory),
    streamStart: 0,
    leadIos: 0,
    measureIos: fuzz.ios.length,
    interleaveSeed: fuzz.interleaveSeed,
    keepGoing: () => {
      removal?.turn();
      return true;
    },
  });
  removal?.finish();
  removal?.plugIn();
  const { errors, refused, unclaimed, verifyErrors, refusals, deviceFailures } = takeOutcome(machine);
  if (fuzz.poolTaken > 0) setup.free(machine.at, taken, fuzz.poolTaken * PAGE);
  return {
    before,
    ...contentsOf(machine, fuzz),
    ios: result.ios,
    errors,
    refusals,
    deviceFailures,
    rule: removal?.rule,
    refused,
    unclaimed,
    verifyErrors,
    counts: readCounters(machine),
    flushes: field(machine.view, machine.queues[0]?.host ?? 0, HostQueue.flushes),
    fuaWrites: field64(machine.view, machine.queues[0]?.device ?? 0, DeviceQueue.fuaWrites),
    leftovers: leftovers(machine, setup, new Map([[fuzz.scheme, host]])),
  };
}

/** The stream, the block layer's limit, the buffers, and where free-running counts begin. */
function prepare(machine: BuiltMachine, fuzz: FuzzCase): void {
  const { view, lanes, queues } = machine;
  const at = (lanes[0]?.stream.at ?? 0) / 4;
  for (const [i, { op, lba, blocks, page, inRam, flushed, fua }] of fuzz.ios.entries()) {
    const flags = (op === 'flush' || flushed ? IO_FLUSH : 0) + (fua ? 2 ** 31 : 0);
    view.u32.set([lba, 0, blocks + flags + OPCODE[op] * 2 ** 24, page + (inRam ? 2 ** 31 : 0)], at + i * 4);
  }
  setBuffers(machine, fuzz.buffers);
  const { host = 0, device = 0 } = queues[0] ?? {};
  setField(view, field(view, host, HostQueue.limits), QueueLimits.max_sectors, fuzz.maxSectors);
  for (const word of [HostQueue.issued, HostQueue.completed, HostQueue.cqConsumed]) {
    setField(view, host, word, fuzz.positions);
  }
  setField(view, device, DeviceQueue.posted, fuzz.positions);
  setField(view, field(view, host, HostQueue.shared), QueueShared.cqPosted, fuzz.positions);
}

let noise: Uint8Array | undefined;

/** Different bytes everywhere, so that a byte in the wrong place is seen; those bytes. Pool data is the check's own. */
function fill(machine: BuiltMachine, fuzz: FuzzCase): Contents {
  const nothing = new Uint8Array(0);
  if (checksItself(fuzz)) return { media: nothing, bar: nothing, ram: nothing };
  noise ??= noiseOf(40 * 2 ** 20);
  const bytes = noise;
  let from = (fuzz.seed % 997) * 8;
  const [media, bar, ram] = windowsOf(machine, fuzz).map((span) => {
    const content = bytes.subarray(from, from + span.bytes);
    machine.view.u8.set(content, span.at);
    from += span.bytes;
    return content;
  });
  return { media: media as Uint8Array, bar: bar as Uint8Array, ram: ram as Uint8Array };
}

function noiseOf(bytes: number): Uint8Array {
  const words = new Uint32Array(bytes / 4);
  let x = 0x2545f491;
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  return new Uint8Array(words.buffer);
}

function windowsOf({ view, at, queues }: BuiltMachine, { pages, mediaBlocks }: FuzzCase) {
  return [
    { at: field(view, queues[0]?.host ?? 0, HostQueue.media), bytes: mediaBlocks * 512 },
    { at: field(view, at, Machine.barWindow), bytes: pages * PAGE },
    { at: field(view, at, Machine.ramWindow), bytes: pages * PAGE },
  ];
}

/** The windows themselves: what the next case overwrites. */
function contentsOf(machine: BuiltMachine, fuzz: FuzzCase): Contents {
  const [media, bar, ram] = windowsOf(machine, fuzz).map(({ at, bytes }) => machine.view.u8.subarray(at, at + bytes));
  return { media: media as Uint8Array, bar: bar as Uint8Array, ram: ram as Uint8Array };
}
