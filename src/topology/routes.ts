// Where an address that a device puts on the bus ends up. One table for each client, made before a run: the machine's
// router scans it for every transfer, and the same table tells afterwards what a wrong address hit.
//
// What is modelled: switches and root ports claim by BAR; requests that nobody below the client's host bridge claims go
// upstream, where they are inbound DMA: to another BAR if the host bridge forwards, to RAM if there is RAM, else to
// nothing. What the hardware forwards is taken from the newest kernel's verdict; UNKNOWN counts as not forwarded.
import { LabError } from '../base/errors.ts';
import type { AddressOptions, PlacedBar } from './addresses.ts';
import { barBusAddress, inboundOffset, isPlacedBar, translates } from './addresses.ts';
import { decideFunctions } from './decide.ts';
import { NEWEST_ERA } from './host_bridge.ts';
import type { PciFunction, RamRange, Topology } from './model.ts';
import { findFunction } from './tree.ts';

/** A range of addresses, as one client's requests see it, and what is behind it. Ranges of one table never overlap. */
export interface BusWindow {
  /** Function id, or `ram`. */
  readonly device: string;
  readonly bar: number | 'ram';
  readonly busStart: bigint;
  /** At least 1. */
  readonly bytes: bigint;
  /** CPU address of the window's first byte; offset in a BAR = address - busStart + cpuStart - BAR's CPU start. */
  readonly cpuStart: bigint;
}

export interface RouteOptions extends AddressOptions {
  /** Host RAM; the topology's own when not given. */
  readonly ram?: readonly RamRange[];
}

/** Word for RAM in `BusWindow.device`. */
export const RAM_DEVICE = 'ram';

/**
 * The table for one client. With an IOMMU that translates it holds only what switches route directly: all else goes
 * through the page tables, whose output `cpuWindows` routes.
 * @throws LabError when the client is unknown, or offsets are
 */
export function routesFor(topology: Topology, clientId: string, options: RouteOptions): BusWindow[] {
  const client = findFunction(topology, clientId);
  if (client.hostBridge === undefined) {
    throw new LabError(`${topology.source}: ${topology.format} tells no addresses, so nothing can be routed by it.`);
  }
  const translated = translates(options.iommuMode);
  const direct: BusWindow[] = [];
  const forwarded: BusWindow[] = [];
  for (const { fn, bar } of placedBars(topology)) {
    const { mapType } = decideFunctions(topology, fn, client, { ...options, era: NEWEST_ERA });
    const below = fn.hostBridge === client.hostBridge;
    const isForwarded = mapType === 'THRU_HOST_BRIDGE' && !translated;
    if (below && (mapType === 'BUS_ADDR' || isForwarded)) {
      direct.push(barWindow(fn, bar, barBusAddress(topology, fn, bar, options)));
    }
    if (isForwarded) forwarded.push(barWindow(fn, bar, bar.cpuStart - inboundOffset(topology, client)));
  }
  const ram = translated ? [] : ramWindows(options.ram ?? topology.ram, inboundOffset(topology, client));
  return withoutOverlaps([...direct, ...forwarded, ...ram]);
}

/** The table behind an IOMMU, and for the CPU: CPU addresses to BARs and RAM (busStart equals cpuStart). */
export function cpuWindows(topology: Topology, ram: readonly RamRange[] = topology.ram): BusWindow[] {
  const bars = [...placedBars(topology)].map(({ fn, bar }) => barWindow(fn, bar, bar.cpuStart));
  return withoutOverlaps([...bars, ...ramWindows(ram, 0n)]);
}

function* placedBars(topology: Topology): Generator<{ fn: PciFunction; bar: PlacedBar }> {
  for (const fn of topology.functions) {
    for (const bar of fn.bars) {
      if (isPlacedBar(bar)) yield { fn, bar };
    }
  }
}

function barWindow(fn: PciFunction, bar: PlacedBar, busStart: bigint): BusWindow {
  return { device: fn.id, bar: bar.index, busStart, bytes: BigInt(bar.bytes), cpuStart: bar.cpuStart };
}

function ramWindows(ram: readonly RamRange[], offset: bigint): BusWindow[] {
  return ram.map(({ cpuStart, bytes }) => ({
    device: RAM_DEVICE,
    bar: 'ram',
    busStart: cpuStart - offset,
    bytes,
    cpuStart,
  }));
}

/** Cuts out of each window what an earlier one claims already; sorted by address. */
function withoutOverlaps(windows: readonly BusWindow[]): BusWindow[] {
  const kept: BusWindow[] = [];
  for (const window of windows) {
    let pieces: BusWindow[] = [window];
    for (const earlier of kept) pieces = pieces.flatMap((piece) => minus(piece, earlier));
    kept.push(...pieces);
  }
  return kept.sort((a, b) => (a.busStart < b.busStart ? -1 : 1));
}

function minus(window: BusWindow, taken: BusWindow): BusWindow[] {
  const end = window.busStart + window.bytes;
  const takenEnd = taken.busStart + taken.bytes;
  if (takenEnd <= window.busStart || taken.busStart >= end) return [window];
  const pieces: BusWindow[] = [];
  if (taken.busStart > window.busStart) pieces.push({ ...window, bytes: taken.busStart - window.busStart });
  if (takenEnd < end) {
    const cut = takenEnd - window.busStart;
    pieces.push({ ...window, busStart: takenEnd, bytes: end - takenEnd, cpuStart: window.cpuStart + cut });
  }
  return pieces;
}

/** Where an address lands; undefined when nobody claims it (the request ends in an error). */
export interface Landing {
  readonly device: string;
  readonly bar: number | 'ram';
  /** CPU address of the byte that is hit. */
  readonly cpuAddress: bigint;
}

/** The window that claims an address, by the scan the machine's router does. */
export function landingOf(windows: readonly BusWindow[], address: bigint): Landing | undefined {
  const window = windows.find((w) => address >= w.busStart && address < w.busStart + w.bytes);
  if (!window) return undefined;
  return { device: window.device, bar: window.bar, cpuAddress: window.cpuStart + address - window.busStart };
}

/** Word for transfers that an IOMMU refused, in `LandingCount.device`. */
export const IOMMU_FAULT = 'iommu';

/** How many transfers ended in one place. */
export interface LandingCount {
  /** `none` for addresses nobody claimed, `IOMMU_FAULT` for IOVAs without a mapping. */
  readonly device: string;
  readonly bar: number | 'ram' | 'none';
  readonly transfers: number;
}

/**
 * One line for each place that transfers meant for `intended` ended in instead, most first; empty when all were right.
 * @param kind what is counted, such as `writes`
 */
export function misdirectionLines(
  intended: { readonly device: string; readonly bar: number | 'ram' },
  counts: readonly LandingCount[],
  kind: string,
): string[] {
  const total = counts.reduce((sum, count) => sum + count.transfers, 0);
  const wrong = counts.filter((count) => count.device !== intended.device || count.bar !== intended.bar);
  return [...wrong]
    .filter((count) => count.transfers > 0)
    .sort((a, b) => b.transfers - a.transfers)
    .map((count) => `misdirected: ${grouped(count.transfers)} of ${grouped(total)} ${kind} ${where(count)}`);
}

function where(count: LandingCount): string {
  if (count.device === IOMMU_FAULT) return 'faulted at the IOMMU, which has no mapping for them';
  if (count.bar === 'none') return 'were claimed by nothing and failed';
  if (count.bar === 'ram') return 'landed in host RAM';
  return `landed in ${count.device} BAR ${count.bar}`;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
