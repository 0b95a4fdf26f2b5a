// Latency of 1 in 64 I/Os, drawn at random so that no batch period is aliased, into a log-linear histogram with fio's
// buckets (stat.h: FIO_IO_U_PLAT_BITS 6, 29 groups of 64). Submission to reaped completion, closed loop.
import { HostQueue } from "../layout/queue";

const PLAT_BITS: u32 = 6;
const PLAT_BUCKETS: u32 = 29 * 64;
/** Mean distance between samples. */
const SAMPLE_EVERY: u32 = 64;

/** Milliseconds of a monotonic clock, given by the worker. About 50 ns a call, so only samples pay it. */
@external("lab", "now")
declare function now(): f64;

/** True for the I/O to be sampled; draws the next distance (1 to 127, mean 64) by xorshift32. */
@inline
export function drawSample(queue: HostQueue): bool {
  queue.sampleCountdown -= 1;
  return queue.sampleCountdown < 0 && redraw(queue);
}

function redraw(queue: HostQueue): bool {
  let x = queue.sampleState;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  queue.sampleState = x;
  queue.sampleCountdown = <i32>(x % (2 * SAMPLE_EVERY - 1));
  return true;
}

@inline
export function sampleStart(): f64 {
  return now() * 1e6;
}

export function sampleEnd(queue: HostQueue, startNs: f64): void {
  const ns = now() * 1e6 - startNs;
  if (ns > queue.latencyNsMax) queue.latencyNsMax = ns;
  const slot = <usize>queue.histogram + (<usize>bucketOf(<u64>max<f64>(ns, 0)) << 2);
  store<u32>(slot, load<u32>(slot) + 1);
}

/** plat_val_to_idx (fio stat.c). */
function bucketOf(value: u64): u32 {
  const msb: u32 = value == 0 ? 0 : 63 - <u32>clz(value);
  if (msb <= PLAT_BITS) return <u32>value;
  const errorBits = msb - PLAT_BITS;
  const bucket = ((errorBits + 1) << PLAT_BITS) + (<u32>(value >> errorBits) & ((1 << PLAT_BITS) - 1));
  return min(bucket, PLAT_BUCKETS - 1);
}
