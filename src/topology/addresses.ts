// The addresses a client must program to reach a BAR, as the kernel computes them: pcibios_resource_to_bus
// (bus = CPU - window offset), p2pdma's bus_offset (bus - CPU), phys_to_dma (inbound), or an IOVA.
import { LabError } from '../base/errors.ts';
import { isX86 } from './cpu.ts';
import type { Verdict } from './decide.ts';
import { decide } from './decide.ts';
import type { RuleOptions } from './host_bridge.ts';
import type { Bar, BusAddress, CpuAddress, HostBridgeId, PciFunction, Topology } from './model.ts';
import { busAddress, cpuAddress, hex } from './model.ts';
import { findFunction, indexOf } from './tree.ts';

/** Kernel faults that can be switched on. bus-offset-sign: v4.20 to v5.15 subtracted an offset defined as bus - CPU. */
export const QUIRKS = ['bus-offset-sign'] as const;
export type Quirk = (typeof QUIRKS)[number];

export const IOMMU_MODES = ['off', 'passthrough', 'lazy', 'strict'] as const;
export type IommuMode = (typeof IOMMU_MODES)[number];

export interface AddressOptions extends RuleOptions {
  readonly iommuMode: IommuMode;
  readonly quirks: readonly Quirk[];
  /** Gives the IOVA the client's domain has for a CPU address; asked only in modes lazy and strict. */
  readonly iovaOf?: (address: CpuAddress) => bigint;
}

/** Whether requests that reach the host bridge go through the IOMMU's page tables. */
export function translates(mode: IommuMode): boolean {
  return mode === 'lazy' || mode === 'strict';
}

/** A place in a BAR. */
export interface BarPlace {
  /** Function id. */
  readonly device: string;
  readonly bar: number;
  /** Bytes from the start of the BAR. */
  readonly offset: bigint;
}

export interface DmaAddress {
  /** bus: as seen below the provider's host bridge; inbound: as seen by the client's host bridge; iova: by the IOMMU. */
  readonly kind: 'bus' | 'inbound' | 'iova' | 'refused' | 'unknown';
  /** What the device is given; undefined when refused, unknown, or an IOVA nobody could tell. */
  readonly address: bigint | undefined;
  readonly verdict: Verdict;
}

/**
 * The BAR's own entry.
 * @throws LabError when the function has no such memory BAR, or the source does not tell where it is
 */
export function findBar(topology: Topology, device: string, index: number): { fn: PciFunction; bar: PlacedBar } {
  const fn = findFunction(topology, device);
  const bar = fn.bars.find((candidate) => candidate.index === index);
  if (!bar) {
    const has = fn.bars.map((candidate) => candidate.index).join(', ') || 'none';
    throw new LabError(`${topology.source}: ${fn.id} has no memory BAR ${index} (it has: ${has}).`);
  }
  if (!isPlacedBar(bar)) {
    throw new LabError(`${topology.source}: where BAR ${index} of ${fn.id} is and how large is not known.`);
  }
  return { fn, bar };
}

export type PlacedBar = Bar & { readonly cpuStart: CpuAddress; readonly bytes: number };

/** Whether a BAR takes part in routing. */
export function isPlacedBar(bar: Bar): bar is PlacedBar {
  return bar.cpuStart !== undefined && bar.cpuStart !== 0n && bar.bytes !== undefined && !bar.disabled;
}

/**
 * CPU minus bus address of a BAR (resource_entry.offset of its window).
 * @throws LabError when the source does not tell and the CPU is not known to be x86, where it is 0
 */
export function windowOffset(topology: Topology, fn: PciFunction, bar: PlacedBar, options: RuleOptions): bigint {
  if (bar.busStart !== undefined) return bar.cpuStart - bar.busStart;
  const bridge = indexOf(topology).hostBridges.get(fn.hostBridge ?? '');
  const window = bridge?.windows?.find((w) => bar.cpuStart >= w.cpuStart && bar.cpuStart < w.cpuStart + w.bytes);
  if (window) return window.cpuStart - window.busStart;
  const common = knownOffset(topology, fn.hostBridge);
  if (common !== undefined) return common;
  if (isX86(options.cpu ?? topology.cpu)) return 0n;
  throw new LabError(
    `${topology.source}: the CPU-to-bus offset of host bridge ${fn.hostBridge ?? '(unknown)'} is not known, so the bus ` +
      `address of ${fn.id} BAR ${bar.index} is not either. Give lspci -vvvnn -xxxx or run on that machine ('host'); ` +
      'with --cpu amd:... or intel:... it is taken as 0, as on any x86.',
  );
}

