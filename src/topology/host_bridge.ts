// Whether the kernel lets P2P traffic through the host bridge: by CPU (cpu_supports_p2pdma) or by allow-list
// (host_bridge_whitelist over pci_host_bridge_dev). Three-valued: `undefined` means the source does not tell enough.
import { AMD_ZEN_FAMILY, cpuSupportsP2pdma, describeCpu } from './cpu.ts';
import type { Cpu, HostBridgeId, PciFunction, Topology } from './model.ts';
import { indexOf } from './tree.ts';

/**
 * Whose rules decide. 5.2: one AMD root complex; 6.12 and 6.17: the Intel list; 7.2 (summer of 2026, the list also in
 * 7.1.y since July 2026): Google's SoCs and Intel's accelerators QAT, DSA and IAA too (commit 0ba76b19fd4c).
 * Seen in other trees by August 2026 and not in these rules: ACS egress control vectors ("PCI/P2PDMA: Honor ACS egress control
 * vectors", branch fix-p2p-acs-v1 of leon/linux-rdma), ACPI HMAT, and rows for Nvidia and Zhaoxin host bridges.
 */
export const ERAS = ['5.2', '6.12', '6.17', '7.2'] as const;
export type Era = (typeof ERAS)[number];

/** The era of the newest rules known here. */
export const NEWEST_ERA: Era = '7.2';

/** The era a word of `--era` stands for; `today` is the newest. */
export function eraOf(word: string): Era | undefined {
  return word === 'today' ? NEWEST_ERA : ERAS.find((era) => era === word);
}

/** `7.2 (2026)`: an era that time will overtake says its date. */
export function eraWords(era: Era): string {
  return era === NEWEST_ERA ? `${era} (August 2026)` : era;
}

export interface RuleOptions {
  readonly era: Era;
  /** undefined: not known. */
  readonly cpu: Cpu | undefined;
  /** Whether an IOMMU is in use; v5.2 refuses the root complex then. undefined: not known. */
  readonly iommu: boolean | undefined;
}

export interface HostBridgeAnswer {
  /** undefined: could be either. */
  readonly allowed: boolean | undefined;
  /** What decided, one clause for people. */
  readonly because: string;
  /** What would tell, when `allowed` is undefined; else empty. */
  readonly wouldTell: string;
  /** The host bridge below which both would have to be, when that is all that is missing. */
  readonly sameBridge?: HostBridgeId;
}

interface AllowListRow {
  readonly vendor: number;
  /** undefined: any device (PCI_ANY_ID). */
  readonly device: number | undefined;
  readonly sameHostBridge: boolean;
  readonly eras: readonly Era[];
}

const INTEL = 0x8086;
const AMD = 0x1022;
const GOOGLE = 0x1ae0;
const ZEN_ROOT_COMPLEX = 0x1450;
const SINCE_6: readonly Era[] = ['6.12', '6.17', '7.2'];
const SINCE_7: readonly Era[] = ['7.2'];

const intel = (device: number, sameHostBridge = false, eras = SINCE_6): AllowListRow => ({
  vendor: INTEL,
  device,
  sameHostBridge,
  eras,
});

/**
 * DSA (SPR0, GNRD, DMR), IAA (SPR0, DMR) and QAT (4xxx, 401xx, 402xx, 420xx, 6xxx), each alone on a root bus of its own: commit
 * 0ba76b19fd4c; the numbers by include/linux/pci_ids.h as that commit leaves it.
 */
const INTEL_ACCELERATORS = [0x0b25, 0x0cfe, 0x11fb, 0x1212, 0x1216, 0x4940, 0x4942, 0x4944, 0x4946, 0x4948];

/** pci_p2pdma_whitelist, in the kernel's order. */
export const ALLOW_LIST: readonly AllowListRow[] = [
  intel(0x3c00, true),
  intel(0x3c01, true),
  intel(0x2f00, true),
  intel(0x2f01, true),
  intel(0x2030),
  intel(0x2031),
  intel(0x2032),
  intel(0x2033),
  intel(0x2020),
  intel(0x09a2),
  ...INTEL_ACCELERATORS.map((device) => intel(device, false, SINCE_7)),
  { vendor: GOOGLE, device: undefined, sameHostBridge: false, eras: SINCE_7 },
];

