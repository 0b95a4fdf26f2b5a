// What the options of a run add up to: its workload, fabric, schemes and BARs, checked before anything is measured.
import { LabError } from '../base/errors.ts';
import { formatBytes, GIB, MIB, TIB } from '../base/units.ts';
import { fieldsOf, keyOf, pointOptions, type RunOptions } from '../catalogue/options/catalogue.ts';
import { SCHEME_QUIRKS } from '../catalogue/options/fabric.ts';
import { powerOfTwo } from '../catalogue/options/kinds.ts';
import { BUDGET_ROUNDS, REMOVAL_ROUNDS, USUAL_ROUNDS } from '../catalogue/options/measuring.ts';
import { defaultJob } from '../jobs/default_job.ts';
import type { Job } from '../jobs/job.ts';
import { namespaceEnd } from '../jobs/job_region.ts';
import { loadJobFile } from '../jobs/load_job_file.ts';
import { replayJobFile } from '../jobs/replay_job.ts';
import { type Override, resolveJobs } from '../jobs/resolve.ts';
import { recogniseTrace } from '../jobs/traces/load_trace.ts';
import { TRACE_OPS } from '../jobs/traces/trace.ts';
import { findScheme, listSchemes, variantOf } from '../lab/machine/modules.ts';
import { flowPlan, flowsWith } from '../plan/flows.ts';
import type { Flow, Payload } from '../plan/machine_spec.ts';
import { FLOOR_SCHEME, type RunParams } from '../plan/run_plan.ts';
import { resolveFabric } from './fabric_options.ts';
import { resolveTarget } from './target_options.ts';

const DEFAULT_BARS = [256 * MIB, 16 * GIB];
const SWEEP_BARS = [256 * MIB, GIB, 4 * GIB, 16 * GIB, 64 * GIB];
const NAMESPACE_BYTES = TIB;

/**
 * @param isPoint a point of a sweep has one BAR and one payload unless told, as a job file has
 * @throws LabError for whatever cannot be run as asked
 */
export async function resolveRun(
  jobFile: string | undefined,
  options: RunOptions,
  { isPoint = false } = {},
): Promise<{ params: RunParams; warnings: readonly string[] }> {
  const { jobs, warnings } = resolveWorkload(jobFile, options);
  checkFlows(jobs, options.flow);
  const verifies = jobs.some((job) => job.verify);
  const isDefault = jobFile === undefined && !isPoint;
  const usual: Payload[] = isDefault ? ['none', 'move'] : [verifies ? 'verify' : 'move'];
  const payloads = options.payload ?? usual;
  checkPayloads(jobs, payloads);
  const fields = fieldsOf(options);
  const fabric = await resolveFabric(options, options.flow, fields.ramBytes);
  const bars = resolveBars(options, fabric.barBytes, isDefault);
  const sweeps =
    options.barSweep === undefined
      ? isDefault && options.bar === undefined && fabric.barBytes === undefined
      : options.barSweep === 'on';
  const schemes = resolveSchemes(options.scheme);
  const { rounds, roundMs } = roundsOf(options);
  const params: RunParams = {
    ...fields,
    schemes,
    variants: resolveVariants(schemes, options),
    bars,
    ...resolveRemoval(options, jobs),
    barSweep: sweeps && options.removeAt === undefined && options.mode.includes('inline') ? SWEEP_BARS : [],
    payloads,
    processes: Math.min(options.processes, rounds),
    // The stages of a read or write are timed: a stream with other I/Os has none.
    stages: options.stages === 'on' && !jobs.some(hasOtherIos),
    rounds,
    roundMs,
    rdma: resolveTarget(options),
    namespaceBytes: namespaceBytesOf(jobs),
    topology: fabric.name,
    fabricOf: fabric.fabricOf,
    jobs,
    jobFile,
  };
  return {
    params,
    warnings: [
      ...[...warnings, ...fabric.notes, ...flowNotes(jobs, options)],
      ...[...stageNotes(jobs, options), ...runtimeNotes(jobs, options)],
    ],
  };
}

/** @throws LabError where a job checks its data and a payload has none to check */
function checkPayloads(jobs: readonly Job[], payloads: readonly Payload[]): void {
  const job = jobs.find(({ verify }) => verify);
  const other = payloads.find((payload) => payload !== 'verify');
  if (job === undefined || other === undefined) return;
  throw new LabError(
    `--payload ${other}: [${job.name}] verify=${job.options.verify} checks the data of each I/O, which only payload verify does; use --payload verify, or --set verify=0 to measure without checks.`,
  );
}

