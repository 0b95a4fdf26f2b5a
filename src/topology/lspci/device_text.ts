// What the lines below a function's first line say, collected while they go by. lspci writes one indented line per
// fact; lines indented further belong to the capability above them.
import { LabError } from '../../base/errors.ts';
import type { SriovNumbers } from '../assemble.ts';
import { excerpt } from '../input.ts';
import { linkOf } from '../links.ts';
import type { Bar, BridgeWindow, BusRange, Link, PortType } from '../model.ts';
import { ACS_BIT_NAMES, cpuAddress } from '../model.ts';
import type { HeaderLine } from './header.ts';

type Capability = 'express' | 'acs' | 'sriov' | 'other';

/** One function while its lines are read. The one mutable thing of the importer. */
export interface DeviceText {
  readonly header: HeaderLine;
  readonly line: number;
  /** Columns before this function's facts; undefined until the first. */
  indent: number | undefined;
  /** -v or more: capabilities are listed if they can be read. */
  verbose: boolean;
  capsDenied: boolean;
  capsListed: boolean;
  unknownHeader: boolean;
  capability: Capability | undefined;
  portType: PortType | undefined;
  hasAcs: boolean;
  acsControl: number | undefined;
  link: Link | undefined;
  linkMax: Link | undefined;
  linkActive: boolean;
  sriovShown: boolean;
  sriovEnabled: boolean;
  sriov: SriovNumbers;
  numaNode: number | undefined;
  iommuGroup: string | undefined;
  driver: string | undefined;
  slot: string | undefined;
  buses: BusRange | undefined;
  windows: BridgeWindow[] | undefined;
  /** A window from address 0: switched off on most machines, in use on some (Raspberry Pi 4). */
  hasZeroWindow: boolean;
  windowView: 'cpu' | 'bus';
  bars: Bar[];
  nextBarIndex: number;
  barsNumbered: boolean;
  /** Rows of config space, 16 bytes each. */
  hexRows: Buffer[];
}

const NO_VFS: SriovNumbers = { numVfs: 0, offset: 0, stride: 0 };

export function newDevice(header: HeaderLine, line: number): DeviceText {
  return {
    header,
    line,
    indent: undefined,
    verbose: false,
    capsDenied: false,
    capsListed: false,
    unknownHeader: false,
    capability: undefined,
    portType: undefined,
    hasAcs: false,
    acsControl: undefined,
    link: undefined,
    linkMax: undefined,
    linkActive: false,
    sriovShown: false,
    sriovEnabled: false,
    sriov: NO_VFS,
    numaNode: undefined,
    iommuGroup: undefined,
    driver: undefined,
    slot: undefined,
    buses: undefined,
    windows: undefined,
    hasZeroWindow: false,
    windowView: 'bus',
    bars: [],
    nextBarIndex: 0,
    barsNumbered: true,
    hexRows: [],
  };
}

/** Reads one indented line. `at` is `file:line` for messages. */
export function readAttribute(device: DeviceText, text: string, at: string): void {
  const indent = indentOf(text);
  device.indent ??= indent;
  const fact = text.trim();
  if (indent > device.indent) readNested(device, fact, at);
  else readFact(device, fact, at);
}

/** Columns of white space, tabs counted to the next multiple of eight. */
function indentOf(text: string): number {
  let column = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 9) column = (column + 8) & ~7;
    else if (code === 32) column++;
    else break;
  }
  return column;
}

function bad(at: string, what: string, fact: string): LabError {
  return new LabError(`${at}: '${excerpt(fact)}' is not ${what}: the dump is cut off or damaged here.`);
}

function readFact(device: DeviceText, fact: string, at: string): void {
  device.capability = undefined;
  switch (fact.charAt(0)) {
    case 'C':
      if (fact.startsWith('Capabilities:')) readCapability(device, fact, at);
      else if (fact.startsWith('Control:')) device.verbose = true;
      return;
    case 'F':
      if (fact.startsWith('Flags:')) readFlags(device, fact);
      return;
    case 'B':
      if (fact.startsWith('Bus:')) readBuses(device, fact, at);
      return;
    case 'N':
      device.numaNode = numberAfter(fact, /^NUMA node: (\d+)$/) ?? device.numaNode;
      return;
    case 'I':
      if (fact.startsWith('IOMMU group:')) device.iommuGroup = fact.slice('IOMMU group:'.length).trim();
      else if (fact.startsWith('I/O ports at')) readRegion(device, fact, at);
      return;
    case 'K':
    case 'D':
      device.driver = /^(?:Kernel d|D)river in use: (?:.*[\\/])?(\S.*)$/.exec(fact)?.[1] ?? device.driver;
      return;
    case 'R':
    case 'M':
    case 'P':
    case '[':
      if (fact.startsWith('Physical Slot: ')) device.slot = fact.slice('Physical Slot: '.length);
      if (/^(?:Memory|Prefetchable memory) behind bridge:/.test(fact)) readWindow(device, fact, at);
      else if (/^(?:Region \d|Memory at|\[[a-z]+\] (?:Memory|I\/O))/.test(fact)) readRegion(device, fact, at);
      return;
    case '!':
      if (fact.startsWith('!!! Unknown header type')) device.unknownHeader = true;
  }
}

