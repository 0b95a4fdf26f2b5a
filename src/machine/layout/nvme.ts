// NVMe base specification: submission and completion entries; nvme-pci's per-request data (drivers/nvme/host/pci.c, 6.12).
import { Request } from "./request";

/** struct nvme_command, read/write form, 64 bytes. */
@unmanaged
export class NvmeCommand {
  opcode: u8;
  flags: u8;
  command_id: u16;
  nsid: u32;
  cdw2: u32;
  cdw3: u32;
  metadata: u64;
  prp1: u64;
  prp2: u64;
  slba: u64;
  /** Number of logical blocks, zero based. */
  length: u16;
  control: u16;
  dsmgmt: u32;
  reftag: u32;
  lbat: u16;
  lbatm: u16;
}

/** struct nvme_completion, 16 bytes. */
@unmanaged
export class NvmeCompletion {
  result: u64;
  sq_head: u16;
  sq_id: u16;
  command_id: u16;
  /** Bit 0 is the phase; the status code field starts at bit 1. */
  status: u16;
}

/** struct nvme_iod, 208 bytes: what nvme-pci keeps for each request. Begins with struct nvme_request (40 bytes). */
@unmanaged
export class NvmeIod {
  req_cmd: u64;
  req_result: u64;
  req_genctr: u8;
  req_retries: u8;
  req_flags: u8;
  pad19: u8;
  req_status: u16;
  pad22: u16;
  req_start_time: u64;
  req_ctrl: u64;
  // struct nvme_command cmd, 64 bytes, at IOD_CMD.
  cmd0: u64; cmd1: u64; cmd2: u64; cmd3: u64; cmd4: u64; cmd5: u64; cmd6: u64; cmd7: u64;
  aborted: u8;
  /** PRP list pages in list[]; 0: one entry of the small pool; -1: none. */
  nr_allocations: i8;
  pad106: u16;
  /** Length of a single mapped segment; 0 when a scatterlist was used. */
  dma_len: u32;
  first_dma: u64;
  meta_dma: u64;
  // struct sg_table sgt.
  sgt_sgl: u64;
  sgt_nents: u32;
  sgt_orig_nents: u32;
  meta_sgt0: u64;
  meta_sgt1: u64;
  meta_list: u64;
  /** PRP list pages (wasm addresses). */
  list0: u64; list1: u64; list2: u64; list3: u64; list4: u64;
}

/** Offset of the command in struct nvme_iod. */
export const IOD_CMD: u32 = 40;
export const IOD_LIST: u32 = 168;
export const NVME_MAX_NR_ALLOCATIONS: u32 = 5;

/** struct nvme_dsm_range, 16 bytes (Dataset Management, context attributes, length, starting LBA). */
@unmanaged
export class NvmeDsmRange {
  cattr: u32;
  nlb: u32;
  slba: u64;
}

/** Most ranges of one Dataset Management command: what one 4 KiB page holds. */
export const NVME_DSM_MAX_RANGES: u32 = 256;
/** Command dword 11 of Dataset Management: attribute deallocate (AD). */
export const NVME_DSMGMT_AD: u32 = 1 << 2;

export const NVME_OP_FLUSH: u8 = 0x00;
export const NVME_OP_WRITE: u8 = 0x01;
export const NVME_OP_READ: u8 = 0x02;
export const NVME_OP_DSM: u8 = 0x09;
export const NVME_OP_ZONE_MGMT_SEND: u8 = 0x79;

/** NvmeCommand.control of a write: Force Unit Access. */
export const NVME_RW_FUA: u16 = 1 << 14;

/** The controller's page size: what PRPs count in, whatever the CPU's page size (NVME_CTRL_PAGE_SIZE). */
export const NVME_CTRL_PAGE_SIZE: u32 = 4096;
export const NVME_MAX_SEGS: u32 = 128;
/** Entries of the 256-byte pool that serves short PRP lists. */
export const PRP_SMALL_ENTRIES: u32 = 32;
export const PRP_PAGE_ENTRIES: u32 = 512;

/** Status codes, generic command status (SCT 0). */
export const NVME_SC_SUCCESS: u16 = 0x0;
export const NVME_SC_INVALID_OPCODE: u16 = 0x1;
export const NVME_SC_INVALID_FIELD: u16 = 0x2;
export const NVME_SC_DATA_XFER_ERROR: u16 = 0x4;
export const NVME_SC_INVALID_NS: u16 = 0xb;
/** PRP offset invalid: an entry after the first that is not page aligned. */
export const NVME_SC_PRP_OFFSET_INVALID: u16 = 0x13;
export const NVME_SC_LBA_RANGE: u16 = 0x80;

/** Command specific status (SCT 1) of the Zoned Namespace command set. */
export const NVME_SC_ZONE_BOUNDARY: u16 = 0x1b8;
export const NVME_SC_ZONE_FULL: u16 = 0x1b9;
export const NVME_SC_ZONE_INVALID_WRITE: u16 = 0x1bc;
export const NVME_SC_TOO_MANY_ACTIVE: u16 = 0x1bd;
export const NVME_SC_TOO_MANY_OPEN: u16 = 0x1be;

@inline
export function iodOf(request: Request): NvmeIod {
  return changetype<NvmeIod>(changetype<usize>(request) + offsetof<Request>());
}

@inline
export function commandOf(request: Request): NvmeCommand {
  return changetype<NvmeCommand>(changetype<usize>(request) + offsetof<Request>() + IOD_CMD);
}