function roundsOf(options: RunOptions): { rounds: number; roundMs: number } {
  const { removeAt, budget } = options;
  const usual = removeAt !== undefined ? REMOVAL_ROUNDS : budget !== undefined ? BUDGET_ROUNDS : USUAL_ROUNDS;
  return { rounds: options.rounds ?? usual.rounds, roundMs: options.roundMs ?? usual.roundMs };
}

/** @throws LabError for a removal that nothing could come of */
function resolveRemoval(options: RunOptions, jobs: readonly Job[]): Pick<RunParams, 'removal'> {
  if (options.removeAt === undefined) {
    if (options.hole === undefined) return {};
    throw new LabError('--hole: says what has the addresses of a removed provider; add --remove-at, for example 50%.');
  }
  const other = options.flow.find((flow) => !flowPlan(flow).removable);
  if (other !== undefined) {
    const flows = flowsWith(({ removable }) => removable === true).join(' or ');
    throw new LabError(`--remove-at: the provider is removed under flow ${flows}, not ${other}; use --flow ${flows}.`);
  }
  const zoned = jobs.find((job) => job.zoned !== undefined);
  if (zoned !== undefined) {
    throw new LabError(
      `--remove-at: [${zoned.name}] ${zoned.otherCommands?.at}: zonemode=zbd: a write that is lost with its memory leaves the write pointer behind, and all that follow fail; use a job without zones.`,
    );
  }
  if (options.p2pShare === 0) {
    throw new LabError(
      "--remove-at: with --p2p-share 0 no I/O uses the provider's memory, so its removal shows nothing.",
    );
  }
  if (options.refcount === 'plain') {
    throw new LabError(
      '--remove-at: pins are waited for by their count, which --refcount plain may lose; leave it out.',
    );
  }
  return { removal: { at: options.removeAt, hole: options.hole ?? 'empty' } };
}

function resolveWorkload(
  jobFile: string | undefined,
  options: RunOptions,
): { jobs: readonly Job[]; warnings: readonly string[] } {
  const limits = { maxIodepth: options.queueDepth - 1, namespaceBytes: NAMESPACE_BYTES };
  const set: Override[] = options.set.map(readOverride);
  for (const [name, { fio }] of pointOptions()) {
    if (fio !== undefined && options[name] !== undefined) set.push({ key: fio, value: String(options[name]) });
  }
  if (jobFile === undefined) return { jobs: [defaultJob(limits, set, options.seed)], warnings: [] };
  if (recogniseTrace(jobFile) !== undefined) {
    return resolveJobs(replayJobFile(jobFile), { limits, set, seed: options.seed });
  }
  const file = loadJobFile(jobFile, process.env, options.section.length > 0 ? options.section : undefined);
  return resolveJobs(file, { limits, set, seed: options.seed });
}

/** 1 TiB, or as large as a job or a replayed trace asks for, in whole GiB. */
function namespaceBytesOf(jobs: readonly Job[]): number {
  const ends = jobs.map((job) =>
    job.replays === undefined ? namespaceEnd(job) : Math.max(...job.replays.map(({ endBytes }) => endBytes)),
  );
  return Math.ceil(Math.max(NAMESPACE_BYTES, ...ends) / GIB) * GIB;
}

function readOverride(text: string): Override {
  const [key = '', ...rest] = text.split('=');
  if (key.trim() === '') throw new LabError(`--set '${text}': expected key=value, for example --set bs=8k.`);
  return { key: key.trim(), value: rest.length > 0 ? rest.join('=').trim() : undefined };
}

/** Whether a job sends commands besides Read and Write. */
function hasOtherCommands(job: Job): boolean {
  return otherCommands(job) !== undefined;
}

/** Whether its stream has I/Os that are neither reads nor writes, or that have an order. */
function hasOtherIos({ rw, fsync, zoned, replays }: Job): boolean {
  return rw.trims !== undefined || zoned !== undefined || (replays !== undefined && fsync !== undefined);
}

/** What of a job asks for commands besides Read and Write, or for Force Unit Access; its place before it. */
function otherCommands(job: Job): string | undefined {
  const { name, rw, fsync, fua, zoned, replays } = job;
  if (rw.trims === 'recorded' || (fsync !== undefined && replays !== undefined)) {
    return `[${name}] a trace with trims or flushes (${replays?.[0]?.source}; replay_skip=trim,sync leaves them out)`;
  }
  if (replays?.some(({ op }) => op.includes(TRACE_OPS.indexOf('fua')))) {
    return `[${name}] a trace with Force Unit Access (${replays[0]?.source})`;
  }
  if (rw.trims === undefined && zoned === undefined && fua !== true && fsync === undefined) return undefined;
  return `${job.otherCommands?.at}: [${name}] ${job.otherCommands?.option}`;
}

