// Measures one group in this process: builds its machine, finds out which arms are refused, warms up, runs the rounds in the
// order of a Latin square, counts. Leaves raw samples only; figures are made from them elsewhere.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compactDone, iosOf, type SomeDone, sumDone } from '../../analysis/done_ios.ts';
import type { ArmRecord, GroupRecord, RoundRecord, SliceLatency } from '../../analysis/group_record.ts';
import { assert } from '../../base/errors.ts';
import { KIB } from '../../base/units.ts';
import { usedBlockSizes } from '../../jobs/job.ts';
import {
  type GroupPlan,
  isStaged,
  type MeasureParams,
  type Mode,
  moduleOf,
  roundsPerProcess,
  withReference,
} from '../../plan/run_plan.ts';
import { MISDIRECTED } from '../../result/labels.ts';
import type { RawSample } from '../../result/schema.ts';
import { misdirectionLines } from '../../topology/routes.ts';
import { SENTINEL_SHARE, watchRound } from '../host/disturbance.ts';
import { setBuffers, skewBuffers } from '../machine/build_machine.ts';
import { giveBackPages } from '../machine/kept_memmap.ts';
import { hostModule, refusalReason, setupModule } from '../machine/modules.ts';
import { checkOutcome, clearLatency, takeLandings, takeLatency, takeOutcome } from '../machine/queue_state.ts';
import { closePool, type SliceResult, startCrew } from '../workers/crew.ts';
import { armOrder } from './arm_order.ts';
import { countArm, countRefusal } from './count_arm.ts';
import { buildGroupMachine, emptyRecord } from './group_machine.ts';
import { modulesOf } from './group_size.ts';
import { findDepths } from './latency_target.ts';
import { measureRemovals } from './measure_removal.ts';
import { isOpenLoop, offeredIops } from './pacing.ts';
import {
  firstNsPerIo,
  type Group,
  type GroupRun,
  isInterrupted,
  leadIos,
  setDepth,
  slice,
  sliceIos,
} from './slices.ts';
import { measureStages } from './stage_cost.ts';
import { warmUpAll } from './warm_up.ts';

/** I/Os with which an arm is tried out before anything is measured, and about how long that may take. */
export const TRIAL_IOS = 1024;
export const TRIAL_MS = 8;
/** Up to this size an I/O is one request, whatever the scheme and the translation (dma_opt_mapping_size). */
const LARGEST_ONE_REQUEST = 128 * KIB;

/**
 * @throws LabError when the machine does not fit, a worker dies, or data does not check; whole rounds before that were
 * handed to the events
 */
export async function measureGroup(plan: GroupPlan, params: MeasureParams, run: GroupRun): Promise<GroupRecord> {
  const began = performance.now();
  const { signal, policy } = run.measurement;
  const { cores, fault } = policy;
  const { machine, paces, movedBytes } = buildGroupMachine(plan, params, run.room.memory, cores);
  const arms = plan.arms.map((arm) => emptyRecord(arm, params, machine));
  const schemes = modulesOf(plan, params);
  const crew = await startCrew(machine, {
    schemes,
    wait: params.wait,
    cores,
    fault,
    removes: params.removal !== undefined,
    signal,
  });
  try {
    const group: Group = { plan, params, machine, paces, movedBytes, crew, schemes, run, depths: new Map() };
    for (const record of arms) {
      if (signal.aborted) break;
      await tryOut(group, record);
    }
    const able = arms.filter(({ refused }) => refused === undefined).map(({ arm }) => arm);
    const running = params.removal === undefined ? withReference(able) : able;
    const refused = arms.filter((record) => record.refused !== undefined);
    const records = running.map((arm) => emptyRecord(arm, params, machine));
    const record: GroupRecord = {
      plan,
      oversubscribed: crew.placed.oversubscribed,
      arms: [...records, ...refused],
      rounds: [],
      calibration: structuredClone(run.calibration ?? { sliceIos: {}, rounds: {} }),
      offeredIops: isOpenLoop(paces) ? offeredIops(paces) : undefined,
      tookMs: 0,
      interrupted: true,
    };
    if (signal.aborted) {
      // Its threads may still be starting.
      await closePool();
      return { ...record, tookMs: performance.now() - began };
    }
    const done = await measureArms(group, record, records);
    let whole = done;
    if (done && params.removal === undefined && run.counting) {
      setDepth(group, undefined);
      skewBuffers(machine, 0);
      whole = (await countAll(group, records, refused)) && whole;
      if (whole && isStaged(plan, params)) timeStages(group, records);
    }
    await crew.close();
    if (done && params.removal === undefined) giveBackPages(machine);
    return { ...record, tookMs: performance.now() - began, interrupted: !whole };
  } catch (error) {
    // A worker may hang or be gone: end the threads instead of asking them.
    await closePool();
    throw error;
  }
}

