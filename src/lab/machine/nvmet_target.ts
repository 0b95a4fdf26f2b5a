// NVMe-oF targets in a machine's memory, each with its RNIC and its initiator, one for each lane of a flow with targets: where their
// structures lie, and what is written into them before agents run.
import {
  BusWindow,
  Dio,
  DmaClient,
  HostQueue,
  IbMr,
  Initiator,
  InitiatorCommand,
  LOCAL_DMA_LKEY,
  NVMET_SGL_BYTES,
  NvmetRdmaCmd,
  NvmetRdmaQueue,
  NvmetRdmaRsp,
  RDMA_KEY_SHIFT,
  RDMA_MR_PAGES,
  RDMA_WQE_BYTES,
  RdmaCqe,
  RdmaQpShared,
  RdmaRecvWqe,
  Rnic,
  RnicMr,
  RSP_STRIDE,
} from '../../../build/layout.ts';
import { assert, LabError } from '../../base/errors.ts';
import { formatBytes, powerAtLeast } from '../../base/units.ts';
import type { FabricClient } from '../../plan/fabric.ts';
import type { LaneSpec, MachineSpec, RdmaSpec } from '../../plan/machine_spec.ts';
import {
  CAPSULE_BYTES,
  commandsOf,
  initiatorBytes,
  inlinePages,
  mapBytes,
  REG_CTX_STRIDE,
  responsesOf,
  rnicOf,
  slotBytes,
  targetRamPages,
} from '../../plan/nvmet_sizes.ts';
import type { Arena, MemoryView, Span } from './arena.ts';
import { fillStack, setField } from './fields.ts';
import type { DeviceAgent } from './lanes.ts';
import { HISTOGRAMS_BYTES } from './latency_window.ts';
import type { MachinePlan } from './machine_plan.ts';
import { kernelMemoryBus, writeWindows } from './windows.ts';

const PAGE_BYTES = 4096;
const MR_LIST_BYTES = RDMA_MR_PAGES * 8;
/** Blocks that one I/O of 256 pages may need, in the least favourable case, fit twice. */
const LEAST_SQ_BLOCKS = 512;

/**
 * Structures that are zeroed before a run.
 * @throws LabError when host RAM has not enough pages for the targets' buffers
 */
export function planTargets(arena: Arena, spec: MachineSpec, rdma: RdmaSpec) {
  const pages = spec.lanes.reduce((sum, lane) => sum + targetRamPages(lane, rdma), 0);
  const there = spec.ramWindowBytes / PAGE_BYTES;
  if (pages > there) {
    throw new LabError(
      `--flow ${spec.flow}: targets need ${formatBytes(pages * PAGE_BYTES)} of host RAM for the buffers of their I/O in flight, and there are ` +
        `${formatBytes(spec.ramWindowBytes)}. Make --ram larger, or iodepth or the block size smaller.`,
    );
  }
  const windows = rnicOf(spec).windows.length + 1;
  return spec.lanes.map((lane, index) => {
    const take = (name: string, bytes: number, align?: number): Span =>
      arena.take(`target ${index} ${name}`, bytes, align);
    const commands = commandsOf(lane, rdma);
    const responses = responsesOf(lane, rdma);
    return {
      initiator: take('initiator', Initiator.bytes),
      rnic: take('RNIC', Rnic.bytes),
      target: take('queue', NvmetRdmaQueue.bytes),
      shared: take('doorbells', RdmaQpShared.bytes),
      windows: take('bus windows', windows * BusWindow.bytes),
      histogram: take('histograms', HISTOGRAMS_BYTES),
      sq: take('SQ', powerAtLeast(Math.max(LEAST_SQ_BLOCKS, responses * 4)) * RDMA_WQE_BYTES, PAGE_BYTES),
      rq: take('RQ', powerAtLeast(commands) * RdmaRecvWqe.bytes, PAGE_BYTES),
      cq: take('CQ', powerAtLeast(commands + responses) * RdmaCqe.bytes, PAGE_BYTES),
      responses: take('responses', responses * RSP_STRIDE, PAGE_BYTES),
      responseStack: take('free responses', responses * 4),
      cmds: take('receive buffers', commands * NvmetRdmaCmd.bytes),
      commands: take('commands', commands * InitiatorCommand.bytes),
      commandStack: take('free commands', commands * 4),
      dios: take('I/Os', lane.iodepth * Dio.bytes),
      dioStack: take('free I/Os', lane.iodepth * 4),
      mrs: take('regions', responses * IbMr.bytes),
      mrStack: take('free regions', responses * 4),
      rnicMrs: take("the RNIC's regions", responses * RnicMr.bytes),
      sglStack: take('free scatterlists', responses * 4),
      mapStack: take('free request arrays', responses * 4),
      regStack: take('free registrations', responses * 4),
      pageStack: take('free pages', (targetRamPages(lane, rdma) - commands * inlinePages(rdma)) * 4),
    };
  });
}

