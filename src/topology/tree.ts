// Looking things up in a topology: by id, upwards (pci_upstream_bridge) and along a host bridge's root bus.
import { LabError, suggestion } from '../base/errors.ts';
import type { FunctionId, HostBridge, HostBridgeId, PciFunction, Topology } from './model.ts';
import { compareFunctions, parseId } from './model.ts';

export interface TopologyIndex {
  readonly byId: ReadonlyMap<FunctionId, PciFunction>;
  readonly hostBridges: ReadonlyMap<HostBridgeId, HostBridge>;
  /** Functions directly below a bridge, in lspci's order. */
  readonly below: ReadonlyMap<FunctionId, readonly PciFunction[]>;
  /** Functions on a host bridge's root bus, in the order the kernel finds them: by devfn, virtual functions last. */
  readonly onRootBus: ReadonlyMap<HostBridgeId, readonly PciFunction[]>;
}

const INDEXES = new WeakMap<Topology, TopologyIndex>();

/** The index of a topology; built once and kept as long as the topology itself (topologies never change). */
export function indexOf(topology: Topology): TopologyIndex {
  const known = INDEXES.get(topology);
  if (known) return known;
  const below = new Map<FunctionId, PciFunction[]>();
  const onRootBus = new Map<HostBridgeId, PciFunction[]>();
  for (const fn of [...topology.functions].sort(compareFunctions)) {
    if (typeof fn.parent === 'string') push(below, fn.parent, fn);
    else if (fn.parent === null && fn.hostBridge !== undefined) push(onRootBus, fn.hostBridge, fn);
  }
  for (const list of onRootBus.values()) list.sort((a, b) => Number(isVf(a)) - Number(isVf(b)));
  const index: TopologyIndex = {
    byId: new Map(topology.functions.map((fn) => [fn.id, fn])),
    hostBridges: new Map(topology.hostBridges.map((bridge) => [bridge.id, bridge])),
    below,
    onRootBus,
  };
  INDEXES.set(topology, index);
  return index;
}

function isVf(fn: PciFunction): boolean {
  return fn.physfn !== undefined;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/**
 * The function a user named, as `0000:81:00.0` or `81:00.0`.
 * @throws LabError when the topology has no such function
 */
export function findFunction(topology: Topology, text: string): PciFunction {
  const { byId } = indexOf(topology);
  const found = byId.get(parseId(text)?.id ?? text);
  if (found) return found;
  throw new LabError(
    `${topology.source}: no function '${text}'${suggestion(text, byId.keys()) || '.'} It has ${byId.size} functions, ` +
      `the first is ${topology.functions[0]?.id ?? 'none'}.`,
  );
}

export interface Ascent {
  /** The function itself, then each bridge above it, nearest first. */
  readonly nodes: readonly PciFunction[];
  /** Whether the last node stands on a root bus; false when the source does not tell what is above it. */
  readonly reachesRoot: boolean;
}

/** The way up from a function: repeated pci_upstream_bridge. Total for validated topologies (no cycles). */
export function ascend(topology: Topology, fn: PciFunction): Ascent {
  const { byId } = indexOf(topology);
  const nodes: PciFunction[] = [];
  let current: PciFunction | undefined = fn;
  while (current && nodes.length <= byId.size) {
    nodes.push(current);
    if (current.parent === null) return { nodes, reachesRoot: true };
    current = current.parent === undefined ? undefined : byId.get(current.parent);
  }
  return { nodes, reachesRoot: false };
}

/** Functions with a type 0 header: what can be a provider or a client. */
export function endpoints(topology: Topology): readonly PciFunction[] {
  return topology.functions.filter((fn) => !fn.isBridge);
}
