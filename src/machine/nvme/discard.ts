// nvme_setup_discard and nvme_cleanup_cmd (drivers/nvme/host/core.c, 6.12): a discard request becomes one Dataset Management
// command with attribute Deallocate. Its data are the driver's own: a zeroed page of ranges, one for each bio that was merged
// into the request (req->special_vec). Schemes have no part in it: no memory of the I/O is mapped.
// The page comes from the pool of PRP list pages, which holds one for each tag; Linux allocates it (kzalloc).
import { counters, countForIo } from "../base/counting";
import { requestIo } from "../block/endio";
import { Bio, BLK_STS_OK, BLK_STS_RESOURCE } from "../layout/bio";
import { commandOf, iodOf, NVME_DSM_MAX_RANGES, NVME_DSMGMT_AD, NVME_OP_DSM, NvmeCommand, NvmeDsmRange } from "../layout/nvme";
import { HostQueue, machineOf } from "../layout/queue";
import { Request, SECTOR_SHIFT } from "../layout/request";
import { iommuMapRequest, iommuUnmapRequest, isTranslated } from "../pci/dma_iommu";
import { nextCid } from "./host";
import { prpFree, takePage } from "./prp";

/** NVME_DSM_MAX_RANGES ranges, whatever their number: some controllers read the whole page. */
const RANGES_BYTES: u32 = NVME_DSM_MAX_RANGES * offsetof<NvmeDsmRange>();

/** Builds the command and its ranges. Returns a block status. */
export function setupDiscard(queue: HostQueue, request: Request): u8 {
  const iod = iodOf(request);
  const page = takePage(queue);
  iod.list0 = <u64>page;
  iod.nr_allocations = 1;
  const ranges = writeRanges(page, request);
  let address = machineOf(queue).dmaBase + <u64>page;
  if (isTranslated(queue)) {
    address = iommuMapRequest(queue, request, address, RANGES_BYTES);
    if (address == 0) {
      prpFree(queue, iod);
      return BLK_STS_RESOURCE;
    }
  }
  if (COUNTING) {
    countForIo(requestIo(request));
    counters().requests += 1;
    counters().descriptorBytes += offsetof<NvmeCommand>() + ranges * offsetof<NvmeDsmRange>();
  }
  const command = commandOf(request);
  memory.fill(changetype<usize>(command), 0, offsetof<NvmeCommand>());
  command.opcode = NVME_OP_DSM;
  command.command_id = <u16>nextCid(request);
  command.nsid = queue.nsid;
  command.prp1 = address;
  // Command dwords 10 and 11: the number of ranges, zero based, and the attributes.
  command.slba = <u64>(ranges - 1) | (<u64>NVME_DSMGMT_AD << 32);
  return BLK_STS_OK;
}

/** One range for each bio. Returns how many. */
function writeRanges(page: usize, request: Request): u32 {
  memory.fill(page, 0, RANGES_BYTES);
  let count: u32 = 0;
  for (let at = <usize>request.bio; at != 0; at = <usize>changetype<Bio>(at).bi_next) {
    const bio = changetype<Bio>(at);
    const range = changetype<NvmeDsmRange>(page + <usize>count * offsetof<NvmeDsmRange>());
    range.nlb = bio.bi_size >> SECTOR_SHIFT;
    range.slba = bio.bi_sector;
    count++;
  }
  return count;
}

/** nvme_cleanup_cmd, with the unmapping of the ranges. */
export function cleanupDiscard(queue: HostQueue, request: Request): void {
  if (isTranslated(queue)) iommuUnmapRequest(queue, request);
  prpFree(queue, iodOf(request));
}
