// Builds a machine in shared memory: zeroes what must be zero and writes the structures that agents read.
// One machine serves every scheme of a comparison: same queues, same addresses, so that only the scheme differs.
import type { SetupModule } from '../../../build/exports.ts';
import { FLOW_CODE } from '../../../build/flows.ts';
import {
  BIO_STRIDE,
  BLK_FEAT_PCI_P2PDMA,
  BLK_PLUG_FLUSH_SIZE,
  BUFFERS_FIXED,
  BUFFERS_POOL,
  BUFFERS_RAM,
  BUFFERS_USER,
  DeviceQueue,
  DMA_OPS_PCI,
  DMA_OPS_VIRT,
  DmaClient,
  HostQueue,
  IOVA_RCACHE_RANGE,
  Machine,
  MapTypeAnswer,
  NVME_CTRL_PAGE_SIZE,
  NVME_MAX_SEGS,
  PAYLOAD_MOVE,
  PAYLOAD_NONE,
  PAYLOAD_VERIFY,
  PciP2pdmaPagemap,
  PGMAP_IN_P2PDMA,
  QUEUE_FLAG_DMA_DIRECT,
  QueueLimits,
  REACHABLE,
  REACHABLE_5_2,
  Scatterlist,
  WRITER_STRIDE,
} from '../../../build/layout.ts';
import { assert } from '../../base/errors.ts';
import {
  clientsOf,
  type Fabric,
  type FabricClient,
  isTranslated,
  MAP_TYPE_CODE,
  reaches52,
  reachesInEra,
} from '../../plan/fabric.ts';
import { flowPlan } from '../../plan/flows.ts';
import type { Buffers, LaneSpec, MachineSpec, Payload } from '../../plan/machine_spec.ts';
import { growTo, type MemoryView, type NamedSpan, type Span, viewOf } from './arena.ts';
import { writeDeviceQueue } from './device_queue.ts';
import { field, fillStack, setField } from './fields.ts';
import { IOMMU_CODE, setupIommus, translatedClients } from './iommu.ts';
import { takeReadyPages } from './kept_memmap.ts';
import { type PlacedPacing, writePacings } from './lane_pacing.ts';
import type { DeviceAgent, Lane } from './lanes.ts';
import {
  BIOVEC_SLAB_BYTES,
  type MachinePlan,
  type NvmePair,
  nvmePairs,
  PRP_PAGE_BYTES,
  PRP_SMALL_BYTES,
} from './machine_plan.ts';
import { rnicAgent, type TargetAddresses, targetAddresses, writeTarget } from './nvmet_target.ts';
import { planOf } from './whole_plan.ts';
import { barReached, kernelMemoryBus, prpListSpan, writeWindows } from './windows.ts';
import { writeZones } from './zones.ts';

/** As x86-64's vmemmap: page pointers have their top bits set; their low half is the wasm address. */
const VMEMMAP_HIGH = 0xffff_ea00_0000_0000n;
/** BLK_DEF_MAX_SECTORS_CAP: what a bio may have without the administrator's word. */
const MAX_SECTORS_CAP = 2560;

const PAYLOAD_CODE: Record<Payload, number> = { none: PAYLOAD_NONE, move: PAYLOAD_MOVE, verify: PAYLOAD_VERIFY };
const BUFFERS_CODE: Record<Buffers, number> = {
  pool: BUFFERS_POOL,
  fixed: BUFFERS_FIXED,
  user: BUFFERS_USER,
  ram: BUFFERS_RAM,
};

/** One NVMe queue pair's addresses: HostQueue, DeviceQueue, and what the lab reads of them. */
export interface QueueAddresses {
  host: number;
  device: number;
  windows: Span;
  /** Whose windows they are. */
  client: FabricClient;
  histogram: Span;
  counters: Span;
}

export interface PlacedLane extends Lane {
  stream: Span;
  pacing: PlacedPacing | undefined;
}

