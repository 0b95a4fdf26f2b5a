// Which blocks were disturbed. The rules see what the kernel counted and the sentinel, never an arm's figure, so they cannot
// choose the result; a block is set aside for all arms together.
import { mad, median } from '../stats/location.ts';
import type { BlockRecord, GroupRecord } from './group_record.ts';

/** Share of a block's time that may be lost to steal and run delay. */
const LOST_SHARE = 0.02;
/** The sentinel may be this many standard deviations (1.4826 MAD) from its median. */
const SENTINEL_SIGMAS = 4;
const MAD_TO_SIGMA = 1.4826;
/** Nearer than this to its median the sentinel is never called off: on a still machine its MAD is next to nothing. */
const SENTINEL_TOLERANCE = 0.01;

/** Why a block is dirty, or undefined. @param sentinels of all blocks of its process */
export function dirtReason(block: BlockRecord, sentinels: readonly number[]): string | undefined {
  const { stops = 0 } = block;
  if (stops > 0)
    return `the process was stopped ${stops === 1 ? 'once' : `${stops} times`} in ${fixed(block.wallMs)} ms (Ctrl-Z, SIGSTOP)`;
  const lostMs = (block.stealMs ?? 0) + (block.runDelayMs ?? 0);
  const share = lostMs / block.wallMs;
  if (share > LOST_SHARE) {
    return `steal ${fixed(block.stealMs)} ms and run delay ${fixed(block.runDelayMs)} ms in ${fixed(block.wallMs)} ms`;
  }
  const centre = median(sentinels);
  const allowed = Math.max(SENTINEL_SIGMAS * MAD_TO_SIGMA * mad(sentinels), SENTINEL_TOLERANCE * centre);
  if (Math.abs(block.sentinelNs - centre) > allowed) {
    return `the sentinel took ${percent(block.sentinelNs / centre)} of its usual time`;
  }
  return undefined;
}

/** The same records with their dirty blocks' samples marked, and how many blocks of each schedule those are. */
export function markDirtyBlocks(records: readonly GroupRecord[]): GroupRecord[] {
  const sentinels = Map.groupBy(
    records.flatMap(({ blocks }) => blocks),
    ({ process }) => process,
  );
  return records.map((record) => {
    const reasons = new Map<string, string>();
    for (const [index, own] of record.blocks.entries()) {
      const next = record.blocks[index + 1];
      // The signal after a stop may be heard only in the block that follows: both are set aside.
      const late = next?.process === own.process ? (next.stops ?? 0) : 0;
      const block = { ...own, stops: (own.stops ?? 0) + late };
      const ofProcess = (sentinels.get(block.process) as BlockRecord[]).map(({ sentinelNs }) => sentinelNs);
      const reason = dirtReason(block, ofProcess);
      if (reason !== undefined) reasons.set(blockKey(block), reason);
    }
    return {
      ...record,
      blocks: record.blocks.map((block) => withReason(block, reasons.get(blockKey(block)))),
      arms: record.arms.map((arm) => ({
        ...arm,
        samples: arm.samples.map((sample) => withReason(sample, reasons.get(blockKey(sample)))),
        latency: arm.latency.map((slice) => (reasons.has(blockKey(slice)) ? { ...slice, dirty: true } : slice)),
      })),
    };
  });
}

function withReason<T extends object>(item: T, reason: string | undefined): T {
  return reason === undefined ? item : { ...item, dirty: true, dirtyReason: reason };
}

function blockKey({ process = 0, round, mode }: { process?: number | undefined; round: number; mode: string }): string {
  return `${process} ${round} ${mode}`;
}

function fixed(ms: number | null): string {
  return ms === null ? 'unknown' : ms.toFixed(1);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