/** False when it was interrupted. */
async function measureArms(group: Group, record: GroupRecord, arms: ArmRecord[]): Promise<boolean> {
  const { removal } = group.params;
  if (removal !== undefined) {
    return measureRemovals({ ...group, sliceIos: (nsPerIo, ms) => sliceIos(group, nsPerIo, ms) }, record, removal);
  }
  return (
    (await findDepths(group, record, arms)) &&
    (await warmUpAll(group, record, arms)) &&
    (await measureRounds(group, record, arms))
  );
}

/** Signals and the lab's messages are heard between two arms. False when it was interrupted. */
async function countAll(group: Group, measured: readonly ArmRecord[], refused: readonly ArmRecord[]): Promise<boolean> {
  const { machine, params } = group;
  const setup = setupModule(machine.memory);
  for (const record of [...measured, ...refused]) {
    await nextTurn();
    if (isInterrupted(group)) return false;
    const module = moduleOf(record.arm, params);
    if (record.refused === undefined) {
      record.perIo = countArm(machine, record, module);
      record.iommuTableBytes = machine.translated.reduce((sum, client) => sum + setup.iommuTableBytes(client), 0);
    } else {
      const counts = countRefusal(machine, record, module);
      if (counts !== undefined) record.refused = { ...record.refused, counts };
    }
  }
  return true;
}

/**
 * A few of the arm's I/Os: a scheme that cannot carry these buffers says so with the kernel's errno, and the
 * router tells of transfers that went where they were not meant to go.
 */
async function tryOut(group: Group, record: ArmRecord): Promise<void> {
  const { machine, params } = group;
  takeLandings(machine, 0);
  await slice(group, record.arm, 'inline', 0, 0, Math.min(TRIAL_IOS, sliceIos(group, firstNsPerIo(group), TRIAL_MS)));
  const outcome = takeOutcome(machine);
  clearLatency(machine);
  if (outcome.refused !== undefined) {
    const errno = outcome.refused;
    const reason = refusalReason(record.arm.scheme, errno, record.arm.buffers);
    const isFurther = outcome.refusedBy !== machine.spec.fabric.client;
    const whose = isFurther ? `; it is refused for ${outcome.refusedBy}, not for ${machine.spec.fabric.client}` : '';
    record.refused = { errno, reason: `${reason ?? 'the scheme gives no reason'}${whose}` };
    return;
  }
  // With host RAM in the mix a hit in RAM may be meant; the data check tells then.
  const { provider } = machine.spec.fabric;
  const landings = takeLandings(machine, outcome.unclaimed, outcome.faults);
  const isAllP2p =
    params.p2pShare === 100 && record.arm.buffers !== 'ram' && !outcome.poolFallbacks && !outcome.inlineWrites;
  const lines = isAllP2p ? misdirectionLines(provider, landings, 'transfers') : [];
  if (lines.length > 0) record.refused = { errno: MISDIRECTED, reason: lines.join('; ') };
  else checkOutcome(outcome, record.arm.id);
}

/** Every round of this process. False when it was interrupted. */
async function measureRounds(group: Group, record: GroupRecord, arms: ArmRecord[]): Promise<boolean> {
  const { plan, run, params } = group;
  const { events } = run.measurement;
  const { sliceIos, pacedMs, rounds: roundsOf } = record.calibration;
  const rounds = Math.max(...plan.modes.map((mode) => roundsOf[mode] as number));
  await events.rounds?.(record);
  for (let index = 0; index < rounds; index++) {
    const round = run.process * roundsPerProcess(plan.rounds, params.processes) + index;
    for (const [series, mode] of plan.modes.entries()) {
      if (index >= (roundsOf[mode] as number)) continue;
      const done = index + series / plan.modes.length;
      events.progress(0.25 + (0.75 * done) / rounds, `round ${index + 1} of ${rounds}`);
      const order = armOrder(arms.length, round, params.seed + series).map((arm) => arms[arm] as ArmRecord);
      const measured = await measureRound(group, order, { round, mode, ios: sliceIos[mode] as number, pacedMs });
      if (measured === undefined) return false;
      // Whole rounds only: one that was cut off compares nothing.
      for (const { arm, sample, latency } of measured.slices) {
        arm.samples.push(sample);
        if (latency !== undefined) arm.latency.push(latency);
      }
      record.rounds.push(measured.record);
    }
    await events.rounds?.(record);
  }
  return true;
}