const allow = (because: string): HostBridgeAnswer => ({ allowed: true, because, wouldTell: '' });
const refuse = (because: string): HostBridgeAnswer => ({ allowed: false, because, wouldTell: '' });
const unsure = (because: string, wouldTell: string): HostBridgeAnswer => ({ allowed: undefined, because, wouldTell });

/** Whether two functions may reach each other through their host bridge or bridges. */
export function throughHostBridge(
  topology: Topology,
  a: PciFunction,
  b: PciFunction,
  options: RuleOptions,
): HostBridgeAnswer {
  if (options.era === '5.2') return v52RootComplex(topology, a, b, options);
  const byCpu = cpuSupportsP2pdma(options.cpu);
  if (byCpu)
    return allow(
      `CPU is ${describeCpu(options.cpu)}, and AMD from family 0x${AMD_ZEN_FAMILY.toString(16)} (Zen) on forwards`,
    );
  const byList = hostBridgeAllowList(topology, a, b, options.era);
  if (byList.allowed) return byList;
  if (byCpu === undefined && byList.allowed === false) {
    return unsure(`${byList.because}; the CPU is not known`, '--cpu vendor:family (or --cpu host on that machine)');
  }
  if (byCpu === undefined) {
    return unsure(`${byList.because}; the CPU is not known`, `--cpu vendor:family, or ${byList.wouldTell}`);
  }
  const cpu = `the CPU (${describeCpu(options.cpu)}) is not AMD Zen or later`;
  return byList.allowed === false
    ? { ...byList, because: `${byList.because} and ${cpu}` }
    : unsure(`${byList.because}, and ${cpu}`, byList.wouldTell);
}

/** host_bridge_whitelist: one bridge asked once, two asked each, neither then with the same-bridge flag. */
function hostBridgeAllowList(topology: Topology, a: PciFunction, b: PciFunction, era: Era): HostBridgeAnswer {
  if (a.hostBridge === undefined || b.hostBridge === undefined) {
    return unsure('the host bridges are not known', 'lspci -vvv or the machine itself (topology host)');
  }
  if (a.hostBridge === b.hostBridge) return onAllowList(topology, a.hostBridge, true, era);
  const answers = [a.hostBridge, b.hostBridge].map((bridge) => onAllowList(topology, bridge, false, era));
  const refused = answers.find((answer) => answer.allowed === false);
  const open = answers.find((answer) => answer.allowed === undefined);
  if (refused ?? open) return (refused ?? open) as HostBridgeAnswer;
  return allow(answers.map((answer) => answer.because).join(' and '));
}

/** __host_bridge_whitelist for one host bridge. */
function onAllowList(topology: Topology, hostBridge: HostBridgeId, same: boolean, era: Era): HostBridgeAnswer {
  const found = hostBridgeFunction(topology, hostBridge);
  if (found.kind === 'unknown') return unsure(found.because, found.wouldTell);
  if (found.kind === 'none') return refuse(found.because);
  const { fn } = found;
  const name = `host bridge ${hostBridge} (${fn.id}${idsOf(fn)})`;
  const rows = ALLOW_LIST.filter((row) => row.eras.includes(era));
  const possible = rows.filter((row) => couldBe(fn, row));
  if (possible.length === 0) return refuse(`${name} is not on the kernel's allow-list`);
  const [row] = possible;
  const certain = possible.length === 1 && row && isCertainly(fn, row);
  if (!certain) return unsure(`the ids of ${fn.id} are not known`, 'lspci -nn or -n');
  if (row.sameHostBridge && !same) {
    return { ...refuse(`${name} is allow-listed only for two devices below it`), sameBridge: hostBridge };
  }
  return allow(`${name} is on the kernel's allow-list`);
}

function couldBe(fn: PciFunction, row: AllowListRow): boolean {
  if (fn.vendorId === undefined) return vendorWordsAllow(fn, row.vendor);
  if (fn.vendorId !== row.vendor) return false;
  return row.device === undefined || fn.deviceId === undefined || fn.deviceId === row.device;
}

