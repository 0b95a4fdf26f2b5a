// Flow `copy`: drive A reads into the buffer, drive B writes from it.

import type { PciFunction, Topology } from '../../topology/model.ts';
import { ascend, endpoints, findFunction } from '../../topology/tree.ts';
import type { Pair } from '../fabric.ts';
import type { ClientChoice, FlowPlan, FlowWorkload } from '../flow.ts';

const NVME_CLASS = 0x0108;

export const flow: FlowPlan = {
  nvmePairs: 2,
  bounces: true,
  movesRam: true,
  sendsOnly: 'reads on one drive and writes on another',
  clientOption: { name: 'clientB', what: 'a second drive' },
  pairOf,
  notes,
};

/** A is the client; B is named by --client-b or lies beside it. */
function pairOf({ topology, pair, asked }: ClientChoice): { pair: Pair; notes: string[] } {
  if (asked.clientB !== undefined) {
    return { pair: { ...pair, others: [findFunction(topology, asked.clientB).id] }, notes: [] };
  }
  const id = driveBeside(topology, pair);
  const what = id === pair.client ? `a second controller of ${id}, which has no drive beside it` : `${id}, beside it`;
  return {
    pair: { ...pair, others: [id] },
    notes: [`flow copy: A is ${pair.client}, B ${what} (--client-b chooses)`],
  };
}

/**
 * The drive that is written to unless the user names one: an NVMe function below the client's port or below a port of the same switch;
 * where there is none, a second controller of the client's own function.
 */
export function driveBeside(topology: Topology, { provider, client }: Pair): string {
  const above = (fn: PciFunction): (string | undefined)[] =>
    ascend(topology, fn)
      .nodes.slice(1, 3)
      .map(({ id }) => id);
  const [port, upstream] = above(findFunction(topology, client));
  const beside = endpoints(topology).find((fn) => {
    if (fn.id === provider.device || fn.id === client || fn.classCode !== NVME_CLASS) return false;
    const [ownPort, ownUpstream] = above(fn);
    return ownPort !== undefined && (ownPort === port || (ownUpstream !== undefined && ownUpstream === upstream));
  });
  return beside?.id ?? client;
}

/** What it makes of a job's directions. */
function notes({ jobs }: FlowWorkload): string[] {
  return jobs
    .filter(({ rw }) => rw.writes)
    .map(
      ({ name, options }) =>
        `[${name}] rw=${options.rw ?? 'read'}: flow copy reads every I/O on A and writes it on B; the job's share of writes means nothing there`,
    );
}
