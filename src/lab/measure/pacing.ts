// Slices of lanes whose workload has times of its own: how long they are and how many I/Os each lane gets in them, so that lanes of
// different rates are measured over the same time.

/**
 * What paces a lane: `gapNs` from I/O to I/O on average, offered by an open loop or, with pauses, at most; or its share of what
 * all lanes with a share issue. `ioShare`: part of what arrives that is an I/O in figures (no Flush), all where it is left out. Undefined: as fast as the queue takes them.
 */
export type LanePace =
  | { kind: 'arrivals' | 'bursts'; gapNs: number; ioShare?: number }
  | { kind: 'share'; share: number }
  | undefined;

/** A slice should see so many arrivals of the slowest lane, unless that takes too long. */
const ARRIVALS_WANTED = 16;
const LONG_SLICE_MS = 500;
/** Latency under load is the load's, not a single moment's: shorter slices would never see a queue build up. */
const LEAST_SLICE_MS = 18;
/** Lead-in of a paced lane. */
const LEAD_MS = 2;

export function isOpenLoop(paces: readonly LanePace[]): boolean {
  return paces.some((pace) => pace?.kind === 'arrivals');
}

/** Whether a slice's length follows from the workload's times. */
export function isTimed(paces: readonly LanePace[]): boolean {
  return gapsOf(paces).length > 0;
}

/** I/Os per second that all lanes of an open loop are offered together. */
export function offeredIops(paces: readonly LanePace[]): number {
  return paces.reduce(
    (sum, pace) => sum + (pace?.kind === 'arrivals' ? (1e9 / pace.gapNs) * (pace.ioShare ?? 1) : 0),
    0,
  );
}

/** I/Os per second that lanes with times of their own make at most. */
export function mostIops(paces: readonly LanePace[]): number {
  return gapsOf(paces).reduce((sum, gap) => sum + 1e9 / gap, 0);
}

/** A slice of a workload with times of its own is at least so long, whatever is asked. */
export function leastPacedMs(): number {
  return LEAST_SLICE_MS;
}

/** Length of a slice that was asked to be `roundMs`. Never less than one arrival of every lane. */
export function pacedSliceMs(paces: readonly LanePace[], roundMs: number): number {
  const slowestMs = Math.max(...gapsOf(paces)) / 1e6;
  const least = roundMs === 0 ? 0 : LEAST_SLICE_MS;
  return Math.max(roundMs, least, Math.min(ARRIVALS_WANTED * slowestMs, LONG_SLICE_MS), slowestMs);
}

/** An offer that is so much more than is achieved is an overload, and not just a slow moment while it was tried. */
const OVERLOAD = 2;
const ARRIVALS_KEPT = 1024;

/** A slice of an overload ends after about the time that was wanted, but not with few I/Os. */
export function sliceMsUnderLoad(sliceMs: number, offered: number, achieved: number): number {
  const arrivals = (offered * sliceMs) / 1e3;
  const overload = offered / achieved;
  if (overload < OVERLOAD || arrivals <= ARRIVALS_KEPT) return sliceMs;
  return sliceMs * Math.max(1 / overload, ARRIVALS_KEPT / arrivals);
}

/** I/Os of a lane before and inside the measured window. */
export interface LaneOrder {
  leadIos: number;
  measureIos: number;
}

/**
 * What each lane does in a slice.
 * @param sliceMs of lanes with times of their own, as offered; undefined: they are not kept
 * @param closed counts of the other lanes, on average
 */
export function laneOrders(paces: readonly LanePace[], sliceMs: number | undefined, closed: LaneOrder): LaneOrder[] {
  const count = (gapNs: number, ms: number): number => Math.max(1, Math.round((ms * 1e6) / gapNs));
  const sharing = paces.filter((pace) => pace?.kind === 'share').length;
  return paces.map((pace) => {
    if (pace === undefined) return closed;
    if (pace.kind === 'share') {
      const part = (ios: number): number => Math.max(1, Math.round(ios * sharing * pace.share));
      return { leadIos: part(closed.leadIos), measureIos: part(closed.measureIos) };
    }
    if (sliceMs === undefined) return closed;
    return { leadIos: count(pace.gapNs, LEAD_MS), measureIos: count(pace.gapNs, sliceMs) };
  });
}

function gapsOf(paces: readonly LanePace[]): number[] {
  return paces.flatMap((pace) => (pace !== undefined && pace.kind !== 'share' ? [pace.gapNs] : []));
}
