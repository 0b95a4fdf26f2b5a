// The `p2plab.topology/1` document: everything the topology command knows, as data.

import type { MapType, Verdict } from './decide.ts';
import { decide, decideFunctions } from './decide.ts';
import type { UnknownFact } from './explain.ts';
import { fix, unknownFacts, why } from './explain.ts';
import type { Folding } from './fold.ts';
import { foldedVerdicts, foldFunctions } from './fold.ts';
import type { RuleOptions } from './host_bridge.ts';
import type { Locality } from './locality.ts';
import { localityOf } from './locality.ts';
import type { MemmapCost } from './memory/providers.ts';
import { memmapOfProviders } from './memory/providers.ts';
import type { Bar, FunctionId, HostBridgeId, Link, NvLink, PciFunction, PortType, Topology } from './model.ts';
import { ACS_BIT_NAMES, hex } from './model.ts';
import { endpoints } from './tree.ts';

export interface TopologyDocument {
  readonly schema: 'p2plab.topology/1';
  readonly source: string;
  readonly devices: readonly DeviceEntry[];
  /**
   * Machines of more than MAX_PLAIN_FUNCTIONS, or with as much prose: functions that no third one tells apart, by id. The entry in `pairs` for any
   * two functions is the one whose provider and client are of their groups and whose `up` is theirs: how many bridges
   * (`parent`) above the provider the two meet. Provider and client may be exchanged. `why` and `fix` of an entry name
   * the ports of its own two functions; those of other pairs are in their place.
   */
  readonly groups?: readonly (readonly FunctionId[])[];
  readonly pairs: readonly PairEntry[];
  readonly memmap: MemmapCost;
  readonly unknown: readonly UnknownFact[];
}

export interface DeviceEntry {
  readonly id: FunctionId;
  /** The bridge above; null on a root bus and where the source does not tell (see `unknown`). */
  readonly parent: FunctionId | null;
  /** Domain and root bus. */
  readonly hostBridge: HostBridgeId | null;
  /** Hex digits as lspci -n prints them; null when not known. */
  readonly class: string | null;
  readonly vendor: string | null;
  readonly device: string | null;
  /** Product name in the source's words. */
  readonly title: string | null;
  /** What the driver made of it: nvme0n1, mlx5_0. */
  readonly names: readonly string[];
  readonly driver: string | null;
  readonly slot: string | null;
  readonly iommuGroup: string | null;
  readonly numaNode: number | null;
  readonly portType: PortType;
  /** The physical function of a virtual one. */
  readonly physfn: FunctionId | null;
  /** Names of the control bits that are set; `absent` without the capability. */
  readonly acs: readonly string[] | 'absent' | 'unknown';
  /** As trained now. */
  readonly link: LinkEntry | null;
  /** The most this side can do. */
  readonly linkMax: LinkEntry | null;
  readonly nvlinks: readonly NvLink[];
  readonly bars: readonly BarEntry[];
}

export interface LinkEntry {
  readonly gtPerS: number | null;
  readonly width: number | null;
  readonly gbPerS: number;
}

export interface BarEntry {
  readonly index: number;
  readonly bytes: number | null;
  readonly prefetchable: boolean;
  /** Hexadecimal with 0x. */
  readonly cpuAddress: string | null;
  readonly busAddress: string | null;
  readonly disabled: boolean;
  readonly note?: string;
}

export interface PairEntry {
  readonly provider: FunctionId;
  readonly client: FunctionId;
  readonly distance: number | null;
  readonly mapType: MapType;
  /** nvidia-smi's word for how near they are: X, PIX, PXB, PHB, NODE, SYS. */
  readonly locality: Locality | null;
  readonly why: string;
  /** What would make it work, or better, or known; null when nothing needs doing. */
  readonly fix: string | null;
  /** With `groups`: 0 for a function with itself, 1 below the same bridge, null without a bridge in common. */
  readonly up?: number | null;
  /** With `groups`: how many ordered pairs, both ways together, have this verdict. */
  readonly pairs?: number;
}

/** Up to this many functions every ordered pair is listed; above, the verdicts of groups of functions. */
export const MAX_PLAIN_FUNCTIONS = 100;
/** And up to this many characters of `why` and `fix`: settings for dozens of ports, told for thousands of pairs. */
const MAX_PLAIN_PROSE_CHARS = 2 ** 21;

/** Every ordered pair of functions with a type 0 header, each function with itself included, in lspci's order. */
function* allVerdicts(topology: Topology, options: RuleOptions): Generator<Verdict> {
  const functions = endpoints(topology);
  for (const provider of functions) {
    for (const client of functions) yield decideFunctions(topology, provider, client, options);
  }
}

function isFolded(topology: Topology, folding: Folding, options: RuleOptions): boolean {
  if (endpoints(topology).length > MAX_PLAIN_FUNCTIONS) return true;
  let chars = 0;
  for (const { verdict, pairs } of foldedVerdicts(folding, options)) {
    const { length } = why(topology, verdict, options) + (fix(topology, verdict, options) ?? '');
    chars += length * pairs;
  }
  return chars > MAX_PLAIN_PROSE_CHARS;
}

