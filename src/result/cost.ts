// What a cell costs without a clock: exact counts of the timed modules, and what they would miss on a named processor (a model). A part
// of a cell beside what was measured of it, never mixed with it.
import { z } from 'zod';

const count = z.number().nonnegative();

/** Per I/O, on one core. `lines`: distinct ones of an I/O that travels alone; `atomics`: locked operations. */
const exact = z.object({ ops: count, accesses: count, lines: count, dirtiedLines: count, atomics: count });

/** Over the placements. */
const spread = z.object({ mean: count, min: count, max: count });

/** Modelled, per I/O; cycles are a band: all misses overlap, by data dependence, none overlap. */
const ofProcessor = z.object({
  l1Misses: spread,
  l2Misses: spread,
  l3Misses: spread,
  dtlbMisses: spread,
  stlbMisses: spread,
  transfers: spread,
  cycles: z.object({ lo: count, dep: count, hi: count }),
});

const core = z.object({ perIo: exact, cpus: z.record(z.string(), ofProcessor) });

const structure = z.object({
  name: z.string(),
  /** Both cores; the host's part of it. */
  perIo: exact.omit({ ops: true }),
  host: exact.omit({ ops: true }),
  /** Mean misses of the host, by processor. */
  cpus: z.record(z.string(), z.record(z.string(), count)),
  /** Both cores. */
  fields: z.array(
    z.object({ name: z.string(), offset: count, bytes: count, reads: count, writes: count, atomics: count }),
  ),
});

export const cellCost = z.object({
  compiler: z.string(),
  /** Page sizes and placements of the simulation. */
  pages: z.string(),
  seeds: z.number().int().nonnegative(),
  host: core,
  device: core,
  structures: z.array(structure),
});

export type CellCost = z.infer<typeof cellCost>;
