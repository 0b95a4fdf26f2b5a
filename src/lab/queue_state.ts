// What a queue pair says about itself between slices: outcomes, latency samples, counts. Read and reset by the lab.
import { BLK_STS_RESOURCE, BusWindow, Counters, DeviceQueue, HostQueue } from '../../build/layout.ts';
import { EXIT, LabError } from '../base/errors.ts';
import { BUCKETS } from '../stats/histogram.ts';
import { IOMMU_FAULT, type LandingCount } from '../topology/routes.ts';
import { field, field64, setField } from './fields.ts';
import type { BuiltMachine } from './machine.ts';

/** NVMe generic status codes that the controller can answer with. */
const NVME_STATUS: Record<number, string> = {
  1: 'Invalid Command Opcode',
  4: 'Data Transfer Error',
  11: 'Invalid Namespace or Format',
  19: 'PRP Offset Invalid',
  128: 'LBA Out of Range',
};

const ERRNO_NAMES: Record<number, string> = {
  5: 'EIO',
  12: 'ENOMEM',
  14: 'EFAULT',
  22: 'EINVAL',
  95: 'EOPNOTSUPP',
  121: 'EREMOTEIO',
};
/** Block statuses (upper half of firstError) with which a driver refuses to map a request, and the errno they stand for. */
const MAP_REFUSALS: Record<number, string> = { 5: 'EREMOTEIO', 19: 'EINVAL' };

/** What a slice left behind, over all queues. */
export interface Outcome {
  errors: number;
  /** Errno name with which the scheme refused an I/O, if it did. */
  refused: string | undefined;
  /** The client whose I/O was refused first: its PCI function. */
  refusedBy: string | undefined;
  /** First failure in words. */
  firstError: string | undefined;
  /** Transfers to an address that no window claims, and the first such address. */
  unclaimed: number;
  firstUnclaimed: string | undefined;
  /** Transfers to an IOVA for which the IOMMU had no mapping, and the first. */
  faults: number;
  firstFault: string | undefined;
  /** Translations that a controller's IOTLB did not have. */
  iotlbMisses: number;
  verifiedBlocks: number;
  verifyErrors: number;
  /** Times one side had to wake the other. */
  wakeups: number;
}

/** Reads all queues' outcomes and clears them. */
export function takeOutcome(machine: BuiltMachine): Outcome {
  const { view } = machine;
  const outcome: Outcome = {
    errors: 0,
    refused: undefined,
    refusedBy: undefined,
    firstError: undefined,
    unclaimed: 0,
    firstUnclaimed: undefined,
    faults: 0,
    firstFault: undefined,
    iotlbMisses: 0,
    verifiedBlocks: 0,
    verifyErrors: 0,
    wakeups: 0,
  };
  for (const { host, device, client } of machine.queues) {
    outcome.errors += field(view, host, HostQueue.errors);
    const errno = -(field(view, host, HostQueue.refused) | 0);
    const status = field(view, host, HostQueue.firstError);
    const refusal = errno !== 0 ? errnoName(errno) : MAP_REFUSALS[status >>> 16];
    if (refusal !== undefined) outcome.refusedBy ??= client.client;
    outcome.refused ??= refusal;
    if (status !== 0) outcome.firstError ??= statusWords(status);
    const unclaimed = field(view, device, DeviceQueue.unclaimed);
    if (unclaimed > 0) outcome.firstUnclaimed ??= `0x${field64(view, device, DeviceQueue.firstUnclaimed).toString(16)}`;
    outcome.unclaimed += unclaimed;
    const faults = field(view, device, DeviceQueue.faults);
    if (faults > 0) outcome.firstFault ??= `0x${field64(view, device, DeviceQueue.firstFault).toString(16)}`;
    outcome.faults += faults;
    outcome.iotlbMisses += field(view, device, DeviceQueue.iotlbMisses);
    outcome.verifiedBlocks += field64(view, host, HostQueue.verifiedBlocks);
    outcome.verifyErrors += field(view, host, HostQueue.verifyErrors);
    outcome.wakeups += field(view, host, HostQueue.wakeups) + field(view, device, DeviceQueue.wakeups);
    for (const word of [
      HostQueue.errors,
      HostQueue.firstError,
      HostQueue.refused,
      HostQueue.verifyErrors,
      HostQueue.wakeups,
    ]) {
      setField(view, host, word, 0);
    }
    view.u64[(host + HostQueue.verifiedBlocks) / 8] = 0n;
    for (const word of [DeviceQueue.unclaimed, DeviceQueue.faults, DeviceQueue.iotlbMisses, DeviceQueue.wakeups]) {
      setField(view, device, word, 0);
    }
  }
  return outcome;
}

