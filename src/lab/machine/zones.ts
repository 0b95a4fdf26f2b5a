// The zones of a lane's namespace: written when the machine is built, and told when a slice begins, as the stream goes on where the
// slice wants and not where the device stands.
import { DeviceQueue, HostQueue, QueueLimits } from '../../../build/layout.ts';
import type { LaneSpec } from '../../plan/machine_spec.ts';
import type { MemoryView, Span } from './arena.ts';
import { field, setField } from './fields.ts';
import type { Lane } from './lanes.ts';

const BLOCK_BYTES = 512;

interface ZonedRegions {
  host: Span;
  device: Span;
  zones?: Span | undefined;
  limits?: Span | undefined;
}

/** Nothing where the namespace is conventional. @param shared limits of the other queues */
export function writeZones(view: MemoryView, { zones: spec }: LaneSpec, regions: ZonedRegions, shared: Span): void {
  const { host, device, zones, limits } = regions;
  if (spec === undefined || zones === undefined || limits === undefined) return;
  const zoneBlocks = spec.zoneBytes / BLOCK_BYTES;
  view.u8.copyWithin(limits.at, shared.at, shared.at + QueueLimits.bytes);
  setField(view, limits.at, QueueLimits.chunk_sectors, zoneBlocks);
  setField(view, host.at, HostQueue.limits, limits.at);
  setField(view, host.at, HostQueue.zoneBlocks, zoneBlocks);
  setField(view, device.at, DeviceQueue.zones, zones.at);
  setField(view, device.at, DeviceQueue.zoneCount, spec.count);
  setField(view, device.at, DeviceQueue.zoneBlocks, zoneBlocks);
  setField(view, device.at, DeviceQueue.zoneCapBlocks, spec.capacityBytes / BLOCK_BYTES);
  setField(view, device.at, DeviceQueue.mostActive, spec.mostActive);
  const nsBlocks = BigInt(zoneBlocks) * BigInt(spec.count);
  view.u64[(host.at + HostQueue.nsBlocks) / 8] = nsBlocks;
  view.u64[(device.at + DeviceQueue.nsBlocks) / 8] = nsBlocks;
}

/** A slice begins at a position of the lane's stream; nothing is in flight. */
export function beginZones(view: MemoryView, { front, devices }: Lane, streamStart: number): void {
  if (field(view, front, HostQueue.zoneBlocks) === 0) return;
  for (const { at } of devices) {
    setField(view, at, DeviceQueue.zoneEpoch, field(view, at, DeviceQueue.zoneEpoch) + 1);
    setField(view, at, DeviceQueue.zonesBegun, (streamStart & field(view, front, HostQueue.streamMask)) === 0 ? 0 : 1);
    setField(view, at, DeviceQueue.activeZones, 0);
    setField(view, at, DeviceQueue.openZones, 0);
  }
}
