// struct percpu_ref (lib/percpu-refcount.c) while it lives: taking and giving back a reference changes a counter of this
// CPU, without a locked operation and without a line that others write. A host queue stands for a CPU.
// Left out: percpu_ref_kill, which adds the counters up into one atomic count and ends the object when that reaches zero.
import { Machine } from "../layout/machine";
import { WRITER_STRIDE } from "../layout/machine";
import { takeState } from "./scheme_state";

/** struct percpu_ref with its data: 16 + 56 bytes. */
@unmanaged
export class PercpuRef {
  /** Counters of the CPUs; the two low bits say that the reference is atomic or dead. */
  percpu_count_ptr: u64;
  data: u64;
}

const PERCPU_REF_ATOMIC_DEAD: u64 = 3;
/** CPUs that may hold references: as many as queues in a machine. */
const CPUS: u32 = 256;

/** Bytes besides the structure itself: percpu_ref_data and one counter for each of `cpus`. */
export function percpuRefBytes(cpus: u32): f64 {
  return 56 + <f64>cpus * 8;
}

export function initPercpuRef(machine: Machine, ref: PercpuRef): void {
  ref.percpu_count_ptr = <u64>takeState(machine, <u64>CPUS * WRITER_STRIDE);
}

/** percpu_ref_tryget_live on CPU `cpu`: false when the object is going away. */
@inline
export function percpuRefTryGet(ref: PercpuRef, cpu: u32): bool {
  if (ref.percpu_count_ptr & PERCPU_REF_ATOMIC_DEAD) return false;
  const count = counterOf(ref, cpu);
  store<i64>(count, load<i64>(count) + 1);
  return true;
}

/** percpu_ref_put. */
@inline
export function percpuRefPut(ref: PercpuRef, cpu: u32): void {
  const count = counterOf(ref, cpu);
  store<i64>(count, load<i64>(count) - 1);
}

/** References held now, over all CPUs. */
export function percpuRefCount(ref: PercpuRef): i64 {
  let sum: i64 = 0;
  for (let cpu: u32 = 0; cpu < CPUS; cpu++) sum += load<i64>(counterOf(ref, cpu));
  return sum;
}

@inline
function counterOf(ref: PercpuRef, cpu: u32): usize {
  return <usize>ref.percpu_count_ptr + <usize>cpu * WRITER_STRIDE;
}