/** @throws LabError (exit 4) when I/Os failed that no refusal of the scheme explains */
export function checkOutcome(outcome: Outcome, arm: string): void {
  if (outcome.verifyErrors > 0) {
    throw new LabError(
      `${arm}: data check failed: ${outcome.verifyErrors} of ${outcome.verifiedBlocks} blocks do not hold what was written. ` +
        'The address scheme or the topology sends data to the wrong place.',
      EXIT.runFailed,
    );
  }
  if (outcome.errors === 0) return;
  const where = [
    outcome.unclaimed > 0
      ? ` ${outcome.unclaimed} transfers went to an address that no window claims, the first to ${outcome.firstUnclaimed}.`
      : '',
    outcome.faults > 0
      ? ` ${outcome.faults} transfers faulted at the IOMMU, which had no mapping for them, the first at ${outcome.firstFault}.`
      : '',
  ].join('');
  throw new LabError(
    `${arm}: ${outcome.errors} I/Os failed, the first with ${outcome.firstError ?? outcome.refused ?? 'an unknown status'}.${where}`,
    EXIT.runFailed,
  );
}

/**
 * Transfers that ended in each BAR and in RAM since the last call, over all queues, those that nothing claimed, and those
 * that an IOMMU refused.
 */
export function takeLandings(machine: BuiltMachine, unclaimed: number, faults = 0): LandingCount[] {
  const counts = new Map<string, LandingCount>();
  for (const { windows, client } of machine.queues) {
    // Between them is the window of the host's own structures.
    const routed = [...client.windows, undefined, ...(client.cpuWindows ?? [])];
    for (const [index, window] of routed.entries()) {
      if (window === undefined) continue;
      const { device, bar } = window;
      const at = windows.at + index * BusWindow.bytes;
      const before = counts.get(`${device} ${bar}`)?.transfers ?? 0;
      counts.set(`${device} ${bar}`, { device, bar, transfers: before + field(machine.view, at, BusWindow.hits) });
      setField(machine.view, at, BusWindow.hits, 0);
    }
  }
  const lost = { device: 'none', bar: 'none', transfers: unclaimed } as const;
  return [...counts.values(), lost, { device: IOMMU_FAULT, bar: 'none', transfers: faults }];
}

/** Adds the latency samples of all queues to `counts`, clears them, and returns the largest in nanoseconds. */
export function takeLatency(machine: BuiltMachine, counts: Uint32Array | undefined): number {
  let maxNs = 0;
  for (const { host, histogram } of machine.queues) {
    const first = histogram.at / 4;
    if (counts !== undefined) {
      for (let bucket = 0; bucket < BUCKETS; bucket++) {
        counts[bucket] = (counts[bucket] as number) + (machine.view.u32[first + bucket] as number);
      }
    }
    machine.view.u32.fill(0, first, first + BUCKETS);
    const word = (host + HostQueue.latencyNsMax) / 8;
    maxNs = Math.max(maxNs, machine.view.f64[word] as number);
    machine.view.f64[word] = 0;
  }
  return maxNs;
}

/** Exact counts, summed over all queues since resetCounters. */
export function readCounters(machine: BuiltMachine): Record<Exclude<keyof typeof Counters, 'bytes'>, number> {
  const entries = Object.entries(Counters).filter(([name]) => name !== 'bytes');
  return Object.fromEntries(
    entries.map(([name, offset]) => [
      name,
      machine.queues.reduce((sum, queue) => sum + field64(machine.view, queue.counters.at, offset), 0),
    ]),
  ) as Record<Exclude<keyof typeof Counters, 'bytes'>, number>;
}

export function resetCounters(machine: BuiltMachine): void {
  for (const { counters } of machine.queues) machine.view.u8.fill(0, counters.at, counters.at + Counters.bytes);
  // Distinct pages are told by the last I/O that touched them: identities start again, so old marks must go.
  machine.view.u8.fill(0, machine.pageStamps.at, machine.pageStamps.at + machine.pageStamps.bytes);
}

function errnoName(errno: number): string {
  return ERRNO_NAMES[errno] ?? `errno ${errno}`;
}

function statusWords(status: number): string {
  if (status >>> 16 === BLK_STS_RESOURCE) return 'BLK_STS_RESOURCE: no IOVA or page table left to map it';
  if (status >>> 16 !== 0) return `block status ${status >>> 16}`;
  return `NVMe status 0x${status.toString(16)} (${NVME_STATUS[status] ?? 'unknown'})`;
}
