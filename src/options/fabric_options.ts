// The options of a run that choose the emulated PCIe tree: which topology, which provider and client in it.
import { LabError } from '../base/errors.ts';
import type { RunOptions } from '../catalogue/options/catalogue.ts';
import {
  driveBeside,
  type Fabric,
  type Pair,
  presetFabric,
  presetPair,
  presetTargetFabric,
  topologyFabric,
} from '../plan/fabric.ts';
import type { Flow } from '../plan/machine_spec.ts';
import { type AddressOptions, QUIRKS } from '../topology/addresses.ts';
import { parseCpu } from '../topology/cpu.ts';
import { decide } from '../topology/decide.ts';
import { loadTopology, resolveCpu } from '../topology/load.ts';
import { providerBars } from '../topology/memory/providers.ts';
import type { Topology } from '../topology/model.ts';
import { PRESET_NAMES } from '../topology/presets.ts';
import { endpoints, findFunction } from '../topology/tree.ts';

type FabricOptions = Pick<
  RunOptions,
  'topology' | 'provider' | 'client' | 'clientB' | 'rnic' | 'cpu' | 'iommu' | 'era' | 'quirk'
>;

export interface ResolvedFabric {
  name: string;
  fabricOf(barBytes: number, flow: Flow): Fabric;
  /** The provider's BAR, where the topology decides it. */
  barBytes: number | undefined;
  /** What was chosen because the user did not say. */
  notes: string[];
}

const NVME_CLASS = 0x0108;
/** Base class of network controllers: Ethernet, InfiniBand, fabric. */
const NETWORK_CLASS = 0x02;

/**
 * @param flows those of the run: some have clients of their own
 * @param ramBytes the lab's host RAM
 * @throws LabError when the topology cannot be read or the pair is not in it
 */
export async function resolveFabric(
  options: FabricOptions,
  flows: readonly Flow[],
  ramBytes: number,
): Promise<ResolvedFabric> {
  const choice = options.cpu === undefined ? undefined : parseCpu(options.cpu);
  const rulesFor = (topology: Topology): AddressOptions => ({
    era: options.era,
    cpu: resolveCpu(choice, topology),
    iommu: options.iommu !== 'off',
    iommuMode: options.iommu,
    quirks: QUIRKS.filter((quirk) => options.quirk?.includes(quirk)),
  });
  if (PRESET_NAMES.includes(options.topology)) {
    if (options.provider !== undefined || options.client !== undefined) {
      throw new LabError(
        `--provider and --client: the preset ${options.topology} has its own; they go with a topology file.`,
      );
    }
    const fabricOf = (barBytes: number, flow: Flow): Fabric => {
      const { topology, pair } = presetPair(options.topology, barBytes);
      if (flow === 'nvmet') return presetTargetFabric(options.topology, barBytes, ramBytes, rulesFor(topology));
      const others = furtherClients(topology, pair, flow, options);
      return presetFabric(options.topology, barBytes, ramBytes, rulesFor(topology), others);
    };
    const { topology, pair } = presetPair(options.topology, SOME_BAR_BYTES);
    if (options.rnic !== undefined) {
      throw new LabError(
        `--rnic: the preset ${options.topology} has its own, ${pair.client}; it goes with a topology file.`,
      );
    }
    return {
      name: options.topology,
      fabricOf,
      barBytes: undefined,
      notes: [
        ...clientNotes(topology, pair, flows, options),
        ...(flows.includes('nvmet')
          ? [`flow nvmet: the drive is ${pair.provider.device}, whose memory it is; the RNIC is ${pair.client}`]
          : []),
      ],
    };
  }
  const topology = await loadTopology(options.topology);
  const { pair, notes } = choosePair(topology, options);
  const rnic = flows.includes('nvmet') ? chooseRnic(topology, pair, options, rulesFor(topology)) : undefined;
  if (options.rnic !== undefined && rnic === undefined) {
    throw new LabError('--rnic: only flow nvmet has an RNIC; add --flow nvmet or leave --rnic out.');
  }
  if (rnic?.note !== undefined) notes.push(rnic.note);
  const fabrics = new Map(
    flows.map((flow) => {
      const others = flow === 'nvmet' && rnic ? [rnic.id] : furtherClients(topology, pair, flow, options);
      return [flow, topologyFabric(options.topology, topology, { ...pair, others }, ramBytes, rulesFor(topology))];
    }),
  );
  const bar = findFunction(topology, pair.provider.device).bars.find(({ index }) => index === pair.provider.bar);
  return {
    name: options.topology,
    fabricOf: (_, flow) => fabrics.get(flow) as Fabric,
    barBytes: bar?.bytes,
    notes: [...notes, ...clientNotes(topology, pair, flows, options)],
  };
}

