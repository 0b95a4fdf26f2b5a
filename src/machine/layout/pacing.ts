// When a stream's I/Os may go, where its workload has times of its own. One for each lane that has.

/** Each I/O when it is due (open loop: fio's rate, a trace's times). */
export const PACING_ARRIVALS: u32 = 1;
/** As fast as the queue takes them, with pauses in between (fio's thinktime). */
export const PACING_BURSTS: u32 = 2;
/** In step with other lanes, each with its share (fio's flow). */
export const PACING_SHARE: u32 = 3;

@unmanaged
export class Pacing {
  /** PACING_*. */
  kind: u32;
  /** Arrivals: nanoseconds (f64) from each I/O of the stream to the next, as long as the stream. */
  gaps: u32;

  /** Bursts: I/Os of one (0: no limit) and whether those issued count or those completed; its longest time (0: no limit). */
  burstIos: u32;
  burstByIssue: u32;
  burstNs: f64;
  /** From the last completion of a burst to the first I/O of the next. */
  pauseNs: f64;
  /** Where the count stood when the burst began, and when that was. */
  burstFrom: u32;
  isPausing: u32;
  burstBeganNs: f64;

  /** Shares: this lane's weight, that of all peers together, and the peers (itself among them): HostQueue of each front. */
  weight: u32;
  totalWeight: u32;
  peers: u32;
  peerCount: u32;
  /** I/Os that this lane had issued when the slice began. */
  issuedFrom: u32;
}
