// Measures one group: builds its machine, finds out which arms are refused, warms up, sets the equal counts, runs the
// rounds in random order, counts. Returns raw samples only; figures are made from them elsewhere.
import { EXIT, LabError } from '../base/errors.ts';
import { seededRandom, shuffled } from '../base/random.ts';
import { compileStream } from '../jobs/access_stream.ts';
import { MISDIRECTED, type PerIo, type RawSample } from '../report/result.ts';
import { BUCKETS } from '../stats/histogram.ts';
import { isSteady } from '../stats/steady_state.ts';
import { misdirectionLines } from '../topology/routes.ts';
import { checkAvailable } from './arena.ts';
import { type Crew, type CrewOptions, closePool, startCrew } from './crew.ts';
import { clientsOf } from './fabric.ts';
import { runInlineSlice } from './inline.ts';
import { type BuiltMachine, buildMachine, setBuffers } from './machine.ts';
import { deviceModule, findScheme, hostModule, refusalReason, setupModule, usesPool, variantOf } from './modules.ts';
import { checkOutcome, readCounters, resetCounters, takeLandings, takeLatency, takeOutcome } from './queue_state.ts';
import { residentBytes } from './resident.ts';
import {
  type Arm,
  type GroupPlan,
  type Mode,
  machineSpec,
  queuesOf,
  type RunParams,
  touchedBytes,
  withReference,
} from './run_plan.ts';

/** What was recorded of one arm. */
export interface ArmRecord {
  arm: Arm;
  /** Values of the scheme's options, where the arm names a variant (NAME@VALUE) itself. */
  options?: Record<string, string>;
  samples: RawSample[];
  latency: { counts: Uint32Array; maxNs: number };
  /** Wake-ups during the measured slices of the threads schedule, and the I/Os they belong to. */
  wakeups: number;
  wakeupIos: number;
  perIo: Omit<PerIo, 'wakeups'> | undefined;
  refused: { errno: string; reason: string } | undefined;
  verifiedBlocks: number;
  verifiedIos: number;
  verifyErrors: number;
  /** Not steady when its rounds began. */
  unsteady: Mode[];
  bytesPerIo: number;
  memmapBytes: number;
  poolBytes: number;
  mapStateBytes: number;
  residentBytes: number | null;
}

export interface GroupRecord {
  plan: GroupPlan;
  oversubscribed: boolean;
  arms: ArmRecord[];
  /** The plan was not finished: what is here is complete rounds. */
  interrupted: boolean;
}

/** What the measuring tells while it goes on, and asks. */
export interface Observer {
  /** Called before each slice; fraction of this group's slices that are done. */
  progress(done: number, of: number, what: string): void;
  interrupted(): boolean;
  /** The crew that runs now, so that an interruption can reach it. */
  onCrew(crew: Crew | undefined): void;
}

export interface GroupRun {
  memory: WebAssembly.Memory;
  cores: number;
  fault: CrewOptions['fault'];
  observer: Observer;
}

const WARM_SLICE_MS = 10;
const WARM_SLICES_MOST = 40;
/** I/Os with which an arm is tried out before anything is measured. */
const TRIAL_IOS = 4096;
const COUNTED_IOS = 8192;
const LEAD_DEPTHS = 4;
/** What a scheme's structures may lose to alignment. */
const STATE_SLACK_BYTES = 4096;

