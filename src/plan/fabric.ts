// What the machine needs to know of the PCI topology: where the provider's BAR and host RAM are, at which bus addresses
// each client reaches them and whatever else is there, and the kernel's map type for provider and client.
import { assert, LabError } from '../base/errors.ts';
import { formatBytes, TIB } from '../base/units.ts';
import { type AddressOptions, findBar, type IommuMode, translates } from '../topology/addresses.ts';
import { decide, type Verdict } from '../topology/decide.ts';
import { unknownFacts, why } from '../topology/explain.ts';
import type { Era } from '../topology/host_bridge.ts';
import { cpuAddress, type Topology } from '../topology/model.ts';
import { type PairPlan, pairPlan } from '../topology/pair.ts';
import { type Preset, preset } from '../topology/presets.ts';
import { type BusWindow, RAM_DEVICE } from '../topology/routes.ts';

/** enum pci_p2pdma_map_type as the kernel decides it for one provider and client. */
export type MapType = 'NOT_SUPPORTED' | 'BUS_ADDR' | 'THRU_HOST_BRIDGE';

/** One range of bus addresses as the client's transactions are routed. */
export interface FabricWindow {
  device: string;
  bar: number | 'ram';
  busStart: bigint;
  bytes: bigint;
  /** Memory behind it: the provider's BAR, host RAM, or a BAR that is neither provider nor RAM. */
  target: 'bar' | 'ram' | 'other';
  /** Offset of the window's first byte in the BAR or RAM. */
  offset: bigint;
}

/** One DMA client of the provider. */
export interface FabricClient {
  client: string;
  /** The client as the provider's map-type cache knows it: domain << 16 | bus << 8 | devfn. */
  clientKey: number;
  mapType: MapType;
  /** What pci_p2pdma_distance of v5.2 says, where it differs from the map type (reaches52). */
  reachable52?: boolean;
  windows: FabricWindow[];
  /** Behind an IOMMU that translates: CPU addresses, by which its output is routed. Else none. */
  cpuWindows?: FabricWindow[];
  /** The client's driver takes CPU addresses where others take DMA addresses (dma_virt_ops: HFI, rxe). */
  clientDmaOps?: 'virt';
}

/** The fabric of one run: one provider, its client, and the further clients that a flow may have. */
export interface Fabric extends FabricClient {
  /** Title for reports. */
  name: string;
  provider: { device: string; bar: number };
  others?: FabricClient[];
  /** CPU physical addresses of the provider's BAR and of host RAM. */
  barPhys: bigint;
  ramPhys: bigint;
  /** PCI bus address of the provider's BAR, in its own host bridge. */
  barBus: bigint;
  /** What the kernel adds to a BAR's CPU address to get its bus address. */
  busOffset: bigint;
  /** Default: off. */
  iommu?: IommuMode;
  /** Whose rules the orchestrators of proposals follow; default 6.12. */
  era?: Era;
}

/** Every client of a fabric, the first first. */
export function clientsOf(fabric: Fabric): FabricClient[] {
  return [fabric, ...(fabric.others ?? [])];
}

/**
 * Whether an orchestrator whose addresses are never mapped may bring client and provider together (pci_p2pdma_distance): as
 * the map type says, but that no bus address is right behind an IOMMU that the way passes.
 */
export function reachesInEra(fabric: Pick<Fabric, 'iommu' | 'era'>, client: Reach): boolean {
  return fabric.era === '5.2' ? reaches52(fabric, client) : mayReach(fabric, client);
}

/** What v5.2 says, which has a distance and no map types, knows fewer host bridges, and none behind an IOMMU. */
export function reaches52(fabric: Pick<Fabric, 'iommu'>, client: Reach): boolean {
  return client.reachable52 ?? mayReach(fabric, client);
}

type Reach = Pick<FabricClient, 'mapType' | 'reachable52'>;

function mayReach({ iommu = 'off' }: Pick<Fabric, 'iommu'>, { mapType }: Reach): boolean {
  return mapType === 'BUS_ADDR' || (mapType === 'THRU_HOST_BRIDGE' && iommu === 'off');
}

