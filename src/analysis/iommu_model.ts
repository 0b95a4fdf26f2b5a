// What the lab cannot execute of an IOMMU, as a model: time that hardware takes, counted events times published costs; and
// the throughput of one host core per queue pair and one device that follows from it. Pure arithmetic.
//
// Derivation (figures and sources: shared facts, kernel.md 6.2).
// - A wait for the invalidation queue: 1236 ns. Anuj Gupta, 2025-11-24: 570 kIOPS strict, 1.93 MIOPS lazy, one core, the same
//   I/O. A CPU-bound core spends 1/rate on each: 1754 and 518 ns. Strict waits once for each unmap, lazy once for each 255;
//   all else is the same, so the difference is the wait.
// - A line of page-table entries written back to memory: 180 ns. Hardware that does not snoop has the driver flush what it
//   wrote (domain_flush_cache), which wasm cannot. Keith Busch, 2022-08-31, intel_iommu=on, depth 1: mapping costs
//   (bvec - dma) 339 ns for one page and 3040 ns for 16 scattered ones: 180 ns for each page more, one line each. What else
//   a page costs there (its entry, its PRP) is measured here and small beside it. Unmapping flushes the lines it clears.
// - A device's service time is the user's (--service-ns). The published device: 5.01 MIOPS, 199.6 ns.
// Of these only the wait comes from the figures whose shape it is to give: it fixes strict once lazy is right.

/** Modelled nanoseconds. */
export const INVALIDATION_WAIT_NS = 1e9 / 570e3 - 1e9 / 1.93e6;
export const PTE_LINE_NS = (3040 - 339) / 15;
/** Service time of the device that Anuj Gupta measured. */
export const PUBLISHED_SERVICE_NS = 1e9 / 5.01e6;
/** Published rates of mapping for each I/O, as shares of pre-mapped buffers' on the same device. */
export const PUBLISHED_SHAPE = { strict: 570 / 5010, lazy: 1930 / 5010, passthrough: 1 } as const;

/** Events of one I/O, as the counting build counts them. */
export interface IommuEvents {
  invalidations: number;
  pteLines: number;
}

/** Modelled time of the host's CPU for one I/O's events. */
export function iommuNs({ invalidations, pteLines }: IommuEvents): number {
  return invalidations * INVALIDATION_WAIT_NS + pteLines * PTE_LINE_NS;
}

export interface Throughput {
  iops: number;
  /** What limits it: the host's cores or the device. */
  bound: 'cpu' | 'device';
}

/**
 * I/Os per second of `queues` host cores, each busy `cpuNs` for an I/O, on one device that takes `serviceNs` for one: the
 * slower of the two, with queues deep enough that neither waits for the other.
 */
export function throughput(cpuNs: number, serviceNs: number, queues = 1): Throughput {
  const perIoNs = cpuNs / queues;
  return { iops: 1e9 / Math.max(perIoNs, serviceNs), bound: perIoNs > serviceNs ? 'cpu' : 'device' };
}
