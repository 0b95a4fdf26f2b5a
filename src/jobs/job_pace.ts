// When a job's I/Os may go, where it says so: at a rate, with pauses between bursts, in step with other jobs, or as many at a time as
// keep a latency.
import { readFloat, readMicroseconds, readSwitch, requireValue } from './fio_values.ts';
import type { FlowShare, Job, LatencyTarget, Think } from './job.ts';
import { integerOr, type JobContext } from './job_context.ts';
import { readRate } from './job_rate.ts';
import { asWritten, badValue, type Option } from './option.ts';

/** @throws LabError for what fio would not take, and for two ways at once, of which each would break the other */
export function readPace(context: JobContext, rw: Job['rw']): Pick<Job, 'rate' | 'think' | 'flow' | 'latencyTarget'> {
  const rate = readRate(context, rw);
  const think = readThink(context);
  const flow = readFlow(context);
  const latencyTarget = readLatencyTarget(context);
  const { options } = context;
  const said = [
    rate && (options.get('rate_iops') ?? options.get('rate')),
    think && options.get('thinktime'),
    flow && options.get('flow'),
    latencyTarget && options.get('latency_target'),
  ].filter((option) => option !== undefined);
  const [first, second] = said;
  if (first !== undefined && second !== undefined) {
    throw badValue(
      second,
      `${asWritten(first)} says already when this job's I/Os go; keep one of them, or put them into two jobs.`,
    );
  }
  if (options.get('read_iolog') && second === undefined && first !== undefined && rate === undefined)
    throw badValue(first, 'a replayed trace has times of its own; leave it out, or scale them with replay_time_scale.');
  return {
    ...(rate && { rate }),
    ...(think && { think }),
    ...(flow && { flow }),
    ...(latencyTarget && { latencyTarget }),
  };
}

/** fio's thinktime and what belongs to it; undefined without a pause. thinktime_spin only says what the pause is spent on. */
function readThink(context: JobContext): Think | undefined {
  const { options } = context;
  const pause = options.get('thinktime');
  const pauseUs = pause === undefined ? 0 : readMicroseconds(pause, 'us');
  if (pauseUs === 0) return undefined;
  const time = options.get('thinktime_iotime');
  const burstUs = time === undefined ? 0 : readMicroseconds(time, 's');
  // With thinktime_iotime alone only time ends a burst (fio: thinktime_blocks is 1 unless either is set).
  const byNumber = options.has('thinktime_blocks') || burstUs === 0;
  return {
    pauseNs: pauseUs * 1000,
    ios: byNumber ? integerOr(context, 'thinktime_blocks', 1, 1, 2 ** 31 - 1) : undefined,
    countedBy: readCountedBy(options.get('thinktime_blocks_type')),
    burstNs: burstUs === 0 ? undefined : burstUs * 1000,
  };
}

function readCountedBy(option: Option | undefined): Think['countedBy'] {
  const value = option?.value ?? 'complete';
  if (value === 'complete' || value === 'issue') return value;
  throw badValue(option as Option, 'expected complete or issue.');
}

/** fio's flow: a weight of 0 is none. */
function readFlow(context: JobContext): FlowShare | undefined {
  const weight = integerOr(context, 'flow', 0, 0, 2 ** 31 - 1);
  return weight === 0 ? undefined : { id: integerOr(context, 'flow_id', 0, 0), weight };
}

/** fio's own defaults: a window of 0 is as short as it can be, and all I/Os must end in time. latency_run: the lab always goes on. */
function readLatencyTarget({ options }: JobContext): LatencyTarget | undefined {
  const target = options.get('latency_target');
  const targetUs = target === undefined ? 0 : readMicroseconds(target, 'us');
  if (targetUs === 0) return undefined;
  const window = options.get('latency_window');
  const share = options.get('latency_percentile');
  const expected = 'expected a percentage above 0 and up to 100, for example latency_percentile=99.9.';
  const percentile = share === undefined ? 100 : readFloat(share, requireValue(share), expected);
  if (share !== undefined && !(percentile > 0 && percentile <= 100)) throw badValue(share, expected);
  return {
    targetNs: targetUs * 1000,
    windowNs: window === undefined ? 0 : readMicroseconds(window, 'us') * 1000,
    percentile,
  };
}

/** What fio does with them happens outside the time that the lab measures: when all jobs of a group run. */
const OUTSIDE: readonly (readonly [name: string, what: string])[] = [
  ['startdelay', 'fio starts the job later; the lab measures while all jobs of a group run'],
  ['exitall', 'fio ends all jobs with the first; the lab measures only while all jobs of a group run'],
  ['exitall_on_error', 'fio ends all jobs at an error; the lab ends the whole run at one'],
  ['max_latency', 'fio ends the job at an I/O that takes longer; the lab goes on: compare latencyNs.max of its result'],
];

/** One note for each such option that the job sets. */
export function noteOutside({ options, warn }: JobContext): void {
  for (const [name, what] of OUTSIDE) {
    const option = options.get(name);
    if (option === undefined || option.value === '0') continue;
    if (name.startsWith('exitall') && !readSwitch(option)) continue;
    warn(`${name}: ${what}`);
  }
}
