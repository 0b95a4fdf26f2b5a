// Where everything of a machine lies in the shared memory. Planning touches no memory; building does (machine.ts).
import {
  BIO_STRIDE,
  BusWindow,
  Counters,
  DeviceQueue,
  DevPagemap,
  DmaClient,
  GenPool,
  GenPoolChunk,
  HostQueue,
  IoDescriptor,
  Lifetime,
  Machine,
  MapIter,
  MapTypeAnswer,
  NVME_MAX_SEGS,
  NvmeCommand,
  NvmeCompletion,
  Pacing,
  PciP2pdmaPagemap,
  PrpWriter,
  QueueLimits,
  QueueShared,
  REQUEST_STRIDE,
  SCHEME_SLOTS,
  Scatterlist,
  WRITER_STRIDE,
  Zone,
} from '../../../build/layout.ts';
import { assert } from '../../base/errors.ts';
import { clientsOf, type FabricClient, upstreamWindows } from '../../plan/fabric.ts';
import { flowPlan } from '../../plan/flows.ts';
import type { LaneSpec, MachineSpec } from '../../plan/machine_spec.ts';
import { responsesOf } from '../../plan/nvmet_sizes.ts';
import { ADDRESSABLE, Arena, type Span } from './arena.ts';
import { HISTOGRAMS_BYTES } from './latency_window.ts';
import { planTargetPools, planTargets } from './nvmet_target.ts';

export const PRP_SMALL_BYTES = 256;
export const PRP_PAGE_BYTES = 4096;
/** Bytes of one array of the biovec slab: BIO_MAX_VECS vectors of 16 bytes. */
export const BIOVEC_SLAB_BYTES = 4096;
/** A gap of an open loop: one f64 for each I/O of the stream. */
const GAP_BYTES = 8;
const PAGE_BYTES = 4096;
/** What lies behind BARs that are not the provider's: enough that a misdirected transfer lands somewhere. */
const OTHER_WINDOW_BYTES = 1 << 20;
/** Up to 256 groups of 256 bytes (agents/path_stages). */
const STAGE_HOLD_BYTES = 64 * 1024;
const STRUCT_PAGE_BYTES = 64;
const BLOCK_BYTES = 512;
/** The provider's percpu_ref: a counter for each CPU, and what alignment takes. */
const PROVIDER_REF_BYTES = 64 * 1024;

/** Structures of the whole machine. */
function planShared(arena: Arena, spec: MachineSpec, mapTypeTreeBytes: number) {
  return {
    machine: arena.take('machine', Machine.bytes),
    lifetime: arena.take('life of the provider', Lifetime.bytes),
    schemeStates: arena.take('table of schemes', SCHEME_SLOTS * 4),
    pgmap: arena.take('pagemap', PciP2pdmaPagemap.bytes + DevPagemap.bytes),
    pool: arena.take('gen_pool', GenPool.bytes),
    mapTypes: arena.take('map types', mapTypeTreeBytes),
    clients: arena.take('DMA clients', clientsOf(spec.fabric).length * DmaClient.bytes),
    answers: arena.take('map type answers', clientsOf(spec.fabric).length * MapTypeAnswer.bytes),
    bells: arena.take('bells', WRITER_STRIDE * Math.max(1, spec.workers)),
    limits: arena.take('queue limits', QueueLimits.bytes),
    // On pages of its own, as vzalloc gives it: its resident bytes are measured.
    poolChunk: arena.take(
      'gen_pool bitmap',
      Math.ceil((GenPoolChunk.bytes + Math.ceil(spec.barBytes / PAGE_BYTES / 64) * 8) / PAGE_BYTES) * PAGE_BYTES,
      PAGE_BYTES,
    ),
  };
}

/** One NVMe queue pair: the lane it works for, and the client that its controller is. */
export interface NvmePair {
  lane: LaneSpec;
  client: FabricClient;
  /** Index of the client among the fabric's. */
  clientIndex: number;
}