/** Windows that route what comes out of the IOMMU, if there is one: the fabric's, and the host's own structures. */
export function upstreamWindows({ cpuWindows = [] }: FabricClient): (FabricWindow | undefined)[] {
  return cpuWindows.length === 0 ? [] : [...cpuWindows, undefined];
}

/** Values of enum pci_p2pdma_map_type in 6.12. */
export const MAP_TYPE_CODE: Record<MapType, number> = { NOT_SUPPORTED: 1, BUS_ADDR: 2, THRU_HOST_BRIDGE: 3 };

/** Whether the clients' DMA addresses are translated by page tables. */
export function isTranslated({ iommu = 'off' }: Fabric): boolean {
  return translates(iommu);
}

/** Which provider and clients of a topology a run is about. */
export interface Pair {
  provider: { device: string; bar: number };
  client: string;
  others?: readonly string[];
}

/** The default of every run: provider and client under one switch, with a bus offset that is not zero. */
export function oneSwitch(barBytes: number, ramBytes: number): Fabric {
  return presetFabric('one-switch', barBytes, ramBytes, DEFAULT_RULES);
}

export const DEFAULT_RULES: AddressOptions = {
  era: '6.12',
  cpu: undefined,
  iommu: false,
  iommuMode: 'off',
  quirks: [],
};

const presets = new Map<string, Preset>();

/** Built once for each size of BAR, of which there are few: a sweep asks for them in every cell. */
function readyPreset(name: string, barBytes: number): Preset {
  const key = `${name} ${barBytes}`;
  const ready = presets.get(key) ?? preset(name, { barBytes });
  presets.set(key, ready);
  return ready;
}

/** The provider and client that a preset is about. */
export function presetPair(name: string, barBytes: number): { topology: Topology; pair: Pair } {
  const ready = readyPreset(name, barBytes);
  const provider = { device: ready.provider, bar: ready.providerBar };
  return { topology: ready.topology, pair: { provider, client: ready.client } };
}

/** @param others functions of the preset that are further clients */
export function presetFabric(
  name: string,
  barBytes: number,
  ramBytes: number,
  rules: AddressOptions,
  others: readonly string[] = [],
): Fabric {
  return presetPairFabric(name, barBytes, ramBytes, rules, { ...presetPair(name, barBytes).pair, others });
}

/** @param pair functions of the preset */
export function presetPairFabric(
  name: string,
  barBytes: number,
  ramBytes: number,
  rules: AddressOptions,
  pair: Pair,
): Fabric {
  const { topology } = presetPair(name, barBytes);
  return topologyFabric(name, topology, pair, ramBytes, { ...rules, cpu: rules.cpu ?? topology.cpu });
}

/**
 * The fabric of one provider and its clients in a topology. Map types are those of the era, of 6.12 for 5.2, which has none;
 * what 5.2 says instead is there in every era, for the schemes that follow it.
 * @throws LabError when the pair, its addresses or the kernel's verdict are not known
 */
export function topologyFabric(
  name: string,
  topology: Topology,
  pair: Pair,
  ramBytes: number,
  asked: AddressOptions,
): Fabric {
  const rules: AddressOptions = { ...asked, era: asked.era === '5.2' ? '6.12' : asked.era };
  const { bar } = findBar(topology, pair.provider.device, pair.provider.bar);
  const ramPhys = placeRam(topology, pair, bar.cpuStart, ramBytes, rules);
  const ram = [{ cpuStart: cpuAddress(ramPhys), bytes: BigInt(ramBytes) }, ...topology.ram];
  const [plan, ...more] = clientIds(pair).map((client) => pairPlan(topology, pair.provider, client, { ...rules, ram }));
  assert(plan !== undefined, 'a fabric has a client');
  const busOffset = plan.barBusStart - plan.barCpuStart;
  return {
    name,
    provider: pair.provider,
    barPhys: plan.barCpuStart,
    ramPhys,
    barBus: plan.barBusStart,
    // v4.20 to v5.15 subtracted what they should have added (PCI/P2PDMA: fix the wrong dma address calculation, 2021-09).
    busOffset: rules.quirks.includes('bus-offset-sign') ? -busOffset : busOffset,
    iommu: rules.iommuMode,
    era: asked.era,
    ...fabricClient(topology, pair, plan, ramPhys, asked),
    others: more.map((other) => fabricClient(topology, pair, other, ramPhys, asked)),
  };
}

