// Zones of a namespace (NVMe Zoned Namespace command set specification 1.1, 2.1.1): what the controller keeps of each.

/** One zone, 16 bytes. */
@unmanaged
export class Zone {
  /** Write pointer, in blocks from the zone's first. */
  written: u32;
  /** ZONE_*. */
  state: u32;
  /** The slice whose I/Os have found it as it is (DeviceQueue.zoneEpoch). */
  epoch: u32;
  pad12: u32;
}

/** Zone states, as Zone Descriptors have them (ZS). Explicitly Opened, Read Only and Offline do not occur. */
export const ZONE_EMPTY: u32 = 0x1;
export const ZONE_IMPLICITLY_OPENED: u32 = 0x2;
export const ZONE_FULL: u32 = 0xe;

/** Zone Management Send, command dword 13: Zone Send Action in the low byte, Select All above it. */
export const ZSA_RESET: u32 = 0x4;
export const ZONE_SELECT_ALL: u32 = 1 << 8;
