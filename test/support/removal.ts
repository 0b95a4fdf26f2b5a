// A removal in the middle of an inline run on a small machine: what came of every I/O.
import { BusWindow, HOLE_EMPTY, HostQueue, Lifetime, RULE_HOLDERS } from '../../build/layout.ts';
import { KIB } from '../../src/base/units.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { field, setField } from '../../src/lab/machine/fields.ts';
import { takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { runInlineSlice } from '../../src/lab/workers/inline.ts';
import {
  hitsOf,
  letGo,
  providerWindows,
  REMOVAL,
  type RemovalRule,
  RULE_NAMES,
  removalAgent,
} from '../../src/lab/workers/removal.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { type SmallMachine, type SmallSpec, smallMachine, type TestIo } from './small_machine.ts';

export interface RemovalCase {
  seed: number;
  hole?: number;
  /** Share of the I/Os after which the provider goes; negative: before the first agent's turn. */
  at?: number;
  ios?: number;
  machine?: SmallSpec;
}

export interface RemovedInline {
  /** `refused`: the scheme takes no such buffers. */
  rule: RemovalRule | 'refused';
  ios: number;
  ok: number;
  okAtStart: number;
  okAtGone: number;
  inFlightAtStart: number;
  refused: number;
  /** Of them, in mapping. */
  mapRefusals: number;
  errno: string | undefined;
  deviceErrors: number;
  unclaimed: number;
  landedElsewhere: number;
  sigbus: number;
  corruptedBlocks: number;
  /** Lifetime.phase after each turn, repetitions left out. */
  phases: number[];
  leftovers: string[];
}

const DEPTH = 16;

/** Mixed reads and writes; no two of 2 x DEPTH consecutive ones share a block or a buffer. */
export function removalStream(): TestIo[] {
  const sizes = [4 * KIB, 512, 20 * KIB, 64 * KIB];
  return Array.from({ length: 64 }, (_, i) => ({
    op: i % 3 === 0 ? 'write' : 'read',
    lba: (i % (2 * DEPTH)) * 128,
    bytes: sizes[i % sizes.length] as number,
    buffer: (i % (2 * DEPTH)) * 64 * KIB,
  }));
}

export function removalMachine(spec: SmallSpec = {}): SmallMachine {
  const usual = { payload: 'verify', iodepth: DEPTH, batch: 4, depthEntries: 32, mdtsBytes: 16 * KIB } as const;
  const small = smallMachine({ ...usual, ...spec });
  small.stream(removalStream());
  return small;
}

/** Runs `ios` I/Os, in the middle of which the provider goes. */
export function removeInline(scheme: string, buffers: Buffers, options: RemovalCase): RemovedInline {
  const { seed, hole = HOLE_EMPTY, at = 0.5, ios = 400 } = options;
  const small = removalMachine(options.machine);
  if (small.run(scheme, buffers, DEPTH).refused !== undefined) return REFUSED;
  const { machine } = small;
  const { view } = machine;
  const host = small.host(scheme);
  setBuffers(machine, buffers);
  setField(view, machine.lifetime, Lifetime.hole, hole);
  const windows = providerWindows(machine);
  const saved = windows.map((window) => view.u8.slice(window, window + BusWindow.bytes));
  host.plugIn(machine.at);
  const rule = host.removalRule(machine.at);
  if (rule === RULE_HOLDERS) host.hold(machine.at, 1);
  view.f64[REMOVAL.afterIos] = Math.max(0, Math.floor(at * ios));
  view.f64[REMOVAL.completedBase] = DEPTH;
  const site = {
    machine: machine.at,
    fronts: machine.lanes.map((lane) => lane.host),
    controllers: machine.queues.map(({ device }) => device),
    windows,
    workers: [],
  };
  const agent = removalAgent(view, host, site);
  const phases: number[] = [];
  const look = (): void => {
    const phase = field(view, machine.lifetime, Lifetime.phase);
    if (phases.at(-1) !== phase) phases.push(phase);
  };
  if (at < 0) agent.turn();
  const result = runInlineSlice({
    view,
    lanes: machine.lanes,
    host,
    device: () => small.device,
    streamStart: 0,
    leadIos: 0,
    measureIos: ios,
    interleaveSeed: seed,
    keepGoing: () => {
      agent.turn();
      look();
      return true;
    },
  });
  letGo(host, site, 1);
  agent.finish();
  look();
  const mapRefusals = machine.queues.reduce((sum, queue) => sum + field(view, queue.host, HostQueue.mapRefusals), 0);
  const outcome = takeOutcome(machine);
  const landedElsewhere = hitsOf(view, windows) - (view.f64[REMOVAL.hitsAtGone] as number);
  for (const [index, window] of windows.entries()) view.u8.set(saved[index] as Uint8Array, window);
  host.plugIn(machine.at);
  host.hold(machine.at, -host.references(machine.at));
  return {
    rule: RULE_NAMES[rule] as RemovalRule,
    ios: result.ios,
    ok: result.ios - outcome.errors,
    okAtStart: view.f64[REMOVAL.okAtStart] as number,
    okAtGone: view.f64[REMOVAL.okAtGone] as number,
    inFlightAtStart: view.f64[REMOVAL.inFlightAtStart] as number,
    refused: outcome.refusals,
    mapRefusals,
    errno: outcome.refused,
    deviceErrors: outcome.deviceFailures,
    unclaimed: outcome.unclaimed,
    landedElsewhere,
    sigbus: outcome.sigbus,
    corruptedBlocks: outcome.verifyErrors,
    phases,
    leftovers: small.leftovers(),
  };
}

const REFUSED: RemovedInline = {
  rule: 'refused',
  ios: 0,
  ok: 0,
  okAtStart: 0,
  okAtGone: 0,
  inFlightAtStart: 0,
  refused: 0,
  mapRefusals: 0,
  errno: undefined,
  deviceErrors: 0,
  unclaimed: 0,
  landedElsewhere: 0,
  sigbus: 0,
  corruptedBlocks: 0,
  phases: [],
  leftovers: [],
};
