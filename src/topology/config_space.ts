// Config space bytes to facts: header, BARs, bus numbers, PCIe, ACS and SR-IOV capabilities.
// Mirrors what drivers/pci/probe.c and pci_find_ext_capability read. Raw BARs and windows are bus addresses.
import type { SriovNumbers } from './assemble.ts';
import { linkOf } from './links.ts';
import type { AcsControl, BridgeWindow, BusRange, Link, PortType } from './model.ts';

const CAP_PCIE = 0x10;
const EXT_CAP_ACS = 0x0d;
const EXT_CAP_SRIOV = 0x10;
const STATUS_CAP_LIST = 0x10;
/** Bytes of a conventional config space; extended capabilities begin here. */
const EXTENDED_START = 0x100;
export const CONFIG_SPACE_BYTES = 4096;

export interface RawBar {
  readonly index: number;
  readonly isMemory: boolean;
  readonly is64: boolean;
  readonly prefetchable: boolean;
  /** Bus address; 0 when not assigned. */
  readonly busStart: bigint;
}

export interface ConfigFacts {
  readonly vendorId: number;
  readonly deviceId: number;
  readonly classCode: number;
  readonly progIf: number;
  readonly isBridge: boolean;
  readonly memoryDecode: boolean;
  readonly buses: BusRange | undefined;
  readonly windows: readonly BridgeWindow[] | undefined;
  readonly bars: readonly RawBar[];
  readonly portType: PortType;
  readonly acs: AcsControl;
  readonly link: Link | undefined;
  readonly linkMax: Link | undefined;
  readonly sriov: SriovNumbers | undefined;
  /** Whether every capability could be read. */
  readonly complete: boolean;
}

/** PCIe capability's type field to our words. */
const PORT_TYPE_BY_CODE: ReadonlyMap<number, PortType> = new Map([
  [0x0, 'endpoint'],
  [0x1, 'legacy-endpoint'],
  [0x4, 'root-port'],
  [0x5, 'upstream'],
  [0x6, 'downstream'],
  [0x7, 'pcie-to-pci'],
  [0x8, 'pci-to-pcie'],
  [0x9, 'rc-endpoint'],
  [0xa, 'rc-event-collector'],
]);

const SPEED_BY_CODE = [undefined, 2.5, 5, 8, 16, 32, 64] as const;

/** Reads as much as `bytes` holds (64, 256 or 4096 bytes). Undefined when not even the header is there. */
export function readConfig(bytes: Uint8Array): ConfigFacts | undefined {
  if (bytes.length < 64) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headerType = view.getUint8(0x0e) & 0x7f;
  const isBridge = headerType === 1 || headerType === 2;
  const pcie = pcieCapability(view);
  const extended = extendedCapabilities(view, pcie);
  const acs = acsIn(view, extended);
  const sriovAt = extended.at.get(EXT_CAP_SRIOV);
  return {
    vendorId: view.getUint16(0x00, true),
    deviceId: view.getUint16(0x02, true),
    classCode: view.getUint16(0x0a, true),
    progIf: view.getUint8(0x09),
    isBridge,
    memoryDecode: (view.getUint16(0x04, true) & 2) !== 0,
    buses: isBridge ? readBuses(view) : undefined,
    windows: headerType === 1 ? readWindows(view) : undefined,
    bars: readBars(view, headerType === 1 ? 2 : headerType === 0 ? 6 : 0),
    portType: pcie.portType,
    acs,
    link: pcie.link,
    linkMax: pcie.linkMax,
    sriov: sriovAt === undefined ? undefined : readSriov(view, sriovAt),
    complete: extended.complete,
  };
}

function acsIn(view: DataView, extended: Extended): AcsControl {
  const at = extended.at.get(EXT_CAP_ACS);
  if (at === undefined) return extended.complete ? 'absent' : 'unknown';
  // A capability in the last 4 bytes has its control register outside config space.
  return at + 8 <= view.byteLength ? view.getUint16(at + 6, true) & 0x7f : 'unknown';
}

function readBuses(view: DataView): BusRange {
  return { primary: view.getUint8(0x18), secondary: view.getUint8(0x19), subordinate: view.getUint8(0x1a) };
}

function readBars(view: DataView, count: number): RawBar[] {
  const bars: RawBar[] = [];
  for (let index = 0; index < count; index++) {
    const low = view.getUint32(0x10 + 4 * index, true);
    const isMemory = (low & 1) === 0;
    const is64 = isMemory && (low & 6) === 4 && index + 1 < count;
    const high = is64 ? view.getUint32(0x14 + 4 * index, true) : 0;
    const busStart = (BigInt(high) << 32n) | BigInt(isMemory ? (low & 0xfffffff0) >>> 0 : (low & 0xfffffffc) >>> 0);
    if (low !== 0 || high !== 0) bars.push({ index, isMemory, is64, prefetchable: (low & 8) !== 0, busStart });
    if (is64) index++;
  }
  return bars;
}