function clientIds(pair: Pair): string[] {
  return [pair.client, ...(pair.others ?? [])];
}

function fabricClient(
  topology: Topology,
  pair: Pair,
  plan: PairPlan,
  ramPhys: bigint,
  rules: AddressOptions,
): FabricClient {
  const { mapType, client } = plan.verdict;
  const rules52: AddressOptions = { ...rules, era: '5.2' };
  const verdict52 = decide(topology, pair.provider.device, client, rules52);
  if (mapType === 'UNKNOWN') throw unknownPair(topology, plan.verdict, rules);
  if (rules.era === '5.2' && verdict52.mapType === 'UNKNOWN') throw unknownPair(topology, verdict52, rules52);
  const reachable52 = verdict52.mapType === 'BUS_ADDR';
  const differs = verdict52.mapType !== 'UNKNOWN' && reachable52 !== mayReach({ iommu: rules.iommuMode }, { mapType });
  const place = (window: BusWindow): FabricWindow => {
    const { device, bar: index, busStart, bytes, cpuStart } = window;
    const isProvider = device === pair.provider.device && index === pair.provider.bar;
    if (isProvider) return { device, bar: index, busStart, bytes, target: 'bar', offset: cpuStart - plan.barCpuStart };
    if (device === RAM_DEVICE)
      return { device, bar: 'ram', busStart, bytes, target: 'ram', offset: cpuStart - ramPhys };
    return { device, bar: index, busStart, bytes, target: 'other', offset: 0n };
  };
  return {
    client,
    clientKey: plan.clientKey,
    mapType,
    ...(differs ? { reachable52 } : {}),
    windows: plan.windows.map(place),
    cpuWindows: plan.cpuWindows.map(place),
  };
}

function unknownPair(topology: Topology, verdict: Verdict, rules: AddressOptions): LabError {
  const facts = unknownFacts(topology, rules).map(({ wouldTell }) => wouldTell);
  return new LabError(
    `${topology.source}: whether ${verdict.client} reaches ${verdict.provider} is unknown: ${why(topology, verdict, rules)}. ` +
      `What would tell: ${facts.join('; ')}.`,
  );
}

/** One turn of the page-pointer arithmetic: struct pages of addresses this far apart have the same wasm address. */
const MEMMAP_TURN = 1n << 38n;

/**
 * CPU address for the lab's RAM such that RAM and BAR have one linear memmap modulo 2^32 (RAM's struct pages right before
 * the BAR's), and that no BAR covers it on the bus.
 */
function placeRam(topology: Topology, pair: Pair, barPhys: bigint, ramBytes: number, rules: AddressOptions): bigint {
  const bytes = BigInt(ramBytes);
  const highest = barPhys - bytes;
  for (let at = ((highest % MEMMAP_TURN) + MEMMAP_TURN) % MEMMAP_TURN; at <= BigInt(16 * TIB); at += MEMMAP_TURN) {
    const ram = [{ cpuStart: cpuAddress(at), bytes }];
    const everyoneReaches = clientIds(pair).every((client) => {
      const { windows } = pairPlan(topology, pair.provider, client, { ...rules, iommuMode: 'off', ram });
      const found = windows.filter(({ device }) => device === RAM_DEVICE);
      return found.reduce((sum, window) => sum + window.bytes, 0n) === bytes;
    });
    const shadowed = topology.functions.some((fn) =>
      fn.bars.some(
        ({ cpuStart, bytes: size }) =>
          cpuStart !== undefined && size !== undefined && cpuStart < at + bytes && at < cpuStart + BigInt(size),
      ),
    );
    if (!shadowed && everyoneReaches) return at;
  }
  throw new LabError(
    `${topology.source}: no place for ${formatBytes(ramBytes)} of host RAM between its BARs; make --ram smaller.`,
  );
}
