// Functions that no third function can tell apart, so that a machine of hundreds of functions has a few dozen verdicts:
// functions of one device, devices below equal ports of a switch, devices below equal root ports of one host bridge.
//
// The bridges form a rooted tree. What a verdict, a locality and a bottleneck depend on is a node's label; subtrees with
// equal labels can be exchanged. The functions that such exchanges carry into each other are a group, and a pair is told by its
// two groups and by how far up the two meet: every pair with the same three has the same answer.
import type { Verdict } from './decide.ts';
import { decideFunctions, hasAcsRedirect } from './decide.ts';
import type { RuleOptions } from './host_bridge.ts';
import type { Link, PciFunction, Topology } from './model.ts';
import { endpoints, indexOf } from './tree.ts';

export interface FunctionGroup {
  /** In lspci's order; at least one. */
  readonly functions: readonly [PciFunction, ...PciFunction[]];
}

/** Groups of functions, each function in one. */
export interface Folding {
  readonly topology: Topology;
  /** In the order of their first functions. */
  readonly groups: readonly FunctionGroup[];
  /** The group's place in the tree, at the index of the group. */
  readonly places: readonly Orbit[];
}

/** A verdict and what it stands for. */
export interface FoldedVerdict {
  /** Of an example; its provider is the first function of its group. */
  readonly verdict: Verdict;
  /** Indexes of the provider's and the client's group, not descending. */
  readonly providers: number;
  readonly clients: number;
  /** Bridges from the provider up to the one both are below: 0 for a function with itself, null where they share none. */
  readonly up: number | null;
  /** Ordered pairs, both ways together. */
  readonly pairs: number;
}

/** A function, a bridge, a host bridge or the machine, with what is below. */
interface Node {
  /** Undefined for the machine and for host bridges. */
  readonly fn: PciFunction | undefined;
  readonly label: string;
  readonly parent: Node | undefined;
  readonly children: Node[];
}

/** Nodes that can be exchanged. */
interface Orbit {
  readonly parent: Orbit | undefined;
  readonly nodes: readonly Node[];
  readonly members: ReadonlySet<Node>;
  /** How many of them one node of the parent has; the same for each. */
  readonly perParent: number;
}

/** Every function with a type 0 header (or those given), each in one group. */
export function foldFunctions(topology: Topology, functions: readonly PciFunction[] = endpoints(topology)): Folding {
  const machine = treeOf(topology, functions);
  const orbits = orbitsBelow(machine);
  const byOrbit = new Map<Orbit, PciFunction[]>();
  for (const fn of functions) {
    const orbit = orbits.get(fn.id);
    if (!orbit) continue;
    const members = byOrbit.get(orbit);
    if (members) members.push(fn);
    else byOrbit.set(orbit, [fn]);
  }
  const groups = [...byOrbit.values()].map((members) => ({ functions: members as [PciFunction, ...PciFunction[]] }));
  return { topology, groups, places: [...byOrbit.keys()] };
}

/**
 * For each two groups, one verdict for each way in which two of their functions meet, the nearest first: a function with
 * itself, below one port, below one switch, through the host bridge.
 */
export function* foldedVerdicts(folding: Folding, options: RuleOptions): Generator<FoldedVerdict> {
  const { topology, groups, places } = folding;
  for (const [i, { functions }] of groups.entries()) {
    const first = functions[0];
    const own = places[i] as Orbit;
    const self = { providers: i, clients: i, up: 0, pairs: functions.length };
    yield { verdict: decideFunctions(topology, first, first, options), ...self };
    for (let j = i; j < groups.length; j++) {
      for (const { client, pairs } of meetings(own, places[j] as Orbit)) {
        const verdict = decideFunctions(topology, first, client, options);
        const up = verdict.common === null ? null : verdict.up.length - 1;
        yield { verdict, providers: i, clients: j, up, pairs };
      }
    }
  }
}

interface Meeting {
  readonly client: PciFunction;
  readonly pairs: number;
}

/**
 * The ways in which the first function of `a` meets one of `b`, the nearest first: where the ways to the two groups part, and
 * wherever above that there are several copies of the same subtree.
 */