/** @throws LabError when the machine does not fit, a worker dies, or data does not check */
export async function measureGroup(plan: GroupPlan, params: RunParams, run: GroupRun): Promise<GroupRecord> {
  const { machine, meanBytes } = build(plan, params, run);
  const arms = plan.arms.map((arm) => emptyRecord(arm, params, machine, meanBytes));
  const schemes = modulesOf(plan, params);
  const crew = await startCrew(machine, { schemes, wait: params.wait, cores: run.cores, fault: run.fault });
  run.observer.onCrew(crew);
  try {
    const group: Group = { plan, params, machine, crew, schemes, observer: run.observer };
    for (const record of arms) await tryOut(group, record);
    const running = withReference(arms.filter(({ refused }) => refused === undefined).map(({ arm }) => arm));
    const refused = arms.filter((record) => record.refused !== undefined);
    const records = running.map((arm) => emptyRecord(arm, params, machine, meanBytes));
    const interrupted = await measure(group, records);
    if (!interrupted) for (const record of records) count(group, record);
    await crew.close();
    return { plan, oversubscribed: crew.placed.oversubscribed, arms: [...records, ...refused], interrupted };
  } catch (error) {
    // A worker may hang or be gone: end the threads instead of asking them.
    await closePool();
    throw error;
  } finally {
    run.observer.onCrew(undefined);
  }
}

interface Group {
  plan: GroupPlan;
  params: RunParams;
  machine: BuiltMachine;
  crew: Crew;
  /** Host modules, in the order of the crew's. */
  schemes: string[];
  observer: Observer;
}

/** The module that an arm's scheme runs as. */
function moduleOf(arm: Arm, params: RunParams): string {
  return params.variants?.of[arm.scheme] ?? arm.scheme;
}

function modulesOf(plan: GroupPlan, params: RunParams): string[] {
  return [...new Set(plan.arms.map((arm) => moduleOf(arm, params)))];
}

function build(plan: GroupPlan, params: RunParams, run: GroupRun) {
  const hosts = modulesOf(plan, params).map((module) => hostModule(module, run.memory));
  const sized = machineSpec(plan, params, run.cores);
  const clients = clientsOf(sized.fabric).length;
  const stateBytes = hosts.reduce(
    (sum, host) => sum + clients * host.stateBytes(sized.barBytes) + STATE_SLACK_BYTES,
    0,
  );
  const spec = { ...sized, schemeStateBytes: stateBytes };
  const memmapBytes = Math.max(...hosts.map((host) => host.memmapBytes(spec.barBytes)));
  checkAvailable(touchedBytes(spec, memmapBytes) + stateBytes, process.availableMemory());
  const machine = buildMachine(run.memory, spec, setupModule(run.memory));
  for (const host of hosts) host.setup(machine.at);
  const queues = queuesOf(plan);
  const facts = queues.map(({ job, clone }, index) => {
    const stream = machine.lanes[index]?.stream;
    const words = new Uint32Array(run.memory.buffer, stream?.at, (stream?.bytes ?? 0) / 4);
    const slots = { first: index, stride: queues.length };
    return compileStream(
      job,
      clone,
      {
        p2pShare: params.p2pShare,
        bar: { bytes: spec.barBytes, windowBytes: spec.barWindowBytes, slots },
        ram: { bytes: spec.ramBytes, windowBytes: spec.ramWindowBytes, slots },
        ...(plan.payload === 'verify' ? { verifyBlocks: spec.mediaBytes / 512 } : {}),
      },
      words,
    );
  });
  const meanBytes = facts.reduce((sum, { meanBytes }) => sum + meanBytes, 0) / facts.length;
  return { machine, meanBytes };
}

function emptyRecord(arm: Arm, params: RunParams, machine: BuiltMachine, bytesPerIo: number): ArmRecord {
  const module = moduleOf(arm, params);
  const host = hostModule(module, machine.memory);
  const memmapBytes = host.memmapBytes(machine.spec.barBytes);
  const pool = usesPool(findScheme(arm.scheme)) ? machine.pool : undefined;
  const resident = [memmapBytes > 0 ? machine.barMemmap : undefined, pool].map((span) =>
    span === undefined ? 0 : residentBytes(machine.memory, span),
  );
  return {
    arm,
    ...(arm.scheme.includes('@') ? { options: variantOf(arm.scheme, {}).options } : {}),
    samples: [],
    latency: { counts: new Uint32Array(BUCKETS), maxNs: 0 },
    wakeups: 0,
    wakeupIos: 0,
    perIo: undefined,
    refused: undefined,
    verifiedBlocks: 0,
    verifiedIos: 0,
    verifyErrors: 0,
    unsteady: [],
    bytesPerIo,
    memmapBytes,
    poolBytes: pool?.bytes ?? 0,
    mapStateBytes:
      host.mapStateBytes(machine.spec.barBytes) +
      (clientsOf(machine.spec.fabric).length - 1) * host.attachBytes(machine.spec.barBytes),
    residentBytes: resident.includes(null) ? null : resident.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0),
  };
}

