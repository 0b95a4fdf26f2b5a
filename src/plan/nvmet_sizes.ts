// Sizes of an NVMe-oF target, its RNIC and its initiator that follow from the workload: commands, responses, pages, buffers.
import { IbRdmaWr, NVMET_RDMA_MAX_BYTES, RDMA_MR_PAGES, RdmaRwRegCtx } from '../../build/layout.ts';
import { assert } from '../base/errors.ts';
import { powerAtLeast } from '../base/units.ts';
import { clientsOf, type FabricClient } from './fabric.ts';
import type { LaneSpec, MachineSpec, RdmaSpec } from './machine_spec.ts';

const PAGE_BYTES = 4096;
/** A capsule, and the completion that answers it: a cache line each. */
export const CAPSULE_BYTES = 64;
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
