// The `p2plab.topology/1` document: everything the topology command knows, as data.

import type { MapType, Verdict } from './decide.ts';
import { decideFunctions } from './decide.ts';
import type { UnknownFact } from './explain.ts';
import { fix, unknownFacts, why } from './explain.ts';
import type { RuleOptions } from './host_bridge.ts';
import type { MemmapCost } from './memory/providers.ts';
import { memmapOfProviders } from './memory/providers.ts';
import type { FunctionId, PciFunction, Topology } from './model.ts';
import { endpoints } from './tree.ts';

export interface TopologyDocument {
  readonly schema: 'p2plab.topology/1';
  readonly source: string;
  readonly devices: readonly DeviceEntry[];
  readonly pairs: readonly PairEntry[];
  readonly memmap: MemmapCost;
  readonly unknown: readonly UnknownFact[];
}

export interface DeviceEntry {
  readonly id: FunctionId;
  /** The bridge above; null on a root bus and where the source does not tell (see `unknown`). */
  readonly parent: FunctionId | null;
  /** Hex digits as lspci -n prints them; null when not known. */
  readonly class: string | null;
  readonly vendor: string | null;
  readonly device: string | null;
  readonly numaNode: number | null;
  readonly bars: readonly { readonly index: number; readonly bytes: number | null; readonly prefetchable: boolean }[];
}

export interface PairEntry {
  readonly provider: FunctionId;
  readonly client: FunctionId;
  readonly distance: number | null;
  readonly mapType: MapType;
  readonly why: string;
  /** What would make it work, or better, or known; null when nothing needs doing. */
  readonly fix: string | null;
}

/** Every ordered pair of functions with a type 0 header, each function with itself included, in lspci's order. */
export function allVerdicts(topology: Topology, options: RuleOptions): Verdict[] {
  const functions = endpoints(topology);
  return functions.flatMap((provider) =>
    functions.map((client) => decideFunctions(topology, provider, client, options)),
  );
}

export function topologyDocument(topology: Topology, options: RuleOptions, pageBytes: number): TopologyDocument {
  return {
    schema: 'p2plab.topology/1',
    source: topology.source,
    devices: topology.functions.map(deviceEntry),
    pairs: allVerdicts(topology, options).map((verdict) => pairEntry(topology, verdict, options)),
    memmap: memmapOfProviders(topology, pageBytes, options.era),
    unknown: unknownFacts(topology, options),
  };
}

/** One verdict as the document has it. */
export function pairEntry(topology: Topology, verdict: Verdict, options: RuleOptions): PairEntry {
  const { provider, client, distance, mapType } = verdict;
  return {
    provider,
    client,
    distance,
    mapType,
    why: why(topology, verdict, options),
    fix: fix(topology, verdict, options),
  };
}

function deviceEntry(fn: PciFunction): DeviceEntry {
  return {
    id: fn.id,
    parent: fn.parent ?? null,
    class: hex4(fn.classCode),
    vendor: hex4(fn.vendorId),
    device: hex4(fn.deviceId),
    numaNode: fn.numaNode ?? null,
    bars: fn.bars.map(({ index, bytes, prefetchable }) => ({ index, bytes: bytes ?? null, prefetchable })),
  };
}

function hex4(value: number | undefined): string | null {
  return value === undefined ? null : value.toString(16).padStart(4, '0');
}