/** Pools and memory that are handed out as they are. What the RNIC reads of the host's own lies together. */
export function planTargetPools(arena: Arena, spec: MachineSpec, rdma: RdmaSpec) {
  const take = (name: string, index: number, bytes: number): Span =>
    arena.take(`target ${index} ${name}`, bytes, PAGE_BYTES);
  const kernel = spec.lanes.map((lane, index) => ({
    capsules: take('capsules', index, commandsOf(lane, rdma) * CAPSULE_BYTES),
    responses: take('completions', index, responsesOf(lane, rdma) * CAPSULE_BYTES),
    mrLists: take('page lists', index, responsesOf(lane, rdma) * MR_LIST_BYTES),
  }));
  const own = spec.lanes.map((lane, index) => ({
    sgls: take('scatterlists', index, responsesOf(lane, rdma) * NVMET_SGL_BYTES),
    maps: take('request arrays', index, responsesOf(lane, rdma) * mapBytes(rdma)),
    regs: take('registrations', index, responsesOf(lane, rdma) * REG_CTX_STRIDE),
    rnicLists: take("the RNIC's page lists", index, responsesOf(lane, rdma) * MR_LIST_BYTES),
    memory: take("initiator's memory", index, initiatorBytes(spec, lane)),
  }));
  return { kernel, own };
}

export type TargetPlan = ReturnType<typeof planTargets>[number];
export type TargetPools = ReturnType<typeof planTargetPools>;

const RAM_PAGE_SHIFT = 12n;

/** What the lab reads of one lane's target: NvmetRdmaQueue, Rnic, Initiator (a HostQueue), and their tables. */
export interface TargetAddresses {
  target: number;
  rnic: number;
  initiator: number;
  windows: Span;
  histogram: Span;
  /** Whose windows they are. */
  client: FabricClient;
}

export function targetAddresses(spec: MachineSpec, plan: MachinePlan): TargetAddresses[] {
  return plan.targets.map(({ target, rnic, initiator, windows, histogram }) => ({
    target: target.at,
    rnic: rnic.at,
    initiator: initiator.at,
    windows,
    histogram,
    client: rnicOf(spec),
  }));
}

/** Everything that writing one lane's target looks at. */
interface Lane {
  view: MemoryView;
  spec: MachineSpec;
  rdma: RdmaSpec;
  lane: LaneSpec;
  index: number;
  plan: MachinePlan;
  regions: TargetPlan;
  kernel: TargetPools['kernel'][number];
  pools: TargetPools['own'][number];
  /** Bus address of wasm address 0. */
  bus: bigint;
  /** First page of host RAM that is this target's. */
  firstPage: number;
  /** RdmaQpShared: where driver and RNIC find the doorbells. */
  doorbells: number;
}

/** The RNIC's agent: it also is the lane's initiator, where its I/O begins. */
export function rnicAgent({ initiator, rnic, target }: TargetPlan): DeviceAgent {
  return {
    kind: 'rnic',
    at: initiator.at,
    deviceBell: target.at + NvmetRdmaQueue.rnicBell,
    hostBell: rnic.at + Rnic.hostBell,
  };
}

