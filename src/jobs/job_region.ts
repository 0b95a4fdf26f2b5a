// The files of a job, which part of each it works in, and how many I/Os that makes (fio: filesetup.c, setup_files).
import { LabError } from '../base/errors.ts';
import { formatBytes, MIB } from '../base/units.ts';
import type { DirectionSizes } from './block_size_values.ts';
import { bytesToDo } from './draw/drawn_ios.ts';
import { fileExtents, spaceOf, wholeZones } from './draw/file_states.ts';
import { threadSeeds } from './draw/seeds.ts';
import { splitNames } from './file_names.ts';
import { readFileService } from './file_service_values.ts';
import { bytesOf, type PerDirection, readBytes, readBytesOrPercent, requireValue } from './fio_values.ts';
import { type Job, type JobFiles, meanBlockBytes, type Zones } from './job.ts';
import { integerOr, isOn, type JobContext } from './job_context.ts';
import { badValue, type Option, where } from './option.ts';

interface Shape extends Pick<Job, 'numjobs' | 'firstClone' | 'seeding' | 'sizeRules' | 'rw' | 'zoned'> {
  readonly sizes: PerDirection<DirectionSizes>;
}

type Region = Pick<Job, 'files' | 'sizeBytes' | 'offsetBytes' | 'offsetIncrementBytes'>;

/** LBAs and bytes are exact in a double. */
const MOST_NAMESPACE_BYTES = Number.MAX_SAFE_INTEGER;

/** @throws LabError with file:line for sizes and offsets that leave no room for a block */
export function readRegion(context: JobContext, shape: Shape): Region {
  const { options } = context;
  const unitBytes = Math.min(shape.sizeRules.read.minBytes, shape.sizeRules.write.minBytes);
  const filename = options.get('filename');
  const names = filename === undefined ? undefined : splitNames(requireValue(filename));
  const count = names?.length || integerOr(context, 'nrfiles', 1, 1, 2 ** 20);
  const { sizing, wantedBytes } = readSizing(context, count, unitBytes);
  const wholeBytes = sizing.kind === 'each' ? sizing.mostBytes : deviceBytes(context, count);
  const files: JobFiles = {
    count,
    names,
    directories: splitNames(options.get('directory')?.value ?? ''),
    nameFormat: options.get('filename_format')?.value || '$jobname.$jobnum.$filenum',
    sizing,
    wantedBytes,
    service: readFileService(options.get('file_service_type')),
    mostOpen: integerOr(context, 'openfiles', 0, 0) || count,
  };
  const position = (name: string): number => readPosition(context, name, wholeBytes, unitBytes);
  const region = { files, offsetBytes: position('offset'), offsetIncrementBytes: position('offset_increment') };
  const sizeBytes = checkedSize(context, shape, region, unitBytes);
  return { ...region, sizeBytes };
}

/** A device of its own for each file. */
function deviceBytes({ limits, options, kbBase }: JobContext, count: number): number {
  // A job that says where its clones begin, and not how much there is, has a device that holds them all.
  const numjobs = Number(options.get('numjobs')?.value ?? 1);
  const [start = 0, step = 0] = ['offset', 'offset_increment'].map((name) => {
    const bytes = bytesOf(options.get(name)?.value ?? '0', kbBase);
    return Number.isSafeInteger(bytes) ? bytes : 0;
  });
  const end = start + step * (numjobs || 1);
  if (end > limits.namespaceBytes) return 2 ** Math.ceil(Math.log2(end + 1));
  return count === 1 ? limits.namespaceBytes : Math.max(MIB, Math.floor(limits.namespaceBytes / count / MIB) * MIB);
}

