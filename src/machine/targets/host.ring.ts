// host.ring.wasm: the bare ring, host side. SQE, doorbell, CQE and nothing else: what the queues alone cost.
import { ringIfSleeping } from "../agents/bell";
import { NVME_OP_READ, NvmeCommand, NvmeCompletion } from "../layout/nvme";
import { HostQueue, QueueShared } from "../layout/queue";
import { IoDescriptor } from "../layout/stream";

/** As host modules of schemes: until the completion mark, `budget` I/Os or idleness. Command identifiers are slots. */
export function run(at: usize, budget: u32, idleTurns: u32): u32 {
  const queue = changetype<HostQueue>(at);
  const before = queue.completed;
  let idle: u32 = 0;
  while (idle <= idleTurns) {
    const until = min(queue.completionMark - before, budget) + before;
    const reaped = reap(queue, until);
    if (<i32>(until - queue.completed) <= 0) break;
    idle = submit(queue) || reaped > 0 ? 0 : idle + 1;
  }
  return queue.completed - before;
}

@inline
function reap(queue: HostQueue, until: u32): u32 {
  // Meets the controller's store in publish.
  const posted = atomic.load<u32>(<usize>queue.shared + offsetof<QueueShared>("cqPosted"));
  const ready = min(posted - queue.cqConsumed, until - queue.completed);
  if (ready == 0) return 0;
  for (let i: u32 = 0; i < ready; i++) {
    const cqe = changetype<NvmeCompletion>(<usize>queue.cq + (<usize>queue.cqHead << 4));
    queue.errors += <u32>(cqe.status >> 1);
    if (++queue.cqHead == queue.depth) queue.cqHead = 0;
  }
  queue.completed += ready;
  queue.cqConsumed += ready;
  // Meets the controller's load in hasCqRoom.
  atomic.store<u32>(<usize>queue.shared + offsetof<QueueShared>("cqDoorbell"), queue.cqHead);
  return ready;
}

@inline
function submit(queue: HostQueue): bool {
  let sent = false;
  for (;;) {
    const left = queue.issueTarget - queue.issued;
    if (<i32>left <= 0) return sent;
    const batch = min(queue.batch, left);
    if (queue.iodepth - (queue.issued - queue.completed) < batch) return sent;
    for (let i: u32 = 0; i < batch; i++) push(queue);
    queue.issued += batch;
    // Meets the controller's load of the doorbell: the SQEs before it are visible.
    atomic.store<u32>(<usize>queue.shared + offsetof<QueueShared>("sqDoorbell"), queue.sqTail);
    queue.wakeups += ringIfSleeping(<usize>queue.peerBell);
    sent = true;
  }
  return sent;
}

@inline
function push(queue: HostQueue): void {
  const io = changetype<IoDescriptor>(<usize>queue.stream + (<usize>(queue.streamPos & queue.streamMask) << 4));
  queue.streamPos += 1;
  // Whole words, as the driver writes them (nvme/host): opcode, identifier, namespace; address; block; zero-based length.
  const command = <usize>queue.sq + (<usize>queue.sqTail << 6);
  store<u64>(command, <u64>NVME_OP_READ | (<u64>queue.sqTail << 16) | (<u64>queue.nsid << 32));
  store<u64>(command, 0, offsetof<NvmeCommand>("cdw2"));
  store<u64>(command, 0, offsetof<NvmeCommand>("metadata"));
  store<u64>(command, <u64>io.buffer << 12, offsetof<NvmeCommand>("prp1"));
  store<u64>(command, 0, offsetof<NvmeCommand>("prp2"));
  store<u64>(command, io.block, offsetof<NvmeCommand>("slba"));
  store<u64>(command, 7, offsetof<NvmeCommand>("length"));
  store<u64>(command, 0, offsetof<NvmeCommand>("reftag"));
  if (++queue.sqTail == queue.depth) queue.sqTail = 0;
}
