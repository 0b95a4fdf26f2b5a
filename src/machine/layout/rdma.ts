// What an RNIC reads and writes in host memory: work queue entries, completion entries, doorbells. Segments as mlx5 has
// them (include/linux/mlx5/qp.h, device.h), in host byte order; fields that the lab's RNIC has no use for are left out.

/** Control and remote-address segment of a send queue entry and its first two data segments: one 64-byte block. */
@unmanaged
export class RdmaWqe {
  /** IB_WR_*. */
  opcode: u8;
  /** IB_SEND_SIGNALED. */
  flags: u8;
  /** 64-byte blocks of this entry, this one included. */
  blocks: u8;
  /** Data segments. */
  sges: u8;
  /** Comes back in the completion (the driver's wrid). */
  token: u32;
  /** SEND_WITH_INV: the remote key to invalidate. LOCAL_INV, REG_MR: the local key. */
  key: u32;
  pad12: u32;
  /** RDMA READ and WRITE: where the other side's memory is. REG_MR: the region's first address (iova). */
  remoteAddress: u64;
  rkey: u32;
  pad28: u32;
  // Two RdmaDataSegment; more follow in blocks of four.
  sge0: u64; sge0Address: u64;
  sge1: u64; sge1Address: u64;
}

/** struct mlx5_wqe_data_seg, 16 bytes. In REG_MR: bytes of the region, pages in its list, address of the list. */
@unmanaged
export class RdmaDataSegment {
  byteCount: u32;
  lkey: u32;
  address: u64;
}

export const RDMA_WQE_BYTES: u32 = 64;
/** Data segments in an entry's first block, and in each further one. */
export const RDMA_FIRST_SGES: u32 = 2;
export const RDMA_BLOCK_SGES: u32 = 4;

/** A receive queue entry: where a capsule goes, and its in-capsule data. */
@unmanaged
export class RdmaRecvWqe {
  address: u64;
  byteCount: u32;
  token: u32;
  /** In-capsule data: one page, physically contiguous pages when there are more. */
  inlineAddress: u64;
  inlineBytes: u32;
  pad28: u32;
}

/** A completion entry: one cache line, as struct mlx5_cqe64. */
@unmanaged
export class RdmaCqe {
  token: u32;
  /** IB_WC_*: what has completed. */
  opcode: u32;
  status: u32;
  byteCount: u32;
  pad16: u64; pad24: u64; pad32: u64; pad40: u64; pad48: u64; pad56: u64;
}

/** The words that driver and RNIC share. Each is written by one side only and sits two cache lines from the next. */
@unmanaged
export class RdmaQpShared {
  /** Send queue producer: blocks, free running. Driver writes (the doorbell), RNIC reads. */
  sqDoorbell: u32;
  pad4: u32;
  pad8: u64; pad16: u64; pad24: u64; pad32: u64; pad40: u64; pad48: u64; pad56: u64;
  pad64: u64; pad72: u64; pad80: u64; pad88: u64; pad96: u64; pad104: u64; pad112: u64; pad120: u64;
  /** Receive queue producer: entries, free running. Driver writes, RNIC reads. */
  rqDoorbell: u32;
  pad132: u32;
  pad136: u64; pad144: u64; pad152: u64; pad160: u64; pad168: u64; pad176: u64; pad184: u64;
  pad192: u64; pad200: u64; pad208: u64; pad216: u64; pad224: u64; pad232: u64; pad240: u64; pad248: u64;
  /** Completion queue consumer: entries, free running. Driver writes, RNIC reads. */
  cqDoorbell: u32;
  pad260: u32;
  pad264: u64; pad272: u64; pad280: u64; pad288: u64; pad296: u64; pad304: u64; pad312: u64;
  pad320: u64; pad328: u64; pad336: u64; pad344: u64; pad352: u64; pad360: u64; pad368: u64; pad376: u64;
  /** Completions posted: free running. Stands for the interrupt. RNIC writes, driver reads. */
  cqPosted: u32;
  pad388: u32;
  pad392: u64; pad400: u64; pad408: u64; pad416: u64; pad424: u64; pad432: u64; pad440: u64; pad448: u64;
  pad456: u64; pad464: u64; pad472: u64; pad480: u64; pad488: u64; pad496: u64; pad504: u64;
}

/** enum ib_wr_opcode (include/rdma/ib_verbs.h). */
export const IB_WR_RDMA_WRITE: u32 = 0;
export const IB_WR_SEND: u32 = 2;
export const IB_WR_RDMA_READ: u32 = 4;
export const IB_WR_SEND_WITH_INV: u32 = 9;
export const IB_WR_LOCAL_INV: u32 = 11;
export const IB_WR_REG_MR: u32 = 32;

export const IB_SEND_SIGNALED: u32 = 1 << 1;

/** enum ib_wc_opcode: what a completion is about. */
export const IB_WC_SEND: u32 = 0;
export const IB_WC_RDMA_READ: u32 = 2;
export const IB_WC_RECV: u32 = 128;

/** enum ib_wc_status. */
export const IB_WC_SUCCESS: u32 = 0;
export const IB_WC_LOC_PROT_ERR: u32 = 4;
export const IB_WC_WR_FLUSH_ERR: u32 = 5;
export const IB_WC_REM_ACCESS_ERR: u32 = 10;

/** The key that stands for all memory by DMA address (pd->local_dma_lkey). Keys of regions: index + 1 above 8 bits of variant. */
export const LOCAL_DMA_LKEY: u32 = 0;
/** ib_inc_rkey changes the low 8 bits. */
export const RDMA_KEY_SHIFT: u32 = 8;
export const RDMA_KEY_VARIANT: u32 = 0xff;

/** Pages that one region can list (rdma_rw_fr_page_list_len's bound), so 1 MiB. */
export const RDMA_MR_PAGES: u32 = 256;
/** NVMET_RDMA_MAX_MDTS: 2^8 pages of 4 KiB. */
export const NVMET_RDMA_MAX_BYTES: u32 = 1 << 20;

/** Keyed SGL descriptor of NVMe over Fabrics (NVMe base specification, figure "Keyed SGL Data Block descriptor"): type byte. */
export const NVME_KEYED_SGL_INVALIDATE: u8 = 0x4f;
export const NVME_KEYED_SGL: u8 = 0x40;
/** In-capsule data: data block descriptor with an offset. */
export const NVME_INLINE_SGL: u8 = 0x01;
/** What the namespaces of a target take their buffers from: its p2pmem attribute on or off. */
export const NVMET_NSID_P2P: u32 = 1;
export const NVMET_NSID_RAM: u32 = 2;
