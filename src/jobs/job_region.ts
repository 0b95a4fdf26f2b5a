// How much of the namespace a job works in, and how many I/Os that makes.
import { LabError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import type { DirectionSizes } from './block_size_values.ts';
import { type PerDirection, readBytes, readBytesOrPercent, requireValue } from './fio_values.ts';
import { type BlockSize, type Job, meanBlockBytes, type Zones } from './job.ts';
import { integerOr, isOn, type JobContext } from './job_context.ts';
import { badValue, type Option, where } from './option.ts';

interface Shape {
  readonly numjobs: number;
  readonly sizes: PerDirection<DirectionSizes>;
  readonly used: readonly BlockSize[];
}

/** The part of the namespace a job works in. */
export function readRegion(
  context: JobContext,
  shape: Shape,
): Pick<Job, 'sizeBytes' | 'offsetBytes' | 'offsetIncrementBytes'> {
  const { options, limits, kbBase } = context;
  const smallest = Math.min(...shape.used.map(({ bytes }) => bytes));
  const align = integerOr(context, 'offset_align', 0, 0) || smallest;
  const position = (name: string): number => {
    const option = options.get(name);
    if (!option) return 0;
    const value = readBytesOrPercent(option, kbBase);
    const bytes =
      'bytes' in value ? value.bytes : Math.ceil((limits.namespaceBytes * value.percent) / 100 / align) * align;
    if (bytes % 512 !== 0) throw badValue(option, `must be a multiple of 512, for example ${name}=1m.`);
    return bytes;
  };
  const offsetBytes = position('offset');
  const offsetIncrementBytes = position('offset_increment');
  const start = offsetBytes + offsetIncrementBytes * (shape.numjobs - 1);
  const rest = limits.namespaceBytes - start;
  const size = isOn(context, 'fill_device') ? undefined : options.get('size');
  const sizeBytes = size ? readSize(size, context, rest, smallest) : rest;
  const blame = size ?? options.get('offset_increment') ?? options.get('offset');
  if (blame && (sizeBytes > rest || rest <= 0)) {
    throw badValue(
      blame,
      `reaches to ${formatBytes(start + Math.max(sizeBytes, 0))}, beyond the end of the namespace at ${formatBytes(limits.namespaceBytes)}. Lower size or offset, for example size=50%.`,
    );
  }
  checkFit(shape, sizeBytes, context, blame);
  return { sizeBytes, offsetBytes, offsetIncrementBytes };
}

/**
 * fio's zonemode=strided, which zonesize alone implies; undefined without zones.
 * @throws LabError for zones that hold no block, or no multiple of 512
 */
export function readZones(context: JobContext, used: readonly BlockSize[]): Zones | undefined {
  const { options, kbBase } = context;
  const mode = options.get('zonemode');
  const size = options.get('zonesize');
  if (mode?.value === 'none' || (mode === undefined && size === undefined)) return undefined;
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
  const rangeBytes = bytes('zonerange', sizeBytes) || sizeBytes;
  const largest = Math.max(...used.map((block) => block.bytes));
  if (rangeBytes < largest) {
    const option = options.get('zonerange') ?? size;
    throw badValue(
      option,
      `a block of ${formatBytes(largest)} does not fit into a zone. Lower bs or raise ${option.name}.`,
    );
  }
  return { sizeBytes, rangeBytes, skipBytes: bytes('zoneskip', 0) };
}

/** The largest block must fit into the region. */
function checkFit(shape: Shape, sizeBytes: number, context: JobContext, blame: Option | undefined): void {
  const largest = Math.max(...shape.used.map(({ bytes }) => bytes));
  if (largest <= sizeBytes) return;
  const { read, write } = shape.sizes;
  const option = [read, write].find(({ sizes }) => sizes.some(({ bytes }) => bytes === largest))?.from ?? blame;
  const problem = `a block of ${formatBytes(largest)} does not fit into a size of ${formatBytes(sizeBytes)}. Lower bs or raise size.`;
  throw option ? badValue(option, problem) : new LabError(`${where(context.at)}: ${problem}`);
}

function readSize(option: Option, context: JobContext, rest: number, smallest: number): number {
  const value = readBytesOrPercent(option, context.kbBase);
  if ('bytes' in value) {
    if (value.bytes > 0) return value.bytes;
    throw badValue(
      option,
      'a job of no size does nothing; give it a size such as size=1g, or leave size out for the whole namespace.',
    );
  }
  if (value.percent === 100) return rest;
  const bytes = Math.min(rest, Math.floor((context.limits.namespaceBytes * value.percent) / 100));
  return bytes - (bytes % smallest);
}

/** size (or io_size) and number_ios limit each loop on its own, whichever comes first. */
export function readTotalIos(context: JobContext, job: Omit<Job, 'options' | 'totalIos'>): number {
  const { options, kbBase } = context;
  const loops = integerOr(context, 'loops', 1, 1);
  const mostPerLoop = integerOr(context, 'number_ios', Number.POSITIVE_INFINITY, 1);
  const ioSize = options.get('io_size');
  const value = ioSize ? readBytesOrPercent(ioSize, kbBase) : { bytes: 0 };
  const bytes = 'bytes' in value ? value.bytes || job.sizeBytes : (job.sizeBytes * value.percent) / 100;
  if (job.timeBased) return Number.POSITIVE_INFINITY;
  return loops * Math.max(1, Math.min(mostPerLoop, Math.floor(bytes / meanBlockBytes(job))));
}
