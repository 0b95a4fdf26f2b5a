// The `p2plab.topology/1` document: everything the topology command knows, as data.

import { LabError } from '../base/errors.ts';
import type { MapType, Verdict } from './decide.ts';
import { decide, decideFunctions } from './decide.ts';
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

/** Most endpoints whose pairs are listed: 262,144 verdicts. */
export const MAX_PAIRED_FUNCTIONS = 512;

/**
 * Every ordered pair of functions with a type 0 header, each function with itself included, in lspci's order.
 * @throws LabError above MAX_PAIRED_FUNCTIONS
 */
export function allVerdicts(topology: Topology, options: RuleOptions): Verdict[] {
  const functions = endpoints(topology);
  if (functions.length > MAX_PAIRED_FUNCTIONS) {
    throw new LabError(
      `${topology.source}: ${functions.length} functions make too many pairs to list (at most ` +
        `${MAX_PAIRED_FUNCTIONS} functions). Ask for one with --pair PROVIDER CLIENT.`,
    );
  }
  return functions.flatMap((provider) =>
    functions.map((client) => decideFunctions(topology, provider, client, options)),
  );
}

/**
 * The document with every pair, or with the one pair asked for.
 * @throws LabError when that pair is not in the topology, or all pairs are too many
 */
export function topologyDocument(
  topology: Topology,
  options: RuleOptions,
  pageBytes: number,
  pair?: readonly [provider: string, client: string],
): TopologyDocument {
  const verdicts = pair ? [decide(topology, ...pair, options)] : allVerdicts(topology, options);
  return {
    schema: 'p2plab.topology/1',
    source: topology.source,
    devices: topology.functions.map(deviceEntry),
    pairs: verdicts.map((verdict) => pairEntry(topology, verdict, options)),
    memmap: memmapOfProviders(topology, pageBytes, options.era),
    unknown: unknownFacts(topology, options),
  };
}

/** One verdict as the document has it. */
function pairEntry(topology: Topology, verdict: Verdict, options: RuleOptions): PairEntry {
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
