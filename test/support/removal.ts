// A removal in the middle of an inline run on a small machine: what came of every I/O.
import { HOLE_EMPTY, HostQueue, Lifetime } from '../../build/layout.ts';
import { KIB } from '../../src/base/units.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { field, setField } from '../../src/lab/machine/fields.ts';
import { takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { runInlineSlice } from '../../src/lab/workers/inline.ts';
import { REMOVAL, type RemovalRule } from '../../src/lab/workers/removal.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { inlineRemoval } from './inline_removal.ts';
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
  const afterIos = Math.max(0, Math.floor(at * ios));
  const removal = inlineRemoval(machine, host, { afterIos, completedBase: DEPTH });
  const phases: number[] = [];
  const look = (): void => {
    const phase = field(view, machine.lifetime, Lifetime.phase);
    if (phases.at(-1) !== phase) phases.push(phase);
  };
  if (at < 0) removal.turn();
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
      removal.turn();
      look();
      return true;
    },
  });
  removal.finish();
  look();
  const mapRefusals = machine.queues.reduce((sum, queue) => sum + field(view, queue.host, HostQueue.mapRefusals), 0);
  const outcome = takeOutcome(machine);
  const landedElsewhere = removal.landedElsewhere();
  removal.plugIn();
  return {
    rule: removal.rule,
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