function readSizing(context: JobContext, count: number, unitBytes: number): Pick<JobFiles, 'sizing' | 'wantedBytes'> {
  const { options, kbBase } = context;
  const size = isOn(context, 'fill_device') ? undefined : options.get('size');
  const value = size === undefined ? { bytes: 0 } : readBytesOrPercent(size, kbBase);
  const [bytes, percent] = 'bytes' in value ? [value.bytes, 100] : [0, value.percent || 100];
  const wantedBytes = bytes || Number.POSITIVE_INFINITY;
  const each = readFileSize(context);
  if (each !== undefined) return { wantedBytes, sizing: { kind: 'each', ...each, percent, unitBytes } };
  if (bytes > 0) return { wantedBytes, sizing: { kind: 'shared', bytes, unitBytes } };
  return { wantedBytes, sizing: { kind: 'whole', fileBytes: deviceBytes(context, count), percent, unitBytes } };
}

/** filesize: one size, or a range of which each file draws its own; undefined without it. */
function readFileSize({ options, kbBase }: JobContext): { leastBytes: number; mostBytes: number } | undefined {
  const option = options.get('filesize');
  if (option === undefined) return undefined;
  const ends = requireValue(option)
    .split(/[-,]/)
    .map((end) => bytesOf(end.trim(), kbBase));
  const [leastBytes = Number.NaN, mostBytes = leastBytes] = ends.sort((a, b) => a - b);
  if (ends.length > 2 || !ends.every((end) => Number.isSafeInteger(end) && end >= 0)) {
    throw badValue(option, 'expected a size or a range of sizes, for example filesize=64m or filesize=1m-64m.');
  }
  return mostBytes === 0 ? undefined : { leastBytes, mostBytes };
}

function readPosition(context: JobContext, name: string, wholeBytes: number, unitBytes: number): number {
  const option = context.options.get(name);
  if (!option) return 0;
  const value = readBytesOrPercent(option, context.kbBase);
  const align = integerOr(context, 'offset_align', 0, 0) || unitBytes;
  const bytes = 'bytes' in value ? value.bytes : Math.ceil((wholeBytes * value.percent) / 100 / align) * align;
  if (bytes % 512 !== 0) throw badValue(option, `must be a multiple of 512, for example ${name}=1m.`);
  return bytes;
}

/** Bytes of one pass of the first clone. */
function checkedSize(context: JobContext, shape: Shape, region: Omit<Region, 'sizeBytes'>, unitBytes: number): number {
  const { options, limits } = context;
  const extentsOf = (clone: number) => {
    const seed = threadSeeds(shape.seeding, shape.firstClone + clone + 1)('fileSize');
    return fileExtents(region, clone, seed);
  };
  const last = extentsOf(shape.numjobs - 1);
  const blame = ['size', 'filesize', 'offset_increment', 'offset'].map((name) => options.get(name)).find(Boolean);
  const end = last.reduce((sum, { endBytes }) => sum + endBytes, 0);
  const least = Math.min(...last.map((extent) => wholeZones(shape, extent).ioBytes));
  const start = last[0]?.startBytes ?? 0;
  if (end > MOST_NAMESPACE_BYTES) {
    throw badValue(
      blame as Option,
      `reaches to ${formatBytes(end)}; a namespace has at most 8 PiB here. Lower size or offset.`,
    );
  }
  if (least <= 0 && start > 0) {
    const option = options.get('offset_increment') ?? (options.get('offset') as Option);
    throw badValue(
      option,
      `starts at ${formatBytes(start)}, behind the end of the file at ${formatBytes(last[0]?.endBytes ?? limits.namespaceBytes)}. Lower it, or raise size.`,
    );
  }
  if (shape.zoned !== undefined && least < (shape.rw.writes || shape.rw.random ? shape.zoned.zoneBytes : unitBytes)) {
    const problem = `leaves the job no whole zone of ${formatBytes(shape.zoned.zoneBytes)} to work in. Raise size, or lower zonesize.`;
    throw blame ? badValue(blame, problem) : new LabError(`${where(context.at)}: ${problem}`);
  }
  if (least < unitBytes) {
    const { read, write } = shape.sizes;
    const option = read.from ?? write.from ?? blame;
    const problem = `a block of ${formatBytes(unitBytes)} does not fit into a size of ${formatBytes(Math.max(0, least))}. Lower bs or raise size.`;
    throw option ? badValue(option, problem) : new LabError(`${where(context.at)}: ${problem}`);
  }
  const first = shape.numjobs === 1 ? last : extentsOf(0);
  return Math.min(
    region.files.wantedBytes,
    first.reduce((sum, { ioBytes }) => sum + ioBytes, 0),
  );
}

