// Rounds in which the provider is removed while I/O is in flight, and plugged in again before the next: how long the kernel's
// rule for a scheme takes, and what becomes of every I/O. Raw records only, as in measure_group.
import type { HostModule } from '../../../build/exports.ts';
import { BusWindow, HOLE_EMPTY, HOLE_REASSIGNED, HostQueue, Lifetime, RULE_HOLDERS } from '../../../build/layout.ts';
import type { ArmRecord, GroupRecord } from '../../analysis/group_record.ts';
import { EXIT, LabError } from '../../base/errors.ts';
import { type Arm, type Mode, moduleOf, type RemovalParams, roundsPerProcess } from '../../plan/run_plan.ts';
import type { RemovalRound } from '../../result/schema.ts';
import { type BuiltMachine, setBuffers } from '../machine/build_machine.ts';
import { field, setField } from '../machine/fields.ts';
import { hostModule } from '../machine/modules.ts';
import { checkCompletions, clearLatency, type Outcome, takeOutcome } from '../machine/queue_state.ts';
import { hitsOf, providerWindows, REMOVAL, type RemovalRule, RULE_NAMES } from '../workers/removal.ts';
import { armOrder } from './arm_order.ts';
import { type Group, isInterrupted } from './slices.ts';

/** A group, and how long its slices are. */
interface RemovalGroup extends Group {
  sliceIos(nsPerIo: number, ms: number): number;
}

/** I/Os by which the length of a slice is found. */
const TIMED_IOS = 4096;
const HOLE_CODE = { empty: HOLE_EMPTY, reassigned: HOLE_REASSIGNED } as const;

/** Fills `removal` of the arms that are not refused, this process's rounds. False when it was interrupted: whole rounds are kept. */
export async function measureRemovals(
  group: RemovalGroup,
  record: GroupRecord,
  removal: RemovalParams,
): Promise<boolean> {
  const { plan, run, params } = group;
  const { events } = run.measurement;
  const running = record.arms.filter(({ refused }) => refused === undefined);
  for (const mode of plan.modes) {
    let slowestNs = 0;
    for (const { arm } of running) slowestNs = Math.max(slowestNs, await nsPerIo(group, arm, mode));
    // A slice that was cut off says nothing of how long others are.
    if (isInterrupted(group)) return false;
    record.calibration.sliceIos[mode] ??= Math.max(group.sliceIos(slowestNs, plan.roundMs), 2);
  }
  const rounds = roundsPerProcess(plan.rounds, params.processes);
  await events.rounds?.(record);
  // The first removal of all meets cold code and is not kept.
  for (let index = -1; index < rounds; index++) {
    const round = run.process * rounds + index;
    const done: (() => void)[] = [];
    for (const [series, mode] of plan.modes.entries()) {
      events.progress(Math.max(0, index + series / plan.modes.length) / rounds, `removal ${index + 1} of ${rounds}`);
      for (const position of armOrder(running.length, Math.max(0, round), params.seed + series)) {
        const arm = running[position] as ArmRecord;
        const ios = record.calibration.sliceIos[mode] as number;
        const sample = await removeOnce(group, arm.arm, { mode, round, ios }, removal);
        if (sample === undefined || isInterrupted(group)) return false;
        done.push(() => keep(arm, sample));
      }
    }
    if (index < 0) continue;
    for (const take of done) take();
    await events.rounds?.(record);
  }
  return true;
}

interface Sample {
  rule: RemovalRule;
  errno: string | undefined;
  round: RemovalRound;
}

function keep(record: ArmRecord, { rule, errno, round }: Sample): void {
  record.removal ??= { rule, errno: undefined, rounds: [] };
  record.removal.errno ??= errno;
  record.removal.rounds.push(round);
}

async function nsPerIo(group: RemovalGroup, arm: Arm, mode: Mode): Promise<number> {
  setBuffers(group.machine, arm.buffers);
  const index = group.schemes.indexOf(moduleOf(arm, group.params));
  const measureIos = group.sliceIos(1, TIMED_IOS / 1e6);
  const result = await group.crew.run({ mode, arm: index, streamStart: 0, leadIos: 0, measureIos });
  takeOutcome(group.machine);
  return mode === 'threads' ? 1e9 / result.iops : result.ns / result.ios;
}