function* meetings(a: Orbit, b: Orbit): Generator<Meeting> {
  const [waysA, waysB] = [chainOf(a), chainOf(b)];
  let nodeA = a.nodes[0] as Node;
  for (let level = waysA.length - 2; level >= 0; level--) {
    const [meeting, childA, childB] = [waysA[level], waysA[level + 1], waysB[level + 1]];
    const below = nodeA;
    nodeA = below.parent as Node;
    if (!meeting || !childA || !childB || waysB[level] !== meeting) continue;
    const isSame = childA === childB;
    if (isSame && childA.perParent < 2) continue;
    const perChild = (a.nodes.length / childA.nodes.length) * (b.nodes.length / childB.nodes.length);
    const children = childA.perParent * (isSame ? childA.perParent - 1 : childB.perParent);
    const directions = a === b ? 1 : 2;
    const client = functionIn(nodeA, below, waysB, level + 1);
    yield { client, pairs: directions * meeting.nodes.length * children * perChild };
  }
}

/** From the machine down to the orbit. */
function chainOf(orbit: Orbit): Orbit[] {
  const chain: Orbit[] = [];
  for (let at: Orbit | undefined = orbit; at; at = at.parent) chain.push(at);
  return chain.reverse();
}

/** The first function below `node` by way of these orbits and not by way of `not`. */
function functionIn(node: Node, not: Node, chain: readonly Orbit[], from: number): PciFunction {
  let at = node;
  for (const { members } of chain.slice(from)) {
    at = at.children.find((child) => child !== not && members.has(child)) as Node;
  }
  return at.fn as PciFunction;
}

/** The functions with everything above them. */
function treeOf(topology: Topology, functions: readonly PciFunction[]): Node {
  const { byId } = indexOf(topology);
  const machine: Node = { fn: undefined, label: '', parent: undefined, children: [] };
  const nodes = new Map<string, Node>();
  const add = (key: string, fn: PciFunction | undefined, label: string, parent: Node): Node => {
    const node: Node = { fn, label, parent, children: [] };
    parent.children.push(node);
    nodes.set(key, node);
    return node;
  };
  const place = (fn: PciFunction): Node => {
    const known = nodes.get(fn.id);
    if (known) return known;
    const above = typeof fn.parent === 'string' ? byId.get(fn.parent) : undefined;
    if (above) return add(fn.id, fn, labelOf(topology, fn), place(above));
    if (fn.parent !== null) return add(fn.id, fn, fn.id, machine);
    const key = `host bridge ${fn.hostBridge}`;
    return add(fn.id, fn, labelOf(topology, fn), nodes.get(key) ?? add(key, undefined, key, machine));
  };
  for (const fn of functions) place(fn);
  return machine;
}

/** All that a verdict, a locality or a bottleneck reads of a function; where the ports are not known, every one is itself. */
function labelOf(topology: Topology, fn: PciFunction): string {
  if (!topology.everyPort) return fn.id;
  const acs = fn.acs === 'unknown' ? 'unknown' : hasAcsRedirect(fn) ? String(fn.acs) : 'clean';
  const links = [fn.link, fn.linkMax].map(linkLabel).join(' ');
  const place = `${fn.domain} ${fn.hostBridge} ${fn.numaNode}`;
  return `${fn.isBridge} ${acs} ${fn.portType} ${links} ${place}`;
}

function linkLabel(link: Link | undefined): string {
  return link === undefined ? '-' : `${link.gtPerS}x${link.width}=${link.gbPerS}`;
}

/** The orbit of each function's node, by function id: equal subtrees are found from below, orbits from above. */
function orbitsBelow(machine: Node): Map<string, Orbit> {
  const kinds = new Map<string, number>();
  const kindOf = new Map<Node, number>();
  const nameKind = (node: Node): number => {
    const below = node.children.map(nameKind).sort((a, b) => a - b);
    const name = `${node.label}(${below.join(' ')})`;
    const kind = kinds.get(name) ?? kinds.size;
    kinds.set(name, kind);
    kindOf.set(node, kind);
    return kind;
  };
  nameKind(machine);
  const orbits = new Map<string, Orbit>();
  const descend = (orbit: Orbit): void => {
    const children = orbit.nodes.flatMap((node) => node.children);
    for (const nodes of Map.groupBy(children, (child) => kindOf.get(child)).values()) {
      const child: Orbit = {
        parent: orbit,
        nodes,
        members: new Set(nodes),
        perParent: nodes.length / orbit.nodes.length,
      };
      for (const { fn } of nodes) if (fn && !fn.isBridge) orbits.set(fn.id, child);
      descend(child);
    }
  };
  descend({ parent: undefined, nodes: [machine], members: new Set([machine]), perParent: 1 });
  return orbits;
}