/** Target, RNIC and initiator of lane `index`, with every receive buffer posted. */
export function writeTarget(
  view: MemoryView,
  spec: MachineSpec,
  plan: MachinePlan,
  lane: LaneSpec,
  index: number,
): void {
  const { rdma } = spec;
  const regions = plan.targets[index];
  const kernel = plan.targetPools?.kernel[index];
  const pools = plan.targetPools?.own[index];
  assert(rdma && regions && kernel && pools, `target ${index} is planned`);
  const firstPage = spec.lanes.slice(0, index).reduce((sum, before) => sum + targetRamPages(before, rdma), 0);
  const bus = kernelMemoryBus(spec);
  const doorbells = doorbellsOf(spec, plan, index);
  view.u8.fill(0, doorbells, doorbells + RdmaQpShared.bytes);
  const at: Lane = { view, spec, rdma, lane, index, plan, regions, kernel, pools, bus, firstPage, doorbells };
  writeQueue(at);
  writeReceiveBuffers(at);
  writeResponses(at);
  writeRegions(at);
  writeRnic(at);
  writeInitiator(at);
}

/**
 * Doorbells of a queue pair. Where the provider is the RNIC itself they are a page of its BAR (UAR), one for each lane from the
 * BAR's start on, and so a peer may be handed their address.
 */
function doorbellsOf(spec: MachineSpec, plan: MachinePlan, index: number): number {
  if (spec.fabric.provider.device === rnicOf(spec).client) return plan.barWindow.at + index * PAGE_BYTES;
  return (plan.targets[index] as TargetPlan).shared.at;
}

/** Writer of fields of the structure at `at`. */
function fieldsOf(view: MemoryView, at: number) {
  return {
    u32: (offset: number, value: number): void => setField(view, at, offset, value),
    u64: (offset: number, value: bigint): void => {
      view.u64[(at + offset) / 8] = value;
    },
  };
}

function writeQueue({ view, rdma, plan, index, regions, pools, firstPage, doorbells }: Lane): void {
  const { u32 } = fieldsOf(view, regions.target.at);
  const stack = (at: number, free: number, span: Span, first: number, stride: number): void => {
    u32(at, span.at);
    u32(free, span.bytes / 4);
    fillStack(view, span, first, stride);
  };
  u32(NvmetRdmaQueue.client, plan.shared.clients.at + DmaClient.bytes);
  u32(NvmetRdmaQueue.shared, doorbells);
  u32(NvmetRdmaQueue.sq, regions.sq.at);
  u32(NvmetRdmaQueue.sqMask, regions.sq.bytes / RDMA_WQE_BYTES - 1);
  u32(NvmetRdmaQueue.sqAvail, regions.sq.bytes / RDMA_WQE_BYTES);
  u32(NvmetRdmaQueue.rq, regions.rq.at);
  u32(NvmetRdmaQueue.rqMask, regions.rq.bytes / RdmaRecvWqe.bytes - 1);
  u32(NvmetRdmaQueue.cq, regions.cq.at);
  u32(NvmetRdmaQueue.cqMask, regions.cq.bytes / RdmaCqe.bytes - 1);
  u32(NvmetRdmaQueue.rsps, regions.responses.at);
  stack(NvmetRdmaQueue.rspStack, NvmetRdmaQueue.rspFree, regions.responseStack, regions.responses.at, RSP_STRIDE);
  u32(NvmetRdmaQueue.cmds, regions.cmds.at);
  stack(NvmetRdmaQueue.sglStack, NvmetRdmaQueue.sglFree, regions.sglStack, pools.sgls.at, NVMET_SGL_BYTES);
  stack(NvmetRdmaQueue.mapStack, NvmetRdmaQueue.mapFree, regions.mapStack, pools.maps.at, mapBytes(rdma));
  stack(NvmetRdmaQueue.regStack, NvmetRdmaQueue.regFree, regions.regStack, pools.regs.at, REG_CTX_STRIDE);
  stack(NvmetRdmaQueue.mrStack, NvmetRdmaQueue.mrFree, regions.mrStack, regions.mrs.at, IbMr.bytes);
  stack(NvmetRdmaQueue.pageStack, NvmetRdmaQueue.pageFree, regions.pageStack, firstPage, 1);
  u32(NvmetRdmaQueue.maxSge, rdma.maxSge);
  u32(NvmetRdmaQueue.forceMr, rdma.forceMr ? 1 : 0);
  u32(NvmetRdmaQueue.rnicBell, plan.shared.bells.at);
  const host = plan.queues[index]?.host.at as number;
  setField(view, host, HostQueue.nvmet, regions.target.at);
}

