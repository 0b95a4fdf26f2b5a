// For tests only: a random machine from a seed, whole and valid: domains, host bridges with or without offsets, root
// ports, cascaded switches, multi-function endpoints, VFs, ACS on or off at each port, BARs that nest in windows.
import type { Random } from '../base/random.ts';
import { seededRandom } from '../base/random.ts';
import { linkOf } from './links.ts';
import type { AcsControl, Bar, BridgeWindow, HostBridge, Link, PciFunction, PortType, Topology } from './model.ts';
import { busAddress, compareFunctions, cpuAddress, formatHostBridgeId, formatId } from './model.ts';
import { validated } from './validate.ts';

const MIB = 2n ** 20n;
const GIB = 2n ** 30n;

/** What is being built below one host bridge. */
interface Growth {
  readonly random: Random;
  readonly domain: number;
  readonly hostBridge: string;
  readonly numaNode: number | undefined;
  readonly offset: bigint;
  nextBus: number;
  /** Next free CPU address for memory and prefetchable BARs. */
  memory: bigint;
  prefetchable: bigint;
  readonly functions: PciFunction[];
}

/** One or two domains, one to three host bridges in each. */
export function randomMachine(seed: number): Topology {
  const random = seededRandom(seed);
  const functions: PciFunction[] = [];
  const hostBridges: HostBridge[] = [];
  const domains = 1 + random.below(2);
  for (let d = 0; d < domains; d++) {
    const domain = d === 0 ? 0 : 0x10000 * random.below(2) + 1 + random.below(9);
    const bridges = 1 + random.below(3);
    for (let b = 0; b < bridges; b++) growHostBridge(random, domain, b * 0x50, functions, hostBridges);
  }
  return validated({
    source: `random ${seed}`,
    format: 'random',
    functions: functions.sort(compareFunctions),
    hostBridges,
    cpu: { vendor: 'amd', family: 23 },
    iommu: undefined,
    ram: [{ cpuStart: cpuAddress(0n), bytes: 64n * GIB }],
    everyPort: true,
    everyFunction: true,
    notes: [],
  });
}

function growHostBridge(
  random: Random,
  domain: number,
  rootBus: number,
  functions: PciFunction[],
  hostBridges: HostBridge[],
): void {
  const place = BigInt(hostBridges.length + 1);
  // CPU windows far apart; bus windows at the same low place, or equal to the CPU's (offset 0).
  const cpuStart = place * 2n ** 44n;
  const offset = random.below(2) === 0 ? 0n : cpuStart - 2n ** 40n;
  const id = formatHostBridgeId(domain, rootBus);
  const numaNode = random.below(2) === 0 ? undefined : random.below(4);
  const window = { cpuStart: cpuAddress(cpuStart), busStart: busAddress(cpuStart - offset), bytes: 2n ** 42n };
  hostBridges.push({ id, domain, rootBus, numaNode, windows: [window], inboundOffset: 0n });
  const growth: Growth = {
    random,
    domain,
    hostBridge: id,
    numaNode,
    offset,
    nextBus: rootBus + 1,
    memory: cpuStart,
    prefetchable: cpuStart + 2n ** 41n,
    functions,
  };
  if (random.below(2) === 0) addFunction(growth, rootBus, 0, null, { portType: 'conventional', classCode: 0x0600 });
  if (random.below(3) === 0) addEndpoint(growth, rootBus, 2 << 3, null, 'rc-endpoint');
  const ports = 1 + random.below(3);
  for (let p = 0; p < ports; p++) growPort(growth, rootBus, (3 + p) << 3, null, 'root-port', 0);
}

/** A port with a bus below it: an endpoint, a switch, or nothing. */
function growPort(
  growth: Growth,
  bus: number,
  devfn: number,
  parent: string | null,
  portType: PortType,
  depth: number,
): void {
  const { random } = growth;
  const secondary = growth.nextBus++;
  const id = formatId(growth.domain, bus, devfn);
  alignWindows(growth);
  const start = { memory: growth.memory, prefetchable: growth.prefetchable };
  const kind = random.below(depth >= 2 ? 2 : 4);
  let extraBuses = 0;
  if (kind >= 2) growSwitch(growth, secondary, id, depth);
  else if (kind === 1) extraBuses = growDevice(growth, secondary, id);
  growth.nextBus += extraBuses;
  const windows = windowsSince(growth, start);
  alignWindows(growth);
  const subordinate = growth.nextBus - 1;
  addFunction(growth, bus, devfn, parent, {
    portType,
    classCode: 0x0604,
    isBridge: true,
    acs: randomAcs(random),
    link: linkOf(16, 16),
    buses: { primary: bus, secondary, subordinate },
    windows,
  });
}

