// The NVMe-oF target's structures: drivers/nvme/target/rdma.c and nvmet.h, Linux 6.12, as compiled on x86-64 where they
// lie in the path of an I/O; the queue's own fields are the lab's.

/** struct nvmet_rdma_rsp, 656 bytes, with its rdma_rw_ctx (80) and nvmet_req (440). */
@unmanaged
export class NvmetRdmaRsp {
  // struct ib_sge send_sge, struct ib_cqe send_cqe, struct ib_send_wr send_wr.
  send_sge_addr: u64;
  send_sge_length_lkey: u64;
  send_cqe: u64;
  send_wr0: u64; send_wr1: u64; send_wr2: u64; send_wr3: u64; send_wr4: u64;
  /** struct nvmet_rdma_cmd: wasm address. */
  cmd: u64;
  queue: u64;
  read_cqe: u64;
  write_cqe: u64;
  // struct rdma_rw_ctx rw at RSP_RW.
  rw0: u64; rw1: u64; rw2: u64; rw3: u64; rw4: u64; rw5: u64; rw6: u64; rw7: u64; rw8: u64; rw9: u64;
  // struct nvmet_req.
  req_cmd: u64;
  /** struct nvme_completion that goes to the initiator: wasm address. */
  req_cqe: u64;
  req_sq: u64;
  req_cq: u64;
  req_ns: u64;
  req_sg: u64;
  req_metadata_sg: u64;
  // inline_bvec[8] and the inline bio; the lab's bios come from the queue's pool.
  req_bvec0: u64; req_bvec1: u64; req_bvec2: u64; req_bvec3: u64; req_bvec4: u64; req_bvec5: u64; req_bvec6: u64; req_bvec7: u64;
  req_bvec8: u64; req_bvec9: u64; req_bvec10: u64; req_bvec11: u64; req_bvec12: u64; req_bvec13: u64; req_bvec14: u64; req_bvec15: u64;
  /** Identity for the counting build. */
  req_io: u64;
  req_bio1: u64; req_bio2: u64;
  req_b0: u64; req_b1: u64; req_b2: u64; req_b3: u64; req_b4: u64; req_b5: u64; req_b6: u64; req_b7: u64; req_b8: u64; req_b9: u64;
  req_b10: u64; req_b11: u64; req_b12: u64; req_b13: u64; req_b14: u64; req_b15: u64; req_b16: u64; req_b17: u64; req_b18: u64;
  req_sg_cnt: i32;
  req_metadata_sg_cnt: i32;
  req_transfer_len: u64;
  req_metadata_len: u64;
  req_port: u64;
  req_execute: u64;
  req_ops: u64;
  /** 1: the buffer is P2P memory; its byte offset in the BAR in req_p2p_client (kernel: both are devices). */
  req_p2p_dev: u64;
  req_p2p_client: u64;
  /** Status of a command that is not carried out (kernel: where in the command the error is). */
  req_error_loc: u64;
  req_error_slba: u64;
  // nvmet_rdma_rsp again.
  allocated: u8;
  n_rdma: u8;
  pad618: u16;
  flags: u32;
  invalidate_rkey: u32;
  tag: i32;
  wait_next: u64;
  wait_prev: u64;
  pad648: u64;
}

/** Offsets in NvmetRdmaRsp. */
export const RSP_SEND_WR: u32 = 24;
export const RSP_RW: u32 = 96;
/** Bytes from one response to the next: whole cache lines. */
export const RSP_STRIDE: u32 = 704;
/** flags: the data came in the capsule. */
export const NVMET_RDMA_REQ_INLINE_DATA: u32 = 1;

/** struct nvmet_rdma_cmd, shortened: one receive buffer. */
@unmanaged
export class NvmetRdmaCmd {
  /** The capsule's 64 bytes: wasm address and bus address. */
  nvme_cmd: u64;
  nvme_cmd_bus: u64;
  /** In-capsule data: first page in host RAM (pages), its bus address, bytes there are. */
  inline_page: u32;
  inline_bytes: u32;
  inline_bus: u64;
  pad32: u64; pad40: u64; pad48: u64; pad56: u64;
}

/** One block of the target's scatterlists: entries, then the number of each entry's page in host RAM. */
export const NVMET_SGL_PAGES_AT: u32 = 256 * 32;
export const NVMET_SGL_BYTES: u32 = 256 * 36;

/** struct nvmet_rdma_queue with its ib_qp: what the target's host agent owns. */
@unmanaged
export class NvmetRdmaQueue {
  /** The RNIC as a DMA client (DmaClient), and the scheme's fields for it. */
  client: u32;
  scheme: u32;
  shared: u32;
  /** Send queue: blocks of 64 bytes, a power of two; tail free running; credits as the kernel's sq_wr_avail, in blocks. */
  sq: u32;
  sqMask: u32;
  sqTail: u32;
  sqAvail: i32;
  rq: u32;
  rqMask: u32;
  rqTail: u32;
  cq: u32;
  cqMask: u32;
  /** Completions consumed: free running. */
  cqHead: u32;

  /** Responses and receive buffers: as many as commands in flight. */
  rsps: u32;
  rspStack: u32;
  rspFree: u32;
  cmds: u32;
  /** Scatterlists, request arrays, registered regions: stacks of free ones. */
  sglStack: u32;
  sglFree: u32;
  mapStack: u32;
  mapFree: u32;
  regStack: u32;
  regFree: u32;
  mrStack: u32;
  mrFree: u32;
  /** Free pages of host RAM (numbers), as a CPU's page list holds them. */
  pageStack: u32;
  pageFree: u32;

  /** Responses that wait for the send queue: first and last (rsp_wr_wait_list). */
  waitHead: u32;
  waitTail: u32;

  /** Data segments of one RDMA READ or WRITE (max_sge_rd, max_send_sge). */
  maxSge: u32;
  /** 1: every RDMA READ and WRITE through a registered region (rdma_rw's force_mr, iWARP). */
  forceMr: u32;

  rnicBell: u32;
  wakeups: u32;
  /** I/Os whose P2P memory was to be had nowhere, and that took host RAM; I/Os whose data came in the capsule. */
  fallbacks: u32;
  inlineWrites: u32;
  /** Work requests that completed in error, and the first status. */
  rdmaErrors: u32;
  /** Errno with which the scheme refused to map a buffer for the RNIC (negative), else 0. */
  refused: i32;
  firstRdmaStatus: u32;
  /** What the port's p2pmem came to: 0 is P2P memory, 1 host RAM because the RNIC cannot reach it, negative an errno. */
  p2p: i32;
}
