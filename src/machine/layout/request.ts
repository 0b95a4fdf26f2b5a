// struct request (include/linux/blk-mq.h) with nvme-pci's per-request data behind it, and struct queue_limits.

/** struct request, 248 bytes; struct nvme_iod follows as the driver's part of the same allocation. */
@unmanaged
export class Request {
  q: u64;
  mq_ctx: u64;
  mq_hctx: u64;
  cmd_flags: u32;
  rq_flags: u32;
  tag: i32;
  internal_tag: i32;
  timeout: u32;
  __data_len: u32;
  __sector: u64;
  bio: u64;
  biotail: u64;
  queuelist_next: u64;
  queuelist_prev: u64;
  part: u64;
  alloc_time_ns: u64;
  start_time_ns: u64;
  io_start_time_ns: u64;
  wbt_flags: u16;
  stats_sectors: u16;
  /** Number of DMA segments, counted by split and merge. */
  nr_phys_segments: u16;
  nr_integrity_segments: u16;
  state: u32;
  ref: i32;
  deadline: u64;
  hash0: u64;
  hash1: u64;
  special_vec0: u64;
  special_vec1: u64;
  rb_node2: u64;
  elv0: u64;
  elv1: u64;
  elv2: u64;
  flush0: u64;
  flush1: u64;
  flush2: u64;
  end_io: u64;
  end_io_data: u64;
}

/** Bytes from one request to the next: request + nvme_iod rounded up to a cache line, as blk-mq lays them out. */
export const REQUEST_STRIDE: u32 = 512;
/** rq_flags, 0 in reads and writes: the command's data are the driver's own; the request is the queue's flush; it resets a zone. Bits are the lab's. */
export const RQF_SPECIAL_PAYLOAD: u32 = 1 << 0;
export const RQF_FLUSH_SEQ: u32 = 1 << 1;
export const RQF_ZONE_RESET: u32 = 1 << 2;

/** Most requests a plug holds before it is flushed (BLK_MAX_REQUEST_COUNT). */
export const BLK_MAX_REQUEST_COUNT: u32 = 32;
/** Bytes of a request behind which nothing more is plugged (BLK_PLUG_FLUSH_SIZE). */
export const BLK_PLUG_FLUSH_SIZE: u32 = 128 * 1024;

/** struct queue_limits, 192 bytes: the fields that split and merge obey. */
@unmanaged
export class QueueLimits {
  features: u32;
  flags: u32;
  seg_boundary_mask: u64;
  virt_boundary_mask: u64;
  max_hw_sectors: u32;
  max_dev_sectors: u32;
  chunk_sectors: u32;
  max_sectors: u32;
  max_user_sectors: u32;
  max_segment_size: u32;
  min_segment_size: u32;
  physical_block_size: u32;
  logical_block_size: u32;
  alignment_offset: u32;
  io_min: u32;
  io_opt: u32;
  pad72: u64; pad80: u64; pad88: u64; pad96: u64; pad104: u64; pad112: u64; pad120: u64; pad128: u64; pad136: u64; pad144: u64;
  pad152: u32;
  max_segments: u16;
  pad158: u16;
  pad160: u64; pad168: u64;
  dma_alignment: u32;
  pad180: u32;
  pad184: u64;
}

/** queue_limits.features: the queue takes P2P pages (BLK_FEAT_PCI_P2PDMA; QUEUE_FLAG_PCI_P2PDMA before 6.11). */
export const BLK_FEAT_PCI_P2PDMA: u32 = 1 << 12;
/** The RFC's QUEUE_FLAG_DMA_DIRECT (patch 17): the queue takes bios that hold bus addresses. */
export const QUEUE_FLAG_DMA_DIRECT: u32 = 1 << 26;

export const SECTOR_SHIFT: u32 = 9;