/**
 * A few thousand I/Os of the arm: a scheme that cannot carry these buffers says so with the kernel's errno, and the
 * router tells of transfers that went where they were not meant to go.
 */
async function tryOut(group: Group, record: ArmRecord): Promise<void> {
  const { machine, params } = group;
  takeLandings(machine, 0);
  await slice(group, record.arm, 'inline', 0, 0, Math.min(TRIAL_IOS, sliceIos(group, 1, 1)));
  const outcome = takeOutcome(machine);
  takeLatency(machine, undefined);
  if (outcome.refused !== undefined) {
    const errno = outcome.refused;
    const reason = refusalReason(record.arm.scheme, errno, record.arm.buffers);
    record.refused = { errno, reason: reason ?? 'the scheme gives no reason' };
    return;
  }
  // With host RAM in the mix a hit in RAM may be meant; the data check tells then.
  const { provider } = machine.spec.fabric;
  const landings = takeLandings(machine, outcome.unclaimed);
  const lines = params.p2pShare === 100 ? misdirectionLines(provider, landings, 'transfers') : [];
  if (lines.length > 0) record.refused = { errno: MISDIRECTED, reason: lines.join('; ') };
  else checkOutcome(outcome, record.arm.id);
}

function slice(group: Group, arm: Arm, mode: Mode, streamStart: number, leadIos: number, measureIos: number) {
  setBuffers(group.machine, arm.buffers);
  return group.crew.run({
    mode,
    arm: group.schemes.indexOf(moduleOf(arm, group.params)),
    streamStart,
    leadIos,
    measureIos,
  });
}

/** Warm-up and rounds of all arms. True when it was interrupted. */
async function measure(group: Group, records: ArmRecord[]): Promise<boolean> {
  const { plan, observer, params } = group;
  const counts = new Map<Mode, number>();
  const steps = plan.rounds * records.length * plan.modes.length;
  for (const mode of plan.modes) {
    let slowestNs = 0;
    for (const record of records) {
      observer.progress(0, steps, `warm-up of ${record.arm.id}, ${mode}`);
      const nsPerIo = await warmUp(group, record, mode);
      if (observer.interrupted() || nsPerIo === undefined) return true;
      slowestNs = Math.max(slowestNs, nsPerIo);
    }
    counts.set(mode, sliceIos(group, slowestNs, plan.roundMs));
  }
  const random = seededRandom(params.seed);
  for (let round = 0; round < plan.rounds; round++) {
    const order = shuffled(records, random);
    for (const mode of plan.modes) {
      const ios = counts.get(mode) as number;
      const samples: RawSample[] = [];
      for (const [index, record] of order.entries()) {
        observer.progress(
          (round * plan.modes.length + plan.modes.indexOf(mode)) * records.length + index,
          steps,
          `round ${round + 1} of ${plan.rounds}`,
        );
        const sample = await sampleOf(group, record, mode, round, index, ios);
        if (sample === undefined || observer.interrupted()) return true;
        samples.push(sample);
      }
      // Whole rounds only: a round that was cut off compares nothing.
      for (const [index, record] of order.entries()) record.samples.push(samples[index] as RawSample);
    }
  }
  return false;
}

/** I/Os of each lane in a slice of `ms`: the same for every arm, at most one pass of a job that has an end. */
function sliceIos(group: Group, nsPerIo: number, ms: number): number {
  const lanes = group.machine.lanes.length;
  const byTime = Math.ceil((ms * 1e6) / nsPerIo / lanes);
  const onePass = Math.max(...group.plan.jobs.map((job) => job.totalIos));
  const least = Math.max(...group.plan.jobs.map((job) => job.iodepthBatch));
  return Math.min(Math.max(byTime, least), onePass, 2 ** 29);
}

