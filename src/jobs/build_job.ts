// One parsed job section into a Job: reads the values, applies fio's defaults, checks them against the device.
import {
  BLOCK_SIZE_OPTIONS,
  type DirectionSizes,
  describeBlockSizes,
  rangeOfSplit,
  readBlockSizes,
} from './block_size_values.ts';
import { readDistribution } from './distribution_values.ts';
import {
  type KbBase,
  type PerDirection,
  readMilliseconds,
  requireValue,
  splitDirections,
  splitForTrims,
} from './fio_values.ts';
import type { BlockSize, Job } from './job.ts';
import { integerOr, isOn, type JobContext } from './job_context.ts';
import { noteOutside, readPace } from './job_pace.ts';
import {
  checkZones,
  readAlignment,
  readGenerator,
  readMix,
  readNoMap,
  readPattern,
  readPercentRandom,
  readSeeding,
} from './job_pattern.ts';
import { readAmount, readRegion, readZones, totalIosOf } from './job_region.ts';
import { DRAWN, readReplay } from './job_replay.ts';
import { asWritten, badValue, type Option, where } from './option.ts';
import { isSynchronousEngine } from './refusals.ts';
import { readSync } from './sync_values.ts';
import { checkZoned, readZoned, withZoneUnits } from './zoned_options.ts';

/** Where a job stands among the jobs of its file. */
export type JobPlace = Pick<Job, 'group' | 'reportGroup' | 'firstClone'>;

/**
 * Reads and checks every value of one job.
 * @throws LabError with file:line for a value fio would not take or the device cannot hold
 */
export function buildJob(written: JobContext, place: JobPlace): Job {
  const context = withZoneUnits(written);
  const { options, kbBase } = context;
  noteOutside(context);
  const { rw, sequence } = readPattern(context);
  const sizes = readBlockSizes(sizeOptions(context), kbBase, splitOf(rw));
  const sizeRules = { read: sizes.read.rule, write: sizes.write.rule };
  const rwmixRead = readMix(context, rw);
  const numjobs = integerOr(context, 'numjobs', 1, 1);
  const seeds = readSeeding(context);
  const percentRandom = readPercentRandom(context);
  const sizesByOrder = isOn(context, 'bs_is_seq_rand');
  const ownSizes = { read: sizes.read.sizes, write: sizes.write.sizes };
  const blockSizes = sizesByOrder ? sizesOfOrder({ rw, sequence, percentRandom }, ownSizes) : ownSizes;
  const zoned = readZoned(context, { rw, sizeRules });
  const region = readRegion(context, {
    numjobs,
    sizes,
    sizeRules,
    firstClone: place.firstClone,
    seeding: seeds.seeding,
    rw,
    ...(zoned && { zoned }),
  });
  const zones = readZones(context, { sizeRules, files: region.files });
  const timing = readTiming(context);
  const amount = readAmount(context);
  const depth = readDepth(context);
  checkOverlap(context, rw, depth.iodepth);
  const distributionOption = options.get('random_distribution');
  const distribution = distributionOption
    ? readDistribution(distributionOption, kbBase)
    : ({ kind: 'random' } as const);
  const blockAlignBytes = readAlignment(context, { rw, blockSizes: ownSizes });
  const job: Omit<Job, 'options' | 'totalIos'> = {
    name: options.get('name')?.value ?? context.name,
    ...place,
    numjobs,
    rw,
    rwmixRead,
    sequence,
    percentRandom,
    blockSizes,
    sizeRules,
    sizesByOrder,
    blockAlignBytes,
    ...region,
    ...(zones && { zones }),
    ...(zoned && { zoned }),
    ...depth,
    ...timing,
    ...amount,
    isSynchronous: depth.iodepth === 1 || isSynchronousEngine(options.get('ioengine')),
    ...seeds,
    generator: readGenerator(context),
    norandommap: readNoMap(context, { rw, blockSizes: ownSizes, blockAlignBytes }) || distribution.kind !== 'random',
    distribution,
    verify: readVerify(options.get('verify')),
    ...readSync(context, { rw, timeBased: timing.timeBased, loops: amount.loops, files: region.files }),
    ...readOtherCommands(context, rw),
    ...readPace(context, rw),
    ...readIolog(context),
  };
  checkZones(job, distributionOption);
  if (zoned !== undefined) checkZoned(context, job, zoned);
  const replayed = readReplay(context, job);
  if (replayed !== undefined) {
    return { ...job, ...replayed, options: describeReplay({ ...job, ...replayed }, options) };
  }
  return { ...job, totalIos: totalIosOf(job), options: describe(job, options, sizes) };
}