/** A machine in memory, ready for agents. */
export interface BuiltMachine {
  spec: MachineSpec;
  memory: WebAssembly.Memory;
  view: MemoryView;
  at: number;
  /** One for each workload stream, with that stream and what paces it. */
  lanes: PlacedLane[];
  /** Every NVMe queue pair of all lanes. */
  queues: QueueAddresses[];
  /** The NVMe-oF targets of lanes that have one. */
  targets: TargetAddresses[];
  /** One bell for each worker. */
  bells: number[];
  /** struct pages of RAM, then of the BAR. */
  memmap: Span;
  barMemmap: Span;
  pool: Span;
  /** What is reserved for the structures of schemes. */
  schemeState: Span;
  /** The DMA clients that are behind an IOMMU of the machine: DmaClient. */
  translated: number[];
  /** The provider's Lifetime. */
  lifetime: number;
  /** One word for each page of RAM and BAR, used by the counting build only. */
  pageStamps: Span;
  /** Where the timing of stages keeps what it has to finish. */
  stageHold: Span;
  /** Windows and media: what data is copied from and to. */
  payload: readonly Span[];
  /** Of them, the buffers in host RAM. */
  ramWindow: Span;
  /** Every region of the memory by its name, in ascending order. */
  regions: readonly NamedSpan[];
}

/**
 * Builds the machine at the start of `memory`, over whatever machine was there before.
 * @throws LabError when it does not fit
 */
export function buildMachine(memory: WebAssembly.Memory, spec: MachineSpec, setup: SetupModule): BuiltMachine {
  assert(Number.isInteger(Math.log2(spec.barBytes)), 'BAR sizes are powers of two');
  const plan = planOf(spec, setup);
  growTo(memory, plan.end);
  const view = viewOf(memory);
  view.u8.fill(0, plan.zeroed.at, plan.zeroed.at + plan.zeroed.bytes);
  const ramMemmapBytes = spec.ramBytes / 64;
  const barMemmap: Span = { at: plan.memmap.at + ramMemmapBytes, bytes: plan.memmap.bytes - ramMemmapBytes };
  writeMachine(view, spec, plan, barMemmap.at);
  setField(view, plan.shared.machine.at, Machine.memmapReady, readyPages(memory, view, plan, barMemmap.at));
  writeClients(view, spec, plan);
  writeLimits(view, spec, plan);
  const pairs = nvmePairs(spec);
  for (const [index, pair] of pairs.entries()) writeQueue(view, spec, plan, pair, index);
  for (const [index, lane] of spec.lanes.entries()) {
    writeLane(view, spec, plan, lane, index);
    if (spec.rdma !== undefined) writeTarget(view, spec, plan, lane, index);
  }
  setup.setupRam(plan.shared.machine.at);
  setup.setupPool(plan.shared.machine.at, plan.shared.poolChunk.at);
  setup.setupMapTypes(plan.shared.mapTypes.at, plan.shared.mapTypes.bytes);
  setupIommus(spec, plan, setup);
  if (spec.payload === 'verify') for (const queue of plan.queues) setup.fillMedia(queue.host.at);
  const lanes = spec.lanes.map((_, lane) => laneOf(spec, plan, lane));
  writePacings(view, spec.lanes, lanes);
  return {
    spec,
    memory,
    view,
    at: plan.shared.machine.at,
    lanes,
    queues: plan.queues.map((queue, index) => ({
      host: queue.host.at,
      device: queue.device.at,
      windows: queue.windows,
      client: pairs[index]?.client as FabricClient,
      histogram: queue.histogram,
      counters: queue.counters,
    })),
    targets: targetAddresses(spec, plan),
    bells: Array.from({ length: Math.max(1, spec.workers) }, (_, i) => plan.shared.bells.at + i * WRITER_STRIDE),
    memmap: plan.memmap,
    barMemmap,
    pool: plan.shared.poolChunk,
    schemeState: plan.schemeState,
    translated: translatedClients(spec, plan),
    lifetime: plan.shared.lifetime.at,
    pageStamps: plan.pageStamps,
    stageHold: plan.stageHold,
    payload: plan.payload,
    ramWindow: plan.ramWindow,
    regions: plan.regions,
  };
}

function readyPages(memory: WebAssembly.Memory, view: MemoryView, plan: MachinePlan, memmapAt: number): number {
  return takeReadyPages(memory, memmapAt, field(view, plan.shared.machine.at, Machine.pgmap));
}

/** The queue pairs of a lane, its front first. */
function pairsOf(spec: MachineSpec, plan: MachinePlan, lane: number) {
  const { nvmePairs } = flowPlan(spec.flow);
  return plan.queues.slice(lane * nvmePairs, (lane + 1) * nvmePairs);
}