/** Text without ids still tells the vendor by its name in pci.ids. */
function vendorWordsAllow(fn: PciFunction, vendor: number): boolean {
  if (fn.title === undefined) return true;
  return fn.title.includes(vendor === INTEL ? 'Intel Corporation' : 'Google');
}

function isCertainly(fn: PciFunction, row: AllowListRow): boolean {
  return fn.vendorId === row.vendor && (row.device === undefined || fn.deviceId === row.device);
}

function idsOf(fn: PciFunction): string {
  if (fn.vendorId === undefined || fn.deviceId === undefined) return '';
  return ` ${hex4(fn.vendorId)}:${hex4(fn.deviceId)}`;
}

type HostBridgeFunction =
  | { readonly kind: 'found'; readonly fn: PciFunction }
  | { readonly kind: 'none'; readonly because: string }
  | { readonly kind: 'unknown'; readonly because: string; readonly wouldTell: string };

/** pci_host_bridge_dev: the first device of the root bus, if it is devfn 00.0 or a root port. */
function hostBridgeFunction(topology: Topology, hostBridge: HostBridgeId): HostBridgeFunction {
  const first = indexOf(topology).onRootBus.get(hostBridge)?.[0];
  if (first?.devfn === 0) return { kind: 'found', fn: first };
  if (!topology.everyFunction) {
    return {
      kind: 'unknown',
      because: `${topology.format} leaves out functions, so the first one of root bus ${hostBridge} is not known`,
      wouldTell: 'lspci -vvv',
    };
  }
  if (!first) return { kind: 'none', because: `root bus ${hostBridge} has no device the kernel could check` };
  if (first.portType === 'root-port') return { kind: 'found', fn: first };
  if (first.portType === 'unknown') {
    const because = `whether ${first.id}, first on root bus ${hostBridge}, is a root port is not known`;
    return { kind: 'unknown', because, wouldTell: 'lspci -vvvnn as root' };
  }
  return {
    kind: 'none',
    because: `the first device of root bus ${hostBridge} (${first.id}) is neither 00.0 nor a root port`,
  };
}

/** v5.2's root_complex_whitelist for both sides: device 00.0 is 1022:1450 and no IOMMU is present. */
function v52RootComplex(topology: Topology, a: PciFunction, b: PciFunction, options: RuleOptions): HostBridgeAnswer {
  if (options.iommu) return refuse('v5.2 does not use the root complex while an IOMMU is present');
  const sides = [a, b].map((fn) => v52Side(topology, fn.hostBridge));
  const decisive = sides.find((side) => side.allowed === false) ?? sides.find((side) => side.allowed === undefined);
  if (decisive) return decisive;
  if (options.iommu === undefined) return unsure('whether an IOMMU is in use is not known', '--iommu off or on');
  return allow('AMD Zen root complex 1022:1450 on both sides');
}

function v52Side(topology: Topology, hostBridge: HostBridgeId | undefined): HostBridgeAnswer {
  if (hostBridge === undefined) return unsure('the host bridges are not known', 'lspci -vvv');
  const slot0 = indexOf(topology)
    .onRootBus.get(hostBridge)
    ?.find((fn) => fn.devfn === 0);
  if (!slot0 && !topology.everyFunction) return unsure(`device 00.0 of ${hostBridge} is not shown`, 'lspci -vvv');
  if (!slot0) return refuse(`root bus ${hostBridge} has no device 00.0`);
  const isOtherVendor = slot0.vendorId !== undefined && slot0.vendorId !== AMD;
  const isOtherDevice = slot0.deviceId !== undefined && slot0.deviceId !== ZEN_ROOT_COMPLEX;
  if (isOtherVendor || isOtherDevice) {
    return refuse(`${slot0.id}${idsOf(slot0)} is not the AMD Zen root complex 1022:1450 that v5.2 allows`);
  }
  if (slot0.vendorId === undefined || slot0.deviceId === undefined) {
    return unsure(`the ids of ${slot0.id} are not known`, 'lspci -nn or -n');
  }
  return allow(`${slot0.id} is an AMD Zen root complex`);
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0');
}