/** Each with its capsule and pages for in-capsule data, and each posted. */
function writeReceiveBuffers({ view, spec, rdma, lane, regions, kernel, bus, firstPage, doorbells }: Lane): void {
  const count = commandsOf(lane, rdma);
  const pages = inlinePages(rdma);
  const firstInline = firstPage + targetRamPages(lane, rdma) - count * pages;
  for (let i = 0; i < count; i++) {
    const at = regions.cmds.at + i * NvmetRdmaCmd.bytes;
    const capsule = kernel.capsules.at + i * CAPSULE_BYTES;
    const cmd = fieldsOf(view, at);
    const inlinePage = firstInline + i * pages;
    const inlineBus = spec.fabric.ramPhys + (BigInt(inlinePage) << RAM_PAGE_SHIFT);
    cmd.u64(NvmetRdmaCmd.nvme_cmd, BigInt(capsule));
    cmd.u64(NvmetRdmaCmd.nvme_cmd_bus, bus + BigInt(capsule));
    cmd.u32(NvmetRdmaCmd.inline_page, inlinePage);
    cmd.u32(NvmetRdmaCmd.inline_bytes, pages * PAGE_BYTES);
    cmd.u64(NvmetRdmaCmd.inline_bus, inlineBus);
    const wqe = fieldsOf(view, regions.rq.at + i * RdmaRecvWqe.bytes);
    wqe.u64(RdmaRecvWqe.address, bus + BigInt(capsule));
    wqe.u32(RdmaRecvWqe.byteCount, CAPSULE_BYTES);
    wqe.u32(RdmaRecvWqe.token, at);
    wqe.u64(RdmaRecvWqe.inlineAddress, inlineBus);
    wqe.u32(RdmaRecvWqe.inlineBytes, pages * PAGE_BYTES);
  }
  setField(view, regions.target.at, NvmetRdmaQueue.rqTail, count);
  setField(view, doorbells, RdmaQpShared.rqDoorbell, count);
}

/** Each with its NVMe completion and the data segment that sends it. */
function writeResponses({ view, regions, kernel, bus }: Lane): void {
  const count = regions.responses.bytes / RSP_STRIDE;
  for (let i = 0; i < count; i++) {
    const rsp = fieldsOf(view, regions.responses.at + i * RSP_STRIDE);
    const completion = kernel.responses.at + i * CAPSULE_BYTES;
    rsp.u64(NvmetRdmaRsp.send_sge_addr, bus + BigInt(completion));
    rsp.u64(NvmetRdmaRsp.send_sge_length_lkey, 16n | (BigInt(LOCAL_DMA_LKEY) << 32n));
    rsp.u64(NvmetRdmaRsp.req_cqe, BigInt(completion));
  }
}

/** Regions of the driver's pool, and the RNIC's own idea of each. */
function writeRegions({ view, regions, kernel, pools, bus }: Lane): void {
  const count = regions.mrs.bytes / IbMr.bytes;
  for (let i = 0; i < count; i++) {
    const list = kernel.mrLists.at + i * RDMA_MR_PAGES * 8;
    const mr = fieldsOf(view, regions.mrs.at + i * IbMr.bytes);
    mr.u32(IbMr.lkey, (i + 1) << RDMA_KEY_SHIFT);
    mr.u32(IbMr.rkey, (i + 1) << RDMA_KEY_SHIFT);
    mr.u64(IbMr.pages, BigInt(list));
    mr.u64(IbMr.pages_bus, bus + BigInt(list));
    setField(view, regions.rnicMrs.at + i * RnicMr.bytes, RnicMr.pages, pools.rnicLists.at + i * RDMA_MR_PAGES * 8);
  }
}

