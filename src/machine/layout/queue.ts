// One NVMe queue pair as its two agents see it: the host's side, the device's side, and the words they share.
import { Bio } from "./bio";
import { DmaClient, Machine } from "./machine";
import { QueueLimits, Request, REQUEST_STRIDE } from "./request";
import { IoDescriptor } from "./stream";

/** The words both sides touch. Each is written by one side only and sits two cache lines from the next. */
@unmanaged
export class QueueShared {
  /** SQ tail doorbell: host writes, device reads. An index below depth, as in the specification. */
  sqDoorbell: u32;
  pad4: u32;
  pad8: u64; pad16: u64; pad24: u64; pad32: u64; pad40: u64; pad48: u64; pad56: u64;
  pad64: u64; pad72: u64; pad80: u64; pad88: u64; pad96: u64; pad104: u64; pad112: u64; pad120: u64;
  /** CQ head doorbell: host writes, device reads. */
  cqDoorbell: u32;
  pad132: u32;
  pad136: u64; pad144: u64; pad152: u64; pad160: u64; pad168: u64; pad176: u64; pad184: u64;
  pad192: u64; pad200: u64; pad208: u64; pad216: u64; pad224: u64; pad232: u64; pad240: u64; pad248: u64;
  /**
   * Completions posted: free running. Stands for the interrupt (or for the barrier of a polled driver): the device
   * stores it after a batch of CQEs, the host loads it before it looks at their phase bits.
   */
  cqPosted: u32;
  pad260: u32;
  pad264: u64; pad272: u64; pad280: u64; pad288: u64; pad296: u64; pad304: u64; pad312: u64;
  pad320: u64; pad328: u64; pad336: u64; pad344: u64; pad352: u64; pad360: u64; pad368: u64; pad376: u64;
}

/** The host's side of a queue pair: the block layer's queue, its tags and pools, and nvme-pci's nvme_queue. */
@unmanaged
export class HostQueue {
  machine: u32;
  /** State of the scheme that this queue's I/Os are carried by (its own class). */
  scheme: u32;
  shared: u32;
  limits: u32;

  // Access stream. Positions are free running; the stream's length is a power of two.
  stream: u32;
  streamMask: u32;
  streamPos: u32;
  /** The lab's counts: I/Os to issue and the completion at which `run` returns; free running like the two below. */
  issueTarget: u32;
  completionMark: u32;
  issued: u32;
  completed: u32;
  iodepth: u32;
  /** I/Os handed over with one doorbell. */
  batch: u32;
  /** Pacing of a workload that has times of its own; 0: each I/O goes as soon as the depth has room. */
  pacing: u32;
  /** Pages by which the stream's buffers lie elsewhere in their memory in this slice (exclusive or, whole payload windows). */
  bufferSkew: u32;

  // Tags (a sbitmap in Linux): one bit for each, set when free.
  tagWords: u32;
  tagWordCount: u32;
  requests: u32;

  // NVMe rings.
  sq: u32;
  cq: u32;
  depth: u32;
  sqTail: u32;
  cqHead: u32;
  /** Completions consumed: free running, met by QueueShared.cqPosted. */
  cqConsumed: u32;
  cqPhase: u32;
  nsid: u32;
  nsBlocks: u64;

  // Pools: last in, first out, as the kernel's per-CPU caches are.
  /** Free bios: a stack of wasm addresses, and how many it holds. */
  bioStack: u32;
  bioFree: u32;
  biovecStack: u32;
  biovecFree: u32;
  sgStack: u32;
  sgFree: u32;
  prpSmallStack: u32;
  prpSmallFree: u32;
  prpPageStack: u32;
  prpPageFree: u32;

  /** Plugged requests: wasm addresses. */
  plug: u32;
  plugCount: u32;
  /** A request of so many bytes is the last of its plug: the next one flushes it (BLK_PLUG_FLUSH_SIZE). */
  plugFlushBytes: u32;
  /** A bio whose rest waits for tags, WAITS_FOR_*, or 0. */
  pendingBio: u32;
  /** I/Os of that bio's batch that were not issued before it. */
  batchLeft: u32;
  /** Map iterator of the request being mapped (block/map_iter), and the PRPs being written for it (nvme/prp). */
  mapIter: u32;
  prpWriter: u32;
  /** struct pci_p2pdma_map_state of that request: MAP_* and bus offset of the provider entered last (pci/map_state). */
  p2pMapType: u32;
  p2pBusOffset: u64;

  /** Bell of the worker that runs the device's side, and how often it had to be rung. */
  peerBell: u32;
  wakeups: u32;

  // Latency samples.
  sampleCountdown: i32;
  sampleState: u32;
  histogram: u32;
  latencyNsMax: f64;