/** The agents of a lane: its front queue's host, and each queue pair's controller. */
function laneOf(spec: MachineSpec, plan: MachinePlan, lane: number): PlacedLane {
  const pairs = pairsOf(spec, plan, lane);
  const devices = pairs.map(
    ({ host, device }): DeviceAgent => ({
      kind: 'nvme',
      at: device.at,
      deviceBell: host.at + HostQueue.peerBell,
      hostBell: device.at + DeviceQueue.peerBell,
    }),
  );
  const [front] = pairs;
  const stream = plan.streams[lane];
  assert(front && stream, `lane ${lane} is planned`);
  const placed = { host: front.host.at, stream, pacing: plan.pacings[lane] };
  const target = plan.targets[lane];
  if (target !== undefined && flowPlan(spec.flow).hasTarget)
    return { ...placed, front: target.initiator.at, devices: [rnicAgent(target), ...devices] };
  return { ...placed, front: front.host.at, devices };
}

/** Unit of a buffer's position in a stream. */
const STREAM_PAGE_BYTES = 4096;

/**
 * Says that the stream's buffers lie in other copies of their windows: the same I/Os on other struct pages. Only between slices.
 * Without it the arms of a round would find each other's lines in the caches, and no memmap would be larger than the stream.
 * @param turn counts the slices of all arms
 * @param isMixed whether the stream has buffers in host RAM as well
 */
export function skewBuffers({ view, spec, lanes }: BuiltMachine, turn: number, isMixed = false): void {
  const { barBytes, barWindowBytes, ramBytes, ramWindowBytes } = spec;
  const windowBytes = isMixed ? Math.max(barWindowBytes, ramWindowBytes) : barWindowBytes;
  const copies = Math.max(1, (isMixed ? Math.min(barBytes, ramBytes) : barBytes) / windowBytes);
  const skewPages = ((turn % copies) * windowBytes) / STREAM_PAGE_BYTES;
  for (const { host } of lanes) setField(view, host, HostQueue.bufferSkew, skewPages);
}

/** Says where the following I/Os' buffers come from. Only between rounds, when nothing is in flight. */
export function setBuffers(machine: BuiltMachine, buffers: Buffers): void {
  machine.view.u32[(machine.at + Machine.buffers) / 4] = BUFFERS_CODE[buffers];
}

function writeMachine(view: MemoryView, spec: MachineSpec, plan: MachinePlan, memmapAt: number): void {
  const at = plan.shared.machine.at;
  const u32 = (offset: number, value: number): void => {
    view.u32[(at + offset) / 4] = value;
  };
  const u64 = (offset: number, value: bigint): void => {
    view.u64[(at + offset) / 8] = BigInt.asUintN(64, value);
  };
  const { fabric } = spec;
  u64(Machine.barPhys, fabric.barPhys);
  u64(Machine.barBytes, BigInt(spec.barBytes));
  u64(Machine.barBus, fabric.barBus);
  u64(Machine.ramPhys, fabric.ramPhys);
  u64(Machine.ramBytes, BigInt(spec.ramBytes));
  u64(Machine.vmemmap, VMEMMAP_HIGH + BigInt(memmapAt) - ((fabric.barPhys >> 12n) << 6n));
  u64(Machine.dmaBase, kernelMemoryBus(spec));
  u32(Machine.barWindow, plan.barWindow.at);
  u32(Machine.barWindowMask, spec.barWindowBytes - 1);
  u32(Machine.ramWindow, plan.ramWindow.at);
  u32(Machine.ramWindowMask, spec.ramWindowBytes - 1);
  u32(Machine.memmap, memmapAt);
  u32(Machine.ramMemmap, plan.memmap.at);
  u32(Machine.pgmap, plan.shared.pgmap.at + PGMAP_IN_P2PDMA);
  u32(Machine.pool, plan.shared.pool.at);
  u32(Machine.clients, plan.shared.clients.at);
  u32(Machine.clientCount, clientsOf(fabric).length);
  u32(Machine.mapTypes, plan.shared.mapTypes.at);
  u32(Machine.mapTypeAnswers, plan.shared.answers.at);
  u32(Machine.mapTypeAnswerCount, clientsOf(fabric).length);
  u32(Machine.payload, PAYLOAD_CODE[spec.payload]);
  u32(Machine.queueFeatures, spec.p2pQueue ? BLK_FEAT_PCI_P2PDMA | QUEUE_FLAG_DMA_DIRECT : 0);
  u32(Machine.refcountAtomic, spec.refcount === 'atomic' ? 1 : 0);
  u32(Machine.pageStamps, plan.pageStamps.at);
  u32(Machine.schemeStates, plan.shared.schemeStates.at);
  u32(Machine.stateNext, plan.schemeState.at);
  u32(Machine.lifetime, plan.shared.lifetime.at);
  u32(Machine.otherWindow, plan.otherWindow.at);
  u32(Machine.otherWindowMask, plan.otherWindow.bytes - 1);
  u32(Machine.iommu, IOMMU_CODE[fabric.iommu ?? 'off']);
  view.u64[(plan.shared.pgmap.at + PciP2pdmaPagemap.bus_offset) / 8] = BigInt.asUintN(64, fabric.busOffset);
}

