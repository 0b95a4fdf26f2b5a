// Before the rounds: every arm runs until it is steady, and the slowest sets how long slices are.

import type { ArmRecord, Calibration, GroupRecord } from '../../analysis/group_record.ts';
import { type Mode, roundsPerProcess, roundsThatFit, warmUpPlan } from '../../plan/run_plan.ts';
import { isSteady, STEADY_RULE } from '../../stats/steady_state.ts';
import { checkOutcome, takeOutcome } from '../machine/queue_state.ts';
import { isTimed, mostIops, pacedSliceMs, sliceMsUnderLoad } from './pacing.ts';
import { firstNsPerIo, type Group, isInterrupted, leadIos, measuredIos, sizingNs, slice, sliceIos } from './slices.ts';

const PACED_WARM_SLICES = 4;

/**
 * Warms every arm up; sets how many I/Os all arms' slices have and how many rounds there are, by the slowest of them, unless
 * another process has set it. False when it was interrupted.
 */
export async function warmUpAll(group: Group, record: GroupRecord, arms: ArmRecord[]): Promise<boolean> {
  const { plan, run } = group;
  const { calibration } = record;
  for (const mode of plan.modes) {
    const paced = mode === 'threads' && isTimed(group.paces);
    let slowestNs = 0;
    for (const [index, arm] of arms.entries()) {
      // A quarter of the group, as the time left is estimated.
      const share = (plan.modes.indexOf(mode) * arms.length + index) / (plan.modes.length * arms.length);
      run.measurement.events.progress(share / 4, `warm-up of ${arm.arm.id}, ${mode}`);
      const nsPerIo = await (paced ? warmUpPaced(group, arm) : warmUp(group, arm, mode));
      if (isInterrupted(group) || nsPerIo === undefined) return false;
      slowestNs = Math.max(slowestNs, nsPerIo);
    }
    let sliceMs: number;
    if (paced) sliceMs = setPacedSlices(group, calibration, slowestNs);
    else {
      calibration.sliceIos[mode] ??= measuredIos(group, slowestNs, plan.roundMs);
      sliceMs = (calibration.sliceIos[mode] * group.machine.lanes.length * slowestNs) / 1e6;
    }
    const planned = roundsPerProcess(plan.rounds, group.params.processes);
    calibration.rounds[mode] ??= roundsThatFit(planned, plan.roundMs, sliceMs);
  }
  return true;
}

/** Runs slices until the arm is steady (and at least for the job's ramp_time); what sizes its slices then, ns per I/O. */
async function warmUp(group: Group, record: ArmRecord, mode: Mode): Promise<number | undefined> {
  const rampMs = Math.max(...group.plan.jobs.map((job) => job.rampMs));
  const began = performance.now();
  const series: number[] = [];
  const { sliceMs, slicesMost } = warmUpPlan(group.plan, group.params);
  let sizing = firstNsPerIo(group);
  let ios = sliceIos(group, sizing, sliceMs);
  let position = 0;
  while (series.length < slicesMost || performance.now() - began < rampMs) {
    const result = await slice(group, record.arm, mode, position, leadIos(group), ios);
    if (!result.complete || isInterrupted(group)) return undefined;
    checkOutcome(takeOutcome(group.machine), record.arm.id);
    series.push(mode === 'threads' ? 1e9 / result.iops : result.ns / result.ios);
    position += ios;
    sizing = sizingNs(mode, result);
    ios = sliceIos(group, sizing, sliceMs);
    if (isSteady(series) && performance.now() - began >= rampMs) return sizing;
  }
  // Too few to tell are too few to complain about: a short plan says by its intervals what it is worth.
  if (series.length >= STEADY_RULE.window) record.unsteady.push(mode);
  return sizing;
}

/** Some slices at the rate that is offered: there is none to settle at. Nanoseconds per I/O of all lanes together. */
async function warmUpPaced(group: Group, record: ArmRecord): Promise<number | undefined> {
  const rampMs = Math.max(...group.plan.jobs.map((job) => job.rampMs));
  const began = performance.now();
  const sliceMs = Math.max(
    warmUpPlan(group.plan, group.params).sliceMs,
    pacedSliceMs(group.paces, 0) / PACED_WARM_SLICES,
  );
  const lead = leadIos(group);
  const closedIos = sliceIos(group, 100, 1);
  let nsPerIo = 0;
  for (let i = 0; i < PACED_WARM_SLICES || performance.now() - began < rampMs; i++) {
    const result = await slice(group, record.arm, 'threads', 0, lead, closedIos, sliceMs);
    if (!result.complete || isInterrupted(group)) return undefined;
    checkOutcome(takeOutcome(group.machine), record.arm.id);
    nsPerIo = 1e9 / result.iops;
  }
  return nsPerIo;
}

/** As long as the rate asks for; of a rate that is far more than the slowest arm can take, fewer I/Os. @returns length in ms */
function setPacedSlices(group: Group, calibration: Calibration, slowestNs: number): number {
  const { paces, plan } = group;
  const wantedMs = pacedSliceMs(paces, plan.roundMs);
  const offered = mostIops(paces);
  calibration.pacedMs ??= sliceMsUnderLoad(wantedMs, offered, 1e9 / slowestNs);
  // Lanes in a closed loop beside it: what is done beyond the offer is theirs.
  const beyond = Math.max(1, 1e9 / slowestNs - offered);
  calibration.sliceIos.threads ??= measuredIos(group, 1e9 / beyond, wantedMs);
  return calibration.pacedMs;
}