  /** When the stream's next I/O may go, where that is known, and when the one being issued was due (open loop); 0: neither. */
  nextDueNs: f64;
  dueNs: f64;

  // Outcomes.
  errors: u32;
  /** NVMe status of the first failed command; block status where the block layer failed it. */
  firstError: u32;
  verifiedBlocks: u64;
  verifyErrors: u32;
  /** Payload verification: the generation each media block was written with, and the media window. */
  generations: u32;
  media: u32;
  /** A power of two. */
  mediaBlocks: u32;
  /** Errno of a bio that the scheme refused (negative), else 0. */
  refused: i32;
  /**
   * I/Os that ended well, and their bytes, by direction: the slots of front/done.ts in turn. Free running; the lab takes
   * differences.
   */
  writeIos: u64;
  writeBytes: u64;
  readIos: u64;
  readBytes: u64;
  trimIos: u64;
  trimBytes: u64;
  counters: u32;
  /** The client's IommuDomain, 0 where nothing translates: asked for every request, so it lies here too. */
  iommuDomain: u32;
  queueIndex: u32;
  /** Which flow the lane is run by whose front this queue is: its number among the files of flows/, from 1 on. */
  flow: u32;
  /** The lane's front queue (itself, there), and the lane's next queue pair, 0 behind its last. */
  front: u32;
  next: u32;
  /** Bios that have ended and wait for their flow's next step (struct bio_list): wasm addresses, 0 for none. */
  endedHead: u32;
  endedTail: u32;
  /** DmaClient of the controller behind this queue. */
  client: u32;
  /** I/Os that failed: refused by the submitter or the scheme, by mapping, by the device. */
  refusals: u32;
  mapRefusals: u32;
  deviceFailures: u32;
  /** CPU accesses to memory whose mapping had gone (SIGBUS), and blocks that such an access would have checked. */
  sigbus: u32;
  /** Flow nvmet: the target's NvmetRdmaQueue. */
  nvmet: u32;
  /** 1: the submitter waits for each Flush, as in fsync(); 0: it goes on, as with io_uring's. */
  flushWaits: u32;
  /** The flush bio that goes once all parts of the write before it have been sent; 0: none. */
  flushNext: u32;
  /** struct blk_flush_queue: the request of the running flush, and the bios that the next one will serve (a list). */
  flushRequest: u32;
  flushPendingHead: u32;
  flushPendingTail: u32;
  /** Flush commands that have ended, and flushes of their own or behind a write that ended well. */
  flushCommands: u32;
  flushes: u32;
  /** Completions whose command id is of no command that is outstanding, and the first such id. */
  invalidIds: u32;
  firstInvalidId: u32;
  /** With data checks: Dio of each I/O in flight, in no order. */
  inFlight: u32;
  inFlightCount: u32;
  /** Blocks of a zone of the namespace; 0: it has none. */
  zoneBlocks: u32;
  /** The bio of an I/O that waits for a reset. */
  heldBio: u32;
}

/** The controller's side of a queue pair. */
@unmanaged
export class DeviceQueue {
  machine: u32;
  shared: u32;
  sq: u32;
  cq: u32;
  depth: u32;
  sqHead: u32;
  cqTail: u32;
  cqPhase: u32;
  /** Cached copy of the host's CQ head doorbell. */
  cqHeadSeen: u32;
  /** Completions posted, free running; published through QueueShared.cqPosted. */
  posted: u32;
  /** CQEs posted before they are published (interrupt aggregation threshold). */
  coalesce: u32;
  sqid: u32;
  /** Bus windows as this controller's transactions are routed. */
  windows: u32;
  windowCount: u32;
  /** The namespace's media: memory, bytes (a power of two: payload wraps), and the namespace's size in blocks. */
  media: u32;
  mediaBytes: u32;
  nsBlocks: u64;
  nsid: u32;
  peerBell: u32;
  wakeups: u32;
  /** Transfers to an address that no window claims. */
  unclaimed: u32;
  firstUnclaimed: u64;
  commands: u64;
  bytesMoved: u64;
  /** Writes that asked to be on the medium when they end. */
  fuaWrites: u64;
  errors: u32;
  /** IommuDomain behind the client's host bridge, or 0; windows by which its output is routed, behind the others. */
  iommu: u32;
  cpuWindowCount: u32;
  /** The translations kept of it. */
  iotlb: u32;
  /** Tail of the invalidation queue up to which this IOTLB has obeyed. */
  qiSeen: u32;
  iotlbMisses: u32;
  /** Addresses for which the IOMMU had no mapping, and the first. */
  faults: u32;
  firstFault: u64;
  /** Of a zoned namespace: an array of Zone, how many, their size and capacity; 0: it has none. */
  zones: u32;
  zoneCount: u32;
  zoneBlocks: u32;
  zoneCapBlocks: u32;
  /** Limit of zones that are open or active (MOR, MAR); 0: none. How many there are. */
  mostActive: u32;
  activeZones: u32;
  openZones: u32;
  zoneResets: u32;
  /** The slice, and whether it began behind the start of its stream. Written by the lab while nothing is in flight. */
  zoneEpoch: u32;
  zonesBegun: u32;
}

