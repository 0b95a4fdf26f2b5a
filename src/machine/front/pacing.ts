// When the next I/O of a stream may go, where the workload itself says so. Arrivals (fio's rate, a trace's times): the lab compiles
// the gaps between them, the clock starts with the first look. Bursts (fio's thinktime: handle_thinktime in backend.c): after so
// many I/Os nothing is issued until all have ended and the pause is over. Shares (fio's flow: flow_threshold_exceeded in flow.c):
// who has had more than its weight of all that was issued waits for the others.
import { PACING_ARRIVALS, PACING_BURSTS, Pacing } from "../layout/pacing";
import { HostQueue } from "../layout/queue";

/** Whether the stream's next I/O may go now. `queue.pacing` is set. */
export function mayGo(queue: HostQueue, timeNs: f64): bool {
  const pacing = changetype<Pacing>(<usize>queue.pacing);
  if (pacing.kind == PACING_ARRIVALS) return isDue(queue, timeNs);
  if (pacing.kind == PACING_BURSTS) return isInBurst(queue, pacing, timeNs);
  return hasShare(queue, pacing);
}

/** Says that the I/O which is about to be taken from the stream goes. */
@inline
export function noteGoing(queue: HostQueue): void {
  const pacing = changetype<Pacing>(<usize>queue.pacing);
  if (pacing.kind == PACING_ARRIVALS) takeDue(queue, pacing);
}

/** The I/O for which noteGoing was called does not go yet: it is due when it was. */
export function takeBack(queue: HostQueue): void {
  if (changetype<Pacing>(<usize>queue.pacing).kind == PACING_ARRIVALS) queue.nextDueNs = queue.dueNs;
}

/** Whether I/Os go one by one, each at its own time, and not in batches as the queue has room. */
@inline
export function isOneByOne(queue: HostQueue): bool {
  return changetype<Pacing>(<usize>queue.pacing).kind == PACING_ARRIVALS;
}

@inline
function isDue(queue: HostQueue, timeNs: f64): bool {
  if (queue.nextDueNs == 0) queue.nextDueNs = timeNs;
  return queue.nextDueNs <= timeNs;
}

/** Notes when the I/O was due (dueNs), and when the one after it is. */
@inline
function takeDue(queue: HostQueue, pacing: Pacing): void {
  queue.dueNs = queue.nextDueNs;
  queue.nextDueNs += load<f64>(<usize>pacing.gaps + (<usize>(queue.streamPos & queue.streamMask) << 3));
}

/** nextDueNs is the end of a pause, 0 outside one. */
function isInBurst(queue: HostQueue, pacing: Pacing, timeNs: f64): bool {
  if (pacing.isPausing) {
    if (queue.issued != queue.completed) return false;
    if (queue.nextDueNs == 0) queue.nextDueNs = timeNs + pacing.pauseNs;
    if (timeNs < queue.nextDueNs) return false;
    pacing.isPausing = 0;
    beginBurst(queue, pacing, timeNs);
    return true;
  }
  if (pacing.burstBeganNs == 0) beginBurst(queue, pacing, timeNs);
  const ios = (pacing.burstByIssue ? queue.issued : queue.completed) - pacing.burstFrom;
  const isOver = (pacing.burstIos != 0 && ios >= pacing.burstIos) ||
    (pacing.burstNs != 0 && timeNs - pacing.burstBeganNs >= pacing.burstNs);
  if (isOver) pacing.isPausing = 1;
  return !isOver;
}

function beginBurst(queue: HostQueue, pacing: Pacing, timeNs: f64): void {
  queue.nextDueNs = 0;
  pacing.burstBeganNs = timeNs;
  pacing.burstFrom = pacing.burstByIssue ? queue.issued : queue.completed;
}

/**
 * A lane goes ahead of its share by a batch at most. Peers on other threads are read as they happen to be: each only grows, so a
 * lane may wait a moment too long and never goes farther ahead.
 */
function hasShare(queue: HostQueue, pacing: Pacing): bool {
  let total: u64 = 0;
  for (let i: u32 = 0; i < pacing.peerCount; i++) total += issuedOf(load<u32>(<usize>pacing.peers + (<usize>i << 2)));
  const ahead = <u64>issuedOf(changetype<u32>(queue)) * pacing.totalWeight;
  return ahead < total * pacing.weight + <u64>queue.batch * pacing.totalWeight;
}

@inline
function issuedOf(front: u32): u32 {
  const queue = changetype<HostQueue>(<usize>front);
  return queue.issued - changetype<Pacing>(<usize>queue.pacing).issuedFrom;
}
