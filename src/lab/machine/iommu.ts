// The IOMMU of a machine as the lab sets it up: one DMA domain for each client, built by setup.wasm in planned memory.
import type { SetupModule } from '../../../build/exports.ts';
import { BusWindow, DmaClient, IOMMU_LAZY, IOMMU_OFF, IOMMU_PASSTHROUGH, IOMMU_STRICT } from '../../../build/layout.ts';
import { assert, LabError } from '../../base/errors.ts';
import { clientsOf, isTranslated, upstreamWindows } from '../../plan/fabric.ts';
import type { MachineSpec } from '../../plan/machine_spec.ts';
import type { IommuMode } from '../../topology/addresses.ts';
import { type MachinePlan, nvmePairs } from './machine_plan.ts';

export const IOMMU_CODE: Record<IommuMode, number> = {
  off: IOMMU_OFF,
  passthrough: IOMMU_PASSTHROUGH,
  lazy: IOMMU_LAZY,
  strict: IOMMU_STRICT,
};

/** Mappings of the whole BAR that last: the floor's, and of each variant of a scheme that maps its buffers once. */
const BAR_MAPPINGS = 3;

function onceBytes(spec: MachineSpec): number {
  return spec.ramBytes + BAR_MAPPINGS * spec.barBytes;
}

/** Bytes of one client's IOMMU; 0 where nothing translates. */
export function iommuBytes(spec: MachineSpec, setup: SetupModule): number {
  if (!isTranslated(spec.fabric)) return 0;
  return setup.iommuBytes(nvmePairs(spec).length, spec.depthEntries - 1, onceBytes(spec));
}

/** Builds every client's domain and puts its controllers behind it. */
export function setupIommus(spec: MachineSpec, plan: MachinePlan, setup: SetupModule): void {
  if (!isTranslated(spec.fabric)) return;
  const pairs = nvmePairs(spec);
  for (const [index, client] of clientsOf(spec.fabric).entries()) {
    const at = plan.shared.clients.at + index * DmaClient.bytes;
    const own = pairs.flatMap(({ clientIndex }, queue) => (clientIndex === index ? [queue] : []));
    const queues = own.map((queue) => plan.queues[queue]).filter((queue) => queue !== undefined);
    const windows = queues[0]?.windows;
    const region = plan.iommus[index];
    assert(region, `client ${index} is planned`);
    // A client that this flow does not use.
    if (windows === undefined) continue;
    const claimed = windows.bytes / BusWindow.bytes - upstreamWindows(client).length;
    const lazy = spec.fabric.iommu === 'lazy' ? 1 : 0;
    setup.setupIommu(at, region.at, pairs.length, spec.depthEntries - 1, onceBytes(spec), lazy, windows.at, claimed);
    queues.forEach(({ host, device }, place) => {
      setup.attachIommu(at, host.at, device.at, own[place] as number);
    });
    const isBus = client.windows.some(({ target }) => target === 'bar');
    if (setup.mapFloorBuffers(plan.shared.machine.at, at, isBus ? 0 : 1) === 0) {
      throw new LabError('--iommu: the page tables have no room for RAM and BAR; make --ram or --bar smaller.');
    }
  }
}

/** The DmaClients whose controllers are behind an IOMMU. */
export function translatedClients(spec: MachineSpec, plan: MachinePlan): number[] {
  if (!isTranslated(spec.fabric)) return [];
  const used = new Set(nvmePairs(spec).map(({ clientIndex }) => clientIndex));
  return [...used].map((index) => plan.shared.clients.at + index * DmaClient.bytes);
}