/** One I/O in flight as its submitter sees it (struct blkdev_dio around the bio), one cache line, indexed like its bio. */
@unmanaged
export class Dio {
  block: u64;
  blocksOp: u32;
  /** An initiator's I/O: 1 when the target is to take host RAM for it. */
  ramTarget: u32;
  /** Byte offset of the buffer in the BAR or in RAM, and its length. */
  bufferOffset: u64;
  lenBytes: u32;
  /** Host RAM (1) instead of the BAR, or the memory of an initiator (BUFFER_REMOTE). */
  inRam: u32;
  /** Submission time in nanoseconds of a sampled I/O, else 0. */
  startNs: f64;
  /** The CPU could not fill the buffer, because its mapping had gone: its data mean nothing. */
  unfilled: u32;
  /** Identity for the counting build: distinct pages are counted for each I/O. */
  ioId: u32;
  /** An initiator's I/O: status of its first command that failed. */
  status: u32;
  /** An initiator's I/O: commands that have not ended. */
  commandsLeft: u32;
  /** An I/O of two pieces: bio of the other one (of one piece: its place in HostQueue.inFlight); whether this one lies in that bio; whether it has ended. */
  partner: u32;
  isJoined: u16;
  hasEnded: u16;
}

/** HostQueue.pendingBio: no bio waits for tags, the submitter sleeps until its Flush has ended. */
export const WAITS_FOR_FLUSH: u32 = 1;
/** HostQueue.pendingBio: the stream's next I/O waits for the end of one that it overlaps. */
export const WAITS_FOR_OTHERS: u32 = 2;
/** HostQueue.pendingBio: heldBio waits until all I/Os before it have ended; until its zone is reset. */
export const WAITS_FOR_QUIET: u32 = 3;
export const WAITS_FOR_RESET: u32 = 4;

/** Dio.inRam: the buffer lies in the initiator's memory. */
export const BUFFER_REMOTE: u32 = 2;

/** Bytes from one bio to the next: bio, inline vectors, and its Dio. */
export const BIO_STRIDE: u32 = 256;
export const BIO_VECS_AT: u32 = 128;
export const DIO_AT: u32 = 192;

/** State of the walk over a request's segments (struct req_iterator and struct phys_vec in one). */
@unmanaged
export class MapIter {
  bio: u32;
  idx: u32;
  done: u32;
  left: u32;
  place: u64;
  offset: u32;
  len: u32;
}

@inline
export function limitsOf(queue: HostQueue): QueueLimits {
  return changetype<QueueLimits>(<usize>queue.limits);
}

/** The stream's next descriptor, which stays the next. */
@inline
export function nextDescriptor(queue: HostQueue): IoDescriptor {
  return changetype<IoDescriptor>(<usize>queue.stream + (<usize>(queue.streamPos & queue.streamMask) << 4));
}

/** The PRPs of one command while they are written (the local variables of nvme_pci_setup_prps). */
@unmanaged
export class PrpWriter {
  /** Where the next list entry goes; 0: two PRPs reach everything. */
  next: u32;
  /** Entries in the list's current page. */
  filled: u32;
  /** PRP1 has been written. */
  hasFirst: u32;
}

@inline
export function machineOf(queue: HostQueue): Machine {
  return changetype<Machine>(<usize>queue.machine);
}

/** The device for which a queue's buffers are mapped: struct device of the DMA API as far as P2P asks it. */
@inline
export function clientOf(queue: HostQueue): DmaClient {
  return changetype<DmaClient>(<usize>queue.client);
}

@inline
export function dioOf(bio: Bio): Dio {
  return changetype<Dio>(changetype<usize>(bio) + DIO_AT);
}

@inline
export function requestAt(queue: HostQueue, tag: u32): Request {
  return changetype<Request>(<usize>queue.requests + <usize>tag * REQUEST_STRIDE);
}

/** Number `index` of the plugged requests. */
@inline
export function plugged(queue: HostQueue, index: u32): Request {
  return changetype<Request>(<usize>load<u32>(<usize>queue.plug + (<usize>index << 2)));
}
