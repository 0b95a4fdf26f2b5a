// The options of a run that choose the emulated PCIe tree: which topology, which provider and client in it.
import { LabError } from '../base/errors.ts';
import { keyOf, type RunOptions } from '../catalogue/options/catalogue.ts';
import { type Fabric, type Pair, presetPair, presetPairFabric, topologyFabric } from '../plan/fabric.ts';
import type { ClientChoice, FlowPlan } from '../plan/flow.ts';
import { flowPlan, flowsWith } from '../plan/flows.ts';
import type { Flow } from '../plan/machine_spec.ts';
import { type AddressOptions, QUIRKS } from '../topology/addresses.ts';
import { parseCpu } from '../topology/cpu.ts';
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
  const cpu = options.cpu === undefined ? undefined : parseCpu(options.cpu);
  const rulesFor = (topology: Topology): AddressOptions => ({
    era: options.era,
    cpu: resolveCpu(cpu, topology),
    iommu: options.iommu !== 'off',
    iommuMode: options.iommu,
    quirks: QUIRKS.filter((quirk) => options.quirk?.includes(quirk)),
  });
  checkClientOptions(options, flows);
  if (PRESET_NAMES.includes(options.topology)) {
    if (options.provider !== undefined || options.client !== undefined) {
      throw new LabError(
        `--provider and --client: the preset ${options.topology} has its own; they go with a topology file.`,
      );
    }
    const chosen = (barBytes: number, flow: Flow) => {
      const { topology, pair } = presetPair(options.topology, barBytes);
      return clientsOf(flow, { topology, pair, preset: options.topology, rules: rulesFor(topology), asked: options });
    };
    return {
      name: options.topology,
      fabricOf: (barBytes, flow) => {
        const rules = rulesFor(presetPair(options.topology, barBytes).topology);
        return presetPairFabric(options.topology, barBytes, ramBytes, rules, chosen(barBytes, flow).pair);
      },
      barBytes: undefined,
      notes: flows.flatMap((flow) => chosen(SOME_BAR_BYTES, flow).notes),
    };
  }
  const topology = await loadTopology(options.topology);
  const { pair, notes } = choosePair(topology, options);
  const rules = rulesFor(topology);
  const choice = { topology, pair, preset: undefined, rules, asked: options };
  const clients = new Map(flows.map((flow) => [flow, clientsOf(flow, choice)]));
  const fabrics = new Map(
    [...clients].map(([flow, chosen]) => [
      flow,
      topologyFabric(options.topology, topology, chosen.pair, ramBytes, rules),
    ]),
  );
  const bar = findFunction(topology, pair.provider.device).bars.find(({ index }) => index === pair.provider.bar);
  return {
    name: options.topology,
    fabricOf: (_, flow) => fabrics.get(flow) as Fabric,
    barBytes: bar?.bytes,
    notes: [...notes, ...[...clients.values()].flatMap((chosen) => chosen.notes)],
  };
}

/** Functions of a preset do not depend on the size of its BAR. */
const SOME_BAR_BYTES = 2 ** 28;

/** Provider and clients of a flow, and what was chosen because the user did not say. */
function clientsOf(flow: Flow, choice: ClientChoice): { pair: Pair; notes: string[] } {
  return flowPlan(flow).pairOf?.(choice) ?? { pair: choice.pair, notes: [] };
}

/** @throws LabError for a client that is asked for and that no flow of the run has */
function checkClientOptions(options: FabricOptions, flows: readonly Flow[]): void {
  for (const flow of flowsWith(
    ({ clientOption }) => clientOption !== undefined && options[clientOption.name] !== undefined,
  )) {
    const { name, what } = flowPlan(flow).clientOption as NonNullable<FlowPlan['clientOption']>;
    const option = `--${keyOf(name)}`;
    if (!flows.includes(flow))
      throw new LabError(`${option}: only flow ${flow} has ${what}; add --flow ${flow} or leave ${option} out.`);
  }
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
