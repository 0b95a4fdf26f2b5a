// nvme_setup_zone_mgmt_send (drivers/nvme/host/zns.c, 6.12): Zone Management Send with the action Reset.
import { counters, countForIo } from "../base/counting";
import { requestIo } from "../block/endio";
import { BLK_STS_OK, REQ_OP_MASK, REQ_OP_ZONE_RESET_ALL } from "../layout/bio";
import { commandOf, NVME_OP_ZONE_MGMT_SEND, NvmeCommand } from "../layout/nvme";
import { HostQueue } from "../layout/queue";
import { Request } from "../layout/request";
import { ZONE_SELECT_ALL, ZSA_RESET } from "../layout/zone";
import { nextCid } from "./host";

/** Builds the command, which has no data. Returns a block status. */
export function setupZoneReset(queue: HostQueue, request: Request): u8 {
  if (COUNTING) {
    countForIo(requestIo(request));
    counters().requests += 1;
    counters().descriptorBytes += offsetof<NvmeCommand>();
  }
  const command = commandOf(request);
  memory.fill(changetype<usize>(command), 0, offsetof<NvmeCommand>());
  command.opcode = NVME_OP_ZONE_MGMT_SEND;
  command.command_id = <u16>nextCid(request);
  command.nsid = queue.nsid;
  const isAll = (request.cmd_flags & REQ_OP_MASK) == REQ_OP_ZONE_RESET_ALL;
  command.slba = request.__sector;
  // Command dword 13.
  command.dsmgmt = isAll ? ZSA_RESET | ZONE_SELECT_ALL : ZSA_RESET;
  return BLK_STS_OK;
}
