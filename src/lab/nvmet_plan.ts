// Where the structures of NVMe-oF targets, their RNICs and initiators lie: one set for each lane of the flow `nvmet`.
import {
  BusWindow,
  Dio,
  IbMr,
  IbRdmaWr,
  Initiator,
  InitiatorCommand,
  NVMET_RDMA_MAX_BYTES,
  NVMET_SGL_BYTES,
  NvmetRdmaCmd,
  NvmetRdmaQueue,
  RDMA_MR_PAGES,
  RDMA_WQE_BYTES,
  RdmaCqe,
  RdmaQpShared,
  RdmaRecvWqe,
  RdmaRwRegCtx,
  Rnic,
  RnicMr,
  RSP_STRIDE,
} from '../../build/layout.ts';
import { assert, LabError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import type { Arena, Span } from './arena.ts';
import { clientsOf, type FabricClient } from './fabric.ts';
import { HISTOGRAMS_BYTES } from './latency_window.ts';
import type { LaneSpec, MachineSpec, RdmaSpec } from './machine_spec.ts';

const PAGE_BYTES = 4096;
/** A capsule, and the completion that answers it: a cache line each. */
export const CAPSULE_BYTES = 64;
const MR_LIST_BYTES = RDMA_MR_PAGES * 8;
/** Blocks that one I/O of 256 pages may need, in the least favourable case, fit twice. */
const LEAST_SQ_BLOCKS = 512;
/** Struct rdma_rw_reg_ctx on lines of its own. */
export const REG_CTX_STRIDE = Math.ceil(RdmaRwRegCtx.bytes / 64) * 64;

/** Commands that an initiator may have under way, and so receive buffers of the target. */
export function commandsOf(lane: LaneSpec, rdma: RdmaSpec): number {
  return lane.iodepth * Math.ceil(rdma.maxIoBytes / NVMET_RDMA_MAX_BYTES);
}

/** Responses of the target: twice the receive buffers (nvmet_rdma_alloc_rsps), as a buffer is posted anew before its response is let go. */
export function responsesOf(lane: LaneSpec, rdma: RdmaSpec): number {
  return 2 * commandsOf(lane, rdma);
}

/** Pages of the in-capsule data of one receive buffer. */
export function inlinePages(rdma: RdmaSpec): number {
  return Math.ceil(rdma.inlineBytes / PAGE_BYTES);
}

/** Pages of host RAM that a target may hold: buffers, then in-capsule data. */
export function targetRamPages(lane: LaneSpec, rdma: RdmaSpec): number {
  const pages = Math.ceil(Math.min(rdma.maxIoBytes, NVMET_RDMA_MAX_BYTES) / PAGE_BYTES);
  return responsesOf(lane, rdma) * pages + commandsOf(lane, rdma) * inlinePages(rdma);
}

/** Bytes of one array of data segments and requests (rdma_rw_ctx.map), whole lines. */
export function mapBytes(rdma: RdmaSpec): number {
  const requests = Math.ceil(RDMA_MR_PAGES / rdma.maxSge);
  return Math.ceil((RDMA_MR_PAGES * 16 + requests * IbRdmaWr.bytes) / 64) * 64;
}

/** The RNIC of a fabric: its second client. */
export function rnicOf(spec: MachineSpec): FabricClient {
  const rnic = clientsOf(spec.fabric)[1];
  assert(rnic !== undefined, 'a fabric with an RNIC has two clients');
  return rnic;
}

/** Memory of an initiator: its commands' buffers, or next to nothing when no payload moves. */
export function initiatorBytes({ rdma, payload }: MachineSpec, lane: LaneSpec): number {
  if (rdma === undefined) return 0;
  return payload === 'none' ? PAGE_BYTES : powerAtLeast(lane.iodepth * slotBytes(rdma));
}

/** Bytes from one I/O's buffer to the next in an initiator's memory. */
export function slotBytes(rdma: RdmaSpec): number {
  return powerAtLeast(Math.max(PAGE_BYTES, rdma.maxIoBytes));
}

function powerAtLeast(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}

/**
 * Structures that are zeroed before a run.
 * @throws LabError when host RAM has not enough pages for the targets' buffers
 */
export function planTargets(arena: Arena, spec: MachineSpec, rdma: RdmaSpec) {
  const pages = spec.lanes.reduce((sum, lane) => sum + targetRamPages(lane, rdma), 0);
  const there = spec.ramWindowBytes / PAGE_BYTES;
  if (pages > there) {
    throw new LabError(
      `--flow nvmet: targets need ${formatBytes(pages * PAGE_BYTES)} of host RAM for the buffers of their I/O in flight, and there are ` +
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
