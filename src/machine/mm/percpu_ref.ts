// struct percpu_ref (lib/percpu-refcount.c). Taking and giving back a reference changes a counter of this CPU, without a
// locked operation and without a line that others write; in atomic mode (PERCPU_REF_INIT_ATOMIC) one count that all share.
// A host queue stands for a CPU. Killing it refuses new references; whoever killed it sums the counters, once no agent can
// be in the middle of taking one (an RCU grace period).
// Left out: the switch to the shared count after that grace period: counters that only fall can be summed as they are.
import { Machine, WRITER_STRIDE } from "../layout/machine";
import { takeState } from "./scheme_state";

/** struct percpu_ref, 16 bytes. */
@unmanaged
export class PercpuRef {
  /** Counters of the CPUs; the two low bits say that the reference is in atomic mode or dead. */
  percpu_count_ptr: u64;
  /** struct percpu_ref_data; begins with the shared count. */
  data: u64;
}

const PERCPU_REF_DATA_BYTES: u64 = 56;
const PERCPU_REF_ATOMIC: u64 = 1;
const PERCPU_REF_DEAD: u64 = 2;
/** CPUs that may hold references: as many as queues in a machine. */
const CPUS: u32 = 256;

/** Bytes besides the structure itself: percpu_ref_data and one counter for each of `cpus`. */
export function percpuRefBytes(cpus: u32): f64 {
  return <f64>PERCPU_REF_DATA_BYTES + <f64>cpus * 8;
}

export function initPercpuRef(machine: Machine, ref: PercpuRef, inAtomicMode: bool): void {
  ref.percpu_count_ptr = <u64>takeState(machine, <u64>CPUS * WRITER_STRIDE) | (inAtomicMode ? PERCPU_REF_ATOMIC : 0);
  ref.data = <u64>takeState(machine, PERCPU_REF_DATA_BYTES);
}

/** percpu_ref_tryget_live on CPU `cpu`: false when the object is going away. */
@inline
export function percpuRefTryGet(ref: PercpuRef, cpu: u32): bool {
  if (ref.percpu_count_ptr & PERCPU_REF_DEAD) return false;
  change(ref, cpu, 1);
  return true;
}

/** percpu_ref_put. */
@inline
export function percpuRefPut(ref: PercpuRef, cpu: u32): void {
  change(ref, cpu, -1);
}

/** percpu_ref_kill: no new references. The caller waits for a grace period before it believes percpuRefCount. */
export function percpuRefKill(ref: PercpuRef): void {
  // Meets percpuRefTryGet of the agents.
  atomic.store<u64>(changetype<usize>(ref), ref.percpu_count_ptr | PERCPU_REF_DEAD);
}

/** percpu_ref_reinit. */
export function percpuRefRevive(ref: PercpuRef): void {
  atomic.store<u64>(changetype<usize>(ref), ref.percpu_count_ptr & ~PERCPU_REF_DEAD);
}

/** percpu_ref_get_many and percpu_ref_put_many on the shared count, by whoever runs on no CPU of the machine. */
export function percpuRefAdd(ref: PercpuRef, count: i64): void {
  atomic.add<i64>(<usize>ref.data, count);
}

@inline
function change(ref: PercpuRef, cpu: u32, delta: i64): void {
  if (ref.percpu_count_ptr & PERCPU_REF_ATOMIC) {
    // Meets the same operation of other agents; publishes only the count.
    atomic.add<i64>(<usize>ref.data, delta);
    return;
  }
  const count = counterOf(ref, cpu);
  store<i64>(count, load<i64>(count) + delta);
}

/** References held now. */
export function percpuRefCount(ref: PercpuRef): i64 {
  let sum = atomic.load<i64>(<usize>ref.data);
  for (let cpu: u32 = 0; cpu < CPUS; cpu++) sum += atomic.load<i64>(counterOf(ref, cpu));
  return sum;
}

@inline
function counterOf(ref: PercpuRef, cpu: u32): usize {
  return <usize>(ref.percpu_count_ptr & ~(PERCPU_REF_ATOMIC | PERCPU_REF_DEAD)) + <usize>cpu * WRITER_STRIDE;
}
