// All that a run needs to know of one provider and one client: where the BAR is, the kernel's verdict, the key of the
// map-type cache, and the table by which the client's requests are routed.
import { barBusAddress, findBar, translates } from './addresses.ts';
import type { Verdict } from './decide.ts';
import { decide } from './decide.ts';
import { mapTypesIndex } from './find_many.ts';
import type { BusAddress, CpuAddress, Topology } from './model.ts';
import type { BusWindow, RouteOptions } from './routes.ts';
import { cpuWindows, routesFor } from './routes.ts';
import { findFunction } from './tree.ts';

export interface PairPlan {
  /** CPU physical address and size of the provider's BAR. */
  readonly barCpuStart: CpuAddress;
  readonly barBytes: number;
  /** Where the BAR is on the bus below its own host bridge (what a caller-made address is based on). */
  readonly barBusStart: BusAddress;
  /** map_types_idx of the client. */
  readonly clientKey: number;
  readonly verdict: Verdict;
  /** Disjoint, sorted. One BAR or piece of RAM may appear at several bus addresses or in several pieces. */
  readonly windows: readonly BusWindow[];
  /** What the output of an IOMMU that translates is routed by; empty without one. */
  readonly cpuWindows: readonly BusWindow[];
}

/** @throws LabError when the functions, the BAR or the offsets are not known */
export function pairPlan(
  topology: Topology,
  provider: { readonly device: string; readonly bar: number },
  client: string,
  options: RouteOptions,
): PairPlan {
  const { fn, bar } = findBar(topology, provider.device, provider.bar);
  const clientId = findFunction(topology, client).id;
  return {
    barCpuStart: bar.cpuStart,
    barBytes: bar.bytes,
    barBusStart: barBusAddress(topology, fn, bar, options),
    clientKey: mapTypesIndex(clientId),
    verdict: decide(topology, fn.id, clientId, options),
    windows: routesFor(topology, clientId, options),
    cpuWindows: translates(options.iommuMode) ? cpuWindows(topology, options.ram) : [],
  };
}
