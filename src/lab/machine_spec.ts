// What decides a machine: sizes, queues, payload, fabric. Plain data; the words are those of the command line.
import type { Fabric } from './fabric.ts';

export type Payload = 'none' | 'move' | 'verify';
/** Where buffers come from; `ram`: the bounce through host RAM that flow `copy` also runs. */
export type Buffers = 'pool' | 'fixed' | 'user' | 'ram';

/** What a lane's I/O does: host and drive; drive to drive; network and drive. */
export type Flow = 'direct' | 'copy' | 'nvmet';

/** NVMe queue pairs that the host of one lane has. */
export const NVME_PAIRS: Record<Flow, number> = { direct: 1, copy: 2, nvmet: 1 };

/** One workload stream and the I/O its host keeps in flight. */
export interface LaneSpec {
  iodepth: number;
  /** I/Os for each doorbell; at most iodepth. */
  batch: number;
  /** I/Os in the access stream: a power of two. */
  streamIos: number;
}

/** Everything that decides a machine's layout. Sizes in bytes. */
export interface MachineSpec {
  /** The provider's BAR: a power of two. */
  barBytes: number;
  ramBytes: number;
  fabric: Fabric;
  flow: Flow;
  payload: Payload;
  lanes: LaneSpec[];
  /** Entries of each SQ and CQ; one fewer can be used. */
  depthEntries: number;
  /** Largest transfer of one command (MDTS). */
  mdtsBytes: number;
  namespaceBytes: number;
  /** Memory behind BAR, RAM and each queue's medium: powers of two; payload is folded into it. */
  barWindowBytes: number;
  ramWindowBytes: number;
  mediaBytes: number;
  refcount: 'atomic' | 'plain';
  /** The NVMe queues take P2P memory (the flag each scheme asks for). */
  p2pQueue: boolean;
  /** Worker threads that may sleep: one bell each. */
  workers: number;
  /** Bytes to reserve for the schemes' own structures; without it they grow the memory as they are set up. */
  schemeStateBytes?: number;
}
