// What a queue pair says about itself between slices: outcomes, latency samples, counts. Read and reset by the lab.
import {
  BLK_STS_RESOURCE,
  BusWindow,
  Counters,
  DeviceQueue,
  EFAULT,
  EINVAL,
  EIO,
  ENODEV,
  ENOMEM,
  EOPNOTSUPP,
  EREMOTEIO,
  HostQueue,
  NvmetRdmaQueue,
  Rnic,
} from '../../../build/layout.ts';
import { EXIT, LabError } from '../../base/errors.ts';
import { upstreamWindows } from '../../plan/fabric.ts';
import { LATENCY_COUNTERS, type SparseHistogram, toSparse } from '../../stats/histogram.ts';
import { IOMMU_FAULT, type LandingCount } from '../../topology/routes.ts';
import type { MemoryView } from './arena.ts';
import type { BuiltMachine } from './build_machine.ts';
import { field, field64, setField } from './fields.ts';

/** NVMe status codes, generic and of zones, that the controller can answer with. */
const NVME_STATUS: Record<number, string> = {
  1: 'Invalid Command Opcode',
  2: 'Invalid Field in Command',
  4: 'Data Transfer Error',
  6: 'Internal Error',
  11: 'Invalid Namespace or Format',
  19: 'PRP Offset Invalid',
  128: 'LBA Out of Range',
  440: 'Zone Boundary Error',
  441: 'Zone Is Full',
  444: 'Zone Invalid Write',
  445: 'Too Many Active Zones',
  446: 'Too Many Open Zones',
  880: 'Host Pathing Error',
};

const ERRNO_NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries({ EIO, ENOMEM, EFAULT, ENODEV, EINVAL, EOPNOTSUPP, EREMOTEIO }).map(([name, errno]) => [errno, name]),
);
/** enum ib_wc_status, as ib_wc_status_msg has them. */
const RDMA_STATUS: Record<number, string> = {
  4: 'local protection error',
  5: 'WR flushed',
  10: 'remote access error',
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
  /** Completions of no command that is outstanding, and the first in nvme_handle_cqe's words. */
  invalidIds: number;
  firstInvalidId: string | undefined;
  /** I/Os of a target that were to have P2P memory and took host RAM, and those whose data came in the capsule. */
  poolFallbacks: number;
  inlineWrites: number;
  /** Work requests that an RNIC completed in error, and the first status in words. */
  rdmaErrors: number;
  firstRdmaError: string | undefined;
  /** Of the errors: refused by submitter, scheme or mapping; failed by the device. */
  refusals: number;
  deviceFailures: number;
  /** CPU accesses to memory of a provider that had gone. */
  sigbus: number;
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
    invalidIds: 0,
    firstInvalidId: undefined,
    poolFallbacks: 0,
    inlineWrites: 0,
    rdmaErrors: 0,
    firstRdmaError: undefined,
    refusals: 0,
    deviceFailures: 0,
    sigbus: 0,
  };
  for (const [index, { host, device, client }] of machine.queues.entries()) {
    takeQueue(view, host, client.client, outcome);
    takeInvalidIds(view, host, index + 1, outcome);
    takeUnclaimed(view, device, DeviceQueue, outcome);
    takeFaults(view, device, outcome);
  }
  for (const { initiator, rnic, target, client } of machine.targets) {
    takeQueue(view, initiator, client.client, outcome);
    takeUnclaimed(view, rnic, Rnic, outcome);
    takeTarget(view, target, client.client, outcome);
  }
  return outcome;
}

/** What a host's queue, or the initiator's that stands for one, says of its I/O. */
function takeQueue(view: MemoryView, host: number, client: string, outcome: Outcome): void {
  outcome.errors += field(view, host, HostQueue.errors);
  const errno = -(field(view, host, HostQueue.refused) | 0);
  const status = field(view, host, HostQueue.firstError);
  const refusal = errno !== 0 ? errnoName(errno) : MAP_REFUSALS[status >>> 16];
  if (refusal !== undefined) outcome.refusedBy ??= client;
  outcome.refused ??= refusal;
  if (status !== 0) outcome.firstError ??= statusWords(status);
  outcome.verifiedBlocks += field64(view, host, HostQueue.verifiedBlocks);
  outcome.verifyErrors += field(view, host, HostQueue.verifyErrors);
  outcome.wakeups += field(view, host, HostQueue.wakeups);
  outcome.refusals += field(view, host, HostQueue.refusals) + field(view, host, HostQueue.mapRefusals);
  outcome.deviceFailures += field(view, host, HostQueue.deviceFailures);
  outcome.sigbus += field(view, host, HostQueue.sigbus);
  const { errors, firstError, refused, verifyErrors, wakeups, refusals, mapRefusals, deviceFailures, sigbus } =
    HostQueue;
  const words = [errors, firstError, refused, verifyErrors, wakeups, refusals, mapRefusals, deviceFailures, sigbus];
  for (const word of words) setField(view, host, word, 0);
  view.u64[(host + HostQueue.verifiedBlocks) / 8] = 0n;
}