function numberAfter(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** `Flags: bus master, fast devsel, latency 0, IRQ 24, NUMA node 0, IOMMU group 5`: -v. */
function readFlags(device: DeviceText, fact: string): void {
  device.verbose = true;
  device.numaNode = numberAfter(fact, /\bNUMA node (\d+)/) ?? device.numaNode;
  device.iommuGroup = /\bIOMMU group (\S+?),?(?: |$)/.exec(fact)?.[1] ?? device.iommuGroup;
}

function readBuses(device: DeviceText, fact: string, at: string): void {
  const match = /^Bus: primary=([0-9a-f]{2}), secondary=([0-9a-f]{2}), subordinate=([0-9a-f]{2}),/i.exec(fact);
  if (!match) throw bad(at, "a bridge's bus numbers (Bus: primary=00, secondary=01, subordinate=01, ...)", fact);
  const [primary, secondary, subordinate] = match.slice(1).map((digits) => Number.parseInt(digits, 16));
  device.buses = { primary: primary ?? 0, secondary: secondary ?? 0, subordinate: subordinate ?? 0 };
}

function readWindow(device: DeviceText, fact: string, at: string): void {
  device.windows ??= [];
  const value = fact.slice(fact.indexOf(':') + 1).trim();
  if (value === 'None' || value.includes('[disabled]')) return;
  const match = /^([0-9a-f]{8,16})-([0-9a-f]{8,16})((?: \[[^\]]*\])*)$/i.exec(value);
  if (!match) throw bad(at, 'a bridge window (start-end)', fact);
  const start = BigInt(`0x${match[1]}`);
  const end = BigInt(`0x${match[2]}`);
  // lspci 3.8 and later take windows from sysfs (CPU addresses) and tag them; before, raw registers.
  if (/\[(?:32|64)-bit\]/.test(match[3] ?? '')) device.windowView = 'cpu';
  // Old versions print disabled windows too: from 0, or with the end before the start.
  if (start === 0n) device.hasZeroWindow = true;
  if (start === 0n || end < start) return;
  device.windows.push({ kind: fact.startsWith('M') ? 'memory' : 'prefetchable', start, end });
}

const REGION = /^(?:Region (\d+): )?((?:\[[a-z]+\] )*)(I\/O ports|Memory) at (\S+)(?: \(([^)]*)\))?((?: \[[^\]]*\])*)$/;

function readRegion(device: DeviceText, fact: string, at: string): void {
  const match = REGION.exec(fact);
  const [, region, tagsBefore, kind, place, traits, tagsAfter] = match ?? [];
  if (!match || place === undefined || (kind === 'Memory' && traits === undefined)) {
    throw bad(at, 'a region (Region 0: Memory at f8000000 (64-bit, prefetchable) [size=16M])', fact);
  }
  if (region === undefined) device.barsNumbered = false;
  const index = region === undefined ? device.nextBarIndex : Number(region);
  const is64 = traits?.includes('64-bit') ?? false;
  device.nextBarIndex = index + (is64 ? 2 : 1);
  if (kind !== 'Memory' || index > 5) return;
  const tags = `${tagsBefore}${tagsAfter}`;
  const start = /^[0-9a-f]+$/i.test(place) ? BigInt(`0x${place}`) : undefined;
  device.bars.push({
    index,
    bytes: sizeIn(tags, at),
    prefetchable: /(?:^|[ ,])prefetchable/.test(traits ?? ''),
    is64,
    disabled: tags.includes('[disabled]') || start === undefined,
    cpuStart: start === undefined ? undefined : cpuAddress(start),
    busStart: undefined,
  });
}

const SIZE_FACTOR: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
/** 4 PiB: beyond any BAR (no CPU addresses more), and sums of a machine's BARs stay exact integers. */
const MAX_BAR_BYTES = 2 ** 52;

