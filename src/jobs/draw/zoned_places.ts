// Where in its zones an I/O of zonemode=zbd may go (zbd.c: zbd_adjust_block, zbd_convert_to_open_zone, zbd_find_zone).
import type { Job, ZonedDevice } from '../job.ts';
import type { DrawnIo } from './drawn_ios.ts';
import type { FileState } from './file_states.ts';
import type { OpenZones } from './open_zones.ts';

/** The zones of one file of a job. */
export interface Zones extends OpenZones {
  readonly job: Job;
  readonly device: ZonedDevice;
  readonly file: FileState;
  readonly count: number;
  /** Zones that the job works in: [first, end). */
  readonly first: number;
  readonly end: number;
  /** Write pointers, in bytes from the zone's start. */
  readonly written: Float64Array;
  /** Zones that are to be reset before they are written. */
  readonly resets: Uint8Array;
  /** Bytes below all write pointers of the job's zones. */
  withData: number;
  /** Writes above the threshold until the next reset (zone_reset_frequency). */
  writesLeft: number;
}

/** fio keeps a count of writes in 32 bits. */
const MOST_WRITES = 2 ** 32 - 1;

/** Writes above the threshold up to one that resets its zone. */
export function writesPerReset({ resetFrequency }: ZonedDevice): number {
  return resetFrequency === 0 ? MOST_WRITES : Math.min(Math.floor(1 / resetFrequency), MOST_WRITES);
}

/** The zone of a byte of the file; behind the last zone its number. */
export function zoneOf({ device, count }: Zones, bytes: number): number {
  return Math.min(Math.floor(bytes / device.zoneBytes), count);
}

/** zbd_reset_zone. */
export function resetZone(zones: Zones, zone: number): void {
  zones.withData -= zones.written[zone] as number;
  zones.written[zone] = 0;
}

/** The zone's write pointer, from the start of the file. */
function pointerOf({ device, written }: Zones, zone: number): number {
  return zone * device.zoneBytes + (written[zone] as number);
}

function isFull({ job, device, written }: Zones, zone: number): boolean {
  return (written[zone] as number) + job.sizeRules.write.minBytes > device.capacityBytes;
}

/** zbd_open_zone: with data checks a full zone stays as it is. */
function opens(zones: Zones, zone: number): boolean {
  if (zones.job.verify && isFull(zones, zone)) return false;
  return zones.open(zone, (zones.written[zone] as number) >= zones.device.capacityBytes);
}

function isMine({ first, end }: Zones, zone: number): boolean {
  return first <= zone && zone < end;
}

/** zbd_convert_to_open_zone: the zone to write to in place of that at the offset; -1 when there is none. */
function openZone(zones: Zones, offsetBytes: number): number {
  const { device, file, first, end } = zones;
  const isLimited = device.maxOpen > 0 || device.jobMaxOpen > 0;
  const hasOpen = zones.openCount() > 0;
  const pick = isLimited ? zones.pick(offsetBytes - file.offsetBytes, file.ioBytes) : 0;
  let zone = isLimited ? zones.at(pick) : zoneOf(zones, offsetBytes);
  zone = Math.min(Math.max(zone, first), end - 1);
  if (isLimited && hasOpen) {
    zone = zones.firstFrom(pick, (each) => isMine(zones, each));
    if (zone < 0) return -1;
  }
  if ((!isLimited || hasOpen) && !isFull(zones, zone)) return zone;
  return otherZone(zones, zone);
}

/** One that can be opened, from a full one on; else one that is open and has room. */
function otherZone(zones: Zones, full: number): number {
  const { device, file, first } = zones;
  let zone = full;
  // A second try begins where the first has ended: meanwhile writes in flight may have closed zones.
  for (let tries = 0; tries < 2; tries++) {
    for (let i = Math.floor(file.ioBytes / device.zoneBytes); i > 0; i--) {
      zone++;
      const start = zone * device.zoneBytes - file.offsetBytes;
      if (start < 0 || start >= file.ioBytes) zone = first;
      if (!zones.isOpen(zone) && opens(zones, zone)) return zone;
    }
    for (let i = 0; i < zones.openCount(); i++) {
      const open = zones.at(i);
      if (!isMine(zones, open)) continue;
      zone = open;
      if (!isFull(zones, zone)) return zone;
    }
  }
  return -1;
}

