// device.ring.wasm: the bare ring, controller side. Reads each SQE, executes nothing, posts its CQE.
import { hasCqRoom, postCompletion, publish } from "../nvme/controller";
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

@inline
function serve(queue: DeviceQueue): u32 {
  // Meets the host's store of the doorbell.
  const tail = atomic.load<u32>(<usize>queue.shared + offsetof<QueueShared>("sqDoorbell"));
  let served: u32 = 0;
  let unpublished: u32 = 0;
  while (queue.sqHead != tail && hasCqRoom(queue)) {
    const command = changetype<NvmeCommand>(<usize>queue.sq + (<usize>queue.sqHead << 6));
    if (++queue.sqHead == queue.depth) queue.sqHead = 0;
    const status = command.opcode == NVME_OP_READ && command.nsid == queue.nsid ? NVME_SC_SUCCESS : NVME_SC_INVALID_OPCODE;
    // What a controller must read of a command: address, block and length.
    queue.bytesMoved += command.prp1 ^ command.slba ^ <u64>command.length;
    postCompletion(queue, command.command_id, status);
    served++;
    if (++unpublished == queue.coalesce) {
      publish(queue);
      unpublished = 0;
    }
  }
  if (unpublished > 0) publish(queue);
  return served;
}
