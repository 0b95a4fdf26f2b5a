// Work requests and the read/write context as a driver holds them before they are posted: include/rdma/ib_verbs.h and
// rw.h, Linux 6.12. Sizes as compiled on x86-64.

/** struct ib_sge, 16 bytes. */
@unmanaged
export class IbSge {
  addr: u64;
  length: u32;
  lkey: u32;
}

/** struct ib_send_wr, 40 bytes. */
@unmanaged
export class IbSendWr {
  next: u64;
  /** What completes with it; in the lab a token (0: nothing, the entry is not signaled). */
  wr_cqe: u64;
  sg_list: u64;
  num_sge: i32;
  opcode: u32;
  send_flags: u32;
  /** union ex. */
  invalidate_rkey: u32;
}

/** struct ib_rdma_wr, 56 bytes: an ib_send_wr with the other side's address. */
@unmanaged
export class IbRdmaWr extends IbSendWr {
  remote_addr: u64;
  rkey: u32;
  pad52: u32;
}

/** struct ib_reg_wr, 56 bytes. */
@unmanaged
export class IbRegWr extends IbSendWr {
  mr: u64;
  key: u32;
  access: u32;
}

/** enum rdma_rw_ctx.type. */
export const RDMA_RW_SINGLE_WR: u32 = 0;
export const RDMA_RW_MULTI_WR: u32 = 1;
export const RDMA_RW_MR: u32 = 2;

/** struct rdma_rw_ctx, 80 bytes: one request with one data segment lies in it, more lie elsewhere. */
@unmanaged
export class RdmaRwCtx {
  nr_ops: u32;
  type: u32;
  // union: single.sge and single.wr; or map.sges, map.wrs; or reg.
  sge_addr: u64;
  sge_length_lkey: u64;
  wr0: u64; wr1: u64; wr2: u64; wr3: u64; wr4: u64; wr5: u64; wr6: u64;
}

export const RW_CTX_SGE: u32 = 8;
export const RW_CTX_WR: u32 = 24;
/** map.sges and map.wrs, or reg, in the same place. */
export const RW_CTX_POINTERS: u32 = 8;

/** struct rdma_rw_reg_ctx, 176 bytes: what one registered region of a context needs. */
@unmanaged
export class RdmaRwRegCtx {
  sge_addr: u64;
  sge_length_lkey: u64;
  // struct ib_rdma_wr wr, struct ib_reg_wr reg_wr, struct ib_send_wr inv_wr.
  wr0: u64; wr1: u64; wr2: u64; wr3: u64; wr4: u64; wr5: u64; wr6: u64;
  reg0: u64; reg1: u64; reg2: u64; reg3: u64; reg4: u64; reg5: u64; reg6: u64;
  inv0: u64; inv1: u64; inv2: u64; inv3: u64; inv4: u64;
  mr: u64;
}

export const REG_CTX_WR: u32 = 16;
export const REG_CTX_REG_WR: u32 = 72;
export const REG_CTX_INV_WR: u32 = 128;

/** The parts of struct ib_mr that registering uses, and the driver's list of the region's pages. */
@unmanaged
export class IbMr {
  lkey: u32;
  rkey: u32;
  iova: u64;
  length: u64;
  /** 1: registered before, to be invalidated first. */
  need_inval: u32;
  page_count: u32;
  /** DMA address of each page: wasm address of the list, and its bus address. */
  pages: u64;
  pages_bus: u64;
  pad48: u64;
  pad56: u64;
}
