// device.ring.wasm: the bare ring, controller side. Reads each SQE, executes nothing, posts its CQE.
import { ringIfSleeping } from "../agents/bell";
import { NVME_OP_READ, NVME_SC_INVALID_OPCODE, NVME_SC_SUCCESS, NvmeCommand } from "../layout/nvme";
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

/** Serves what the doorbell announces. The ring's state is kept in registers between two looks at the doorbell. */
@inline
function serve(queue: DeviceQueue): u32 {
  const shared = <usize>queue.shared;
  // Meets the host's store of the doorbell.
  const tail = atomic.load<u32>(shared + offsetof<QueueShared>("sqDoorbell"));
  let head = queue.sqHead;
  if (head == tail) return 0;
  const depth = queue.depth;
  const sq = <usize>queue.sq;
  const cq = <usize>queue.cq;
  const sqid = <u64>queue.sqid << 16;
  const nsid = queue.nsid;
  const coalesce = queue.coalesce;
  let cqTail = queue.cqTail;
  let phase = queue.cqPhase;
  let room = queue.cqHeadSeen;
  let posted = queue.posted;
  let read: u64 = 0;
  let served: u32 = 0;
  let unpublished: u32 = 0;
  while (head != tail) {
    const next = cqTail + 1 == depth ? 0 : cqTail + 1;
    if (next == room) {
      // Meets the host's store of the CQ head.
      room = atomic.load<u32>(shared + offsetof<QueueShared>("cqDoorbell"));
      if (next == room) break;
    }
    const command = changetype<NvmeCommand>(sq + (<usize>head << 6));
    if (++head == depth) head = 0;
    const status = command.opcode == NVME_OP_READ && command.nsid == nsid ? NVME_SC_SUCCESS : NVME_SC_INVALID_OPCODE;
    // What a controller must read of a command: address, block and length.
    read += command.prp1 ^ command.slba ^ <u64>command.length;
    const cqe = cq + (<usize>cqTail << 4);
    store<u64>(cqe, 0);
    store<u64>(cqe, <u64>head | sqid | (<u64>command.command_id << 32) | (<u64>((<u32>status << 1) | phase) << 48), 8);
    cqTail = next;
    if (next == 0) phase ^= 1;
    posted++;
    served++;
    if (++unpublished == coalesce) {
      announce(queue, posted);
      unpublished = 0;
    }
  }
  if (unpublished > 0) announce(queue, posted);
  queue.sqHead = head;
  queue.cqTail = cqTail;
  queue.cqPhase = phase;
  queue.cqHeadSeen = room;
  queue.posted = posted;
  queue.bytesMoved += read;
  return served;
}

@inline
function announce(queue: DeviceQueue, posted: u32): void {
  // Meets the host's load in reap: the CQEs before it are visible.
  atomic.store<u32>(<usize>queue.shared + offsetof<QueueShared>("cqPosted"), posted);
  queue.wakeups += ringIfSleeping(<usize>queue.peerBell);
}
