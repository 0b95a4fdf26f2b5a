// Machines behind an IOMMU, for tests: P2P through the host bridge and host RAM are translated, P2P below a switch is not.
import { DEFAULT_RULES, type Fabric, presetFabric } from '../../src/plan/fabric.ts';
import type { IommuMode } from '../../src/topology/addresses.ts';

/** The fabric of a preset with an IOMMU; the default one has provider and client below different root ports. */
export function behindIommu(iommuMode: IommuMode, preset = 'two-root-ports') {
  const rules = { ...DEFAULT_RULES, iommu: iommuMode !== 'off', iommuMode };
  return (barBytes: number, ramBytes: number): Fabric => presetFabric(preset, barBytes, ramBytes, rules);
}
