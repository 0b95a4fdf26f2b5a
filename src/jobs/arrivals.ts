// When the I/Os of an access stream are due in an open loop: drawn before the run, by the seed, as gaps from each I/O to the
// next. Reads and writes with rates of their own are two processes that run side by side, as in fio (io_u.c, rate_ddir):
// whichever is due next decides what the next I/O is.
import { seededRandom } from '../base/random.ts';
import type { Job, Rate, RateOfDirection, Replay } from './job.ts';

/** The arrivals of a stream, I/O by I/O in its order. */
export interface Arrivals {
  /** Whether the next I/O is a write; undefined: the stream decides. */
  isWrite(): boolean | undefined;
  /** Takes the next I/O. @returns nanoseconds since the first one at which it is due */
  take(write: boolean, bytes: number): number;
  /** After the last one: when the first of the next round through the stream would be due. */
  end(): number;
}

/** Whether the I/Os of a job are due at times of their own. */
export function isPaced(job: Pick<Job, 'rate' | 'replays'>): boolean {
  return job.rate !== undefined || (job.replays?.some(({ dueNs }) => dueNs !== undefined) ?? false);
}

/** The arrivals of one clone, or undefined in a closed loop. */
export function createArrivals(job: Job, clone: number, seed: number): Arrivals | undefined {
  const replay = job.replays?.[clone % job.replays.length];
  if (replay !== undefined) return replay.dueNs === undefined ? undefined : recorded(replay, replay.dueNs);
  return job.rate === undefined ? undefined : drawn(job.rate, seed);
}

const SECOND_NS = 1e9;

function drawn(rate: Rate, seed: number): Arrivals {
  const random = seededRandom(seed);
  const due = { read: 0, write: 0 };
  const gap = (of: RateOfDirection | undefined, bytes: number): number => {
    if (of === undefined) return 0;
    const meanNs = 'iops' in of ? SECOND_NS / of.iops : (SECOND_NS * bytes) / of.bytesPerSecond;
    return rate.process === 'linear' ? meanNs : -Math.log(1 - random.unit()) * meanNs;
  };
  return {
    isWrite: () => (rate.read === undefined || rate.write === undefined ? undefined : due.write < due.read),
    take: (write, bytes) => {
      const direction = write ? 'write' : 'read';
      const at = due[direction];
      due[direction] += gap(rate[direction], bytes);
      return at;
    },
    end: () => {
      const next = [rate.read && due.read, rate.write && due.write].filter((at) => at !== undefined);
      return Math.min(...next);
    },
  };
}

/** A trace's own times, from the first again after the last, the mean gap between them. */
function recorded(replay: Replay, dueNs: Float64Array): Arrivals {
  const count = replay.blocks.length;
  const last = dueNs[count - 1] ?? 0;
  // A trace of one instant has no rate of its own: a nanosecond apart is as fast as the queue takes them.
  const roundNs = last + Math.max(last / Math.max(1, count - 1), 1);
  let index = 0;
  const at = (): number => Math.floor(index / count) * roundNs + (dueNs[index % count] as number);
  return {
    isWrite: () => undefined,
    take: () => {
      const due = at();
      index++;
      return due;
    },
    end: at,
  };
}