function sizeOptions({ name, written, warn }: JobContext): Option[] {
  return written.map((option) => {
    const range = rangeOfSplit(option);
    if (range === undefined) return option;
    warn(`[${name}] ${asWritten(option)} is read as ${asWritten(range)}, as fio does; a split is bssplit`);
    return range;
  });
}

/** bs_is_seq_rand: both directions have the sizes of the order that they go in; half each where they go in both. */
function sizesOfOrder(
  { rw, sequence, percentRandom }: Pick<Job, 'rw' | 'sequence' | 'percentRandom'>,
  { read, write }: PerDirection<readonly BlockSize[]>,
): Job['blockSizes'] {
  if (!rw.random) return { read, write: read };
  const isAlwaysRandom = sequence.randomEvery === 1 && percentRandom.read === 100 && percentRandom.write === 100;
  if (isAlwaysRandom) return { read: write, write };
  const both = [...read, ...write].map(({ bytes, weight }) => ({ bytes, weight: weight / 2 }));
  return { read: both, write: both };
}

function splitOf({ trims }: Job['rw']): typeof splitDirections {
  return trims === undefined ? splitDirections : splitForTrims;
}

/** Trims, flushes and zones: what a flow that only reads and writes does not have. */
function readOtherCommands({ options }: JobContext, { trims }: Job['rw']): Pick<Job, 'otherCommands'> {
  const on = (name: string): Option | undefined => {
    const option = options.get(name);
    return /^(0*|none)$/.test(option?.value ?? (option === undefined ? '' : '1')) ? undefined : option;
  };
  const zoned = options.get('zonemode');
  const option =
    (trims && options.get('rw')) ??
    (zoned?.value === 'zbd' ? zoned : undefined) ??
    ['sync', 'writefua', 'fsync', 'fdatasync', 'end_fsync', 'fsync_on_close']
      .map(on)
      .find((each) => each !== undefined);
  return option === undefined ? {} : { otherCommands: { at: where(option.at), option: asWritten(option) } };
}

/** fio's kb_base, which decides how every other number is read. */
export function readKbBase(option: Option | undefined): KbBase {
  const text = option?.value ?? '1024';
  if (text === '1000' || text === '1024') return text === '1000' ? 1000 : 1024;
  throw badValue(option as Option, 'expected 1000 or 1024.');
}

function readTiming(context: JobContext): Pick<Job, 'runtimeMs' | 'timeBased' | 'rampMs'> {
  const time = (name: string): number => {
    const option = context.options.get(name);
    return option ? readMilliseconds(option) : 0;
  };
  const runtimeMs = time('runtime') || undefined;
  const wanted = isOn(context, 'time_based');
  if (wanted && runtimeMs === undefined) {
    context.warn(`[${context.name}] has time_based but no runtime: it ends after its size, as in fio`);
  }
  return { runtimeMs, timeBased: wanted && runtimeMs !== undefined, rampMs: time('ramp_time') };
}

function readDepth(context: JobContext): Pick<Job, 'iodepth' | 'iodepthBatch'> {
  const { options, limits } = context;
  const iodepth = integerOr(context, 'iodepth', 1, 1);
  if (iodepth > limits.maxIodepth) {
    throw badValue(
      options.get('iodepth') as Option,
      `a queue holds at most ${limits.maxIodepth} I/Os; lower iodepth to that, or spread the I/Os over more jobs (numjobs).`,
    );
  }
  const low = integerOr(context, 'iodepth_low', 0, 0);
  if (low > 0 && low < iodepth) {
    throw badValue(
      options.get('iodepth_low') as Option,
      `lets the queue drain to ${low} before it is filled again; the lab keeps it at iodepth=${iodepth}. Leave it out.`,
    );
  }
  const batch = integerOr(context, 'iodepth_batch', 1, 0);
  return { iodepth, iodepthBatch: batch === 0 ? iodepth : Math.min(batch, iodepth) };
}

