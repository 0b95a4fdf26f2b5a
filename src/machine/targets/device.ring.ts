// device.ring.wasm: the bare ring, controller side. Reads each SQE, executes nothing, posts its CQE.
import { ringIfSleeping } from "../base/bell";
import { NVME_OP_READ, NVME_SC_INVALID_OPCODE, NvmeCommand, NvmeCompletion } from "../layout/nvme";
import { DeviceQueue, QueueShared } from "../layout/queue";

/** As device.wasm: until `budget` commands or idleness. */
export function run(at: usize, budget: u32, idleTurns: u32): u32 {
  const queue = changetype<DeviceQueue>(at);
  let served: u32 = 0;
  let idle: u32 = 0;
  while (idle <= idleTurns && served < budget) {
    const now = serve(queue);
    served += now;
    idle = now > 0 ? 0 : idle + 1;
  }
  return served;
}

/** Serves what the doorbell announces, run by run, and announces each run. */
@inline
function serve(queue: DeviceQueue): u32 {
  // Meets the host's store of the doorbell.
  const tail = atomic.load<u32>(<usize>queue.shared + offsetof<QueueShared>("sqDoorbell"));
  let served: u32 = 0;
  while (queue.sqHead != tail) {
    const run = nextRun(queue, tail);
    if (run == 0) break;
    serveRun(queue, run);
    announce(queue);
    served += run;
  }
  return served;
}

/** Commands that lie in a row, have room in a row in the CQ, and are announced together. */
@inline
function nextRun(queue: DeviceQueue, tail: u32): u32 {
  const depth = queue.depth;
  const wanted = min((tail > queue.sqHead ? tail : depth) - queue.sqHead, queue.coalesce);
  let room = roomInRow(queue.cqTail, queue.cqHeadSeen, depth);
  if (room < wanted) {
    // Meets the host's store of the CQ head.
    queue.cqHeadSeen = atomic.load<u32>(<usize>queue.shared + offsetof<QueueShared>("cqDoorbell"));
    room = roomInRow(queue.cqTail, queue.cqHeadSeen, depth);
  }
  return min(wanted, room);
}

/** Entries from `tail` on, up to the one before the host's head or the end of the ring. */
@inline
function roomInRow(tail: u32, head: u32, depth: u32): u32 {
  if (tail < head) return head - tail - 1;
  return depth - tail - <u32>(head == 0);
}

/** What a command needs between two looks at the queues, in registers. */
@inline
function serveRun(queue: DeviceQueue, run: u32): void {
  let command = <usize>queue.sq + (<usize>queue.sqHead << 6);
  let cqe = <usize>queue.cq + (<usize>queue.cqTail << 4);
  const end = cqe + (<usize>run << 4);
  const expected = <u64>NVME_OP_READ | (<u64>queue.nsid << 32);
  const invalid = <u64>NVME_SC_INVALID_OPCODE << 49;
  const depth = queue.depth;
  let head = queue.sqHead;
  const constant = (<u64>queue.sqid << 16) | (<u64>queue.cqPhase << 48);
  let read: u64 = 0;
  do {
    const first = load<u64>(command);
    // What a controller must read of a command: address, block and length.
    const fields = changetype<NvmeCommand>(command);
    read += fields.prp1 ^ fields.slba ^ <u64>fields.length;
    const isRead = (first & 0xffffffff_000000ff) == expected;
    if (++head == depth) head = 0;
    store<u64>(cqe, 0);
    store<u64>(cqe, <u64>head | constant | (first >> 16 & 0xffff) << 32 | (isRead ? 0 : invalid), 8);
    command += offsetof<NvmeCommand>();
    cqe += offsetof<NvmeCompletion>();
  } while (cqe != end);
  advance(queue, run);
  queue.bytesMoved += read;
}

@inline
function advance(queue: DeviceQueue, run: u32): void {
  queue.sqHead += run;
  if (queue.sqHead == queue.depth) queue.sqHead = 0;
  queue.cqTail += run;
  if (queue.cqTail == queue.depth) {
    queue.cqTail = 0;
    queue.cqPhase ^= 1;
  }
  queue.posted += run;
}

@inline
function announce(queue: DeviceQueue): void {
  // Meets the host's load in reap: the CQEs before it are visible.
  atomic.store<u32>(<usize>queue.shared + offsetof<QueueShared>("cqPosted"), queue.posted);
  queue.wakeups += ringIfSleeping(<usize>queue.peerBell);
}