/** The clients, and the kernel's answer for each. */
function writeClients(view: MemoryView, spec: MachineSpec, plan: MachinePlan): void {
  clientsOf(spec.fabric).forEach((client, index) => {
    const at = plan.shared.clients.at + index * DmaClient.bytes;
    view.u64[(at + DmaClient.barReached) / 8] = barReached(spec, client);
    view.u64[(at + DmaClient.ramReached) / 8] = spec.fabric.ramPhys;
    setField(view, at, DmaClient.key, client.clientKey);
    setField(view, at, DmaClient.dmaOps, client.clientDmaOps === 'virt' ? DMA_OPS_VIRT : DMA_OPS_PCI);
    setField(view, at, DmaClient.reachable, reachability(spec.fabric, client));
    const answer = plan.shared.answers.at + index * MapTypeAnswer.bytes;
    setField(view, answer, MapTypeAnswer.key, client.clientKey);
    setField(view, answer, MapTypeAnswer.mapType, MAP_TYPE_CODE[client.mapType]);
  });
}

function reachability(fabric: Fabric, client: FabricClient): number {
  return (reachesInEra(fabric, client) ? REACHABLE : 0) | (reaches52(fabric, client) ? REACHABLE_5_2 : 0);
}

/** nvme_set_ctrl_limits with the block layer's defaults (kernel 6.12). */
function writeLimits(view: MemoryView, spec: MachineSpec, plan: MachinePlan): void {
  const at = plan.shared.limits.at;
  // dma_opt_mapping_size: behind an IOMMU no request may outgrow the caches of IOVA ranges.
  const hardwareBytes = isTranslated(spec.fabric) ? Math.min(spec.mdtsBytes, IOVA_RCACHE_RANGE) : spec.mdtsBytes;
  const hardwareSectors = hardwareBytes / 512;
  view.u64[(at + QueueLimits.seg_boundary_mask) / 8] = 0xffff_ffffn;
  view.u64[(at + QueueLimits.virt_boundary_mask) / 8] = BigInt(NVME_CTRL_PAGE_SIZE - 1);
  setField(view, at, QueueLimits.max_hw_sectors, hardwareSectors);
  setField(view, at, QueueLimits.max_sectors, Math.min(hardwareSectors, MAX_SECTORS_CAP));
  setField(view, at, QueueLimits.max_segment_size, 0xffff_ffff);
  setField(view, at, QueueLimits.physical_block_size, 512);
  setField(view, at, QueueLimits.logical_block_size, 512);
  setField(view, at, QueueLimits.dma_alignment, 3);
  const segments = Math.min(NVME_MAX_SEGS, hardwareBytes / NVME_CTRL_PAGE_SIZE + 1);
  new DataView(view.u8.buffer).setUint16(at + QueueLimits.max_segments, segments, true);
}

function writeQueue(view: MemoryView, spec: MachineSpec, plan: MachinePlan, pair: NvmePair, index: number): void {
  writeHostQueue(view, spec, plan, pair, index);
  writeDeviceQueue(view, spec, plan, pair.client, index);
  writeWindows(view, spec, plan, pair.client, plan.queues[index]?.windows as Span, prpListSpan(plan));
  const regions = plan.queues[index];
  const pools = plan.pools[index];
  const lists = plan.prpLists[index];
  assert(regions && pools && lists, `queue ${index} is planned`);
  const tags = spec.depthEntries - 1;
  for (let tag = 0; tag < tags; tag++) {
    const word = regions.tags.at / 8 + (tag >> 6);
    view.u64[word] = (view.u64[word] as bigint) | (1n << BigInt(tag & 63));
  }
  writeZones(view, pair.lane, regions, plan.shared.limits);
  fillStack(view, regions.bioStack, regions.bios.at, BIO_STRIDE);
  fillStack(view, regions.biovecStack, pools.biovecs.at, BIOVEC_SLAB_BYTES);
  fillStack(view, regions.sgStack, pools.sgs.at, NVME_MAX_SEGS * Scatterlist.bytes);
  fillStack(view, regions.prpSmallStack, lists.small.at, PRP_SMALL_BYTES);
  fillStack(view, regions.prpPageStack, lists.pages.at, PRP_PAGE_BYTES);
}

