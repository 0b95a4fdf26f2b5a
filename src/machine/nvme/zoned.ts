// The controller's zones: Write and Zone Management Send of a zoned namespace (NVMe Zoned Namespace command set 1.1, 2.1.1 and
// 3.4.3). Zones are written at their write pointer only; reads may go anywhere within one (OZCS: no reads across zone boundaries).
// A slice may begin anywhere in its stream. What its I/Os find of a zone is then what those before it in the stream would have left:
// the zone is taken as written up to the first write to it. From the stream's start all zones are empty.
// Left out: Zone Append, actions besides Reset, descriptors, read-only and offline zones.
import {
  NVME_SC_INVALID_FIELD, NVME_SC_LBA_RANGE, NVME_SC_SUCCESS, NVME_SC_TOO_MANY_ACTIVE, NVME_SC_TOO_MANY_OPEN,
  NVME_SC_ZONE_BOUNDARY, NVME_SC_ZONE_FULL, NVME_SC_ZONE_INVALID_WRITE, NvmeCommand,
} from "../layout/nvme";
import { DeviceQueue } from "../layout/queue";
import { Zone, ZONE_EMPTY, ZONE_FULL, ZONE_IMPLICITLY_OPENED, ZONE_SELECT_ALL, ZSA_RESET } from "../layout/zone";

@inline
function zoneAt(queue: DeviceQueue, index: u32): Zone {
  return changetype<Zone>(<usize>queue.zones + <usize>index * offsetof<Zone>());
}

/** Whether a read or write within the namespace may go on; its status code. */
export function checkZone(queue: DeviceQueue, slba: u64, blocks: u64, isWrite: bool): u16 {
  const size = <u64>queue.zoneBlocks;
  const index = slba / size;
  const first = index * size;
  if (slba + blocks > first + size) return NVME_SC_ZONE_BOUNDARY;
  if (!isWrite) return NVME_SC_SUCCESS;
  const offset = <u32>(slba - first);
  const zone = zoneAt(queue, <u32>index);
  findZone(queue, zone, offset);
  if (zone.state == ZONE_FULL) return NVME_SC_ZONE_FULL;
  if (offset != zone.written) return NVME_SC_ZONE_INVALID_WRITE;
  if (offset + <u32>blocks > queue.zoneCapBlocks) return NVME_SC_ZONE_BOUNDARY;
  if (zone.state == ZONE_EMPTY && queue.mostActive != 0 && queue.activeZones >= queue.mostActive) {
    return queue.openZones >= queue.mostActive ? NVME_SC_TOO_MANY_OPEN : NVME_SC_TOO_MANY_ACTIVE;
  }
  return NVME_SC_SUCCESS;
}

/** The zone as this slice finds it: brought up to date before its first write. */
function findZone(queue: DeviceQueue, zone: Zone, offset: u32): void {
  if (zone.epoch == queue.zoneEpoch) return;
  zone.epoch = queue.zoneEpoch;
  zone.written = queue.zonesBegun ? offset : 0;
  zone.state = ZONE_EMPTY;
  if (zone.written != 0) setState(queue, zone, ZONE_IMPLICITLY_OPENED);
}

/** A write that checkZone let pass has ended well. */
export function advanceZone(queue: DeviceQueue, slba: u64, blocks: u32): void {
  const zone = zoneAt(queue, <u32>(slba / <u64>queue.zoneBlocks));
  zone.written += blocks;
  setState(queue, zone, zone.written == queue.zoneCapBlocks ? ZONE_FULL : ZONE_IMPLICITLY_OPENED);
}

/** Keeps count of the zones that take open and active resources: here the same, as no zone is closed before it is full. */
function setState(queue: DeviceQueue, zone: Zone, state: u32): void {
  const before = <u32>(zone.state == ZONE_IMPLICITLY_OPENED);
  const after = <u32>(state == ZONE_IMPLICITLY_OPENED);
  queue.activeZones += after - before;
  queue.openZones += after - before;
  zone.state = state;
}

/** Zone Management Send: resets a zone, or all. */
export function manageZones(queue: DeviceQueue, command: NvmeCommand): u16 {
  const action = command.dsmgmt;
  if (queue.zones == 0 || (action & 0xff) != ZSA_RESET) return NVME_SC_INVALID_FIELD;
  if (action & ZONE_SELECT_ALL) {
    for (let index: u32 = 0; index < queue.zoneCount; index++) resetZone(queue, zoneAt(queue, index));
    return NVME_SC_SUCCESS;
  }
  const size = <u64>queue.zoneBlocks;
  if (command.slba >= queue.nsBlocks) return NVME_SC_LBA_RANGE;
  if (command.slba % size != 0) return NVME_SC_INVALID_FIELD;
  resetZone(queue, zoneAt(queue, <u32>(command.slba / size)));
  return NVME_SC_SUCCESS;
}

function resetZone(queue: DeviceQueue, zone: Zone): void {
  findZone(queue, zone, 0);
  zone.written = 0;
  setState(queue, zone, ZONE_EMPTY);
  queue.zoneResets += 1;
}
