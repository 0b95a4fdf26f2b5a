// The PCI tree as the rest of this folder sees it: plain data, whatever it was read from.
// What a source cannot tell is 'unknown' or undefined here and stays so: no importer fills a gap with a guess.
// Mirrors what struct pci_dev, struct pci_bus and struct pci_host_bridge know, as far as P2PDMA asks.

declare const addressSpace: unique symbol;

/** An address as the CPU sees it (phys_addr_t). Any bigint from 0 to 2^64 - 1. */
export type CpuAddress = bigint & { readonly [addressSpace]: 'cpu' };

/** An address as it stands in a TLP below one host bridge (pci_bus_addr_t). Any bigint from 0 to 2^64 - 1. */
export type BusAddress = bigint & { readonly [addressSpace]: 'bus' };

export const cpuAddress = (value: bigint): CpuAddress => value as CpuAddress;
export const busAddress = (value: bigint): BusAddress => value as BusAddress;

/** `0000:81:00.0`: domain (four or more hex digits), bus, device, function, lower case (pci_name). */
export type FunctionId = string;

/** `0000:80`: domain and root bus. Linux has one host bridge for each root bus. */
export type HostBridgeId = string;

/** The ACS control register (ext. capability 0x0d, offset 6), 0 to 0x7f; `absent` when there is no such capability. */
export type AcsControl = number | 'absent' | 'unknown';

/** Bits of the ACS control register that send peer-to-peer requests up to the host bridge. */
const ACS_REQ_REDIR = 0x04;
const ACS_CMPLT_REDIR = 0x08;
const ACS_EGRESS_CTRL = 0x20;
/** The mask of pci_bridge_has_acs_redir: RR, CR and EC. */
export const ACS_REDIRECT_MASK = ACS_REQ_REDIR | ACS_CMPLT_REDIR | ACS_EGRESS_CTRL;

/** Names of the ACS control bits, lowest first, as lspci writes them. */
export const ACS_BIT_NAMES = [
  'SrcValid',
  'TransBlk',
  'ReqRedir',
  'CmpltRedir',
  'UpstreamFwd',
  'EgressCtrl',
  'DirectTrans',
] as const;

/** PCIe capability's device/port type (pci_pcie_type); `conventional` when the function has no PCIe capability. */
export type PortType =
  | 'endpoint'
  | 'legacy-endpoint'
  | 'root-port'
  | 'upstream'
  | 'downstream'
  | 'pcie-to-pci'
  | 'pci-to-pcie'
  | 'rc-endpoint'
  | 'rc-event-collector'
  | 'conventional'
  | 'unknown';

/** A memory BAR. I/O port BARs and expansion ROMs are left out: no P2P memory lives there. */
export interface Bar {
  /** 0 to 5. */
  readonly index: number;
  /** Bytes, a power of two up to 2^53; undefined when the source tells the place but not the size. */
  readonly bytes: number | undefined;
  readonly prefetchable: boolean;
  readonly is64: boolean;
  /** Decoding switched off, or a place not assigned yet: takes no part in routing and overlap checks. */
  readonly disabled: boolean;
  readonly cpuStart: CpuAddress | undefined;
  readonly busStart: BusAddress | undefined;
  /** What is odd about its place, such as lying outside the windows above it. */
  readonly note?: string | undefined;
}

/** A link above an endpoint or upstream port, below a root or downstream port: as it is now, or as it can be. */
export interface Link {
  /** GT/s per lane: 2.5, 5, 8, 16, 32 or 64. */
  readonly gtPerS: number | undefined;
  /** Lanes. */
  readonly width: number | undefined;
  /** Payload bandwidth of one direction after line coding, 10^9 bytes per second. */
  readonly gbPerS: number;
}

/** The bus number registers of a bridge. */
export interface BusRange {
  readonly primary: number;
  readonly secondary: number;
  readonly subordinate: number;
}

/** What a bridge forwards downwards. `end` is the last address inside. */
export interface BridgeWindow {
  readonly kind: 'memory' | 'prefetchable';
  readonly start: bigint;
  readonly end: bigint;
}

/** What people and tools know a function by; no verdict depends on it. */
export interface Identity {
  /** The driver bound to it. */
  readonly driver: string | undefined;
  /** Label or number of the physical slot. */
  readonly slot: string | undefined;
  readonly iommuGroup: string | undefined;
  /** Names of what the driver made of it: nvme0n1, mlx5_0, eth0. */
  readonly names: readonly string[];
}

