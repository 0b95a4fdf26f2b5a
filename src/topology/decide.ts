// The kernel's verdict on a provider and a client: calc_map_type_and_dist (6.12 and later) and v5.2's
// upstream_bridge_distance, line by line. Left out on purpose: what was proposed after 7.2 (egress control vectors, by which
// EgressCtrl alone would no longer redirect; paths and ranking by ACPI HMAT), and non-PCI clients, which are refused before.
import type { HostBridgeAnswer, RuleOptions } from './host_bridge.ts';
import { throughHostBridge } from './host_bridge.ts';
import type { FunctionId, PciFunction, Topology } from './model.ts';
import { ACS_REDIRECT_MASK } from './model.ts';
import { ascend, findFunction } from './tree.ts';

/** enum pci_p2pdma_map_type; UNKNOWN here means that the source does not tell enough. */
export type MapType = 'BUS_ADDR' | 'THRU_HOST_BRIDGE' | 'NOT_SUPPORTED' | 'UNKNOWN';

/** v5.2 adds this to a distance through the root complex, so that ways through switches win. */
export const V52_ROOT_COMPLEX_DISTANCE = 0x1000;

/** What settled the verdict. */
export type Ground =
  | 'same-function'
  | 'common-bridge'
  | 'acs-redirect'
  | 'no-common-bridge'
  | 'unknown-acs'
  | 'unknown-tree';

export interface Verdict {
  readonly provider: FunctionId;
  readonly client: FunctionId;
  /** Ports between the two as the kernel counts them; v5.2 gives -1, -2 or 0x1000 + n too. Null: not known. */
  readonly distance: number | null;
  readonly mapType: MapType;
  readonly ground: Ground;
  /** From the provider up to the bridge both are below, that bridge included; without one, up to the root bus. */
  readonly up: readonly FunctionId[];
  /** From the client up to below that bridge; without one, up to the root bus. */
  readonly down: readonly FunctionId[];
  /** The nearest bridge (or function) above or equal to both. */
  readonly common: FunctionId | null;
  /** Ports with an ACS redirect bit set, in the order the kernel lists them for pci=disable_acs_redir. */
  readonly redirects: readonly FunctionId[];
  /** Ports between whose ACS control is not known. */
  readonly acsUnknown: readonly FunctionId[];
  /** The host bridge's answer, when the route depends on it. */
  readonly hostBridge: HostBridgeAnswer | undefined;
}

interface Route {
  readonly up: readonly PciFunction[];
  readonly down: readonly PciFunction[];
  readonly common: PciFunction | undefined;
  /** Whether `common` (or its absence) and the number of ports are certain. */
  readonly certain: boolean;
}

/**
 * The verdict for one ordered pair.
 * @throws LabError when an id is not in the topology
 */
export function decide(topology: Topology, provider: string, client: string, options: RuleOptions): Verdict {
  return decideFunctions(topology, findFunction(topology, provider), findFunction(topology, client), options);
}

/** As `decide`, for functions of this topology. */
export function decideFunctions(
  topology: Topology,
  provider: PciFunction,
  client: PciFunction,
  options: RuleOptions,
): Verdict {
  const route = routeBetween(topology, provider, client);
  const acsPath = [...route.up, ...route.down];
  const base = {
    provider: provider.id,
    client: client.id,
    up: route.up.map((fn) => fn.id),
    down: route.down.map((fn) => fn.id),
    common: route.common?.id ?? null,
    redirects: route.common ? acsPath.filter(hasAcsRedirect).map((fn) => fn.id) : [],
    acsUnknown: route.common ? acsPath.filter((fn) => fn.acs === 'unknown').map((fn) => fn.id) : [],
    hostBridge: undefined,
  };
  if (!route.certain) return unknownTree(topology, provider, client, route, base, options);
  const hops = route.common ? route.up.length - 1 + route.down.length : route.up.length + route.down.length;
  if (route.common && base.redirects.length === 0) {
    if (base.acsUnknown.length > 0) {
      const distance = options.era === '5.2' ? null : hops;
      return { ...base, distance, mapType: 'UNKNOWN', ground: 'unknown-acs' };
    }
    const ground = provider.id === client.id ? 'same-function' : 'common-bridge';
    return { ...base, distance: hops, mapType: 'BUS_ADDR', ground };
  }
  const ground = route.common ? 'acs-redirect' : 'no-common-bridge';
  if (options.era === '5.2') return v52Verdict(topology, provider, client, hops, { ...base, ground }, options);
  const hostBridge = throughHostBridge(topology, provider, client, options);
  return { ...base, distance: hops, mapType: viaHostBridge(hostBridge), ground, hostBridge };
}

