// What decides a machine: sizes, queues, payload, fabric. Plain data; the words are those of the command line.
import type { Flow } from '../../build/flows.ts';
import type { BUFFER_SOURCES, PAYLOADS } from '../catalogue/options/compared.ts';
import type { Think } from '../jobs/job.ts';
import type { Fabric } from './fabric.ts';

export type Payload = (typeof PAYLOADS)[number];
/** Where buffers come from; `ram`: the bounce through host RAM that flow `copy` also runs. */
export type Buffers = (typeof BUFFER_SOURCES)[number] | 'ram';

/** What a lane's I/O does: one file of src/machine/flows, and one of flows/. */
export type { Flow };

/** Times of a workload's own (machine/front/pacing.ts). The gaps of arrivals are compiled with the stream. */
export type LanePacing =
  | { kind: 'arrivals' }
  | ({ kind: 'bursts' } & Think)
  | {
      kind: 'share';
      weight: number;
      /** Indices of the lanes that share, this one among them, and the sum of their weights. */
      peers: readonly number[];
      totalWeight: number;
    };

/** The zones of a namespace, all alike. Sizes in bytes. */
export interface ZonesSpec {
  zoneBytes: number;
  capacityBytes: number;
  count: number;
  /** Zones that may be open or active; 0: any number. */
  mostActive: number;
}

/** One workload stream and the I/O its host keeps in flight. */
export interface LaneSpec {
  iodepth: number;
  /** I/Os for each doorbell; at most iodepth. */
  batch: number;
  /** I/Os in the access stream: a power of two. */
  streamIos: number;
  /** Its writes may be followed by a Flush: the submitter sleeps until that has ended (fsync), or goes on (io_uring's). */
  fsync?: 'waits' | 'goes-on';
  /** Its namespace is zoned. */
  zones?: ZonesSpec;
  /** When its I/Os may go, where the workload says so; otherwise each as soon as the depth has room. */
  pacing?: LanePacing;
}

/** What the RNIC and the initiators of NVMe-oF targets are like. */
export interface RdmaSpec {
  /** Largest I/O of the workload; above 1 MiB an initiator sends several commands. */
  maxIoBytes: number;
  /** Data segments of one work request: more entries become more requests. At least 4. */
  maxSge: number;
  /** Every RDMA READ and WRITE goes through a registered region (force_mr of ib_core, iWARP). */
  forceMr: boolean;
  /** Largest write whose data comes in the capsule, into host RAM (inline_data_size of the port); at most 16 KiB. */
  inlineBytes: number;
}

/** As mlx5 has it (MLX5_MAX_SGE_RD) and nvmet's port (NVMET_RDMA_DEFAULT_INLINE_DATA_SIZE). */
export const DEFAULT_RDMA: Omit<RdmaSpec, 'maxIoBytes'> = { maxSge: 30, forceMr: false, inlineBytes: 4096 };

/** Everything that decides a machine's layout. Sizes in bytes. */
export interface MachineSpec {
  /** The provider's BAR: a power of two. */
  barBytes: number;
  ramBytes: number;
  fabric: Fabric;
  flow: Flow;
  payload: Payload;
  /** Where a flow has targets. */
  rdma?: RdmaSpec;
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
  /** Least address of the memmap, where all machines of a memory are to have it in one place (kept_memmap.ts). */
  memmapFloor?: number | undefined;
}
