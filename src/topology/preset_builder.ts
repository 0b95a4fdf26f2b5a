// From a preset's few numbers to a whole, validated topology: bridge windows around the BARs below them, CPU addresses
// from bus addresses, one host bridge function at 00.0 of every root bus.
import { CLASS_HOST_BRIDGE } from './classes.ts';
import { linkOf } from './links.ts';
import type {
  AcsControl,
  BridgeWindow,
  Cpu,
  HostBridge,
  HostWindow,
  PciFunction,
  PortType,
  Topology,
} from './model.ts';
import { busAddress, compareFunctions, cpuAddress, formatHostBridgeId, formatId } from './model.ts';
import { validated } from './validate.ts';

export interface BarPlan {
  readonly index: number;
  readonly busStart: bigint;
  readonly bytes: bigint;
  readonly prefetchable: boolean;
}

export interface FunctionPlan {
  readonly bus: number;
  readonly devfn: number;
  readonly classCode: number;
  readonly vendorId: number;
  readonly deviceId: number;
  readonly portType: PortType;
  readonly acs: AcsControl;
  readonly secondary: number | undefined;
  readonly subordinate: number | undefined;
  readonly bars: readonly BarPlan[];
}

export interface HostBridgePlan {
  readonly domain: number;
  readonly rootBus: number;
  readonly numaNode: number | undefined;
  /** Ids of function 00.0. */
  readonly root: { readonly vendorId: number; readonly deviceId: number };
  readonly windows: readonly { readonly cpuStart: bigint; readonly busStart: bigint; readonly bytes: bigint }[];
  readonly functions: readonly FunctionPlan[];
}

export interface BuildPlan {
  readonly cpu: Cpu;
  readonly ramBytes: bigint;
  readonly hostBridges: readonly HostBridgePlan[];
}

/** The least multiple of a power of two that is not below `value`. */
export function alignUp(value: bigint, alignment: bigint): bigint {
  return (value + alignment - 1n) & ~(alignment - 1n);
}

export function endpoint(
  plan: Pick<FunctionPlan, 'bus' | 'classCode' | 'vendorId' | 'deviceId' | 'bars'>,
): FunctionPlan {
  return { ...plan, devfn: 0, portType: 'endpoint', acs: 'absent', secondary: undefined, subordinate: undefined };
}

/** A root port at device `device` of a root bus. */
export function rootPort(plan: {
  bus: number;
  device: number;
  secondary: number;
  subordinate: number;
  acs: number;
}): FunctionPlan {
  const { device, ...rest } = plan;
  const ids = { classCode: 0x0604, vendorId: 0x1b36, deviceId: 0x000c };
  return { ...rest, ...ids, devfn: device << 3, portType: 'root-port', bars: [] };
}

/** A switch: one upstream port and `count` downstream ports, each with one bus behind it. */
export function switchBelow(plan: {
  upstreamBus: number;
  downstreamBus: number;
  firstBehind: number;
  count: number;
  acs: number;
}): FunctionPlan[] {
  const { upstreamBus, downstreamBus, firstBehind, count, acs } = plan;
  const last = firstBehind + count - 1;
  const ids = { classCode: 0x0604, vendorId: 0x11f8, bars: [] };
  const upstream: FunctionPlan = {
    ...ids,
    bus: upstreamBus,
    devfn: 0,
    deviceId: 0x4000,
    portType: 'upstream',
    acs: 'absent',
    secondary: downstreamBus,
    subordinate: last,
  };
  const ports = Array.from({ length: count }, (_, i): FunctionPlan => {
    const behind = firstBehind + i;
    const place = { bus: downstreamBus, devfn: i << 3, secondary: behind, subordinate: behind };
    return { ...ids, ...place, deviceId: 0x4000, portType: 'downstream', acs };
  });
  return [upstream, ...ports];
}

/** @throws LabError when the plan contradicts itself (a bug of the preset) */
export function buildTopology(source: string, plan: BuildPlan): Topology {
  const functions = plan.hostBridges.flatMap((bridge) => [
    hostFunction(bridge),
    ...bridge.functions.map((fn) => placed(bridge, fn)),
  ]);
  return validated({
    source,
    format: 'preset',
    functions: functions.sort(compareFunctions),
    hostBridges: plan.hostBridges.map(hostBridgeOf),
    cpu: plan.cpu,
    iommu: false,
    ram: [{ cpuStart: cpuAddress(0n), bytes: plan.ramBytes }],
    everyPort: true,
    everyFunction: true,
    notes: [],
  });
}