/**
 * The document with every pair, with the pairs of groups of a large machine, or with the one pair asked for.
 * @throws LabError when that pair is not in the topology
 */
export function topologyDocument(
  topology: Topology,
  options: RuleOptions,
  pageBytes: number,
  pair?: readonly [provider: string, client: string],
): TopologyDocument {
  const groups = pair ? undefined : foldFunctions(topology);
  const folding = groups && isFolded(topology, groups, options) ? groups : undefined;
  return {
    schema: 'p2plab.topology/1',
    source: topology.source,
    devices: topology.functions.map(deviceEntry),
    ...(folding && { groups: folding.groups.map(({ functions }) => functions.map((fn) => fn.id)) }),
    pairs: pairEntries(topology, options, folding, pair),
    memmap: memmapOfProviders(topology, pageBytes, options.era),
    unknown: unknownFacts(topology, options),
  };
}

function pairEntries(
  topology: Topology,
  options: RuleOptions,
  folding: Folding | undefined,
  pair: readonly [provider: string, client: string] | undefined,
): PairEntry[] {
  if (pair) return [pairEntry(topology, decide(topology, ...pair, options), options)];
  if (!folding) return [...allVerdicts(topology, options)].map((verdict) => pairEntry(topology, verdict, options));
  return [...foldedVerdicts(folding, options)].map(({ verdict, up, pairs }) => ({
    ...pairEntry(topology, verdict, options),
    up,
    pairs,
  }));
}

/** The document as JSON text in pieces: a device, a group and a pair to a line. */
export function* documentText(document: TopologyDocument): Generator<string> {
  const { devices, groups, pairs, ...rest } = document;
  yield `{\n  "schema": ${JSON.stringify(rest.schema)},\n  "source": ${JSON.stringify(rest.source)},\n`;
  yield* listText('devices', devices);
  if (groups) yield* listText('groups', groups);
  yield* listText('pairs', pairs);
  yield `  "memmap": ${JSON.stringify(rest.memmap)},\n  "unknown": ${JSON.stringify(rest.unknown)}\n}\n`;
}

function* listText(key: string, entries: readonly unknown[]): Generator<string> {
  yield `  "${key}": [`;
  for (const [i, entry] of entries.entries()) yield `${i === 0 ? '' : ','}\n    ${JSON.stringify(entry)}`;
  yield `${entries.length === 0 ? '' : '\n  '}],\n`;
}

/** One verdict as the document has it. */
function pairEntry(topology: Topology, verdict: Verdict, options: RuleOptions): PairEntry {
  const { provider, client, distance, mapType } = verdict;
  return {
    provider,
    client,
    distance,
    mapType,
    locality: localityOf(topology, verdict) ?? null,
    why: why(topology, verdict, options),
    fix: fix(topology, verdict, options),
  };
}

function deviceEntry(fn: PciFunction): DeviceEntry {
  const { identity } = fn;
  return {
    id: fn.id,
    parent: fn.parent ?? null,
    hostBridge: fn.hostBridge ?? null,
    class: hex4(fn.classCode),
    vendor: hex4(fn.vendorId),
    device: hex4(fn.deviceId),
    title: fn.title ?? null,
    names: identity?.names ?? [],
    driver: identity?.driver ?? null,
    slot: identity?.slot ?? null,
    iommuGroup: identity?.iommuGroup ?? null,
    numaNode: fn.numaNode ?? null,
    portType: fn.portType,
    physfn: fn.physfn ?? null,
    acs: typeof fn.acs === 'number' ? ACS_BIT_NAMES.filter((_, bit) => (Number(fn.acs) & (1 << bit)) !== 0) : fn.acs,
    link: linkEntry(fn.link),
    linkMax: linkEntry(fn.linkMax),
    nvlinks: fn.nvlinks ?? [],
    bars: fn.bars.map(barEntry),
  };
}

function barEntry({ index, bytes, prefetchable, cpuStart, busStart, disabled, note }: Bar): BarEntry {
  const told = note === undefined ? {} : { note };
  const places = { cpuAddress: hexOrNull(cpuStart), busAddress: hexOrNull(busStart) };
  return { index, bytes: bytes ?? null, prefetchable, ...places, disabled, ...told };
}

function linkEntry(link: Link | undefined): LinkEntry | null {
  if (!link) return null;
  const { gtPerS, width, gbPerS } = link;
  return { gtPerS: gtPerS ?? null, width: width ?? null, gbPerS: Number(gbPerS.toPrecision(4)) };
}

function hexOrNull(address: bigint | undefined): string | null {
  return address === undefined ? null : hex(address);
}

function hex4(value: number | undefined): string | null {
  return value === undefined ? null : value.toString(16).padStart(4, '0');
}
