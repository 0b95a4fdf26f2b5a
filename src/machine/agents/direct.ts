// Flow `direct`: the host CPU's agent for one queue pair. It reaps completions and submits what the depth allows, in
// batches with one doorbell. An I/O is complete when its bio has ended.
import { countInto } from "../counting";
import { submitBio } from "../block/submit";
import { tagFree } from "../block/tags";
import { Bio } from "../layout/bio";
import { machineOf } from "../block/bio";
import { HostQueue } from "../layout/queue";
import { flushPlug, reap } from "../nvme/host";
import { completeIo, issueNext } from "./submitter";

/** What happens when a bio of this flow has ended (bi_end_io). */
@unmanaged
export class Direct {
  @inline
  ended<S>(queue: HostQueue, scheme: S, bio: Bio): void {
    completeIo(queue, scheme, bio);
  }
}

/**
 * Works until the queue's completionMark is reached, or `budget` I/Os were reaped or issued, or nothing has moved for
 * more than `idleTurns` turns. Returns the number of I/Os that completed.
 */
export function runDirect<S>(queue: HostQueue, budget: u32, idleTurns: u32): u32 {
  const scheme = changetype<S>(<usize>queue.scheme);
  countInto(<usize>queue.counters, machineOf(queue));
  const before = queue.completed;
  const issuedBefore = queue.issued;
  let idle: u32 = 0;
  while (idle <= idleTurns) {
    const until = min(queue.completionMark - before, budget) + before;
    const reaped = reap<S, Direct>(queue, scheme, until);
    if (<i32>(until - queue.completed) <= 0) break;
    const sent = submit(queue, scheme, issuedBefore + budget);
    if (queue.issued - issuedBefore >= budget) break;
    idle = sent || reaped > 0 ? 0 : idle + 1;
  }
  return queue.completed - before;
}

/** Issues whole batches while the depth has room and `issued` stays below `until`. True when anything was sent. */
@inline
function submit<S>(queue: HostQueue, scheme: S, until: u32): bool {
  let sent = false;
  if (queue.pendingBio != 0) {
    if (!tagFree(queue)) return false;
    const bio = changetype<Bio>(<usize>queue.pendingBio);
    queue.pendingBio = 0;
    sent = true;
    const whole = submitBio<S, Direct>(queue, scheme, bio);
    flushPlug<S, Direct>(queue, scheme);
    if (!whole) return true;
  }
  while (<i32>(until - queue.issued) > 0) {
    const left = queue.issueTarget - queue.issued;
    if (<i32>left <= 0) return sent;
    const batch = min(queue.batch, left);
    if (queue.iodepth - (queue.issued - queue.completed) < batch) return sent;
    sent = true;
    let whole = true;
    for (let i: u32 = 0; i < batch && whole; i++) whole = issueNext<S, Direct>(queue, scheme);
    flushPlug<S, Direct>(queue, scheme);
    if (!whole) return true;
  }
  return sent;
}