/** The queue pairs of a machine: those of one lane lie together, its front first; each is a client of its own. */
export function nvmePairs(spec: MachineSpec): NvmePair[] {
  const clients = clientsOf(spec.fabric);
  return spec.lanes.flatMap((lane) =>
    Array.from({ length: flowPlan(spec.flow).nvmePairs }, (_, clientIndex) => {
      const client = clients[clientIndex];
      assert(client !== undefined, `the fabric has client ${clientIndex}`);
      return { lane, client, clientIndex };
    }),
  );
}

/** The client's bus windows, the host's own structures, and what is behind an IOMMU. */
function windowCount(client: FabricClient): number {
  return client.windows.length + 1 + upstreamWindows(client).length;
}

/** Structures of one queue pair that are zeroed before a run. */
function planQueue(arena: Arena, spec: MachineSpec, { lane, client }: NvmePair, index: number) {
  const take = (name: string, bytes: number, align?: number): Span =>
    arena.take(`queue ${index} ${name}`, bytes, align);
  const tags = spec.depthEntries - 1;
  const bios = biosOf(spec, lane);
  return {
    host: take('host', HostQueue.bytes),
    device: take('device', DeviceQueue.bytes),
    shared: take('doorbells', QueueShared.bytes),
    windows: take('bus windows', windowCount(client) * BusWindow.bytes),
    tags: take('tags', Math.ceil(tags / 64) * 8),
    plug: take('plug', 32 * 4),
    mapIter: take('map iterator', MapIter.bytes),
    prpWriter: take('PRP writer', PrpWriter.bytes),
    counters: take('counters', Counters.bytes),
    histogram: take('histograms', HISTOGRAMS_BYTES),
    sq: take('SQ', spec.depthEntries * NvmeCommand.bytes, PAGE_BYTES),
    cq: take('CQ', spec.depthEntries * NvmeCompletion.bytes, PAGE_BYTES),
    requests: take('requests', spec.depthEntries * REQUEST_STRIDE, PAGE_BYTES),
    bios: take('bios', bios * BIO_STRIDE, PAGE_BYTES),
    bioStack: take('free bios', bios * 4),
    biovecStack: take('free biovecs', bios * 4),
    inFlight: take('I/Os in flight', bios * 4),
    zones: lane.zones && take('zones', lane.zones.count * Zone.bytes),
    limits: lane.zones && take('queue limits', QueueLimits.bytes),
    sgStack: take('free scatterlists', tags * 4),
    prpSmallStack: take('free short PRP lists', tags * 4),
    prpPageStack: take('free PRP pages', tags * prpListPages(spec.mdtsBytes) * 4),
  };
}

/** Pools and payload of one queue pair: handed out as they are, never zeroed as a whole. */
function planQueuePools(arena: Arena, spec: MachineSpec, lane: LaneSpec, index: number) {
  const take = (name: string, bytes: number): Span => arena.take(`queue ${index} ${name}`, bytes, PAGE_BYTES);
  const tags = spec.depthEntries - 1;
  return {
    biovecs: take('biovecs', biosOf(spec, lane) * BIOVEC_SLAB_BYTES),
    sgs: take('scatterlists', tags * NVME_MAX_SEGS * Scatterlist.bytes),
    generations: take('block generations', (spec.mediaBytes / BLOCK_BYTES) * 4),
    media: take('medium', spec.mediaBytes),
  };
}

/** Bios of a queue pair: one for each I/O at the same time (two where a Flush may follow it), and one for each tag, because of splits. */
export function biosOf(spec: MachineSpec, lane: LaneSpec): number {
  const ios = spec.rdma === undefined ? lane.iodepth : responsesOf(lane, spec.rdma);
  return ios * (lane.fsync === undefined ? 1 : 2) + spec.depthEntries - 1;
}

/** PRP list pages that one command of `bytes` may need, the last entry of each full page being a pointer. */
export function prpListPages(bytes: number): number {
  const listEntries = Math.ceil(bytes / PAGE_BYTES);
  return Math.max(1, Math.ceil((listEntries - 1) / 511));
}

/**
 * The regions of a machine from byte `start` on.
 * @param iommuBytes of each client's IOMMU
 * @throws LabError when they do not fit one memory
 */
