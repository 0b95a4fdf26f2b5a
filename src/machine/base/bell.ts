// Waking a sleeping worker. The sleeper stores `sleeping`, looks for work once more, then waits on `seq`; whoever gives
// it work publishes the work first and loads `sleeping` after: one of the two always sees the other.
import { Bell } from "../layout/machine";

/** Rings the bell if its worker sleeps. Returns 1 when it did. Called after the work has been published. */
@inline
export function ringIfSleeping(bell: usize): u32 {
  // Meets the sleeper's store of `sleeping` (lab/agent_loop): both are sequentially consistent.
  if (atomic.load<i32>(bell + offsetof<Bell>("sleeping")) == 0) return 0;
  ring(bell);
  return 1;
}

function ring(bell: usize): void {
  atomic.add<i32>(bell + offsetof<Bell>("seq"), 1);
  atomic.notify(bell + offsetof<Bell>("seq"), 1);
}
