// fio's strided zones (setup_strided_zone_mode in io_u.c): positions within one zone of the region, until enough bytes went there;
// then the next zone, behind what is skipped, and the first again after the last that fits.
import type { Job, Zones } from './job.ts';
import { createPlacer, type Extent, type Placer, type SeedFor } from './placement.ts';

const BLOCK_BYTES = 512;

/** @param regionBlocks size of the region, at least the job's largest block */
export function createZonedPlacer(job: Job, zones: Zones, regionBlocks: number, seedFor: SeedFor): Placer {
  const rangeBlocks = Math.min(zones.rangeBytes / BLOCK_BYTES, regionBlocks);
  const strideBlocks = rangeBlocks + zones.skipBytes / BLOCK_BYTES;
  const inside = (): Placer => createPlacer(job, rangeBlocks, seedFor);
  let placer = inside();
  let base = 0;
  let doneBytes = 0;

  const nextZone = (): void => {
    doneBytes = 0;
    base += strideBlocks;
    if (base + rangeBlocks > regionBlocks) base = 0;
    // A sequential job starts at the zone's start; a random one goes on drawing.
    if (!job.rw.random) placer = inside();
  };
  return {
    place: (write: boolean, extent: Extent): void => {
      if (doneBytes >= zones.sizeBytes) nextZone();
      placer.place(write, extent);
      extent.first += base;
    },
    went: (write: boolean, extent: Extent): void => {
      doneBytes += extent.blocks * BLOCK_BYTES;
      placer.went(write, { first: extent.first - base, blocks: extent.blocks });
    },
  };
}