function hostBridgeOf(plan: HostBridgePlan): HostBridge {
  const { domain, rootBus, numaNode } = plan;
  const windows = plan.windows.map(
    (window): HostWindow => ({
      cpuStart: cpuAddress(window.cpuStart),
      busStart: busAddress(window.busStart),
      bytes: window.bytes,
    }),
  );
  return { id: formatHostBridgeId(domain, rootBus), domain, rootBus, numaNode, windows, inboundOffset: 0n };
}

function hostFunction(bridge: HostBridgePlan): PciFunction {
  const none = { secondary: undefined, subordinate: undefined, bars: [] };
  const place = { bus: bridge.rootBus, devfn: 0, classCode: CLASS_HOST_BRIDGE };
  return placed(bridge, { ...bridge.root, ...place, ...none, portType: 'conventional', acs: 'absent' });
}

function placed(bridge: HostBridgePlan, plan: FunctionPlan): PciFunction {
  const isBridge = plan.secondary !== undefined;
  const above = bridge.functions.find((fn) => fn.secondary === plan.bus);
  const { bus, devfn, classCode, vendorId, deviceId, portType, acs } = plan;
  return {
    id: formatId(bridge.domain, bus, devfn),
    domain: bridge.domain,
    bus,
    devfn,
    parent: above ? formatId(bridge.domain, above.bus, above.devfn) : null,
    hostBridge: formatHostBridgeId(bridge.domain, bridge.rootBus),
    isBridge,
    classCode,
    progIf: classCode === 0x0108 ? 2 : 0,
    vendorId,
    deviceId,
    title: undefined,
    portType,
    acs,
    numaNode: bridge.numaNode,
    link: classCode === CLASS_HOST_BRIDGE ? undefined : linkOf(16, isBridge ? 16 : 8),
    bars: plan.bars.map((bar) => ({
      index: bar.index,
      bytes: Number(bar.bytes),
      prefetchable: bar.prefetchable,
      is64: true,
      disabled: false,
      cpuStart: cpuAddress(toCpu(bridge, bar.busStart)),
      busStart: busAddress(bar.busStart),
    })),
    buses:
      plan.secondary === undefined || plan.subordinate === undefined
        ? undefined
        : { primary: bus, secondary: plan.secondary, subordinate: plan.subordinate },
    windows: isBridge ? windowsAround(bridge, plan) : undefined,
    windowView: 'cpu',
    physfn: undefined,
    line: undefined,
  };
}

function toCpu(bridge: HostBridgePlan, bus: bigint): bigint {
  const window = bridge.windows.find((w) => bus >= w.busStart && bus < w.busStart + w.bytes);
  return bus + (window ? window.cpuStart - window.busStart : 0n);
}

/** One memory and one prefetchable window, to the mebibyte, around every BAR below a bridge. */
function windowsAround(bridge: HostBridgePlan, port: FunctionPlan): BridgeWindow[] {
  const behind = bridge.functions.filter((fn) => fn.bus >= (port.secondary ?? 1) && fn.bus <= (port.subordinate ?? 0));
  const bars = behind.flatMap((fn) => fn.bars);
  const mib = 2n ** 20n;
  return ([false, true] as const).flatMap((prefetchable): BridgeWindow[] => {
    const inside = bars.filter((bar) => bar.prefetchable === prefetchable);
    if (inside.length === 0) return [];
    const starts = inside.map((bar) => toCpu(bridge, bar.busStart));
    const ends = inside.map((bar) => toCpu(bridge, bar.busStart) + bar.bytes);
    const start = starts.reduce((a, b) => (a < b ? a : b)) & ~(mib - 1n);
    const end =
      alignUp(
        ends.reduce((a, b) => (a > b ? a : b)),
        mib,
      ) - 1n;
    return [{ kind: prefetchable ? 'prefetchable' : 'memory', start, end }];
  });
}
