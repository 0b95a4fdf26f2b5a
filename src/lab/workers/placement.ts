// Which agent runs on which thread. Spinning threads never outnumber cores: with more agents than cores, agents share
// threads and the result says so.
import type { DeviceKind } from '../machine/lanes.ts';

/** One agent: the host of a lane, or one of its devices. */
export type PlacedAgent = { kind: 'host'; lane: number } | { kind: DeviceKind; lane: number; device: number };

/** Agents of one worker. */
export interface Placement {
  name: string;
  agents: PlacedAgent[];
}

export interface Placed {
  workers: Placement[];
  /** More agents than cores: some thread runs several agents in turn. */
  oversubscribed: boolean;
}

/**
 * Spreads the agents of all lanes over at most `cores` workers, hosts apart from devices where there are two cores.
 * @param removes the provider may be removed: the agent that does it has a thread of its own where a core is left, else the last
 * worker runs it too
 */
export function placeAgents(lanes: readonly (readonly DeviceKind[])[], cores: number, removes = false): Placed {
  const placed = placeLanes(lanes, cores);
  if (!removes || placed.workers.length >= cores) return placed;
  return { ...placed, workers: [...placed.workers, { name: 'hotplug0', agents: [] }] };
}

function placeLanes(lanes: readonly (readonly DeviceKind[])[], cores: number): Placed {
  const hosts = lanes.map((_, lane): PlacedAgent => ({ kind: 'host', lane }));
  const devices = lanes.flatMap((kinds, lane) => kinds.map((kind, device): PlacedAgent => ({ kind, lane, device })));
  const oversubscribed = hosts.length + devices.length > cores;
  if (cores < 2) {
    const agents = hosts.flatMap((host) => [host, ...devices.filter(({ lane }) => lane === host.lane)]);
    return { workers: [{ name: 'cpu0', agents }], oversubscribed };
  }
  const hostWorkers = Math.min(hosts.length, Math.floor(cores / 2));
  const deviceWorkers = Math.min(devices.length, cores - hostWorkers);
  return { workers: [...share(hosts, hostWorkers), ...share(devices, deviceWorkers)], oversubscribed };
}

/** Deals agents out to workers, which are named for what they run: host0, nvme1, nvme+rnic0. */
function share(agents: readonly PlacedAgent[], workers: number): Placement[] {
  return Array.from({ length: workers }, (_, worker) => {
    const own = agents.filter((_, index) => index % workers === worker);
    return { name: `${[...new Set(own.map(({ kind }) => kind))].join('+')}${worker}`, agents: own };
  });
}
