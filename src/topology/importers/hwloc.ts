// hwloc's XML, versions 2 and 3 (lstopo --of xml). Tells the tree, classes, ids, bandwidths, locality and the names of
// devices; leaves out functions it finds unimportant, BARs, ACS and offsets, which are unknown in the result. Without
// Bridge objects (lstopo --no-bridges) it tells no tree at all.
import { LabError } from '../../base/errors.ts';
import { hostBridgesOf } from '../assemble.ts';
import { cpuOf } from '../cpu.ts';
import type { TextSource } from '../input.ts';
import type { BusRange, Cpu, HostBridgeId, Identity, PciFunction, Topology } from '../model.ts';
import { compareFunctions, formatHostBridgeId, parseId } from '../model.ts';
import { validated } from '../validate.ts';
import type { XmlElement } from '../xml.ts';
import { xmlEvents } from '../xml.ts';

export const name = 'hwloc';

export function matches(head: string): boolean {
  return /^\ufeff?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[^>]*-->\s*)?(?:<!DOCTYPE topology\b|<topology[\s>])/.test(head);
}

/** An open <object>: what its children inherit. */
interface Frame {
  /** Nearest bridge above, null directly below a host bridge, undefined where no bridge is shown. */
  readonly parent: string | null | undefined;
  readonly hostBridge: HostBridgeId | undefined;
  readonly numaNode: number | undefined;
  /** The function this object is, for the <info> elements inside. */
  readonly fn: string | undefined;
}

interface Reading {
  readonly source: string;
  readonly functions: Map<string, PciFunction>;
  readonly titles: Map<string, string[]>;
  /** Names of OS devices (nvme0n1, mlx5_0), by function. */
  readonly names: Map<string, string[]>;
  cpuVendor: string | undefined;
  cpuFamily: number | undefined;
}

/** @throws LabError with the line */
export function parse(text: TextSource, source: string): Topology {
  const reading: Reading = {
    source,
    functions: new Map(),
    titles: new Map(),
    names: new Map(),
    cpuVendor: undefined,
    cpuFamily: undefined,
  };
  const frames: Frame[] = [{ parent: undefined, hostBridge: undefined, numaNode: undefined, fn: undefined }];
  for (const event of xmlEvents(text, source)) {
    const { element } = event;
    if (element.name === 'topology' && event.kind === 'open') checkVersion(element, source);
    if (element.name === 'info' && event.kind === 'open') readInfo(reading, element, frames);
    if (element.name !== 'object') continue;
    if (event.kind === 'close') frames.pop();
    else frames.push(readObject(reading, element, frames.at(-1) as Frame));
  }
  return finish(reading);
}

function checkVersion(element: XmlElement, source: string): void {
  const version = element.attributes.get('version') ?? '';
  if (/^[23]\./.test(version)) return;
  throw new LabError(
    `${source}:${element.line}: hwloc XML version '${version || '1'}' is not read. Export it again with lstopo 2 or 3.`,
  );
}

function readInfo(reading: Reading, element: XmlElement, frames: readonly Frame[]): void {
  const value = element.attributes.get('value') ?? '';
  const fn = frames.at(-1)?.fn;
  switch (element.attributes.get('name')) {
    case 'CPUVendor':
      reading.cpuVendor ??= value;
      return;
    case 'CPUFamilyNumber':
      if (/^\d+$/.test(value)) reading.cpuFamily ??= Number(value);
      return;
    case 'PCIVendor':
    case 'PCIDevice':
      if (fn !== undefined) pushTo(reading.titles, fn, value);
  }
}