export function planMachine(spec: MachineSpec, mapTypeTreeBytes: number, start: number, iommuBytes = 0) {
  const arena = new Arena(start);
  const pages = (spec.ramBytes + spec.barBytes) / PAGE_BYTES;
  const shared = planShared(arena, spec, mapTypeTreeBytes);
  const pairs = nvmePairs(spec);
  const queues = pairs.map((pair, index) => planQueue(arena, spec, pair, index));
  const targets = spec.rdma === undefined ? [] : planTargets(arena, spec, spec.rdma);
  const zeroed: Span = { at: start, bytes: arena.end - start };
  const tags = spec.depthEntries - 1;
  // PRP lists of all queues lie together: one window makes them reachable for the controllers.
  const prpLists = pairs.map((_, index) => ({
    small: arena.take(`queue ${index} short PRP lists`, tags * PRP_SMALL_BYTES, PAGE_BYTES),
    pages: arena.take(`queue ${index} PRP lists`, tags * prpListPages(spec.mdtsBytes) * PRP_PAGE_BYTES, PAGE_BYTES),
  }));
  const pools = pairs.map(({ lane }, index) => planQueuePools(arena, spec, lane, index));
  const targetPools = spec.rdma === undefined ? undefined : planTargetPools(arena, spec, spec.rdma);
  const streams = spec.lanes.map(({ streamIos }, index) =>
    arena.take(`lane ${index} access stream`, streamIos * IoDescriptor.bytes, PAGE_BYTES),
  );
  const stageHold = arena.take('held I/Os of stage timing', STAGE_HOLD_BYTES, PAGE_BYTES);
  const iommus = clientsOf(spec.fabric).map(({ client }) => arena.take(`IOMMU of ${client}`, iommuBytes, PAGE_BYTES));
  const pacings = spec.lanes.map(({ streamIos, pacing }, index) => {
    if (pacing === undefined) return undefined;
    const at = arena.take(`lane ${index} pacing`, Pacing.bytes, WRITER_STRIDE).at;
    const gapBytes = pacing.kind === 'arrivals' ? streamIos * GAP_BYTES : 0;
    const peerBytes = pacing.kind === 'share' ? pacing.peers.length * 4 : 0;
    return {
      at,
      gaps: gapBytes > 0 ? arena.take(`lane ${index} arrivals`, gapBytes, PAGE_BYTES) : undefined,
      peers: peerBytes > 0 ? arena.take(`lane ${index} peers`, peerBytes, WRITER_STRIDE).at : 0,
    };
  });
  const pageStamps = arena.take('page stamps of the counting build', pages * 4, PAGE_BYTES);
  const barWindow = arena.take('BAR window', spec.barWindowBytes, PAGE_BYTES);
  const ramWindow = arena.take('RAM window', spec.ramWindowBytes, PAGE_BYTES);
  const otherWindow = arena.take('window of other BARs', OTHER_WINDOW_BYTES, PAGE_BYTES);
  const stateBytes = PROVIDER_REF_BYTES + (spec.schemeStateBytes ?? 0);
  const memmapBytes = pages * STRUCT_PAGE_BYTES;
  // Behind the memmap they may grow; where it must keep its place they lie before it.
  const floor = spec.schemeStateBytes === undefined ? undefined : spec.memmapFloor;
  const keeps = floor !== undefined && arena.end + stateBytes < floor && floor + memmapBytes <= ADDRESSABLE;
  const before = keeps ? arena.take('structures of schemes', stateBytes) : undefined;
  if (keeps) arena.skipTo(floor);
  const memmap = arena.take('memmap', memmapBytes, PAGE_BYTES);
  const schemeState = before ?? arena.take('structures of schemes', stateBytes);
  arena.checkFits();
  return {
    shared,
    queues,
    targets,
    targetPools,
    zeroed,
    prpLists,
    pools,
    streams,
    stageHold,
    iommus,
    pacings,
    pageStamps,
    barWindow,
    ramWindow,
    payload: [
      barWindow,
      ramWindow,
      ...pools.map(({ media }) => media),
      ...(targetPools?.own ?? []).map(({ memory }) => memory),
    ],
    otherWindow,
    memmap,
    schemeState,
    regions: arena.regions,
    end: arena.end,
  };
}

export type MachinePlan = ReturnType<typeof planMachine>;
