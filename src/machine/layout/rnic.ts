// The device side of a target's RDMA queue pair, and the initiator at the other end of its wire.
import { HostQueue } from "./queue";

/** The RNIC's side of a queue pair. */
@unmanaged
export class Rnic {
  machine: u32;
  shared: u32;
  sq: u32;
  sqMask: u32;
  /** Blocks executed: free running. */
  sqHead: u32;
  rq: u32;
  rqMask: u32;
  rqHead: u32;
  /** Cached copy of the driver's receive queue doorbell. */
  rqSeen: u32;
  cq: u32;
  cqMask: u32;
  /** Completions posted: free running; published through RdmaQpShared.cqPosted. */
  posted: u32;
  published: u32;
  /** Cached copy of the driver's completion queue doorbell. */
  cqSeen: u32;
  /** Bus windows as this RNIC's transactions are routed. */
  windows: u32;
  windowCount: u32;
  /** Registered regions: RnicMr, and how many. */
  mrs: u32;
  mrCount: u32;
  hostBell: u32;
  wakeups: u32;
  /** Transfers to an address that no window claims. */
  unclaimed: u32;
  firstUnclaimed: u64;
  /** Work requests executed, and those that failed. */
  requests: u64;
  errors: u32;
  /** 1: a request of the chain being executed has failed; the rest of it is flushed. */
  chainFailed: u32;
  bytesMoved: u64;
}

/** A region registered with the RNIC: its key, its range, and the DMA address of each of its pages. */
@unmanaged
export class RnicMr {
  /** 0: invalid. */
  key: u32;
  pageCount: u32;
  iova: u64;
  lenBytes: u64;
  /** wasm address of the RNIC's own list. */
  pages: u32;
  pad28: u32;
}

/** The initiator's side: a workload's front queue (stream, depth, samples, outcomes) whose I/O goes over the wire. */
@unmanaged
export class Initiator extends HostQueue {
  rnic: u32;
  /** Its memory: wasm address and mask. */
  memory: u32;
  memoryMask: u32;
  commands: u32;
  commandStack: u32;
  commandFree: u32;
  commandCount: u32;
  /** I/Os in flight (Dio). */
  dioStack: u32;
  dioFree: u32;
  /** An I/O that is not wholly sent, or 0, and the bytes of it that are. */
  sending: u32;
  sentBytes: u32;
  /** I/Os that the batch being sent still has. */
  batchLeft: u32;
  /** Largest in-capsule data of a write; 0: none. */
  inlineBytes: u32;
  /** Commands that ended without an answer: the transport failed them. */
  transportErrors: u32;
  capsules: u32;
}

/** A command on its way: the initiator's request, with the region it registered for it. */
@unmanaged
export class InitiatorCommand {
  /** Its I/O (Dio). */
  dio: u32;
  /** Remote key: index + 1 above 8 bits of variant; 0 when it is invalid. */
  rkey: u32;
  /** The variant to use next. */
  variant: u32;
  lenBytes: u32;
  /** Byte offset of its buffer in the initiator's memory; also its remote address. */
  address: u64;
  pad24: u64; pad32: u64; pad40: u64; pad48: u64; pad56: u64;
}
