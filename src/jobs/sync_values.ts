// What a job asks for so that its writes outlive a power failure: fsync, fdatasync, sync, writefua. What Linux 6.12 sends a block
// device for them, where I/O is direct.
import { requireValue } from './fio_values.ts';
import type { Job } from './job.ts';
import { integerOr, isOn, type JobContext } from './job_context.ts';
import { asWritten, badValue, type Option } from './option.ts';
import { engineOf, isSynchronousEngine } from './refusals.ts';

/** Engines whose fsync is one more I/O in the queue (fio_ioring_prep); the others sleep in the system call (do_io_u_sync). */
const QUEUED_SYNC_ENGINES: ReadonlySet<string> = new Set(['io_uring', 'io_uring_cmd', 'null', 'xnvme', 'libblkio']);
/** Engines that send NVMe or SCSI commands of their own: the flags of the file mean nothing, writefua does. */
const PASSTHROUGH_ENGINES: ReadonlySet<string> = new Set(['io_uring_cmd', 'sg']);
const SYNC_OFF = new Set(['none', '0']);
const SYNC_ON = new Set(['sync', '1', 'dsync']);

/** Whether the job's engine sleeps until a Flush has ended. */
export function isWaitingSync({ options }: JobContext): boolean {
  const engine = options.get('ioengine');
  return engine === undefined || !QUEUED_SYNC_ENGINES.has(engineOf(engine));
}

export function readSync(context: JobContext, job: JobEnd): Pick<Job, 'fsync' | 'fua'> {
  const every = flushOptions(context);
  const synchronous = readSyncOption(context);
  const engine = context.options.get('ioengine');
  const isPassthrough = engine !== undefined && PASSTHROUGH_ENGINES.has(engineOf(engine));
  for (const name of isPassthrough ? ['sync'] : ['writefua']) {
    const option = context.options.get(name);
    if (option === undefined || (name === 'sync' ? synchronous === undefined : !isOn(context, name))) continue;
    context.warn(
      `[${context.name}] ${asWritten(option)} changes nothing: ioengine=${engine === undefined ? 'psync' : engineOf(engine)} does not look at it, as in fio`,
    );
  }
  const fua = isPassthrough ? isOn(context, 'writefua') : synchronous !== undefined;
  const everyWrites = every.map(({ writes }) => writes);
  // A write that the engine waits for comes back through generic_write_sync, and so with a Flush besides; posixaio's threads write so.
  const flushesToo =
    synchronous !== undefined &&
    !isPassthrough &&
    (isSynchronousEngine(engine) || (engine !== undefined && engineOf(engine) === 'posixaio'));
  if (flushesToo) {
    const twice = every[0];
    if (twice !== undefined) {
      throw badValue(
        twice.option,
        'a write of this engine with sync is followed by a Flush already, and this asks for a second one; leave one of the two out.',
      );
    }
    everyWrites.push(1);
  }
  const atEnd = readEnd(context, job);
  // fio sleeps in the one at the end, whatever the engine (fio_io_sync).
  const waits = everyWrites.length === 0 || isWaitingSync(context);
  return {
    ...(fua ? { fua } : {}),
    ...(everyWrites.length > 0 || atEnd
      ? { fsync: { everyWrites, ...(flushesToo ? ofSync(engine) : { waits }), ...(atEnd ? { atEnd } : {}) } }
      : {}),
  };
}

/** What decides whether and where a job ends. */
type JobEnd = Pick<Job, 'rw' | 'timeBased' | 'loops'> & { readonly files: Pick<Job['files'], 'count'> };

/** end_fsync and fsync_on_close: do_io (backend.c) syncs each file once it is through, where the job writes (should_fsync). */
function readEnd(context: JobContext, { rw, timeBased, loops, files }: JobEnd): true | undefined {
  const name = ['end_fsync', 'fsync_on_close'].find((each) => isOn(context, each));
  if (name === undefined || !rw.writes || rw.trims === 'all' || context.options.has('read_iolog')) return undefined;
  const say = (what: string): void => context.warn(`[${context.name}] ${name}=1: ${what}`);
  if (timeBased) {
    say('the Flush comes when the time is over, behind what is measured');
    return undefined;
  }
  if (files.count > 1 || loops > 1) {
    say(`one Flush each time the stream has gone through the job; fio sends one for each of its files and loops`);
  }
  return true;
}

function ofSync(engine: Option | undefined): Pick<NonNullable<Job['fsync']>, 'waits' | 'isOfSync'> {
  return { waits: isSynchronousEngine(engine), isOfSync: true };
}

/** fsync and fdatasync, which are the same Flush on a block device (blkdev_fsync). */
function flushOptions(context: JobContext): { option: Option; writes: number }[] {
  return ['fsync', 'fdatasync'].flatMap((name) => {
    const writes = integerOr(context, name, 0, 0);
    return writes > 0 ? [{ option: context.options.get(name) as Option, writes }] : [];
  });
}

/** sync=: O_SYNC and O_DSYNC are the same for a block device, REQ_FUA on each direct write (dio_bio_write_op). */
function readSyncOption({ options }: JobContext): Option | undefined {
  const option = options.get('sync');
  if (option === undefined) return undefined;
  const value = requireValue(option);
  if (SYNC_OFF.has(value)) return undefined;
  if (SYNC_ON.has(value)) return option;
  throw badValue(option, 'expected none, sync or dsync (0 or 1), for example sync=dsync.');
}