function growSwitch(growth: Growth, bus: number, parent: string, depth: number): void {
  const secondary = growth.nextBus++;
  const id = formatId(growth.domain, bus, 0);
  const start = { memory: growth.memory, prefetchable: growth.prefetchable };
  const ports = 1 + growth.random.below(3);
  for (let p = 0; p < ports; p++) growPort(growth, secondary, p << 3, id, 'downstream', depth + 1);
  addFunction(growth, bus, 0, parent, {
    portType: 'upstream',
    classCode: 0x0604,
    isBridge: true,
    acs: 'absent',
    link: linkOf(16, 8),
    buses: { primary: bus, secondary, subordinate: growth.nextBus - 1 },
    windows: windowsSince(growth, start),
  });
}

/** An endpoint of one or two functions, perhaps with VFs; gives how many bus numbers its VFs take. */
function growDevice(growth: Growth, bus: number, parent: string): number {
  const { random } = growth;
  const pf = addEndpoint(growth, bus, 0, parent, random.below(5) === 0 ? 'legacy-endpoint' : 'endpoint');
  if (random.below(3) === 0) addEndpoint(growth, bus, 1, parent, 'endpoint');
  if (random.below(3) !== 0) return 0;
  const onNextBus = random.below(2) === 0;
  const offset = onNextBus ? 0x100 : 0x80;
  const count = 1 + random.below(3);
  for (let i = 0; i < count; i++) {
    const rid = (bus << 8) + offset + 2 * i;
    addFunction(growth, rid >> 8, rid & 0xff, parent, { portType: 'endpoint', classCode: 0x0200, physfn: pf.id });
  }
  return onNextBus ? 1 : 0;
}

function addEndpoint(
  growth: Growth,
  bus: number,
  devfn: number,
  parent: string | null,
  portType: PortType,
): PciFunction {
  const { random } = growth;
  const bars: Bar[] = [];
  if (random.below(2) === 0) bars.push(placeBar(growth, 0, 4096 << random.below(4), false));
  if (random.below(2) === 0) bars.push(placeBar(growth, 2, 2 ** (20 + random.below(13)), true));
  const link: Link | undefined =
    portType === 'rc-endpoint' ? undefined : linkOf([2.5, 8, 16, 32][random.below(4)] ?? 8, 4);
  const acs = random.below(4) === 0 ? randomAcs(random) : 'absent';
  return addFunction(growth, bus, devfn, parent, { portType, classCode: 0x0108, bars, link, acs });
}

/** The next naturally aligned place (on both sides: offsets are multiples of 1 TiB). */
function placeBar(growth: Growth, index: number, bytes: number, prefetchable: boolean): Bar {
  const kind = prefetchable ? 'prefetchable' : 'memory';
  const size = BigInt(bytes);
  const start = (growth[kind] + size - 1n) & ~(size - 1n);
  growth[kind] = start + size;
  const cpuStart = cpuAddress(start);
  return {
    index,
    bytes,
    prefetchable,
    is64: true,
    disabled: false,
    cpuStart,
    busStart: busAddress(start - growth.offset),
  };
}

/** Windows of neighbours must not touch the same mebibyte. */
function alignWindows(growth: Growth): void {
  growth.memory = (growth.memory + MIB - 1n) & ~(MIB - 1n);
  growth.prefetchable = (growth.prefetchable + MIB - 1n) & ~(MIB - 1n);
}

function windowsSince(growth: Growth, start: { memory: bigint; prefetchable: bigint }): BridgeWindow[] {
  return (['memory', 'prefetchable'] as const).flatMap((kind): BridgeWindow[] => {
    if (growth[kind] === start[kind]) return [];
    const end = ((growth[kind] + MIB - 1n) & ~(MIB - 1n)) - 1n;
    return [{ kind, start: start[kind], end }];
  });
}

function randomAcs(random: Random): AcsControl {
  const choice = random.below(8);
  if (choice === 0) return 'unknown';
  if (choice === 1) return 'absent';
  return choice < 5 ? 0 : random.below(0x80);
}

function addFunction(
  growth: Growth,
  bus: number,
  devfn: number,
  parent: string | null,
  more: Partial<PciFunction> & Pick<PciFunction, 'portType' | 'classCode'>,
): PciFunction {
  const fn: PciFunction = {
    id: formatId(growth.domain, bus, devfn),
    domain: growth.domain,
    bus,
    devfn,
    parent,
    hostBridge: growth.hostBridge,
    isBridge: false,
    progIf: growth.random.below(3),
    vendorId: growth.random.below(0xffff),
    deviceId: growth.random.below(0xffff),
    title: undefined,
    acs: 'absent',
    numaNode: growth.numaNode,
    link: undefined,
    bars: [],
    buses: undefined,
    windows: undefined,
    windowView: 'cpu',
    physfn: undefined,
    line: undefined,
    ...more,
  };
  growth.functions.push(fn);
  return fn;
}
