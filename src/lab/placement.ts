// Which agent runs on which thread. Spinning threads never outnumber cores: with more agents than cores, agents share
// threads and the result says so.

/** Agents of one worker, by queue index. */
export interface Placement {
  name: string;
  agents: { kind: 'host' | 'device'; queue: number }[];
}

export interface Placed {
  workers: Placement[];
  /** More agents than cores: some thread runs several agents in turn. */
  oversubscribed: boolean;
}

/** Spreads the 2 x `queues` agents over at most `cores` workers, hosts apart from devices where there are two cores. */
export function placeAgents(queues: number, cores: number): Placed {
  const indices = Array.from({ length: queues }, (_, i) => i);
  const oversubscribed = 2 * queues > cores;
  if (cores < 2) {
    const agents = indices.flatMap((queue) => [
      { kind: 'host' as const, queue },
      { kind: 'device' as const, queue },
    ]);
    return { workers: [{ name: 'cpu0', agents }], oversubscribed };
  }
  const hostWorkers = Math.min(queues, Math.floor(cores / 2));
  const deviceWorkers = Math.min(queues, cores - hostWorkers);
  const share = (kind: 'host' | 'device', name: string, workers: number): Placement[] =>
    Array.from({ length: workers }, (_, worker) => ({
      name: `${name}${worker}`,
      agents: indices.filter((queue) => queue % workers === worker).map((queue) => ({ kind, queue })),
    }));
  return {
    workers: [...share('host', 'host', hostWorkers), ...share('device', 'nvme', deviceWorkers)],
    oversubscribed,
  };
}