function sizeIn(tags: string, at: string): number | undefined {
  const match = /\[size=(\d+)([KMGT]?)\]/.exec(tags);
  if (!match) return undefined;
  const bytes = Number(match[1]) * (SIZE_FACTOR[match[2] ?? ''] ?? 1);
  if (bytes >= 1 && bytes <= MAX_BAR_BYTES) return bytes;
  throw new LabError(
    `${at}: '${excerpt(match[0])}' is not the size of a BAR: expected 16 bytes to 4 PiB ([size=4096T]).`,
  );
}

const PORT_TYPES: readonly (readonly [string, PortType])[] = [
  ['Root Complex Integrated Endpoint', 'rc-endpoint'],
  ['Root Complex Event Collector', 'rc-event-collector'],
  ['Root Port', 'root-port'],
  ['Upstream Port', 'upstream'],
  ['Downstream Port', 'downstream'],
  ['Legacy Endpoint', 'legacy-endpoint'],
  ['Endpoint', 'endpoint'],
  ['PCI-Express to PCI', 'pcie-to-pci'],
  ['PCI/PCI-X to PCI-Express', 'pci-to-pcie'],
];

function readCapability(device: DeviceText, fact: string, at: string): void {
  if (fact.includes('<access denied>')) {
    device.capsDenied = true;
    return;
  }
  const name = /^Capabilities: \[[0-9a-f]+(?: v\d+)?\] (.+)$/i.exec(fact)?.[1];
  if (name === undefined) throw bad(at, 'a capability (Capabilities: [80] Express ...)', fact);
  device.capsListed = true;
  device.capability = 'other';
  if (name.startsWith('Express ')) {
    device.capability = 'express';
    const kind = name.replace(/^Express (?:\(v\d+\) )?/, '');
    device.portType = PORT_TYPES.find(([words]) => kind.startsWith(words))?.[1] ?? 'unknown';
  } else if (name.startsWith('Access Control Services')) {
    device.capability = 'acs';
    device.hasAcs = true;
  } else if (name.startsWith('Single Root I/O Virtualization')) {
    device.capability = 'sriov';
    device.sriovShown = true;
  }
}

function readNested(device: DeviceText, fact: string, at: string): void {
  if (device.capability === 'express') readExpress(device, fact);
  else if (device.capability === 'acs') readAcs(device, fact, at);
  else if (device.capability === 'sriov') readSriov(device, fact);
}

function readExpress(device: DeviceText, fact: string): void {
  if (fact.startsWith('LnkSta:')) device.link = linkIn(fact) ?? device.link;
  else if (fact.startsWith('LnkCap:')) device.linkMax = linkIn(fact) ?? device.linkMax;
  else if (fact.startsWith('Slot #')) device.slot ??= /^Slot #(\d+)/.exec(fact)?.[1];
  else if (fact.includes('DLActive+')) device.linkActive = true;
}

/** `Speed 16GT/s (downgraded), Width x8 (ok)`; a link that is down has width 0. */
function linkIn(fact: string): Link | undefined {
  const gtPerS = numberAfter(fact, /\bSpeed (\d+(?:\.\d+)?)GT\/s/);
  const width = numberAfter(fact, /\bWidth x(\d+)/);
  return gtPerS !== undefined && width !== undefined && width > 0 && width <= 32 ? linkOf(gtPerS, width) : undefined;
}

const ACS_CONTROL = new RegExp(`^ACSCtl:\\s*${ACS_BIT_NAMES.map((name) => `${name}([+-])`).join(' ')}`);

function readAcs(device: DeviceText, fact: string, at: string): void {
  if (!fact.startsWith('ACSCtl:')) return;
  const match = ACS_CONTROL.exec(fact);
  if (!match) throw bad(at, `an ACS control register (${ACS_BIT_NAMES.join('+ ')}+)`, fact);
  device.acsControl = match.slice(1).reduce((bits, sign, bit) => bits | (sign === '+' ? 1 << bit : 0), 0);
}

function readSriov(device: DeviceText, fact: string): void {
  if (fact.startsWith('IOVCtl:')) device.sriovEnabled = fact.includes('Enable+');
  const numVfs = numberAfter(fact, /Number of VFs: (\d+)/);
  const offset = numberAfter(fact, /^VF offset: (\d+)/);
  const stride = numberAfter(fact, /^VF offset: \d+, stride: (\d+)/);
  device.sriov = {
    numVfs: numVfs ?? device.sriov.numVfs,
    offset: offset ?? device.sriov.offset,
    stride: stride ?? device.sriov.stride,
  };
}
