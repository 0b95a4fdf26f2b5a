// fio's zonemode=zbd (zbd.c): where in a zoned block device an I/O may go. Writes go to the write pointer of their zone, or of one
// that is open; a full zone is reset before it is written again; reads stay below the write pointer. Each I/O is taken as ended before
// the next is drawn: which zone of those that are open fio takes may depend on completions, where several I/Os are in flight.
// Left out: conventional and offline zones, which the emulated namespace does not have.
import type { Job, ZonedDevice } from '../job.ts';
import { type Direction, READ, WRITE } from './directions.ts';
import type { DrawnIo } from './drawn_ios.ts';
import type { FileState } from './file_states.ts';
import { createOpenZones } from './open_zones.ts';
import { placeRead, placeTrim, placeWrite, resetZone, writesPerReset, type Zones, zoneOf } from './zoned_places.ts';

export interface ZonedDraw {
  /** zbd_file_reset: the file is opened, or a pass over it begins. */
  opened(file: FileState): void;
  /** zbd_adjust_ddir: the first I/O of a mix writes, so that there is something to read. */
  direction(file: FileState, drawn: Direction): Direction;
  /** setup_zbd_zone_mode: behind the capacity, and over what zoneskip leaves out. Whether zones were skipped. */
  advance(file: FileState, direction: Direction, bytesInZone: number): boolean;
  /** zbd_adjust_block: moves and cuts the I/O as its zone asks; false when there is no place for it. */
  place(io: DrawnIo): boolean;
  /** zbd_queue_io and zbd_do_io_u_trim: the I/O goes. */
  queued(io: DrawnIo): void;
  /** The job begins again on a device as it was. */
  restored(): void;
}

export function createZonedDraw(job: Job, device: ZonedDevice, files: readonly FileState[]): ZonedDraw {
  const shared = { ofJob: 0 };
  const zonesOf = new Map(files.map((file) => [file, createZones(job, device, file, shared)]));
  const of = (file: FileState): Zones => zonesOf.get(file) as Zones;
  return {
    opened: (file) => {
      if (!job.rw.writes || job.rw.trims === 'all') return;
      const zones = of(file);
      if (job.verify) emptyAll(zones);
      zones.writesLeft = writesPerReset(device);
    },
    direction: (file, drawn) => {
      if (drawn !== READ || !job.rw.writes || of(file).withData > 0 || device.readBeyondWp) return drawn;
      return WRITE;
    },
    advance: (file, direction, bytesInZone) => advanced(of(file), direction, bytesInZone),
    place: (io) => {
      const zones = of(io.file);
      io.resetsZone = false;
      if (io.isTrim) return placeTrim(zones, io);
      return io.direction === READ ? placeRead(zones, io) : placeWrite(zones, io);
    },
    queued: (io) => {
      if (io.direction === READ) return;
      const zones = of(io.file);
      const zone = zoneOf(zones, io.offsetBytes);
      if (io.isTrim) resetZone(zones, zone);
      else noteWrite(zones, zone, io.offsetBytes + io.bytes - zone * device.zoneBytes);
    },
    restored: () => {
      if (device.startsFull) for (const zones of zonesOf.values()) fill(zones);
    },
  };
}

/** A write ended at a byte of its zone; a zone that is full is closed. */
function noteWrite(zones: Zones, zone: number, end: number): void {
  const { capacityBytes } = zones.device;
  const written = Math.min(end, capacityBytes);
  zones.withData += Math.max(0, written - (zones.written[zone] as number));
  zones.written[zone] = written;
  if (written >= capacityBytes) zones.close(zone);
}

function emptyAll(zones: Zones): void {
  for (let zone = zones.first; zone < zones.end; zone++) {
    zones.close(zone);
    resetZone(zones, zone);
  }
}

function createZones(job: Job, device: ZonedDevice, file: FileState, shared: { ofJob: number }): Zones {
  const count = Math.ceil(file.endBytes / device.zoneBytes);
  const first = Math.floor(file.offsetBytes / device.zoneBytes);
  const end = Math.max(first + 1, Math.floor((file.offsetBytes + file.ioBytes) / device.zoneBytes));
  const zones: Zones = {
    job,
    device,
    file,
    count,
    first,
    end: Math.min(end, count),
    written: new Float64Array(count + 1),
    resets: new Uint8Array(count + 1),
    withData: 0,
    writesLeft: 0,
    ...createOpenZones(device, count, shared),
  };
  if (device.startsFull) fill(zones);
  return zones;
}

function fill(zones: Zones): void {
  const { capacityBytes } = zones.device;
  zones.written.fill(capacityBytes, 0, zones.count);
  zones.withData = capacityBytes * (zones.end - zones.first);
}

function advanced(zones: Zones, direction: Direction, bytesInZone: number): boolean {
  const { job, device, file, count } = zones;
  const { zoneBytes, capacityBytes, skipBytes } = device;
  if (job.rw.random) return false;
  const at = (): number => file.lastEnd[direction];
  const zone = zoneOf(zones, at());
  const end = (zone + 1) * zoneBytes;
  const writes = direction === WRITE && job.rw.trims === undefined;
  const skipsRest = capacityBytes < zoneBytes && at() >= zone * zoneBytes + capacityBytes;
  // Behind the last zone fio looks for one more, whose start it finds to be 0: a mix goes on writing from there.
  if (writes && zone === count) file.lastEnd[WRITE] = file.offsetBytes === 0 ? 0 : file.endBytes;
  else if (writes && skipsRest) file.lastEnd[WRITE] = end;
  if (skipBytes === 0) return false;
  const isAllRead =
    direction === READ && !device.readBeyondWp && at() >= zone * zoneBytes + (zones.written[zone] as number);
  if (bytesInZone < zoneBytes && at() < end && !isAllRead) return false;
  file.offsetBytes += zoneBytes + skipBytes;
  if (file.offsetBytes >= file.endBytes) file.offsetBytes = file.startBytes;
  file.lastEnd[direction] = file.offsetBytes;
  return true;
}