const OFFSETS = new WeakMap<Topology, ReadonlyMap<HostBridgeId | undefined, ReadonlySet<bigint>>>();

/** The one offset that every BAR below a host bridge with both addresses known shows; undefined when there is none. */
export function knownOffset(topology: Topology, hostBridge: HostBridgeId | undefined): bigint | undefined {
  const known = OFFSETS.get(topology) ?? offsetsByHostBridge(topology);
  OFFSETS.set(topology, known);
  const offsets = known.get(hostBridge);
  return offsets?.size === 1 ? [...offsets][0] : undefined;
}

function offsetsByHostBridge(topology: Topology): Map<HostBridgeId | undefined, Set<bigint>> {
  const offsets = new Map<HostBridgeId | undefined, Set<bigint>>();
  for (const fn of topology.functions) {
    for (const bar of fn.bars) {
      if (!isPlacedBar(bar) || bar.busStart === undefined) continue;
      const seen = offsets.get(fn.hostBridge) ?? new Set<bigint>();
      offsets.set(fn.hostBridge, seen.add(bar.cpuStart - bar.busStart));
    }
  }
  return offsets;
}

/** pci_bus_address: where the BAR begins for devices below its host bridge. */
export function barBusAddress(topology: Topology, fn: PciFunction, bar: PlacedBar, options: RuleOptions): BusAddress {
  return busAddress(bar.cpuStart - windowOffset(topology, fn, bar, options));
}

/** The CPU address of a place in a BAR. */
export function cpuAddressOf(topology: Topology, place: BarPlace): CpuAddress {
  const { bar } = findBar(topology, place.device, place.bar);
  return cpuAddress(bar.cpuStart + place.offset);
}

/**
 * What a caller computes that knows the provider only: pci_p2pmem_virt_to_bus (the 2019 dma_vec). Right below the
 * provider's host bridge, whatever the client.
 */
export function callerMadeAddress(topology: Topology, place: BarPlace, options: RuleOptions): BusAddress {
  const { fn, bar } = findBar(topology, place.device, place.bar);
  return busAddress(barBusAddress(topology, fn, bar, options) + place.offset);
}

/**
 * What the kernel programs into the client for a place in a provider's BAR: phys + bus_offset for BUS_ADDR,
 * phys_to_dma or an IOVA for THRU_HOST_BRIDGE.
 * @throws LabError when ids, BARs or offsets needed are not known
 */
export function dmaAddress(topology: Topology, place: BarPlace, client: string, options: AddressOptions): DmaAddress {
  const verdict = decide(topology, place.device, client, options);
  const { fn, bar } = findBar(topology, place.device, place.bar);
  const cpu = cpuAddress(bar.cpuStart + place.offset);
  if (verdict.mapType === 'UNKNOWN') return { kind: 'unknown', address: undefined, verdict };
  if (verdict.mapType === 'NOT_SUPPORTED') return { kind: 'refused', address: undefined, verdict };
  if (verdict.mapType === 'BUS_ADDR') {
    const busOffset = -windowOffset(topology, fn, bar, options);
    const isWrong = options.quirks.includes('bus-offset-sign');
    return { kind: 'bus', address: isWrong ? cpu - busOffset : cpu + busOffset, verdict };
  }
  if (translates(options.iommuMode)) return { kind: 'iova', address: options.iovaOf?.(cpu), verdict };
  const inbound = inboundOffset(topology, findFunction(topology, client));
  return { kind: 'inbound', address: cpu - inbound, verdict };
}

/** CPU address minus the address an upstream request must carry, at a client's host bridge. */
export function inboundOffset(topology: Topology, client: PciFunction): bigint {
  return indexOf(topology).hostBridges.get(client.hostBridge ?? '')?.inboundOffset ?? 0n;
}

/** `0x60010000000` or a dash. */
export function showAddress(address: bigint | undefined): string {
  return address === undefined ? '-' : hex(address);
}
