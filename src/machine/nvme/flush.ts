// nvme_setup_flush (drivers/nvme/host/core.c, 6.12): the queue's flush request becomes a Flush command, sent by itself.
import { counters } from "../base/counting";
import { commandOf, NVME_OP_FLUSH, NvmeCommand } from "../layout/nvme";
import { HostQueue } from "../layout/queue";
import { Request } from "../layout/request";
import { nextCid, pushCommand, ringSqDoorbell } from "./host";

/** Builds the command, pushes it and rings the doorbell. */
export function sendFlush(queue: HostQueue, request: Request): void {
  if (COUNTING) {
    counters().requests += 1;
    counters().flushCommands += 1;
    counters().descriptorBytes += offsetof<NvmeCommand>();
  }
  const command = commandOf(request);
  memory.fill(changetype<usize>(command), 0, offsetof<NvmeCommand>());
  command.opcode = NVME_OP_FLUSH;
  command.command_id = <u16>nextCid(request);
  command.nsid = queue.nsid;
  pushCommand(queue, request);
  ringSqDoorbell(queue);
}