/** Functions of a preset do not depend on the size of its BAR. */
const SOME_BAR_BYTES = 2 ** 28;

/** The clients of a flow besides the first. */
function furtherClients(topology: Topology, pair: Pair, flow: Flow, options: FabricOptions): string[] {
  if (flow !== 'copy') return [];
  if (options.clientB !== undefined) return [findFunction(topology, options.clientB).id];
  return [driveBeside(topology, pair)];
}

/** Which they are, where the user did not say. */
function clientNotes(topology: Topology, pair: Pair, flows: readonly Flow[], options: FabricOptions): string[] {
  if (options.clientB !== undefined) {
    if (flows.includes('copy')) return [];
    throw new LabError('--client-b: only flow copy has a second drive; add --flow copy or leave --client-b out.');
  }
  return flows.flatMap((flow) =>
    furtherClients(topology, pair, flow, options).map((id) => {
      const what =
        id === pair.client ? `a second controller of ${id}, which has no drive beside it` : `${id}, beside it`;
      return `flow ${flow}: A is ${pair.client}, B ${what} (--client-b chooses)`;
    }),
  );
}

/**
 * The RNIC of a target's port: the function asked for, else the first network function that reaches the provider.
 * @throws LabError when there is none
 */
function chooseRnic(
  topology: Topology,
  { provider, client }: Pair,
  options: FabricOptions,
  rules: AddressOptions,
): { id: string; note?: string } {
  if (options.rnic !== undefined) {
    const { id } = findFunction(topology, options.rnic);
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

function choosePair(topology: Topology, options: FabricOptions): { pair: Pair; notes: string[] } {
  const notes: string[] = [];
  const candidates = providerBars(topology);
  const asked = options.provider === undefined ? undefined : readProvider(topology, options.provider);
  const first = candidates[0];
  const provider = asked ?? (first && { device: first.id as string, bar: first.bar.index });
  if (provider === undefined) {
    throw new LabError(`${topology.source}: no BAR in it that would be a provider; name one with --provider ID:BAR.`);
  }
  if (asked === undefined)
    notes.push(`provider ${provider.device} BAR ${provider.bar}, the first that could be one (--provider chooses)`);
  const others = endpoints(topology).filter(({ id }) => id !== provider.device);
  const client =
    options.client === undefined
      ? (others.find(({ classCode }) => classCode === NVME_CLASS) ?? others[0])?.id
      : findFunction(topology, options.client).id;
  if (client === undefined)
    throw new LabError(`${topology.source}: no second endpoint in it that could be the client.`);
  if (options.client === undefined) notes.push(`client ${client} (--client chooses)`);
  return { pair: { provider, client }, notes };
}

/** `0000:81:00.0` (its largest prefetchable BAR) or `0000:81:00.0:2`. */
function readProvider(topology: Topology, text: string): Pair['provider'] {
  const match = /^(.*\.[0-7])(?::(\d))?$/.exec(text);
  const fn = findFunction(topology, match?.[1] ?? text);
  if (match?.[2] !== undefined) return { device: fn.id, bar: Number(match[2]) };
  const found = providerBars(topology).find(({ id }) => id === fn.id);
  if (found === undefined)
    throw new LabError(
      `--provider: ${fn.id} has no prefetchable BAR of 2 MiB or more; write ${fn.id}:BAR to name one.`,
    );
  return { device: fn.id, bar: found.bar.index };
}