function takeInvalidIds(view: MemoryView, host: number, queue: number, outcome: Outcome): void {
  outcome.invalidIds += field(view, host, HostQueue.invalidIds);
  outcome.firstInvalidId ??= invalidIdWords(view, host, queue);
  for (const word of [HostQueue.invalidIds, HostQueue.firstInvalidId]) setField(view, host, word, 0);
}

/** What the kernel's driver says of the first completion that it could not place (nvme_handle_cqe); undefined without one. */
export function invalidIdWords(view: MemoryView, host: number, queue: number): string | undefined {
  if (field(view, host, HostQueue.invalidIds) === 0) return undefined;
  return `invalid id ${field(view, host, HostQueue.firstInvalidId)} completed on queue ${queue}`;
}

/** Transfers of a device that went nowhere. */
function takeUnclaimed(
  view: MemoryView,
  at: number,
  words: Pick<typeof DeviceQueue, 'unclaimed' | 'firstUnclaimed' | 'wakeups'> | typeof Rnic,
  outcome: Outcome,
): void {
  const unclaimed = field(view, at, words.unclaimed);
  if (unclaimed > 0) outcome.firstUnclaimed ??= `0x${field64(view, at, words.firstUnclaimed).toString(16)}`;
  outcome.unclaimed += unclaimed;
  outcome.wakeups += field(view, at, words.wakeups);
  for (const word of [words.unclaimed, words.wakeups]) setField(view, at, word, 0);
}

/** Transfers of a controller that its IOMMU refused, and what its IOTLB missed. */
function takeFaults(view: MemoryView, device: number, outcome: Outcome): void {
  const faults = field(view, device, DeviceQueue.faults);
  if (faults > 0) outcome.firstFault ??= `0x${field64(view, device, DeviceQueue.firstFault).toString(16)}`;
  outcome.faults += faults;
  outcome.iotlbMisses += field(view, device, DeviceQueue.iotlbMisses);
  for (const word of [DeviceQueue.faults, DeviceQueue.iotlbMisses]) setField(view, device, word, 0);
}

function takeTarget(view: MemoryView, target: number, client: string, outcome: Outcome): void {
  const { fallbacks, inlineWrites, rdmaErrors, firstRdmaStatus, refused, wakeups } = NvmetRdmaQueue;
  const errno = -(field(view, target, refused) | 0);
  if (errno !== 0) outcome.refusedBy ??= client;
  if (errno !== 0) outcome.refused ??= errnoName(errno);
  outcome.poolFallbacks += field(view, target, fallbacks);
  outcome.inlineWrites += field(view, target, inlineWrites);
  outcome.rdmaErrors += field(view, target, rdmaErrors);
  outcome.wakeups += field(view, target, wakeups);
  const status = field(view, target, firstRdmaStatus);
  if (status !== 0) outcome.firstRdmaError ??= RDMA_STATUS[status] ?? `work completion status ${status}`;
  for (const word of [fallbacks, inlineWrites, rdmaErrors, firstRdmaStatus, refused, wakeups])
    setField(view, target, word, 0);
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
  checkCompletions(outcome, arm);
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

/** @throws LabError (exit 4) when a completion came twice, or for a command that nobody sent */
export function checkCompletions({ invalidIds, firstInvalidId }: Outcome, arm: string): void {
  if (invalidIds === 0) return;
  const more = invalidIds > 1 ? ` and ${invalidIds - 1} more` : '';
  throw new LabError(
    `${arm}: ${firstInvalidId}${more}: a completion came twice, or of a command that is not outstanding.`,
    EXIT.runFailed,
  );
}

/**
 * Transfers that ended in each BAR and in RAM since the last call, over all queues, those that nothing claimed, and those
 * that an IOMMU refused.
 */
export function takeLandings(machine: BuiltMachine, unclaimed: number, faults = 0): LandingCount[] {
  const counts = new Map<string, LandingCount>();
  for (const { windows, client } of [...machine.queues, ...machine.targets]) {
    // Between them, and after what an IOMMU's output meets, is the window of the host's own structures.
    const routed = [...client.windows, undefined, ...upstreamWindows(client)];
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

/** Takes the latency samples of every lane since the last call (stats/histogram.ts, LATENCY_COUNTERS), and the largest of all but flushes' in nanoseconds. */
export function takeLatency(machine: BuiltMachine): { lanes: SparseHistogram[]; maxNs: number } {
  const { view } = machine;
  let maxNs = 0;
  const lanes = machine.lanes.map(({ front }) => {
    const first = field(view, front, HostQueue.histogram) / 4;
    const counts = toSparse(view.u32.subarray(first, first + LATENCY_COUNTERS));
    maxNs = Math.max(maxNs, view.f64[(front + HostQueue.latencyNsMax) / 8] as number);
    return counts;
  });
  clearLatency(machine);
  return { lanes, maxNs };
}

export function clearLatency({ view, lanes }: BuiltMachine): void {
  for (const { front } of lanes) {
    const first = field(view, front, HostQueue.histogram) / 4;
    view.u32.fill(0, first, first + LATENCY_COUNTERS);
    view.f64[(front + HostQueue.latencyNsMax) / 8] = 0;
  }
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