/** zbd_find_zone: the next zone with so much to read, of a random job also the nearest before; -1 when there is none. */
function readableZone(zones: Zones, from: number, bytes: number): number {
  const isRandom = zones.job.rw.random;
  const holds = (zone: number): boolean => (zones.written[zone] as number) >= bytes;
  for (let up = from + 1, down = from - 1; up < zones.end || down >= zones.first; up++, down--) {
    if (up < zones.end) {
      if (holds(up)) return up;
    } else if (!isRandom) break;
    if (isRandom && down >= zones.first && holds(down)) return down;
  }
  return -1;
}

/** Below the write pointer of its zone, or of another one. */
export function placeRead(zones: Zones, io: DrawnIo): boolean {
  const { job, device } = zones;
  if (device.readBeyondWp) return true;
  const unit = job.sizeRules.read.minBytes;
  const startOf = (zone: number): number => zone * device.zoneBytes;
  const drawn = zoneOf(zones, io.offsetBytes);
  let zone = drawn;
  const isBehind = !job.rw.random && io.offsetBytes + unit > pointerOf(zones, zone);
  if ((zones.written[zone] as number) < unit || isBehind) {
    zone = readableZone(zones, zone, unit);
    if (zone < 0) return false;
    if (!job.rw.random) io.offsetBytes = startOf(zone);
  }
  const range = zones.written[zone] as number;
  if (range <= io.bytes) io.offsetBytes = startOf(zone);
  else if (job.rw.random) {
    const within = (io.offsetBytes - startOf(drawn)) % (range - io.bytes);
    io.offsetBytes = startOf(zone) + wholeUnits(within, unit);
  }
  io.bytes = wholeUnits(Math.min(io.bytes, startOf(zone) + range - io.offsetBytes), unit);
  return true;
}

/** At the write pointer of its zone, or of one that is open. */
export function placeWrite(zones: Zones, io: DrawnIo): boolean {
  const { job, device, file } = zones;
  if (io.bytes > device.zoneBytes) return false;
  let zone = zoneOf(zones, io.offsetBytes);
  if (!opens(zones, zone)) zone = openZone(zones, io.offsetBytes);
  if (zone < 0) return false;
  if (device.resetFrequency > 0 && zones.withData >= file.ioBytes * device.resetThreshold && --zones.writesLeft === 0) {
    zones.writesLeft = writesPerReset(device);
    zones.resets[zone] = 1;
  }
  if (zones.resets[zone] === 1 || isFull(zones, zone)) {
    zones.resets[zone] = 0;
    // An empty zone needs no reset.
    io.resetsZone = (zones.written[zone] as number) > 0;
    resetZone(zones, zone);
  }
  io.offsetBytes = pointerOf(zones, zone);
  if (io.offsetBytes - file.offsetBytes >= file.ioBytes) return false;
  const room = device.capacityBytes - (zones.written[zone] as number);
  io.bytes = wholeUnits(Math.min(io.bytes, room), job.sizeRules.write.minBytes);
  return io.bytes > 0;
}

/** A random trim finds a zone that holds something. */
export function placeTrim(zones: Zones, io: DrawnIo): boolean {
  const zone = zoneOf(zones, io.offsetBytes);
  if (!zones.job.rw.random || (zones.written[zone] as number) > 0) return true;
  const other = readableZone(zones, zone, 1);
  io.offsetBytes = other * zones.device.zoneBytes;
  return other >= 0;
}

function wholeUnits(bytes: number, unit: number): number {
  return Math.floor(bytes / unit) * unit;
}