/** init.c, fixup_options: nothing is held back where nothing changes data or one I/O goes at a time. */
function checkOverlap(context: JobContext, rw: Job['rw'], iodepth: number): void {
  if (!isOn(context, 'serialize_overlap') || !rw.writes || iodepth === 1) return;
  throw badValue(
    context.options.get('serialize_overlap') as Option,
    'holds back writes that overlap others in flight; the lab does so only for jobs with verify. Use iodepth=1, or leave it out.',
  );
}

/** write_iolog, which a job that replays does not do, as in fio. */
function readIolog({ name, options, warn }: JobContext): Pick<Job, 'iolog'> {
  const option = options.get('write_iolog');
  if (option === undefined) return {};
  const iolog = requireValue(option);
  if (!options.has('read_iolog')) return { iolog };
  warn(`[${name}] replays a trace: its write_iolog does not apply, as in fio`);
  return {};
}

const VERIFY_OFF = new Set(['0', 'none', 'null']);
const VERIFY_TYPES =
  /^(meta|md5|crc64|crc32c|crc32c-intel|crc32|crc16|crc7|xxhash|sha1|sha256|sha512|sha3-(224|256|384|512)|pattern|pattern_hdr)$/;

function readVerify(option: Option | undefined): boolean {
  if (!option) return false;
  const type = requireValue(option);
  if (VERIFY_OFF.has(type)) return false;
  if (VERIFY_TYPES.test(type)) return true;
  throw badValue(option, "expected one of fio's checksums such as crc32c, md5, sha256 or xxhash, or none.");
}

/** Of a replay: what was written, without what a replay does not draw by, and what the trace holds. */
function describeReplay(
  job: Pick<Job, 'rw' | 'rwmixRead' | 'sizeBytes' | 'numjobs' | 'iodepth' | 'iodepthBatch' | 'replays'>,
  options: ReadonlyMap<string, Option>,
): Record<string, string> {
  const written = [...options.values()].filter(({ name }) => !DRAWN.includes(name));
  const { reads, writes } = job.rw;
  return {
    ...Object.fromEntries(written.map((option) => [option.name, option.value ?? '1'])),
    rw: reads && writes ? 'rw' : reads ? 'read' : 'write',
    rwmixread: job.rwmixRead.toFixed(1),
    size: String(job.sizeBytes),
    numjobs: String(job.numjobs),
    iodepth: String(job.iodepth),
    iodepth_batch: String(job.iodepthBatch),
    traceFormat: [...new Set(job.replays?.map(({ format }) => format))].join(', '),
    traceIos: String(job.replays?.reduce((sum, { blocks }) => sum + blocks.length, 0)),
  };
}

/** As written, with what was worked out put in. */
function describe(
  job: Omit<Job, 'options' | 'totalIos'>,
  options: ReadonlyMap<string, Option>,
  sizes: PerDirection<DirectionSizes>,
): Record<string, string> {
  const written = [...options.values()].filter(({ name }) => !BLOCK_SIZE_OPTIONS.includes(name));
  const mixed = job.rw.reads && job.rw.writes;
  return {
    rw: 'read',
    ...Object.fromEntries(written.map((option) => [option.name, option.value ?? '1'])),
    ...describeBlockSizes(sizes, splitOf(job.rw)),
    size: String(job.sizeBytes),
    offset: String(job.offsetBytes),
    numjobs: String(job.numjobs),
    iodepth: String(job.iodepth),
    iodepth_batch: String(job.iodepthBatch),
    randseed: String(job.randSeed),
    ...(mixed ? { rwmixread: String(job.rwmixRead), rwmixwrite: String(100 - job.rwmixRead) } : {}),
    ...(job.rw.random ? { norandommap: job.norandommap ? '1' : '0' } : {}),
  };
}