function leadIos(group: Group): number {
  return LEAD_DEPTHS * Math.max(...group.plan.jobs.map((job) => job.iodepth));
}

async function sampleOf(
  group: Group,
  record: ArmRecord,
  mode: Mode,
  round: number,
  order: number,
  ios: number,
): Promise<RawSample | undefined> {
  takeLatency(group.machine, undefined);
  const result = await slice(group, record.arm, mode, round * ios, leadIos(group), ios);
  if (!result.complete) return undefined;
  const outcome = takeOutcome(group.machine);
  checkOutcome(outcome, record.arm.id);
  const sliceSize = result.ios;
  record.verifiedBlocks += outcome.verifiedBlocks;
  record.verifyErrors += outcome.verifyErrors;
  if (group.plan.payload === 'verify') record.verifiedIos += sliceSize;
  if (mode === 'threads') {
    record.latency.maxNs = Math.max(record.latency.maxNs, takeLatency(group.machine, record.latency.counts));
    record.wakeups += outcome.wakeups;
    record.wakeupIos += sliceSize;
  }
  const ns = mode === 'threads' ? (result.ios / result.iops) * 1e9 : result.ns;
  return { round, order, mode, ios: result.ios, ns };
}

/** Runs slices until the arm is steady (and at least for the job's ramp_time); its ns per I/O then. */
async function warmUp(group: Group, record: ArmRecord, mode: Mode): Promise<number | undefined> {
  const rampMs = Math.max(...group.plan.jobs.map((job) => job.rampMs));
  const began = performance.now();
  const series: number[] = [];
  let ios = sliceIos(group, 100, 1);
  let nsPerIo = 100;
  while (series.length < WARM_SLICES_MOST || performance.now() - began < rampMs) {
    const result = await slice(group, record.arm, mode, series.length * ios, leadIos(group), ios);
    if (!result.complete || group.observer.interrupted()) return undefined;
    checkOutcome(takeOutcome(group.machine), record.arm.id);
    nsPerIo = mode === 'threads' ? 1e9 / result.iops : result.ns / result.ios;
    series.push(nsPerIo);
    ios = sliceIos(group, nsPerIo, Math.min(WARM_SLICE_MS, group.plan.roundMs));
    if (isSteady(series) && performance.now() - began >= rampMs) return nsPerIo;
  }
  record.unsteady.push(mode);
  return nsPerIo;
}

/** Exact counts per I/O by the counting build, inline, in this thread; the workers are asleep. */
function count(group: Group, record: ArmRecord): void {
  const { machine } = group;
  setBuffers(machine, record.arm.buffers);
  resetCounters(machine);
  const host = hostModule(moduleOf(record.arm, group.params), machine.memory, true);
  runInlineSlice({
    view: machine.view,
    lanes: machine.lanes,
    host,
    device: (kind) => deviceModule(kind, machine.memory),
    streamStart: 0,
    leadIos: 0,
    measureIos: COUNTED_IOS,
  });
  checkOutcome(takeOutcome(machine), record.arm.id);
  takeLatency(machine, undefined);
  const counts = readCounters(machine);
  if (counts.ios === 0) throw new LabError(`${record.arm.id}: the counting build did no I/O`, EXIT.runFailed);
  const each = (value: number): number => value / counts.ios;
  record.perIo = {
    pageLines: each(counts.pageLines),
    pageLoads: each(counts.pageLoads),
    pageAtomics: each(counts.pageAtomics),
    p2pTests: each(counts.p2pTests),
    pgmapChecks: each(counts.pgmapChecks),
    mapCalls: each(counts.mapCalls),
    doorbells: each(counts.doorbells),
    descriptorBytes: each(counts.descriptorBytes),
  };
}