function writeRnic({ view, spec, plan, regions, doorbells }: Lane): void {
  const { u32 } = fieldsOf(view, regions.rnic.at);
  u32(Rnic.machine, plan.shared.machine.at);
  u32(Rnic.shared, doorbells);
  u32(Rnic.sq, regions.sq.at);
  u32(Rnic.sqMask, regions.sq.bytes / RDMA_WQE_BYTES - 1);
  u32(Rnic.rq, regions.rq.at);
  u32(Rnic.rqMask, regions.rq.bytes / RdmaRecvWqe.bytes - 1);
  u32(Rnic.cq, regions.cq.at);
  u32(Rnic.cqMask, regions.cq.bytes / RdmaCqe.bytes - 1);
  const client = rnicOf(spec);
  u32(Rnic.windows, regions.windows.at);
  u32(Rnic.windowCount, client.windows.length + 1);
  writeWindows(view, spec, plan, client, regions.windows, kernelSpan(plan));
  u32(Rnic.mrs, regions.rnicMrs.at);
  u32(Rnic.mrCount, regions.rnicMrs.bytes / RnicMr.bytes);
  u32(Rnic.hostBell, plan.shared.bells.at);
}

/** What RNICs read and write of the host's own: capsules, completions, page lists. */
function kernelSpan(plan: MachinePlan): Span {
  const first = plan.targetPools?.kernel[0]?.capsules.at;
  const last = plan.targetPools?.kernel.at(-1)?.mrLists;
  assert(first !== undefined && last, 'targets have pools');
  return { at: first, bytes: last.at + last.bytes - first };
}

function writeInitiator({ view, spec, rdma, lane, index, plan, regions, pools }: Lane): void {
  const { u32, u64 } = fieldsOf(view, regions.initiator.at);
  const stream = plan.streams[index];
  const queuePools = plan.pools[index];
  assert(stream && queuePools, `lane ${index} is planned`);
  u32(HostQueue.machine, plan.shared.machine.at);
  u32(HostQueue.stream, stream.at);
  u32(HostQueue.streamMask, lane.streamIos - 1);
  u32(HostQueue.iodepth, lane.iodepth);
  u32(HostQueue.batch, lane.batch);
  u32(HostQueue.sampleState, 0x9e3779b9 + index);
  u32(HostQueue.histogram, regions.histogram.at);
  u32(HostQueue.generations, queuePools.generations.at);
  u32(HostQueue.media, queuePools.media.at);
  u32(HostQueue.mediaBlocks, spec.mediaBytes / 512);
  u64(HostQueue.nsBlocks, BigInt(spec.namespaceBytes / 512));
  u32(Initiator.rnic, regions.rnic.at);
  u32(Initiator.memory, pools.memory.at);
  u32(Initiator.memoryMask, pools.memory.bytes - 1);
  u32(Initiator.commands, regions.commands.at);
  u32(Initiator.commandCount, regions.commands.bytes / InitiatorCommand.bytes);
  u32(Initiator.commandStack, regions.commandStack.at);
  u32(Initiator.commandFree, regions.commandStack.bytes / 4);
  fillStack(view, regions.commandStack, regions.commands.at, InitiatorCommand.bytes);
  u32(Initiator.dioStack, regions.dioStack.at);
  u32(Initiator.dioFree, regions.dioStack.bytes / 4);
  fillStack(view, regions.dioStack, regions.dios.at, Dio.bytes);
  for (let i = 0; i < lane.iodepth; i++) {
    const dio = fieldsOf(view, regions.dios.at + i * Dio.bytes);
    dio.u64(Dio.bufferOffset, BigInt(i * slotBytes(rdma)));
  }
  u32(Initiator.inlineBytes, rdma.inlineBytes);
}
