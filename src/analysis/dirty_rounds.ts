// Which rounds were disturbed. The rules see what the kernel counted and the sentinel, never an arm's figure, so they cannot
// choose the result; a round is set aside for all arms together.
import { mad, median } from '../stats/location.ts';
import type { GroupRecord, RoundRecord } from './group_record.ts';

/** Share of a round's time that may be lost to steal and run delay. */
const LOST_SHARE = 0.02;
/** The sentinel may be this many standard deviations (1.4826 MAD) from its median. */
const SENTINEL_SIGMAS = 4;
const MAD_TO_SIGMA = 1.4826;
/** Nearer than this to its median the sentinel is never called off: on a still machine its MAD is next to nothing. */
const SENTINEL_TOLERANCE = 0.01;

/** Why a round is dirty, or undefined. @param sentinels of all rounds of its process */
export function dirtReason(round: RoundRecord, sentinels: readonly number[]): string | undefined {
  const { stops = 0 } = round;
  if (stops > 0)
    return `the process was stopped ${stops === 1 ? 'once' : `${stops} times`} in ${fixed(round.wallMs)} ms (Ctrl-Z, SIGSTOP)`;
  const lostMs = (round.stealMs ?? 0) + (round.runDelayMs ?? 0);
  const share = lostMs / round.wallMs;
  if (share > LOST_SHARE) {
    return `steal ${fixed(round.stealMs)} ms and run delay ${fixed(round.runDelayMs)} ms in ${fixed(round.wallMs)} ms`;
  }
  const centre = median(sentinels);
  const allowed = Math.max(SENTINEL_SIGMAS * MAD_TO_SIGMA * mad(sentinels), SENTINEL_TOLERANCE * centre);
  if (Math.abs(round.sentinelNs - centre) > allowed) {
    return `the sentinel took ${percent(round.sentinelNs / centre)} of its usual time`;
  }
  return undefined;
}

/** The same records with their dirty rounds' samples marked, and how many rounds of each schedule those are. */
export function markDirtyRounds(records: readonly GroupRecord[]): GroupRecord[] {
  const sentinels = Map.groupBy(
    records.flatMap(({ rounds }) => rounds),
    ({ process }) => process,
  );
  return records.map((record) => {
    const reasons = new Map<string, string>();
    for (const [index, own] of record.rounds.entries()) {
      const next = record.rounds[index + 1];
      // The signal after a stop may be heard only in the round that follows: both are set aside.
      const late = next?.process === own.process ? (next.stops ?? 0) : 0;
      const round = { ...own, stops: (own.stops ?? 0) + late };
      const ofProcess = (sentinels.get(round.process) as RoundRecord[]).map(({ sentinelNs }) => sentinelNs);
      const reason = dirtReason(round, ofProcess);
      if (reason !== undefined) reasons.set(roundKey(round), reason);
    }
    return {
      ...record,
      rounds: record.rounds.map((round) => withReason(round, reasons.get(roundKey(round)))),
      arms: record.arms.map((arm) => ({
        ...arm,
        samples: arm.samples.map((sample) => withReason(sample, reasons.get(roundKey(sample)))),
        latency: arm.latency.map((slice) => (reasons.has(roundKey(slice)) ? { ...slice, dirty: true } : slice)),
      })),
    };
  });
}

function withReason<T extends object>(item: T, reason: string | undefined): T {
  return reason === undefined ? item : { ...item, dirty: true, dirtyReason: reason };
}

function roundKey({ process = 0, round, mode }: { process?: number | undefined; round: number; mode: string }): string {
  return `${process} ${round} ${mode}`;
}

function fixed(ms: number | null): string {
  return ms === null ? 'unknown' : ms.toFixed(1);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