/** The queue pairs of a lane, linked from the front, which also holds the workload. */
function writeLane(view: MemoryView, spec: MachineSpec, plan: MachinePlan, lane: LaneSpec, index: number): void {
  const pairs = pairsOf(spec, plan, index);
  const at = pairs[0]?.host.at;
  const stream = plan.streams[index];
  assert(at !== undefined && stream, `lane ${index} is planned`);
  pairs.forEach((pair, i) => {
    setField(view, pair.host.at, HostQueue.front, at);
    setField(view, pair.host.at, HostQueue.next, pairs[i + 1]?.host.at ?? 0);
  });
  setField(view, at, HostQueue.flow, FLOW_CODE[spec.flow]);
  setField(view, at, HostQueue.stream, stream.at);
  setField(view, at, HostQueue.streamMask, lane.streamIos - 1);
  setField(view, at, HostQueue.iodepth, lane.iodepth);
  setField(view, at, HostQueue.batch, lane.batch);
  setField(view, at, HostQueue.flushWaits, lane.fsync === 'waits' ? 1 : 0);
}

function writeHostQueue(
  view: MemoryView,
  spec: MachineSpec,
  plan: MachinePlan,
  { clientIndex }: NvmePair,
  index: number,
): void {
  const regions = plan.queues[index];
  const pools = plan.pools[index];
  assert(regions && pools, `queue ${index} is planned`);
  const at = regions.host.at;
  const u32 = (offset: number, value: number): void => {
    view.u32[(at + offset) / 4] = value;
  };
  u32(HostQueue.machine, plan.shared.machine.at);
  u32(HostQueue.shared, regions.shared.at);
  u32(HostQueue.limits, plan.shared.limits.at);
  u32(HostQueue.tagWords, regions.tags.at);
  u32(HostQueue.tagWordCount, regions.tags.bytes / 8);
  u32(HostQueue.requests, regions.requests.at);
  u32(HostQueue.sq, regions.sq.at);
  u32(HostQueue.cq, regions.cq.at);
  u32(HostQueue.depth, spec.depthEntries);
  u32(HostQueue.cqPhase, 1);
  u32(HostQueue.nsid, index + 1);
  view.u64[(at + HostQueue.nsBlocks) / 8] = BigInt(spec.namespaceBytes / 512);
  u32(HostQueue.bioStack, regions.bioStack.at);
  u32(HostQueue.bioFree, regions.bioStack.bytes / 4);
  u32(HostQueue.biovecStack, regions.biovecStack.at);
  u32(HostQueue.biovecFree, regions.biovecStack.bytes / 4);
  u32(HostQueue.sgStack, regions.sgStack.at);
  u32(HostQueue.sgFree, regions.sgStack.bytes / 4);
  u32(HostQueue.prpSmallStack, regions.prpSmallStack.at);
  u32(HostQueue.prpSmallFree, regions.prpSmallStack.bytes / 4);
  u32(HostQueue.prpPageStack, regions.prpPageStack.at);
  u32(HostQueue.prpPageFree, regions.prpPageStack.bytes / 4);
  u32(HostQueue.plug, regions.plug.at);
  u32(HostQueue.plugFlushBytes, BLK_PLUG_FLUSH_SIZE);
  u32(HostQueue.mapIter, regions.mapIter.at);
  u32(HostQueue.prpWriter, regions.prpWriter.at);
  u32(HostQueue.peerBell, plan.shared.bells.at);
  u32(HostQueue.sampleState, 0x9e3779b9 + index);
  u32(HostQueue.histogram, regions.histogram.at);
  u32(HostQueue.inFlight, regions.inFlight.at);
  u32(HostQueue.generations, pools.generations.at);
  u32(HostQueue.media, pools.media.at);
  u32(HostQueue.mediaBlocks, spec.mediaBytes / 512);
  u32(HostQueue.counters, regions.counters.at);
  u32(HostQueue.queueIndex, index);
  u32(HostQueue.client, plan.shared.clients.at + clientIndex * DmaClient.bytes);
}
