// The controller's side of a queue pair, as a machine is built with it.
import { BusWindow, DeviceQueue } from '../../../build/layout.ts';
import { assert } from '../../base/errors.ts';
import { type FabricClient, upstreamWindows } from '../../plan/fabric.ts';
import type { MachineSpec } from '../../plan/machine_spec.ts';
import type { MemoryView } from './arena.ts';
import type { MachinePlan } from './machine_plan.ts';

/** CQEs that the controller posts before it publishes them (the aggregation threshold): a host's usual batch. */
const COALESCE = 32;

export function writeDeviceQueue(
  view: MemoryView,
  spec: MachineSpec,
  plan: MachinePlan,
  client: FabricClient,
  index: number,
): void {
  const regions = plan.queues[index];
  const pools = plan.pools[index];
  assert(regions && pools, `queue ${index} is planned`);
  const at = regions.device.at;
  const u32 = (offset: number, value: number): void => {
    view.u32[(at + offset) / 4] = value;
  };
  u32(DeviceQueue.machine, plan.shared.machine.at);
  u32(DeviceQueue.shared, regions.shared.at);
  u32(DeviceQueue.sq, regions.sq.at);
  u32(DeviceQueue.cq, regions.cq.at);
  u32(DeviceQueue.depth, spec.depthEntries);
  u32(DeviceQueue.cqPhase, 1);
  u32(DeviceQueue.coalesce, COALESCE);
  u32(DeviceQueue.sqid, index + 1);
  u32(DeviceQueue.windows, regions.windows.at);
  u32(DeviceQueue.windowCount, regions.windows.bytes / BusWindow.bytes - upstreamWindows(client).length);
  u32(DeviceQueue.cpuWindowCount, upstreamWindows(client).length);
  u32(DeviceQueue.media, pools.media.at);
  u32(DeviceQueue.mediaBytes, spec.mediaBytes);
  view.u64[(at + DeviceQueue.nsBlocks) / 8] = BigInt(spec.namespaceBytes / 512);
  u32(DeviceQueue.nsid, index + 1);
  u32(DeviceQueue.peerBell, plan.shared.bells.at);
}
