// Flow `nvmet`: an NVMe-oF target between RNIC and drive.
import { LabError } from '../../base/errors.ts';
import { decide } from '../../topology/decide.ts';
import { endpoints, findFunction } from '../../topology/tree.ts';
import type { Pair } from '../fabric.ts';
import type { ClientChoice, FlowPlan, FlowWorkload } from '../flow.ts';

/** Base class of network controllers: Ethernet, InfiniBand, fabric. */
const NETWORK_CLASS = 0x02;

export const flow: FlowPlan = {
  nvmePairs: 1,
  hasTarget: true,
  buffers: ['pool'],
  movesRam: true,
  sendsOnly: "sends the initiator's reads and writes",
  clientOption: { name: 'rnic', what: 'an RNIC' },
  pairOf,
  notes,
};

function pairOf(choice: ClientChoice): { pair: Pair; notes: string[] } {
  const { pair, preset, asked } = choice;
  if (preset !== undefined) {
    if (asked.rnic !== undefined) {
      throw new LabError(`--rnic: the preset ${preset} has its own, ${pair.client}; it goes with a topology file.`);
    }
    const drive = pair.provider.device;
    return {
      pair: presetTargetPair(pair),
      notes: [`flow nvmet: the drive is ${drive}, whose memory it is; the RNIC is ${pair.client}`],
    };
  }
  const rnic = chooseRnic(choice);
  return { pair: { ...pair, others: [rnic.id] }, notes: rnic.note === undefined ? [] : [rnic.note] };
}

/** In a preset the drive is the one that has the P2P memory, the RNIC the network device that the preset is about. */
export function presetTargetPair({ provider, client }: Pair): Pair {
  return { provider, client: provider.device, others: [client] };
}

/**
 * The RNIC of the target's port: the function asked for, else the first network function that reaches the provider.
 * @throws LabError when there is none
 */
function chooseRnic({ topology, pair: { provider, client }, asked, rules }: ClientChoice): {
  id: string;
  note?: string;
} {
  if (asked.rnic !== undefined) {
    const { id } = findFunction(topology, asked.rnic);
    if (id === provider.device)
      throw new LabError(`--rnic: ${id} is the provider, whose memory holds the buffers; name another function.`);
    if (id === client) throw new LabError(`--rnic: ${id} is the client, the target's drive; name another function.`);
    return { id };
  }
  const cards = endpoints(topology).filter(
    ({ id, classCode }) =>
      id !== client && id !== provider.device && classCode !== undefined && classCode >> 8 === NETWORK_CLASS,
  );
  const found = cards.find(({ id }) =>
    ['BUS_ADDR', 'THRU_HOST_BRIDGE'].includes(decide(topology, provider.device, id, rules).mapType),
  );
  if (found !== undefined) return { id: found.id, note: `RNIC ${found.id} (--rnic chooses)` };
  const isUnknown = cards.some(({ id }) => decide(topology, provider.device, id, rules).mapType === 'UNKNOWN');
  const there =
    cards.length === 0
      ? 'there is no network function beside them'
      : `none of its network functions (${cards.map(({ id }) => id).join(', ')}) reaches it${isUnknown ? ', as far as is known (--cpu may tell)' : ''}`;
  throw new LabError(
    `${topology.source}: flow nvmet needs an RNIC that reaches the provider ${provider.device}, and ${there}. ` +
      'Name a function with --rnic ID (a target whose RNIC does not reach the provider takes host RAM), choose another --provider, or use a preset.',
  );
}

/** What it makes of other options. */
function notes({ iommu, buffers }: FlowWorkload): string[] {
  if (iommu === 'lazy' || iommu === 'strict') {
    throw new LabError(
      `--iommu ${iommu}: the RNIC of flow nvmet has no IOMMU that translates in this lab; take --iommu off or passthrough, or another --flow.`,
    );
  }
  const others = buffers.filter((kind) => kind !== 'pool');
  if (others.length === 0) return [];
  return [
    `flow nvmet: a target takes its buffers from the provider's pool; --buffers ${others.join(', ')} mean nothing there`,
  ];
}
