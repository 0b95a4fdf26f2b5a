// Where the structures of NVMe-oF targets, their RNICs and initiators lie: one set for each lane of a flow with targets.
import {
  BusWindow,
  Dio,
  IbMr,
  Initiator,
  InitiatorCommand,
  NVMET_SGL_BYTES,
  NvmetRdmaCmd,
  NvmetRdmaQueue,
  RDMA_MR_PAGES,
  RDMA_WQE_BYTES,
  RdmaCqe,
  RdmaQpShared,
  RdmaRecvWqe,
  Rnic,
  RnicMr,
  RSP_STRIDE,
} from '../../../build/layout.ts';
import { LabError } from '../../base/errors.ts';
import { formatBytes, powerAtLeast } from '../../base/units.ts';
import type { MachineSpec, RdmaSpec } from '../../plan/machine_spec.ts';
import {
  CAPSULE_BYTES,
  commandsOf,
  initiatorBytes,
  inlinePages,
  mapBytes,
  REG_CTX_STRIDE,
  responsesOf,
  rnicOf,
  targetRamPages,
} from '../../plan/nvmet_sizes.ts';
import type { Arena, Span } from './arena.ts';
import { HISTOGRAMS_BYTES } from './latency_window.ts';

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