/**
 * The low four bits of base and limit say what kind they are, not where. Base and limit both 0 is a window never set up;
 * a memory window there may be in use where bus addresses begin at 0 (Raspberry Pi 4), so that alone tells nothing.
 */
function readWindows(view: DataView): BridgeWindow[] | undefined {
  const windows: BridgeWindow[] = [];
  const memory = { base: view.getUint16(0x20, true) & 0xfff0, limit: view.getUint16(0x22, true) & 0xfff0 };
  if (memory.limit >= memory.base && memory.limit !== 0) {
    windows.push({
      kind: 'memory',
      start: BigInt(memory.base) << 16n,
      end: (BigInt(memory.limit) << 16n) | 0xfffffn,
    });
  }
  const base = view.getUint16(0x24, true);
  const limit = view.getUint16(0x26, true);
  const is64 = (base & 0xf) === 1;
  const high = (at: number): bigint => (is64 ? BigInt(view.getUint32(at, true)) << 32n : 0n);
  const start = high(0x28) | (BigInt(base & 0xfff0) << 16n);
  const end = high(0x2c) | (BigInt(limit & 0xfff0) << 16n) | 0xfffffn;
  if (end > start && end > 0xfffffn) windows.push({ kind: 'prefetchable', start, end });
  const isDoubtful = memory.base === 0 && memory.limit === 0 && windows.length === 0;
  return isDoubtful && (view.getUint16(0x04, true) & 2) !== 0 ? undefined : windows;
}

interface Pcie {
  readonly found: boolean;
  readonly portType: PortType;
  readonly link: Link | undefined;
  readonly linkMax: Link | undefined;
}

function pcieCapability(view: DataView): Pcie {
  const none: Pcie = { found: false, portType: 'conventional', link: undefined, linkMax: undefined };
  if ((view.getUint16(0x06, true) & STATUS_CAP_LIST) === 0) return none;
  if (view.byteLength < EXTENDED_START) return { ...none, portType: 'unknown' };
  let at = view.getUint8(0x34) & 0xfc;
  // 48 capabilities fill the space; more steps are a loop.
  for (let steps = 0; at >= 0x40 && steps < 48; steps++) {
    if (view.getUint8(at) === CAP_PCIE && at + 0x14 <= EXTENDED_START) {
      const portType = PORT_TYPE_BY_CODE.get((view.getUint16(at + 2, true) >> 4) & 0xf) ?? 'unknown';
      const link = readLink(view.getUint16(at + 0x12, true), portType);
      return { found: true, portType, link, linkMax: readLink(view.getUint16(at + 0x0c, true), portType) };
    }
    at = view.getUint8(at + 1) & 0xfc;
  }
  return none;
}

/** Speed and width stand alike in Link Status and in the low half of Link Capabilities. */
function readLink(status: number, portType: PortType): Link | undefined {
  const speed = SPEED_BY_CODE[status & 0xf];
  const width = (status >> 4) & 0x3f;
  if (speed === undefined || width === 0 || portType.startsWith('rc-')) return undefined;
  return linkOf(speed, width);
}

interface Extended {
  /** Offset of each extended capability. */
  readonly at: ReadonlyMap<number, number>;
  readonly complete: boolean;
}

function extendedCapabilities(view: DataView, pcie: Pcie): Extended {
  const at = new Map<number, number>();
  // Without a PCIe capability there is no extended config space.
  if (pcie.portType === 'unknown' && !pcie.found) return { at, complete: false };
  if (!pcie.found) return { at, complete: true };
  if (view.byteLength < CONFIG_SPACE_BYTES) return { at, complete: false };
  let offset = EXTENDED_START;
  const maxSteps = (CONFIG_SPACE_BYTES - EXTENDED_START) / 8;
  for (let steps = 0; offset >= EXTENDED_START && steps < maxSteps; steps++) {
    const header = view.getUint32(offset, true);
    if (header === 0 || header === 0xffffffff) break;
    const id = header & 0xffff;
    if (!at.has(id)) at.set(id, offset);
    offset = (header >>> 20) & 0xffc;
  }
  return { at, complete: true };
}

function readSriov(view: DataView, at: number): SriovNumbers | undefined {
  if (at + 0x18 > view.byteLength) return undefined;
  const enabled = (view.getUint16(at + 0x08, true) & 1) !== 0;
  const numVfs = enabled ? view.getUint16(at + 0x10, true) : 0;
  return { numVfs, offset: view.getUint16(at + 0x14, true), stride: view.getUint16(at + 0x16, true) };
}
