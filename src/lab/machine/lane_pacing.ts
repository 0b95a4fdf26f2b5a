// The pacing of lanes in the machine's memory: what the workload says, written once; and the clock of each slice, set to its start.
import { HostQueue, PACING_ARRIVALS, PACING_BURSTS, PACING_SHARE, Pacing } from '../../../build/layout.ts';
import type { LaneSpec } from '../../plan/machine_spec.ts';
import type { MemoryView, Span } from './arena.ts';
import { field, setField } from './fields.ts';

/** Where a lane's pacing lies. */
export interface PlacedPacing {
  /** Pacing. */
  at: number;
  /** Arrivals: nanoseconds from each I/O of the stream to the next (f64), for the lab to compile. */
  gaps: Span | undefined;
  /** Shares: the peers' addresses, u32 each. */
  peers: number;
}

interface PacedLane {
  front: number;
  pacing: PlacedPacing | undefined;
}

const KIND_CODE = { arrivals: PACING_ARRIVALS, bursts: PACING_BURSTS, share: PACING_SHARE } as const;

/** @param specs one for each lane */
export function writePacings(view: MemoryView, specs: readonly LaneSpec[], lanes: readonly PacedLane[]): void {
  lanes.forEach(({ pacing: placed }, index) => {
    const pacing = specs[index]?.pacing;
    if (pacing === undefined || placed === undefined) return;
    const { at } = placed;
    view.u8.fill(0, at, at + Pacing.bytes);
    setField(view, at, Pacing.kind, KIND_CODE[pacing.kind]);
    switch (pacing.kind) {
      case 'arrivals':
        setField(view, at, Pacing.gaps, placed.gaps?.at ?? 0);
        break;
      case 'bursts':
        setField(view, at, Pacing.burstIos, pacing.ios ?? 0);
        setField(view, at, Pacing.burstByIssue, pacing.countedBy === 'issue' ? 1 : 0);
        view.f64[(at + Pacing.burstNs) / 8] = pacing.burstNs ?? 0;
        view.f64[(at + Pacing.pauseNs) / 8] = pacing.pauseNs;
        break;
      case 'share':
        setField(view, at, Pacing.weight, pacing.weight);
        setField(view, at, Pacing.totalWeight, pacing.totalWeight);
        setField(view, at, Pacing.peers, placed.peers);
        setField(view, at, Pacing.peerCount, pacing.peers.length);
        for (const [slot, peer] of pacing.peers.entries()) {
          setField(view, placed.peers, 4 * slot, lanes[peer]?.front as number);
        }
        break;
    }
  });
}

/**
 * Says whether the following I/Os keep their workload's times, from their first one on; lanes without any never do. Only between
 * slices, when nothing is in flight.
 */
export function setPacing({ view, lanes }: { view: MemoryView; lanes: readonly PacedLane[] }, paced: boolean): void {
  for (const { front, pacing } of lanes) {
    setField(view, front, HostQueue.pacing, paced ? (pacing?.at ?? 0) : 0);
    for (const word of [HostQueue.nextDueNs, HostQueue.dueNs]) view.f64[(front + word) / 8] = 0;
    if (pacing === undefined) continue;
    setField(view, pacing.at, Pacing.isPausing, 0);
    view.f64[(pacing.at + Pacing.burstBeganNs) / 8] = 0;
    setField(view, pacing.at, Pacing.issuedFrom, field(view, front, HostQueue.issued));
  }
}