/** One PCI function. */
export interface PciFunction {
  readonly id: FunctionId;
  readonly domain: number;
  readonly bus: number;
  /** Device << 3 | function, 0 to 255 (ARI uses all eight bits as the function). */
  readonly devfn: number;
  /** The bridge above (pci_upstream_bridge: a VF's is its PF's); null on a root bus; undefined when unknown. */
  readonly parent: FunctionId | null | undefined;
  /** undefined when the source does not tell which host bridge is above. */
  readonly hostBridge: HostBridgeId | undefined;
  readonly isBridge: boolean;
  /** Base class << 8 | subclass, 0 to 0xffff. */
  readonly classCode: number | undefined;
  readonly progIf: number | undefined;
  readonly vendorId: number | undefined;
  readonly deviceId: number | undefined;
  /** Class, vendor or device in the source's own words, for people. */
  readonly title: string | undefined;
  readonly portType: PortType;
  readonly acs: AcsControl;
  readonly numaNode: number | undefined;
  /** As trained now (LnkSta). */
  readonly link: Link | undefined;
  /** The most its side can do (LnkCap). */
  readonly linkMax?: Link | undefined;
  readonly bars: readonly Bar[];
  readonly buses: BusRange | undefined;
  /** undefined when the source does not tell; empty when the bridge forwards no memory. */
  readonly windows: readonly BridgeWindow[] | undefined;
  /**
   * Whether `windows` are CPU addresses (sysfs, and lspci 3.8 and later where sysfs tells them) or raw register values,
   * which are bus addresses. lspci tags both alike, so text that says `cpu` may hold bus addresses.
   */
  readonly windowView: 'cpu' | 'bus';
  /** The physical function, when this is a virtual function and the source tells. */
  readonly physfn: FunctionId | undefined;
  /** 1-based line of the source where it begins. */
  readonly line: number | undefined;
  readonly identity?: Identity | undefined;
  /** NVLinks to other GPUs or NVSwitches, where the source tells. */
  readonly nvlinks?: readonly NvLink[] | undefined;
}

/** NVLinks side by side to one target. */
export interface NvLink {
  /** Function id of the GPU or NVSwitch at the other end. */
  readonly target: string;
  readonly count: number;
}

/** One translated piece of a host bridge's address space (struct resource_entry): offset = cpuStart - busStart. */
export interface HostWindow {
  readonly cpuStart: CpuAddress;
  readonly busStart: BusAddress;
  readonly bytes: bigint;
}

/** A host bridge: one root bus and the windows through which the CPU reaches it. */
export interface HostBridge {
  readonly id: HostBridgeId;
  readonly domain: number;
  readonly rootBus: number;
  readonly numaNode: number | undefined;
  /** undefined when the source does not tell the CPU-to-bus offsets (lspci text, hwloc, NCCL). */
  readonly windows: readonly HostWindow[] | undefined;
  /** The device that this host bridge is part of (Intel VMD): its windows are BARs of that device. */
  readonly insideOf?: FunctionId | undefined;
  /** Inbound (`dma-ranges`): CPU address - address seen in an upstream request. 0 is identity, the usual case. */
  readonly inboundOffset: bigint;
}

/** A piece of host RAM. */
export interface RamRange {
  readonly cpuStart: CpuAddress;
  readonly bytes: bigint;
}

/** CPU vendor and family as Linux knows them (x86_vendor, x86). */
export interface Cpu {
  readonly vendor: string;
  /** Decimal family, extended family included: 23 = 0x17 = Zen. */
  readonly family: number;
}

export interface Topology {
  /** File name, preset name or `host`: the first words of every message about it. */
  readonly source: string;
  readonly format: string;
  readonly functions: readonly PciFunction[];
  readonly hostBridges: readonly HostBridge[];
  /** The CPU, when the source tells. */
  readonly cpu: Cpu | undefined;
  /** Whether an IOMMU is in use (iommu_present), when the source tells. */
  readonly iommu: boolean | undefined;
  /** Host RAM; empty when the source does not tell. */
  readonly ram: readonly RamRange[];
  /** False when the source leaves out ports between the functions it shows (NCCL): distances are then unknown. */
  readonly everyPort: boolean;
  /** False when the source leaves out functions it finds unimportant (hwloc, NCCL). */
  readonly everyFunction: boolean;
  /** What an importer had to interpret, in plain words. */
  readonly notes: readonly string[];
}

/** Ids are written for every function of dumps with tens of thousands. */
const HEX2 = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex2(byte: number): string {
  return HEX2[byte] ?? byte.toString(16);
}

/** Writes a function id. */
export function formatId(domain: number, bus: number, devfn: number): FunctionId {
  return `${formatHostBridgeId(domain, bus)}:${hex2(devfn >> 3)}.${devfn & 7}`;
}

/** Writes `domain:bus`. */
export function formatHostBridgeId(domain: number, bus: number): HostBridgeId {
  return `${domain < 256 ? `00${hex2(domain)}` : domain.toString(16).padStart(4, '0')}:${hex2(bus)}`;
}

const ID = /^(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([01]?[0-9a-f])\.([0-7])$/i;

/** Reads `81:00.0` or `0000:81:00.0`; the domain defaults to 0. Undefined when the text is no function id. */
export function parseId(text: string): { id: FunctionId; domain: number; bus: number; devfn: number } | undefined {
  const match = ID.exec(text);
  if (!match) return undefined;
  const domain = Number.parseInt(match[1] ?? '0', 16);
  const bus = Number.parseInt(match[2] ?? '', 16);
  const devfn = (Number.parseInt(match[3] ?? '', 16) << 3) | Number(match[4]);
  return { id: formatId(domain, bus, devfn), domain, bus, devfn };
}

/** Order of lspci: domain, bus, device, function. */
export function compareFunctions(
  a: Pick<PciFunction, 'domain' | 'bus' | 'devfn'>,
  b: Pick<PciFunction, 'domain' | 'bus' | 'devfn'>,
): number {
  return a.domain - b.domain || a.bus - b.bus || a.devfn - b.devfn;
}

/** `0x60010000000`, as people compare addresses. */
export function hex(value: bigint): string {
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}
