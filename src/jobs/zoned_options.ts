// The options of fio's zonemode=zbd (zbd.c, HOWTO: "Zoned block devices"), and sizes in zones (`size=4z`).
import { formatBytes, MIB } from '../base/units.ts';
import { MOST_OPEN_ZONES } from './draw/open_zones.ts';
import { readBytes, readFloat, requireValue } from './fio_values.ts';
import type { Job, ZonedDevice } from './job.ts';
import { integerOr, isOn, type JobContext } from './job_context.ts';
import { badValue, type Option } from './option.ts';

/** The namespace's own zones, where a job does not say: those of a zoned hard disk. */
const USUAL_ZONE_BYTES = 256 * MIB;
/** parse.c: options that may count in zones. */
const IN_ZONES = new Set(['size', 'io_size', 'offset', 'offset_increment', 'zoneskip']);

function bytesOr(context: JobContext, name: string, usual: number): number {
  const option = context.options.get(name);
  if (option === undefined) return usual;
  const bytes = readBytes(option, requireValue(option), context.kbBase);
  if (bytes % 512 !== 0) throw badValue(option, `must be a multiple of 512, for example ${name}=1m.`);
  return bytes || usual;
}

function isZoned(context: JobContext): boolean {
  const mode = context.options.get('zonemode');
  if (mode === undefined || mode.value === 'none' || mode.value === 'strided') return false;
  if (mode.value === 'zbd') return true;
  throw badValue(mode, 'expected none, strided or zbd.');
}

function zoneBytesOf(context: JobContext): number {
  return bytesOr(context, 'zonesize', isZoned(context) ? USUAL_ZONE_BYTES : 0);
}

/** The context with each number of zones as bytes. */
export function withZoneUnits(context: JobContext): JobContext {
  const inBytes = (option: Option): Option => {
    const zones = IN_ZONES.has(option.name) ? /^(\d+)z$/i.exec(option.value ?? '')?.[1] : undefined;
    if (zones === undefined) return option;
    const bytes = Number(zones) * zoneBytesOf(context);
    if (bytes === 0 && Number(zones) > 0)
      throw badValue(option, 'counts in zones, and the job has none: set zonesize.');
    return { ...option, value: String(bytes) };
  };
  if (!context.written.some((option) => inBytes(option) !== option)) return context;
  return {
    ...context,
    written: context.written.map(inBytes),
    options: new Map([...context.options].map(([name, option]) => [name, inBytes(option)])),
  };
}

/**
 * The zoned namespace that a job works on; undefined without zonemode=zbd.
 * @throws LabError for what fio would refuse as well
 */
export function readZoned(context: JobContext, { rw }: Pick<Job, 'rw' | 'sizeRules'>): ZonedDevice | undefined {
  if (!isZoned(context)) return undefined;
  const { options } = context;
  const zoneBytes = zoneBytesOf(context);
  const capacityBytes = bytesOr(context, 'zonecapacity', zoneBytes);
  if (capacityBytes > zoneBytes) {
    throw badValue(options.get('zonecapacity') as Option, `is more than the zone's size of ${formatBytes(zoneBytes)}.`);
  }
  const skipBytes = bytesOr(context, 'zoneskip', 0);
  if (skipBytes % zoneBytes !== 0) {
    throw badValue(options.get('zoneskip') as Option, `must be a multiple of zonesize=${formatBytes(zoneBytes)}.`);
  }
  const maxOpen = integerOr(context, 'max_open_zones', 0, 0, MOST_OPEN_ZONES);
  const jobMaxOpen = integerOr(context, 'job_max_open_zones', 0, 0, MOST_OPEN_ZONES);
  if (jobMaxOpen > 0 && maxOpen === 0) {
    throw badValue(
      options.get('job_max_open_zones') as Option,
      'needs a limit of the device as well, for example max_open_zones=16.',
    );
  }
  const startsFull = !rw.writes || rw.trims === 'all';
  if (!rw.writes && !isOn(context, 'read_beyond_wp')) {
    context.warn(`[${context.name}] only reads: all zones are full, as on a device that was written before`);
  }
  return {
    zoneBytes,
    capacityBytes,
    skipBytes,
    maxOpen,
    jobMaxOpen,
    isLimited: maxOpen > 0 && !isOn(context, 'ignore_zone_limits'),
    readBeyondWp: isOn(context, 'read_beyond_wp'),
    resetThreshold: shareOr(context, 'zone_reset_threshold'),
    resetFrequency: shareOr(context, 'zone_reset_frequency'),
    startsFull,
  };
}

function shareOr(context: JobContext, name: string): number {
  const option = context.options.get(name);
  if (option === undefined) return 0;
  const expected = `expected a number from 0 to 1, for example ${name}=0.5.`;
  const share = readFloat(option, requireValue(option), expected);
  if (share < 0 || share > 1) throw badValue(option, expected);
  return share;
}

/** Names of the block sizes' options, to blame. */
const SIZE_NAMES = ['bs', 'bsrange', 'bssplit'];

/** @throws LabError for I/Os that have no place in a zone */
export function checkZoned(context: JobContext, job: Omit<Job, 'options' | 'totalIos'>, zoned: ZonedDevice): void {
  const { zoneBytes, capacityBytes } = zoned;
  const mode = context.options.get('zonemode') as Option;
  const sizeOption = context.written.findLast(({ name }) => SIZE_NAMES.includes(name)) ?? mode;
  const { read, write } = job.sizeRules;
  if (context.options.has('read_iolog')) {
    throw badValue(mode, 'and read_iolog: recorded writes do not go to the write pointers of zones. Leave one out.');
  }
  if (job.rw.trims !== undefined && (write.minBytes !== zoneBytes || write.maxBytes !== zoneBytes)) {
    throw badValue(
      sizeOption,
      `a trim resets a whole zone: its size must be zonesize=${formatBytes(zoneBytes)}, as in fio.`,
    );
  }
  if (job.rw.writes && job.rw.trims !== 'all') {
    if (write.maxBytes > zoneBytes && job.rw.trims === undefined) {
      throw badValue(
        sizeOption,
        `a write is larger than a zone of ${formatBytes(zoneBytes)}; fio would end there. Lower bs.`,
      );
    }
    if (write.minBytes > capacityBytes) {
      throw badValue(
        sizeOption,
        `a write does not fit into a zone's capacity of ${formatBytes(capacityBytes)}; fio would end there. Lower bs.`,
      );
    }
  }
  const sizes = [read, write].flatMap((rule) => [rule.minBytes, rule.maxBytes]);
  if (job.verify && sizes.some((bytes) => zoneBytes % bytes !== 0)) {
    throw badValue(sizeOption, `must divide zonesize=${formatBytes(zoneBytes)} where data are verified, as in fio.`);
  }
}
