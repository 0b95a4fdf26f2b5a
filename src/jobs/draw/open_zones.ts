// Which zones of a device fio has open for writing (zbd.c: zbd_open_zone, zbd_close_zone, pick_random_zone_idx). Without a limit
// nothing is kept: any zone is open.
import type { ZonedDevice } from '../job.ts';

/** zbd_types.h, ZBD_MAX_OPEN_ZONES. */
export const MOST_OPEN_ZONES = 4096;

export interface OpenZones {
  readonly openCount: () => number;
  isOpen(zone: number): boolean;
  /** Opens a zone; false when a limit forbids it. @param isFilled it is open, and what is in flight fills it */
  open(zone: number, isFilled: boolean): boolean;
  close(zone: number): void;
  /** The place among those open that a part of the job's bytes points to. */
  pick(offsetBytes: number, ofBytes: number): number;
  /** The zone at a place. */
  at(place: number): number;
  /** The first that suits from a place on, from the first again behind the last; -1 when none does. */
  firstFrom(place: number, suits: (zone: number) => boolean): number;
}

/** @param shared what all files of the job have open */
export function createOpenZones(
  { maxOpen, jobMaxOpen }: Pick<ZonedDevice, 'maxOpen' | 'jobMaxOpen'>,
  zones: number,
  shared: { ofJob: number },
): OpenZones {
  // What is closed moves the rest down, and the places behind the last keep what they held: fio looks at them.
  const open = new Int32Array(maxOpen > 0 ? MOST_OPEN_ZONES : 1);
  const isOpen = new Uint8Array(zones + 1);
  let count = 0;
  return {
    openCount: () => count,
    isOpen: (zone) => isOpen[zone] === 1,
    open: (zone, isFilled) => {
      if (maxOpen === 0) return true;
      if (isOpen[zone] === 1) return !isFilled;
      if ((jobMaxOpen > 0 && shared.ofJob >= jobMaxOpen) || count >= maxOpen) return false;
      open[count++] = zone;
      shared.ofJob++;
      isOpen[zone] = 1;
      return true;
    },
    close: (zone) => {
      if (isOpen[zone] !== 1) return;
      const place = open.subarray(0, count).indexOf(zone);
      open.copyWithin(place, place + 1);
      count--;
      shared.ofJob--;
      isOpen[zone] = 0;
    },
    pick: (offsetBytes, ofBytes) => Number((BigInt(offsetBytes) * BigInt(count)) / BigInt(ofBytes)),
    at: (place) => open[place] as number,
    firstFrom: (place, suits) => {
      for (let i = 0, at = place; i < count; i++, at++) {
        if (at >= count) at = 0;
        const zone = open[at] as number;
        if (suits(zone)) return zone;
      }
      return -1;
    },
  };
}
