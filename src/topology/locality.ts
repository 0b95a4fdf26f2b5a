// How near two functions are, in the words of nvidia-smi topo -m: PIX below one switch (or port), PXB below several
// switches, PHB through one host bridge, NODE between host bridges of one NUMA node, SYS between NUMA nodes.
import type { Verdict } from './decide.ts';
import type { Topology } from './model.ts';
import { findFunction } from './tree.ts';

export type Locality = 'X' | 'PIX' | 'PXB' | 'PHB' | 'NODE' | 'SYS';

/** Ports on one side of a way that passes one switch: its downstream and its upstream port. */
const PORTS_OF_ONE_SWITCH = 2;

/** By the tree, whatever ACS does to the way; undefined when the source does not tell. */
export function localityOf(topology: Topology, verdict: Verdict): Locality | undefined {
  const { provider, client, common, up, down } = verdict;
  if (provider === client) return 'X';
  if (common !== null) {
    const ports = Math.max(up.length - 1, down.length);
    const limit = topology.everyPort ? PORTS_OF_ONE_SWITCH : 1;
    return ports <= limit ? 'PIX' : 'PXB';
  }
  const [a, b] = [findFunction(topology, provider), findFunction(topology, client)];
  if (a.hostBridge !== undefined && a.hostBridge === b.hostBridge) return a.parent === undefined ? undefined : 'PHB';
  if (a.numaNode === undefined || b.numaNode === undefined) return undefined;
  if (a.numaNode !== b.numaNode) return 'SYS';
  return a.hostBridge === undefined || b.hostBridge === undefined ? 'PHB' : 'NODE';
}