function pushTo(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function readObject(reading: Reading, element: XmlElement, above: Frame): Frame {
  const { attributes } = element;
  const numaNode = numaOf(attributes.get('nodeset')) ?? above.numaNode;
  const type = attributes.get('type');
  const name = attributes.get('name');
  if (type === 'OSDev' && above.fn !== undefined && name) pushTo(reading.names, above.fn, name);
  if (type === 'OSDev') return { ...above, numaNode };
  if (type !== 'Bridge' && type !== 'PCIDev') return { ...above, numaNode, fn: undefined };
  if (type === 'Bridge' && attributes.get('bridge_type')?.startsWith('0-')) {
    const range = bridgePci(reading, element);
    return { parent: null, hostBridge: formatHostBridgeId(range.domain, range.secondary), numaNode, fn: undefined };
  }
  const fn = readFunction(reading, element, above, numaNode, type === 'Bridge');
  return { parent: fn.id, hostBridge: fn.hostBridge, numaNode, fn: fn.id };
}

function readFunction(
  reading: Reading,
  element: XmlElement,
  above: Frame,
  numaNode: number | undefined,
  isBridge: boolean,
): PciFunction {
  const at = `${reading.source}:${element.line}`;
  const text = element.attributes.get('pci_busid') ?? '';
  const id = parseId(text);
  if (!id) throw new LabError(`${at}: pci_busid '${text}' is not a PCI address such as 0000:81:00.0.`);
  const first = reading.functions.get(id.id);
  if (first) throw new LabError(`${at}: ${id.id} appears a second time (first at ${reading.source}:${first.line}).`);
  const ids = /^([0-9a-f]{4}) \[([0-9a-f]{4}):([0-9a-f]{4})\]/i.exec(element.attributes.get('pci_type') ?? '');
  if (!ids) throw new LabError(`${at}: ${id.id} has no pci_type such as '0108 [144d:a808] ...'.`);
  const [classCode, vendorId, deviceId] = ids.slice(1).map((digits) => Number.parseInt(digits, 16));
  const gbPerS = Number(element.attributes.get('pci_link_speed') ?? 0);
  const range = isBridge ? bridgePci(reading, element) : undefined;
  const buses: BusRange | undefined = range && { primary: id.bus, ...bare(range) };
  const fn: PciFunction = {
    ...id,
    parent: above.parent,
    hostBridge: above.hostBridge,
    isBridge,
    classCode,
    progIf: undefined,
    vendorId,
    deviceId,
    title: undefined,
    portType: 'unknown',
    acs: 'unknown',
    numaNode,
    link: gbPerS > 0 ? { gtPerS: undefined, width: undefined, gbPerS } : undefined,
    bars: [],
    buses,
    windows: undefined,
    windowView: 'cpu',
    physfn: undefined,
    line: element.line,
  };
  reading.functions.set(fn.id, fn);
  return fn;
}

/** `0000:[2c-3b]`: domain, secondary and subordinate bus. */
function bridgePci(reading: Reading, element: XmlElement): { domain: number } & Omit<BusRange, 'primary'> {
  const text = element.attributes.get('bridge_pci') ?? '';
  const match = /^([0-9a-f]{4,8}):\[([0-9a-f]{2})-([0-9a-f]{2})\]$/i.exec(text);
  if (!match) {
    throw new LabError(
      `${reading.source}:${element.line}: bridge_pci '${text}' is not a bus range such as 0000:[01-04].`,
    );
  }
  const [domain, secondary, subordinate] = match.slice(1).map((digits) => Number.parseInt(digits, 16));
  return { domain: domain ?? 0, secondary: secondary ?? 0, subordinate: subordinate ?? 0 };
}

function bare(range: Omit<BusRange, 'primary'>): Omit<BusRange, 'primary'> {
  return { secondary: range.secondary, subordinate: range.subordinate };
}

/** The node of a nodeset with exactly one bit, such as 0x00000002 or 0x1,0x0; several bits tell nothing. */
function numaOf(nodeset: string | undefined): number | undefined {
  if (nodeset === undefined || nodeset.length > 4096) return undefined;
  const words = nodeset.split(',').map((word) => Number.parseInt(word, 16));
  const bits = words.reverse().flatMap((word, i) => bitsOf(word).map((bit) => 32 * i + bit));
  return bits.length === 1 ? bits[0] : undefined;
}

function bitsOf(word: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => (word / 2 ** bit) % 2 >= 1);
}

function finish(reading: Reading): Topology {
  const functions = [...reading.functions.values()]
    .map(
      (fn): PciFunction => ({ ...fn, title: reading.titles.get(fn.id)?.join(' '), identity: namesOf(reading, fn.id) }),
    )
    .sort(compareFunctions);
  const { cpuVendor, cpuFamily } = reading;
  const cpu: Cpu | undefined =
    cpuVendor === undefined || cpuFamily === undefined ? undefined : cpuOf(cpuVendor, cpuFamily);
  return validated({
    source: reading.source,
    format: name,
    functions,
    hostBridges: hostBridgesOf(functions),
    cpu,
    iommu: undefined,
    ram: [],
    everyPort: functions.every((fn) => fn.parent !== undefined),
    everyFunction: false,
    notes: [],
  });
}

function namesOf(reading: Reading, id: string): Identity | undefined {
  const names = reading.names.get(id);
  return names && { driver: undefined, slot: undefined, iommuGroup: undefined, names };
}