/** One slice with one removal, and the provider plugged in again. Undefined when it was interrupted. */
async function removeOnce(
  group: RemovalGroup,
  arm: Arm,
  { mode, round, ios }: { mode: Mode; round: number; ios: number },
  { at, hole }: RemovalParams,
): Promise<Sample | undefined> {
  const { machine, params } = group;
  setBuffers(machine, arm.buffers);
  setField(machine.view, machine.lifetime, Lifetime.hole, HOLE_CODE[hole]);
  const module = moduleOf(arm, group.params);
  const host = hostModule(module, machine.memory);
  const windows = providerWindows(machine).map((window) => ({ window, bytes: readWindow(machine, window) }));
  host.plugIn(machine.at);
  const rule = host.removalRule(machine.at);
  if (rule === RULE_HOLDERS) host.hold(machine.at, machine.lanes.length);
  const order = { mode, arm: group.schemes.indexOf(module), streamStart: Math.max(0, round) * ios, leadIos: 0 };
  const interleaveSeed = (params.seed + round + 1) >>> 0;
  const result = await group.crew.run({ ...order, measureIos: ios, removal: { at, interleaveSeed } });
  const outcome = takeOutcome(machine);
  clearLatency(machine);
  const hits = hitsOf(
    machine.view,
    windows.map(({ window }) => window),
  );
  for (const { window, bytes } of windows) machine.view.u8.set(bytes, window);
  plugInIdle(machine, host);
  if (!result.complete) return undefined;
  const name = RULE_NAMES[rule] as RemovalRule;
  checkRemoval(arm, name, outcome);
  return { rule: name, errno: outcome.refused, round: roundOf(machine, mode, round, outcome, hits) };
}

function readWindow(machine: BuiltMachine, window: number): Uint8Array {
  return machine.view.u8.slice(window, window + BusWindow.bytes);
}

/** For whoever uses the machine next: nothing mapped, nothing held. */
function plugInIdle(machine: BuiltMachine, host: HostModule): void {
  host.plugIn(machine.at);
  host.hold(machine.at, -host.references(machine.at));
}

/** @throws LabError (exit 4) when a scheme that waits or revokes lost data all the same */
function checkRemoval(arm: Arm, rule: RemovalRule, outcome: Outcome): void {
  checkCompletions(outcome, arm.id);
  if (rule === 'none') return;
  const wrong = [
    ...(outcome.verifyErrors > 0 ? [`${outcome.verifyErrors} blocks do not hold what was written`] : []),
    ...(outcome.deviceFailures > 0 ? [`the device failed ${outcome.deviceFailures} I/Os`] : []),
  ];
  if (wrong.length === 0) return;
  throw new LabError(
    `${arm.id}: removal of the provider lost I/O although the scheme ${rule === 'revoked' ? 'revokes' : 'waits'}: ${wrong.join(', ')}.`,
    EXIT.runFailed,
  );
}

function roundOf(machine: BuiltMachine, mode: Mode, round: number, outcome: Outcome, hits: number): RemovalRound {
  const { f64 } = machine.view;
  const word = (index: number): number => f64[index] as number;
  const ns = (from: number, to: number): number => (word(to) - word(from)) * 1e6;
  const completed = completedSince(machine, word(REMOVAL.completedBase));
  const ok = completed - outcome.errors;
  // Read while the host went on counting: at most one I/O of each lane off.
  const okAtStart = Math.min(word(REMOVAL.okAtStart), ok);
  const okAtGone = Math.min(Math.max(word(REMOVAL.okAtGone), okAtStart), ok);
  return {
    round,
    mode,
    ios: completed,
    inFlight: word(REMOVAL.inFlightAtStart),
    okBefore: okAtStart,
    okDraining: okAtGone - okAtStart,
    okAfter: ok - okAtGone,
    refused: outcome.refusals,
    deviceErrors: outcome.deviceFailures,
    unclaimed: outcome.unclaimed,
    landedElsewhere: hits - word(REMOVAL.hitsAtGone),
    faults: outcome.faults,
    sigbus: outcome.sigbus,
    corruptedBlocks: outcome.verifyErrors,
    unmapNs: ns(REMOVAL.startedMs, REMOVAL.unmappedMs),
    graceNs: ns(REMOVAL.unmappedMs, REMOVAL.quiescedMs),
    drainNs: ns(REMOVAL.quiescedMs, REMOVAL.goneMs),
    turns: word(REMOVAL.turns),
  };
}

function completedSince({ view, lanes }: BuiltMachine, base: number): number {
  return (lanes.reduce((sum, { host }) => (sum + field(view, host, HostQueue.completed)) >>> 0, 0) - base) >>> 0;
}