/** pci_bridge_has_acs_redir. */
export function hasAcsRedirect(fn: PciFunction): boolean {
  return typeof fn.acs === 'number' && (fn.acs & ACS_REDIRECT_MASK) !== 0;
}

function viaHostBridge(answer: HostBridgeAnswer): MapType {
  if (answer.allowed === undefined) return 'UNKNOWN';
  return answer.allowed ? 'THRU_HOST_BRIDGE' : 'NOT_SUPPORTED';
}

/** The two ways up and where they meet: the first of the provider's bridges that is also above the client. */
function routeBetween(topology: Topology, provider: PciFunction, client: PciFunction): Route {
  const a = ascend(topology, provider);
  const b = ascend(topology, client);
  const aboveClient = new Map(b.nodes.map((fn, i) => [fn.id, i]));
  const meet = a.nodes.findIndex((fn) => aboveClient.has(fn.id));
  const common = a.nodes[meet];
  if (common && provider.domain === client.domain) {
    const up = a.nodes.slice(0, meet + 1);
    const down = b.nodes.slice(0, aboveClient.get(common.id));
    const everyPort = topology.everyPort || provider.id === client.id;
    return { up, down, common, certain: everyPort };
  }
  // No bridge spans two domains, whatever tree the source draws.
  const certain = topology.everyPort && a.reachesRoot && b.reachesRoot;
  return { up: a.nodes, down: b.nodes, common: undefined, certain };
}

type Base = Omit<Verdict, 'distance' | 'mapType' | 'ground'>;

/** The number of ports is not known, but two domains (or host bridges) still have no bridge in common. */
function unknownTree(
  topology: Topology,
  provider: PciFunction,
  client: PciFunction,
  route: Route,
  base: Base,
  options: RuleOptions,
): Verdict {
  const differ = provider.hostBridge !== undefined && client.hostBridge !== undefined;
  const apart = provider.domain !== client.domain || (differ && provider.hostBridge !== client.hostBridge);
  if (route.common || !apart) return { ...base, distance: null, mapType: 'UNKNOWN', ground: 'unknown-tree' };
  const hostBridge = throughHostBridge(topology, provider, client, options);
  const allowed = viaHostBridge(hostBridge);
  const mapType = options.era === '5.2' && allowed === 'THRU_HOST_BRIDGE' ? 'BUS_ADDR' : allowed;
  const refusal = options.era === '5.2' && mapType === 'NOT_SUPPORTED' ? -1 : null;
  return { ...base, distance: refusal, mapType, ground: 'no-common-bridge', hostBridge };
}

/** v5.2: -2 for an ACS redirect, 0x1000 + distance through an allowed root complex, else -1; always a bus address. */
function v52Verdict(
  topology: Topology,
  provider: PciFunction,
  client: PciFunction,
  hops: number,
  base: Base & Pick<Verdict, 'ground'>,
  options: RuleOptions,
): Verdict {
  if (base.ground === 'acs-redirect') return { ...base, distance: -2, mapType: 'NOT_SUPPORTED' };
  const hostBridge = throughHostBridge(topology, provider, client, options);
  if (hostBridge.allowed === undefined) return { ...base, distance: null, mapType: 'UNKNOWN', hostBridge };
  if (!hostBridge.allowed) return { ...base, distance: -1, mapType: 'NOT_SUPPORTED', hostBridge };
  return { ...base, distance: V52_ROOT_COMPLEX_DISTANCE + hops, mapType: 'BUS_ADDR', hostBridge };
}
