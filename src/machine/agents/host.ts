// The host CPU's agent for one queue pair: reap completions, submit what the depth allows, in batches with one doorbell.
import { countInto } from "../counting";
import { submitBio } from "../block/submit";
import { Bio } from "../layout/bio";
import { Machine } from "../layout/machine";
import { HostQueue } from "../layout/queue";
import { flushPlug, reap } from "../nvme/host";
import { issueNext } from "./submitter";

/** Turns after which `runHost` returns even when there is more to do, so that its worker can look at its orders. */
const TURNS: u32 = 4096;

/**
 * Works until the queue's completionMark is reached, or nothing has moved for `idleTurns` turns, or TURNS turns.
 * Returns the number of I/Os that completed.
 */
export function runHost<S>(queue: HostQueue, idleTurns: u32): u32 {
  const scheme = changetype<S>(<usize>queue.scheme);
  countInto(<usize>queue.counters, changetype<Machine>(<usize>queue.machine));
  const before = queue.completed;
  let idle: u32 = 0;
  for (let turn: u32 = 0; turn < TURNS; turn++) {
    const reaped = reap(queue, scheme, queue.completionMark);
    if (<i32>(queue.completionMark - queue.completed) <= 0) break;
    if (submit(queue, scheme) || reaped > 0) {
      idle = 0;
    } else if (++idle > idleTurns) {
      break;
    }
  }
  return queue.completed - before;
}

/** Issues whole batches while the depth has room. True when anything was sent. */
@inline
function submit<S>(queue: HostQueue, scheme: S): bool {
  let sent = false;
  if (queue.pendingBio != 0) {
    const bio = changetype<Bio>(<usize>queue.pendingBio);
    queue.pendingBio = 0;
    sent = true;
    const whole = submitBio(queue, scheme, bio);
    flushPlug(queue, scheme);
    if (!whole) return true;
  }
  for (;;) {
    const left = queue.issueTarget - queue.issued;
    if (<i32>left <= 0) return sent;
    const batch = min(queue.batch, left);
    if (queue.iodepth - (queue.issued - queue.completed) < batch) return sent;
    sent = true;
    let whole = true;
    for (let i: u32 = 0; i < batch && whole; i++) whole = issueNext(queue, scheme);
    flushPlug(queue, scheme);
    if (!whole) return true;
  }
  return sent;
}
