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
  const command = changetype<NvmeCommand>(<usize>queue.sq + (<usize>queue.sqTail << 6));
  command.opcode = NVME_OP_READ;
  command.flags = 0;
  command.command_id = <u16>queue.sqTail;
  command.nsid = queue.nsid;
  command.cdw2 = 0;
  command.cdw3 = 0;
  command.metadata = 0;
  command.prp1 = <u64>io.buffer << 12;
  command.prp2 = 0;
  command.slba = io.block;
  command.length = 7;
  command.control = 0;
  command.dsmgmt = 0;
  command.reftag = 0;
  command.lbat = 0;
  command.lbatm = 0;
  if (++queue.sqTail == queue.depth) queue.sqTail = 0;
}
