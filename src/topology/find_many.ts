// Choosing a provider for several clients and remembering map types: pci_p2pdma_distance_many,
// pci_p2pmem_find_many, pci_p2pdma_map_type and the xarray behind it.
import type { Random } from '../base/random.ts';
import type { MapType } from './decide.ts';
import { decide } from './decide.ts';
import type { RuleOptions } from './host_bridge.ts';
import type { FunctionId, Topology } from './model.ts';
import { parseId } from './model.ts';

/** PAGE_SIZE / sizeof(pointer): more equally near providers than this are not considered. */
const FIND_MANY_MAX = 512;

/**
 * Sum of the distances from a provider to each client; -1 when one of them cannot be reached (or none is given),
 * null when the source does not tell. A client that is no PCI device counts as not reachable.
 */
export function distanceMany(
  topology: Topology,
  provider: string,
  clients: readonly string[],
  options: RuleOptions,
): number | null {
  if (clients.length === 0) return -1;
  let total: number | null = 0;
  for (const client of clients) {
    if (parseId(client) === undefined) return -1;
    const verdict = decide(topology, provider, client, options);
    if (verdict.mapType === 'NOT_SUPPORTED') return -1;
    const known: boolean = verdict.mapType !== 'UNKNOWN' && verdict.distance !== null && total !== null;
    total = known ? (total as number) + (verdict.distance as number) : null;
  }
  return total;
}

export interface Found {
  /** Every provider at the smallest total distance, in the order given, at most FIND_MANY_MAX. */
  readonly nearest: readonly FunctionId[];
  /** The one taken: the kernel takes one of `nearest` at random. Undefined when no provider reaches all clients. */
  readonly taken: FunctionId | undefined;
  readonly distance: number | undefined;
}

/** The provider the kernel would take for these clients. Providers whose distance is unknown are passed over. */
export function findMany(
  topology: Topology,
  providers: readonly string[],
  clients: readonly string[],
  options: RuleOptions,
  random: Random,
): Found {
  let nearest: FunctionId[] = [];
  let best = Number.POSITIVE_INFINITY;
  for (const provider of providers) {
    const distance = distanceMany(topology, provider, clients, options);
    if (distance === null || distance < 0 || distance > best) continue;
    if (distance < best) nearest = [];
    best = distance;
    if (nearest.length < FIND_MANY_MAX) nearest.push(provider);
  }
  if (nearest.length === 0) return { nearest, taken: undefined, distance: undefined };
  return { nearest, taken: nearest[random.below(nearest.length)], distance: best };
}

/** Looks up the map type of (provider, client) as a running kernel does. */
export type MapTypeLookup = (provider: string, client: string) => MapType;

/**
 * The cache each provider keeps: the first verdict for a client stays, whatever happens to ACS afterwards.
 * @param current gives the topology at the moment of a first look-up
 */
export function mapTypeCache(current: () => Topology, options: RuleOptions): MapTypeLookup {
  const perProvider = new Map<string, Map<number, MapType>>();
  return (provider, client) => {
    const key = mapTypesIndex(client);
    const cache = perProvider.get(provider) ?? new Map<number, MapType>();
    perProvider.set(provider, cache);
    const known = cache.get(key);
    if (known !== undefined && known !== 'UNKNOWN') return known;
    const { mapType } = decide(current(), provider, client, options);
    cache.set(key, mapType);
    return mapType;
  };
}

/** map_types_idx: domain << 16 | bus << 8 | devfn of the client. */
export function mapTypesIndex(client: string): number {
  const id = parseId(client);
  return id ? id.domain * 0x10000 + (id.bus << 8) + id.devfn : -1;
}
