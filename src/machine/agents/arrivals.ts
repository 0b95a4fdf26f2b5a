// Open loop: when the I/Os of a stream are due. The lab compiles the gaps between them; the clock starts with the first look.
import { HostQueue } from "../layout/queue";

/** Whether the stream's next I/O is due. */
@inline
export function isDue(queue: HostQueue, timeNs: f64): bool {
  if (queue.nextDueNs == 0) queue.nextDueNs = timeNs;
  return queue.nextDueNs <= timeNs;
}

/** Notes when the I/O that is about to be taken from the stream was due (dueNs), and when the one after it is. */
@inline
export function takeDue(queue: HostQueue): void {
  queue.dueNs = queue.nextDueNs;
  queue.nextDueNs += load<f64>(<usize>queue.gaps + (<usize>(queue.streamPos & queue.streamMask) << 3));
}