/** The end of the last file of a job's clones: what the namespace of each must hold. */
export function namespaceEnd(job: Job): number {
  let end = 0;
  for (let clone = 0; clone < job.numjobs; clone++) {
    const seed = threadSeeds(job.seeding, job.firstClone + clone + 1)('fileSize');
    end = Math.max(
      end,
      fileExtents(job, clone, seed).reduce((sum, { endBytes }) => sum + spaceOf(job, endBytes), 0),
    );
  }
  return end;
}

/**
 * fio's zonemode=strided, which zonesize alone implies; undefined without zones, and for several files that are open together, as
 * in fio.
 * @throws LabError for zones that hold no block, or no multiple of 512
 */
export function readZones(context: JobContext, job: Pick<Job, 'sizeRules' | 'files'>): Zones | undefined {
  const { options, kbBase } = context;
  const mode = options.get('zonemode');
  const size = options.get('zonesize');
  if (mode?.value === 'none' || mode?.value === 'zbd' || (mode === undefined && size === undefined)) return undefined;
  if (size === undefined)
    throw badValue(mode as Option, 'needs the bytes of I/O to each zone, for example zonesize=1m.');
  const bytes = (name: string, usual: number): number => {
    const option = options.get(name);
    if (option === undefined) return usual;
    const value = readBytes(option, requireValue(option), kbBase);
    if (value % 512 !== 0) throw badValue(option, `must be a multiple of 512, for example ${name}=1m.`);
    return value;
  };
  const sizeBytes = bytes('zonesize', 0);
  if (sizeBytes === 0) return undefined;
  const rangeBytes = bytes('zonerange', sizeBytes) || sizeBytes;
  const smallest = Math.min(job.sizeRules.read.minBytes, job.sizeRules.write.minBytes);
  if (rangeBytes < smallest) {
    const option = options.get('zonerange') ?? size;
    throw badValue(
      option,
      `a block of ${formatBytes(smallest)} does not fit into a zone. Lower bs or raise ${option.name}.`,
    );
  }
  if (Math.min(job.files.mostOpen, job.files.count) > 1) {
    context.warn(`[${context.name}] has ${job.files.count} files: zones are left out, as in fio`);
    return undefined;
  }
  return { sizeBytes, rangeBytes, skipBytes: bytes('zoneskip', 0) };
}

/** io_size, number_ios and loops: how much of its region a job does, and how often. */
export function readAmount(context: JobContext): Pick<Job, 'loops' | 'ioSize' | 'iosPerLoop'> {
  const option = context.options.get('io_size');
  const value = option && readBytesOrPercent(option, context.kbBase);
  const isNone = value === undefined || ('bytes' in value ? value.bytes === 0 : value.percent === 0);
  return {
    loops: integerOr(context, 'loops', 1, 0) || 1,
    ioSize: isNone ? undefined : value,
    iosPerLoop: integerOr(context, 'number_ios', 0, 0) || Number.POSITIVE_INFINITY,
  };
}

/** About how many I/Os of the mean size that makes. */
export function totalIosOf(job: Omit<Job, 'options' | 'totalIos'>): number {
  if (job.timeBased) return Number.POSITIVE_INFINITY;
  const { loopBytes } = bytesToDo(job, job.sizeBytes);
  return job.loops * Math.max(1, Math.min(job.iosPerLoop, Math.floor(loopBytes / meanBlockBytes(job))));
}
