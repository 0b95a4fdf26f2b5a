// Experiment: at which address a client of a preset machine reaches the provider's BAR, and by which map type (p2plab topology).

import { GIB } from '../../base/units.ts';
import type { MapType } from '../../topology/decide.ts';
import { pairPlan } from '../../topology/pair.ts';
import { preset } from '../../topology/presets.ts';
import type { Experiment } from './experiment.ts';

export interface Reached {
  /** Below the provider's own switch, and beyond it. */
  near: { client: string; mapType: MapType };
  far: { client: string; mapType: MapType };
  /** Where a transaction with the BAR's bus address goes when the far client sends it: the device there, or nothing. */
  farLandsIn: string;
  provider: string;
  busAddress: bigint;
  cpuAddress: bigint;
}

/** @param name a preset with two clients */
export function reached(name: string): Experiment<Reached> {
  const { topology, provider, providerBar, client, nearClient } = preset(name, { barBytes: GIB });
  return {
    command: `p2plab topology ${name} --pair ${provider} ${client}`,
    run: async () => {
      if (nearClient === undefined) throw new Error(`preset ${name} has one client`);
      const rules = { era: '6.12', cpu: topology.cpu, iommu: false, iommuMode: 'off', quirks: [] } as const;
      const bar = { device: provider, bar: providerBar };
      const far = pairPlan(topology, bar, client, rules);
      const near = pairPlan(topology, bar, nearClient, rules);
      const hit = far.windows.find(
        ({ busStart, bytes }) => far.barBusStart >= busStart && far.barBusStart < busStart + bytes,
      );
      return {
        near: { client: nearClient, mapType: near.verdict.mapType },
        far: { client, mapType: far.verdict.mapType },
        farLandsIn: hit === undefined ? 'nothing' : hit.device,
        provider,
        busAddress: far.barBusStart,
        cpuAddress: far.barCpuStart,
      };
    },
  };
}
