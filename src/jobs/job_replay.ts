// read_iolog and its options: the recorded workloads a job replays in place of one that is drawn.
import { readBytes, requireValue } from './fio_values.ts';
import type { BlockSize, Job, Replay } from './job.ts';
import { integerOr, isOn, type JobContext } from './job_context.ts';
import { badValue, type Option } from './option.ts';
import { isWaitingSync } from './sync_values.ts';
import { type ReplayOptions, replayOf } from './trace_jobs.ts';
import { type FioDirection, fioDirection, TRACE_OPS, type TraceFilter } from './traces/trace.ts';

const DIRECTIONS: readonly FioDirection[] = ['read', 'write', 'trim', 'sync'];

/** What a job draws by, and a replay does not. */
export const DRAWN = [
  'rw',
  'rwmixread',
  'rwmixwrite',
  'bs',
  'bsrange',
  'bssplit',
  'size',
  'offset',
  'random_distribution',
  'fsync',
  'fdatasync',
];

/** The part of a job that its replays decide. */
type Replayed = Pick<
  Job,
  | 'rw'
  | 'rwmixRead'
  | 'blockSizes'
  | 'blockAlignBytes'
  | 'sizeBytes'
  | 'offsetBytes'
  | 'offsetIncrementBytes'
  | 'totalIos'
  | 'fsync'
> & { readonly replays: readonly Replay[] };

/**
 * What read_iolog makes of a job; undefined without it.
 * @throws LabError for a trace that cannot be read, and for wrong values of the replay options
 */
export function readReplay(context: JobContext, job: Omit<Job, 'options' | 'totalIos'>): Replayed | undefined {
  const option = context.options.get('read_iolog');
  if (option === undefined) return undefined;
  const options = readReplayOptions(context);
  const skip = readSkip(context);
  const replays = pathsOf(option).map((path) => {
    const { replay, notes } = replayOf(context.readTrace(path, option, skip), options);
    for (const note of notes) context.warn(`[${context.name}] ${replay.source}: ${note}`);
    return replay;
  });
  const drawn = DRAWN.filter((name) => context.options.has(name));
  if (drawn.length > 0)
    context.warn(`[${context.name}] replays a trace: its ${drawn.join(', ')} do not apply, as in fio`);
  return { ...describe(context, job, replays), replays };
}

function readReplayOptions(context: JobContext): ReplayOptions {
  return {
    redirect: context.options.has('replay_redirect'),
    noStall: isOn(context, 'replay_no_stall'),
    timeScalePercent: integerOr(context, 'replay_time_scale', 100, 1),
    scale: integerOr(context, 'replay_scale', 1, 1),
    alignBytes: readAlign(context),
  };
}

function readAlign(context: JobContext): number {
  const option = context.options.get('replay_align');
  if (option === undefined) return 1;
  const bytes = readBytes(option, requireValue(option), context.kbBase);
  if (bytes === 0) return 1;
  if (Number.isInteger(Math.log2(bytes))) return bytes;
  throw badValue(option, 'expected a power of two, for example replay_align=4k.');
}

/** replay_skip=read,write,trim,sync. */
function readSkip(context: JobContext): TraceFilter {
  const option = context.options.get('replay_skip');
  const words = option === undefined ? [] : requireValue(option).split(',');
  return new Set(
    words.map((word): FioDirection => {
      const known = DIRECTIONS.find((direction) => direction === word.trim());
      if (known !== undefined) return known;
      throw badValue(option as Option, 'expected a list of read, write, trim and sync.');
    }),
  );
}

/** Files are separated by colons; `\:` is a colon of a name. */
function pathsOf(option: Option): string[] {
  const paths = requireValue(option)
    .split(/(?<!\\):/)
    .map((path) => path.replaceAll('\\:', ':'))
    .filter((path) => path !== '');
  if (paths.includes('-')) throw badValue(option, 'the lab reads traces from files only; write it to one first.');
  if (paths.length > 0) return paths;
  throw badValue(option, 'expected a file, for example read_iolog=trace.csv.');
}

/** How many records of each direction there are, and how many of each size of those that move data. */
function countRecords(replays: readonly Replay[]) {
  const sizes = { read: new Map<number, number>(), write: new Map<number, number>() };
  const counts = { read: 0, write: 0, trim: 0, sync: 0 };
  for (const { op, blocks } of replays) {
    for (let index = 0; index < blocks.length; index++) {
      const direction = fioDirection(TRACE_OPS[op[index] as number] as (typeof TRACE_OPS)[number]);
      counts[direction]++;
      if (direction === 'trim' || direction === 'sync') continue;
      const bytes = (blocks[index] as number) * 512;
      sizes[direction].set(bytes, (sizes[direction].get(bytes) ?? 0) + 1);
    }
  }
  return { counts, sizes };
}

/** Sizes, mix and extent as they were recorded. */
function describe(
  context: JobContext,
  job: Omit<Job, 'options' | 'totalIos'>,
  replays: readonly Replay[],
): Omit<Replayed, 'replays'> {
  const { counts, sizes } = countRecords(replays);
  const shares = (direction: 'read' | 'write'): BlockSize[] =>
    [...sizes[direction]]
      .sort(([a], [b]) => a - b)
      .map(([bytes, count]) => ({ bytes, weight: count / counts[direction] }));
  // A trim moves nothing: its size says nothing of buffers. A trace of trims alone is described as one of the smallest writes.
  const writes = counts.read + counts.write > 0 ? shares('write') : [{ bytes: 512, weight: 1 }];
  const longest = Math.max(...replays.map(({ blocks }) => blocks.length));
  const timed = replays.some(({ dueNs }) => dueNs !== undefined);
  const isEndless = job.timeBased || (!timed && !['loops', 'number_ios'].some((name) => context.options.has(name)));
  const loops = integerOr(context, 'loops', 1, 1);
  const most = integerOr(context, 'number_ios', Number.POSITIVE_INFINITY, 1);
  return {
    rw: {
      reads: counts.read > 0,
      writes: writes.length > 0,
      random: true,
      ...(counts.trim > 0 ? { trims: 'recorded' as const } : {}),
    },
    rwmixRead: (100 * counts.read) / Math.max(1, counts.read + counts.write),
    blockSizes: { read: shares('read'), write: writes },
    // Whose engine is not named is taken for one that queues: a recorded flush was a request like others.
    fsync:
      counts.sync > 0
        ? { everyWrites: [], waits: context.options.has('ioengine') && isWaitingSync(context) }
        : undefined,
    blockAlignBytes: { read: 512, write: 512 },
    sizeBytes: Math.max(...replays.map(({ endBytes }) => endBytes)),
    offsetBytes: 0,
    offsetIncrementBytes: 0,
    // Without times, a trace is gone through again and again for as long as is measured, unless told how often.
    totalIos: isEndless ? Number.POSITIVE_INFINITY : loops * Math.min(most, longest),
  };
}