interface RoundOrder {
  round: number;
  mode: Mode;
  /** I/Os of each lane. */
  ios: number;
  /** In an open loop: milliseconds of the paced lanes. */
  pacedMs: number | undefined;
}

interface MeasuredSlice {
  arm: ArmRecord;
  sample: RawSample;
  latency: SliceLatency | undefined;
}

/** Every arm once, watched. Undefined when it was interrupted. */
async function measureRound(
  group: Group,
  order: readonly ArmRecord[],
  { round, mode, ios, pacedMs }: RoundOrder,
): Promise<{ record: RoundRecord; slices: MeasuredSlice[] } | undefined> {
  const { plan, run, crew } = group;
  const sentinelNs = run.room.sentinel.run(SENTINEL_SHARE * plan.roundMs);
  const finish = watchRound(crew, mode === 'inline' ? 1 : crew.placed.workers.length);
  const slices: MeasuredSlice[] = [];
  for (const [position, arm] of order.entries()) {
    skewBuffers(group.machine, round * order.length + position, group.params.p2pShare < 100);
    const measured = await sliceOf(group, arm, { round, mode, ios, pacedMs }, position);
    if (measured === undefined || isInterrupted(group)) return undefined;
    slices.push(measured);
  }
  // A signal that came in the last slice is heard before the round is judged.
  await nextTurn();
  return { record: { process: run.process, round, mode, ...finish(), sentinelNs }, slices };
}

async function sliceOf(
  group: Group,
  arm: ArmRecord,
  { round, mode, ios: most, pacedMs }: RoundOrder,
  order: number,
): Promise<MeasuredSlice | undefined> {
  const { process } = group.run;
  clearLatency(group.machine);
  const result = await slice(group, arm.arm, mode, round * most, leadIos(group), most, pacedMs);
  if (!result.complete) return undefined;
  const outcome = takeOutcome(group.machine);
  checkOutcome(outcome, arm.arm.id);
  arm.verifiedBlocks += outcome.verifiedBlocks;
  arm.verifyErrors += outcome.verifyErrors;
  const done = doneOf(result);
  // A Flush that is an entry of the stream is no I/O here, as it is none in fio's counts: what it takes falls on the others.
  const ios = iosOf(done);
  if (group.plan.payload === 'verify') arm.verifiedIos += ios;
  const ns = Math.round(mode === 'inline' ? result.ns : (result.ios / result.iops) * 1e9);
  const sample = { round, order, mode, ios, ns, ...done, process };
  if (mode === 'inline') return { arm, sample, latency: undefined };
  arm.wakeups += outcome.wakeups;
  arm.wakeupIos += ios;
  return { arm, sample, latency: { process, round, mode, ...takeLatency(group.machine) } };
}

/** What a slice did by direction, and each lane by itself where there are several. */
function doneOf({ ios, lanes }: SliceResult): SomeDone & Pick<RawSample, 'lanes'> {
  const done = sumDone(lanes.map((lane) => lane.done));
  const others = ios - iosOf(done);
  assert(others >= 0 && others <= done.syncIos, 'every I/O of a slice without errors is counted by its direction');
  if (lanes.length === 1) return compactDone(done);
  return {
    ...compactDone(done),
    lanes: lanes.map((lane) => ({ ns: Math.round(lane.ns), ...compactDone(lane.done) })),
  };
}

/** Where the CPU time of an I/O goes, on the first queue pair, in this thread; the workers are asleep. */
function timeStages(group: Group, records: readonly ArmRecord[]): void {
  const { machine, plan } = group;
  const [job] = plan.jobs;
  assert(job !== undefined, 'a group has a job');
  const largest = Math.max(...usedBlockSizes(job).map(({ bytes }) => bytes));
  const arms = records.map(({ arm }) => ({
    host: hostModule(moduleOf(arm, group.params), machine.memory),
    begin: () => setBuffers(machine, arm.buffers),
    end: () => {
      checkOutcome(takeOutcome(machine), arm.id);
      clearLatency(machine);
    },
  }));
  const stages = measureStages(machine, arms, {
    iodepth: job.iodepth,
    batch: job.iodepthBatch,
    largestBytes: largest,
    requestsPerIo: largest <= LARGEST_ONE_REQUEST ? 1 : 1 + Math.ceil(largest / LARGEST_ONE_REQUEST),
  });
  records.forEach((record, index) => {
    const cost = stages?.[index];
    if (cost !== undefined) record.stages = cost;
  });
}
