// Slices of an open loop: how long they are and how many I/Os each lane gets in them, so that lanes of different rates are
// measured over the same time.

/** Nanoseconds from I/O to I/O of each lane, on average; undefined for a lane in a closed loop. */
export type LaneGaps = readonly (number | undefined)[];

/** A slice should see so many arrivals of the slowest lane, unless that takes too long. */
const ARRIVALS_WANTED = 16;
const LONG_SLICE_MS = 500;
/** Lead-in of a paced lane. */
const LEAD_MS = 2;

export function isOpenLoop(gapsNs: LaneGaps): boolean {
  return gapsNs.some((gap) => gap !== undefined);
}

/** I/Os per second that all paced lanes are offered together. */
export function offeredIops(gapsNs: LaneGaps): number {
  return paced(gapsNs).reduce((sum, gap) => sum + 1e9 / gap, 0);
}

/** Length of a slice that was asked to be `roundMs`. Never less than one arrival of every lane. */
export function pacedSliceMs(gapsNs: LaneGaps, roundMs: number): number {
  const slowestMs = Math.max(...paced(gapsNs)) / 1e6;
  return Math.max(roundMs, Math.min(ARRIVALS_WANTED * slowestMs, LONG_SLICE_MS), slowestMs);
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

/**
 * What each lane does in a slice.
 * @param sliceMs as offered: the fastest lane's arrivals take so long
 * @param closed counts of lanes in a closed loop
 */
export function laneOrders(gapsNs: LaneGaps, sliceMs: number, closed: { leadIos: number; measureIos: number }) {
  const count = (gapNs: number, ms: number): number => Math.max(1, Math.round((ms * 1e6) / gapNs));
  return gapsNs.map((gap) =>
    gap === undefined ? closed : { leadIos: count(gap, LEAD_MS), measureIos: count(gap, sliceMs) },
  );
}

function paced(gapsNs: LaneGaps): number[] {
  return gapsNs.filter((gap) => gap !== undefined);
}