/** @throws LabError for operations that a flow does not have */
function checkFlows(jobs: readonly Job[], flows: readonly Flow[]): void {
  const flow = flows.find((each) => flowPlan(each).sendsOnly !== undefined);
  const job = jobs.find(hasOtherCommands);
  if (flow === undefined || job === undefined) return;
  throw new LabError(
    `${otherCommands(job)}: flow ${flow} ${flowPlan(flow).sendsOnly} and nothing else; use --flow ${flowsWith(({ sendsOnly }) => sendsOnly === undefined).join(' or ')}.`,
  );
}

/** What flows make of jobs and options. */
function flowNotes(jobs: readonly Job[], { flow, iommu, buffers }: RunOptions): string[] {
  return flow.flatMap((each) => flowPlan(each).notes?.({ jobs, iommu, buffers }) ?? []);
}

/** Where stages would be timed and are not, because of what the jobs send. */
function stageNotes(jobs: readonly Job[], options: RunOptions): string[] {
  const job = jobs.find(hasOtherIos) ?? jobs.find(hasOtherCommands);
  if (job === undefined || options.stages === 'off' || !options.mode.includes('inline')) return [];
  const why = hasOtherIos(job)
    ? 'no stage costs, as only reads and writes are cut into stages'
    : 'stage costs are of its reads and writes alone, without its flushes';
  return [`${otherCommands(job)}: ${why}; --stages off says no more of it`];
}

/** A job file's runtime is a limit, not the plan: say so where they differ. */
function runtimeNotes(jobs: readonly Job[], options: RunOptions): string[] {
  const { rounds, roundMs } = roundsOf(options);
  const planMs = rounds * roundMs;
  return [
    ...new Set(jobs.filter((job) => job.runtimeMs !== undefined && job.runtimeMs > planMs).map((job) => job.runtimeMs)),
  ].map(
    (runtimeMs) =>
      `runtime=${(runtimeMs as number) / 1000}s: each arm is measured for ${planMs / 1000} s (${rounds} rounds of ${roundMs} ms); --rounds and --round-ms change that`,
  );
}

function resolveSchemes(names: string[]): string[] {
  if (names.includes('all')) {
    const others = listSchemes()
      .map(({ name }) => name)
      .filter((name) => name !== FLOOR_SCHEME);
    return [...new Set(['page', ...others])];
  }
  const schemes = names.map((name) => findScheme(name).name);
  return [...new Set(schemes)];
}

/** What each scheme runs as, by the options that are about schemes. A fault that none of them can have is a mistake. */
function resolveVariants(schemes: readonly string[], options: RunOptions): NonNullable<RunParams['variants']> {
  const quirks = options.quirk ?? [];
  const chosen = Object.fromEntries(
    pointOptions().flatMap(([name, { ofSchemes }]) =>
      ofSchemes === undefined ? [] : [[keyOf(name), [options[name] ?? []].flat() as string[]]],
    ),
  );
  const of = Object.fromEntries(schemes.map((scheme) => [scheme, variantOf(scheme, chosen)]));
  for (const quirk of SCHEME_QUIRKS.filter((each) => quirks.includes(each))) {
    if (Object.values(of).some((variant) => variant.options.quirk === quirk)) continue;
    const owners = listSchemes().filter(({ variants }) => variants.some((variant) => variant.options.quirk === quirk));
    throw new LabError(
      `--quirk: ${quirk} is a fault of ${owners.map(({ name }) => name).join(', ')}; add it to --scheme.`,
    );
  }
  return {
    options: Object.fromEntries(Object.entries(chosen).map(([key, values]) => [key, values.join('+') || 'none'])),
    of: Object.fromEntries(Object.entries(of).map(([scheme, { name }]) => [scheme, name])),
  };
}

/** The BARs asked for; a topology file brings its own. */
function resolveBars(options: RunOptions, ofTopology: number | undefined, isDefault: boolean): number[] {
  if (ofTopology !== undefined) {
    if (options.bar !== undefined)
      throw new LabError(
        `--bar: ${options.topology} decides the BAR (${formatBytes(ofTopology)}); leave --bar out or use a preset.`,
      );
    return [powerOfTwo(String(ofTopology), `the provider's BAR in ${options.topology}`, 2 * MIB, 1024 * GIB)];
  }
  if (options.bar === undefined) return isDefault ? DEFAULT_BARS : [16 * GIB];
  return options.bar.map((text) => powerOfTwo(text, '--bar', 2 * MIB, 1024 * GIB));
}
