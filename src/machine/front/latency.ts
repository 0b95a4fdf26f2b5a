// Latency into a log-linear histogram with fio's buckets (stat.h: FIO_IO_U_PLAT_BITS 6, 29 groups of 64), up to the reaped
// completion. Closed loop: from submission, of 1 in 64 I/Os, drawn at random so that no batch period is aliased. Open loop:
// of every I/O, from when it was due, so that a stall counts for all I/Os that were due in it (no coordinated omission).
import { NVME_OP_DSM, NVME_OP_FLUSH, NVME_OP_WRITE } from "../layout/nvme";
import { Dio, HostQueue } from "../layout/queue";
import { IO_OPCODE_SHIFT, opcodeOf } from "../layout/stream";

const PLAT_BITS: u32 = 6;
const PLAT_BUCKETS: u32 = 29 * 64;
/** Mean distance between samples. */
const SAMPLE_EVERY: u32 = 64;

/** Milliseconds of a monotonic clock, given by the worker. About 50 ns a call, so only samples pay it. */
@external("lab", "now")
declare function now(): f64;

/** True for the I/O to be sampled; draws the next distance (1 to 127, mean 64) by xorshift32. */
@inline
function drawSample(queue: HostQueue): bool {
  const countdown = queue.sampleCountdown - 1;
  queue.sampleCountdown = countdown;
  return countdown < 0 && redraw(queue);
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

/** Notes when the I/O that is being issued began, for the histogram; 0 when it is not sampled. As words: V8 compares floats in more steps. */
@inline
export function noteStart(queue: HostQueue, dio: Dio): void {
  let start = load<u64>(changetype<usize>(queue), offsetof<HostQueue>("dueNs"));
  if (start == 0 && drawSample(queue)) start = reinterpret<u64>(nowNs());
  store<u64>(changetype<usize>(dio), start, offsetof<Dio>("startNs"));
}

/** Of a Flush behind a write, which begins when it is sent, in an open loop too. */
export function noteFlushStart(queue: HostQueue, dio: Dio): void {
  dio.blocksOp = <u32>NVME_OP_FLUSH << IO_OPCODE_SHIFT;
  dio.startNs = queue.dueNs != 0 || drawSample(queue) ? nowNs() : 0;
}

/** Counts the sample of an I/O that has ended, if it is one. */
@inline
export function endSample(queue: HostQueue, dio: Dio): void {
  if (load<u64>(changetype<usize>(dio), offsetof<Dio>("startNs")) != 0) sampleEnd(queue, dio);
}

@inline
export function nowNs(): f64 {
  return now() * 1e6;
}

/** Reads in the first histogram, writes in the second, trims in the third, flushes in the fourth. */
function sampleEnd(queue: HostQueue, dio: Dio): void {
  const ns = nowNs() - dio.startNs;
  const opcode = opcodeOf(dio.blocksOp);
  const histogram: u32 = opcode == NVME_OP_WRITE ? 1 : opcode == NVME_OP_DSM ? 2 : opcode == NVME_OP_FLUSH ? 3 : 0;
  if (ns > queue.latencyNsMax && opcode != NVME_OP_FLUSH) queue.latencyNsMax = ns;
  const slot = <usize>queue.histogram + (<usize>(histogram * PLAT_BUCKETS + bucketOf(<u64>max<f64>(ns, 0))) << 2);
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
