// host.ring.wasm: the bare ring, host side. SQE, doorbell, CQE and nothing else: what the queues alone cost.
import { ringIfSleeping } from "../base/bell";
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
  // Meets the controller's store of the posted count.
  const posted = atomic.load<u32>(<usize>queue.shared + offsetof<QueueShared>("cqPosted"));
  const ready = min(posted - queue.cqConsumed, until - queue.completed);
  if (ready == 0) return 0;
  const cq = <usize>queue.cq;
  const depth = queue.depth;
  let head = queue.cqHead;
  let errors: u32 = 0;
  for (let i: u32 = 0; i < ready; i++) {
    errors += <u32>(changetype<NvmeCompletion>(cq + (<usize>head << 4)).status >> 1);
    if (++head == depth) head = 0;
  }
  queue.errors += errors;
  queue.cqHead = head;
  queue.completed += ready;
  queue.cqConsumed += ready;
  // Meets the controller's load of the CQ head.
  atomic.store<u32>(<usize>queue.shared + offsetof<QueueShared>("cqDoorbell"), head);
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
    push(queue, batch);
    queue.issued += batch;
    // Meets the controller's load of the doorbell: the SQEs before it are visible.
    atomic.store<u32>(<usize>queue.shared + offsetof<QueueShared>("sqDoorbell"), queue.sqTail);
    queue.wakeups += ringIfSleeping(<usize>queue.peerBell);
    sent = true;
  }
  return sent;
}

/** Whole words, as the driver writes them (nvme/host): opcode, identifier, namespace; address; block; zero-based length. */
@inline
function push(queue: HostQueue, count: u32): void {
  const sq = <usize>queue.sq;
  const depth = queue.depth;
  const stream = <usize>queue.stream;
  const mask = queue.streamMask;
  const head = <u64>NVME_OP_READ | (<u64>queue.nsid << 32);
  let tail = queue.sqTail;
  let pos = queue.streamPos;
  for (let i: u32 = 0; i < count; i++) {
    const io = changetype<IoDescriptor>(stream + (<usize>(pos & mask) << 4));
    const command = sq + (<usize>tail << 6);
    store<u64>(command, head | (<u64>tail << 16));
    store<u64>(command, 0, offsetof<NvmeCommand>("cdw2"));
    store<u64>(command, 0, offsetof<NvmeCommand>("metadata"));
    store<u64>(command, <u64>io.buffer << 12, offsetof<NvmeCommand>("prp1"));
    store<u64>(command, 0, offsetof<NvmeCommand>("prp2"));
    store<u64>(command, io.block, offsetof<NvmeCommand>("slba"));
    store<u64>(command, 7, offsetof<NvmeCommand>("length"));
    store<u64>(command, 0, offsetof<NvmeCommand>("reftag"));
    pos++;
    if (++tail == depth) tail = 0;
  }
  queue.sqTail = tail;
  queue.streamPos = pos;
}
