// The running system, from /sys/bus/pci/devices: config space, resource, numa_node and the place in the device tree.
// The one source that tells CPU-to-bus offsets: `resource` holds CPU addresses, the raw BARs in `config` bus addresses.
// Without root only 64 bytes of config space can be read; what is missing then is unknown in the result.
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LabError } from '../base/errors.ts';
import { hostBridgesOf } from './assemble.ts';
import type { ConfigFacts } from './config_space.ts';
import { readConfig } from './config_space.ts';
import { cpuFromCpuinfo } from './cpu.ts';
import { linkOf } from './links.ts';
import type { Bar, BridgeWindow, FunctionId, HostBridgeId, PciFunction, Topology } from './model.ts';
import { busAddress, compareFunctions, cpuAddress, formatHostBridgeId, parseId } from './model.ts';
import { validated } from './validate.ts';

/** What one device directory holds, as read. */
export interface SysfsRecord {
  readonly id: FunctionId;
  /** Real path of the directory: .../pci0000:00/0000:00:01.0/0000:01:00.0. */
  readonly path: string;
  readonly config: Uint8Array;
  /** `start end flags` in hex, one line per resource. */
  readonly resource: string;
  readonly numaNode: number | undefined;
  readonly physfn: FunctionId | undefined;
  readonly hasIommuGroup: boolean;
  readonly iommuGroup?: string | undefined;
  readonly driver?: string | undefined;
  readonly slot?: string | undefined;
  /** Names of what the driver made of it. */
  readonly names?: readonly string[];
  /** `16.0 GT/s PCIe`, when the link is readable without root. */
  readonly linkSpeed: string;
  readonly linkWidth: string;
  readonly maxLinkSpeed?: string;
  readonly maxLinkWidth?: string;
  /** `0x15b3`: also right for VFs, whose config space reads ffff there. */
  readonly vendor: string;
  readonly device: string;
}

const IORESOURCE_MEM = 0x200n;
const IORESOURCE_PREFETCH = 0x2000n;
const IORESOURCE_MEM_64 = 0x100000n;
const IORESOURCE_UNSET = 0x20000000n;
/** Lines of `resource`: six BARs and the ROM; a bridge's windows are the last four (I/O, memory, prefetchable, -). */
const STD_BARS = 6;

/**
 * Reads a device directory such as /sys/bus/pci/devices.
 * @throws LabError when it has no PCI devices
 */
export function readSysfs(directory: string): SysfsRecord[] {
  const names = namesIn(directory).filter((name) => parseId(name) !== undefined);
  if (names.length > 0) {
    const slots = slotsBeside(directory);
    return names.map((name) => ({
      ...readRecord(linkedFolder(directory, name), name),
      slot: slots.get(name.slice(0, name.lastIndexOf('.'))),
    }));
  }
  const below = COPIED_PLACES.map((place) => join(directory, place)).find((path) =>
    namesIn(path).some((name) => parseId(name) !== undefined),
  );
  if (below !== undefined) return readSysfs(below);
  throw new LabError(
    `${directory}: no PCI devices in it. Give a copy of /sys/bus/pci/devices (cp -rL leaves nothing out but the tree: ` +
      "copy /sys/devices too), or a file or preset instead of 'host'.",
  );
}

/** Where the devices are in a copy of /sys, or of a part of it. */
const COPIED_PLACES = ['bus/pci/devices', 'sys/bus/pci/devices', 'pci/devices', 'devices', 'bus'];

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** A device's folder; its symbolic link may have become a text file with the target in it when it was copied. */
function linkedFolder(directory: string, name: string): string {
  const path = join(directory, name);
  if (!statSync(path).isFile()) return path;
  return join(directory, readFileSync(path, 'latin1').slice(0, 4096).trim());
}

function readRecord(path: string, id: string): Omit<SysfsRecord, 'slot'> {
  const text = (file: string): string => {
    try {
      return readFileSync(join(path, file), 'latin1').slice(0, 65_536).trim();
    } catch {
      return '';
    }
  };
  const numaNode = Number.parseInt(text('numa_node'), 10);
  return {
    id,
    path: realpathSync(path),
    config: Uint8Array.from(Buffer.from(rawText(join(path, 'config')), 'latin1')),
    resource: text('resource'),
    numaNode: numaNode >= 0 ? numaNode : undefined,
    physfn: existsSync(join(path, 'physfn')) ? readlinkSync(join(path, 'physfn')).split('/').at(-1) : undefined,
    hasIommuGroup: existsSync(join(path, 'iommu_group')),
    iommuGroup: linkName(join(path, 'iommu_group')),
    driver: linkName(join(path, 'driver')),
    names: deviceNames(path),
    linkSpeed: text('current_link_speed'),
    linkWidth: text('current_link_width'),
    maxLinkSpeed: text('max_link_speed'),
    maxLinkWidth: text('max_link_width'),
    vendor: text('vendor'),
    device: text('device'),
  };
}

/** The last word of a symbolic link's target. */
function linkName(path: string): string | undefined {
  try {
    return basename(readlinkSync(path));
  } catch {
    return undefined;
  }
}

/** Folders in which drivers put what they made, each with the names it may have. */
const CLASSES: readonly (readonly [folder: string, name: RegExp])[] = [
  ['infiniband', /./],
  ['net', /./],
  ['drm', /^card\d+$/],
];

/** nvme0n1 (or nvme0 without a namespace), mlx5_0, eth0, card0; also of virtio devices. */
function deviceNames(path: string): string[] {
  const names = CLASSES.flatMap(([folder, name]) => namesIn(join(path, folder)).filter((entry) => name.test(entry)));
  for (const controller of namesIn(join(path, 'nvme'))) {
    const spaces = namesIn(join(path, 'nvme', controller)).filter((entry) => /^nvme\d+(?:c\d+)?n\d+$/.test(entry));
    names.push(...(spaces.length > 0 ? spaces : [controller]));
  }
  for (const virtio of namesIn(path).filter((entry) => /^virtio\d+$/.test(entry))) {
    for (const folder of ['block', 'net']) names.push(...namesIn(join(path, virtio, folder)));
  }
  return names.sort();
}

/** Labels of physical slots by `domain:bus:device`, from /sys/bus/pci/slots beside the devices. */
function slotsBeside(directory: string): Map<string, string> {
  const folder = join(directory, '..', 'slots');
  const slots = new Map<string, string>();
  for (const slot of namesIn(folder)) {
    const address = rawText(join(folder, slot, 'address')).trim();
    if (address !== '') slots.set(address, slot);
  }
  return slots;
}

function rawText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/**
 * The topology from what was read.
 * @param cpuinfo text of /proc/cpuinfo; empty when there is none
 * @throws LabError on a record that is damaged, and on what `validated` refuses
 */
export function fromSysfs(records: readonly SysfsRecord[], cpuinfo: string, source: string): Topology {
  const functions = records.map((record) => functionOf(record, source)).sort(compareFunctions);
  const numaOfParent = new Map(functions.map((fn) => [fn.id, fn.numaNode]));
  return validated({
    source,
    format: 'sysfs',
    functions: functions.map((fn) => ({ ...fn, numaNode: fn.numaNode ?? numaOfParent.get(fn.parent ?? '') })),
    hostBridges: hostBridgesOf(functions),
    cpu: cpuFromCpuinfo(cpuinfo),
    iommu: records.some((record) => record.hasIommuGroup),
    ram: [],
    everyPort: true,
    everyFunction: true,
    notes: [],
  });
}

function functionOf(record: SysfsRecord, source: string): PciFunction {
  const id = parseId(record.id);
  const config = readConfig(record.config);
  if (!id) throw new LabError(`${source}: '${record.id}' is not a PCI address.`);
  if (!config)
    throw new LabError(`${source}: the config file of ${record.id} has ${record.config.length} bytes, not 64.`);
  const place = placeInTree(record, id);
  const resources = parseResources(record, source);
  return {
    ...id,
    ...place,
    isBridge: config.isBridge,
    classCode: config.classCode,
    progIf: config.progIf,
    vendorId: hexOf(record.vendor) ?? config.vendorId,
    deviceId: hexOf(record.device) ?? config.deviceId,
    title: undefined,
    portType: config.portType,
    acs: config.acs,
    numaNode: record.numaNode,
    link: config.link ?? linkIn(record.linkSpeed, record.linkWidth),
    linkMax: config.linkMax ?? linkIn(record.maxLinkSpeed ?? '', record.maxLinkWidth ?? ''),
    bars: barsOf(resources, config),
    buses: config.buses,
    windows: config.isBridge ? windowsOf(resources) : undefined,
    windowView: 'cpu',
    physfn: record.physfn,
    line: undefined,
    identity: {
      driver: record.driver,
      slot: record.slot,
      iommuGroup: record.iommuGroup,
      names: record.names ?? [],
    },
  };
}

function hexOf(text: string): number | undefined {
  return /^0x[0-9a-f]{1,4}$/i.test(text) ? Number(text) : undefined;
}

/** The bridge above and the root bus, from the path of directories. */
function placeInTree(
  record: SysfsRecord,
  id: { readonly domain: number; readonly bus: number },
): { parent: FunctionId | null; hostBridge: HostBridgeId } {
  const parts = record.path.split('/');
  const root = parts.findLastIndex((part) => /^pci[0-9a-f]{4,8}:[0-9a-f]{2}$/.test(part));
  const hostBridge = root < 0 ? formatHostBridgeId(id.domain, id.bus) : (parts[root] as string).slice('pci'.length);
  const above = parseId(parts.at(-2) ?? '');
  return { parent: above?.id ?? null, hostBridge };
}

interface Resource {
  readonly start: bigint;
  readonly end: bigint;
  readonly flags: bigint;
}

function parseResources(record: SysfsRecord, source: string): (Resource | undefined)[] {
  if (record.resource === '') return [];
  return record.resource.split('\n').map((line) => {
    const match = /^(0x[0-9a-f]{1,16}) (0x[0-9a-f]{1,16}) (0x[0-9a-f]{1,16})$/i.exec(line);
    if (!match) throw new LabError(`${source}: the resource file of ${record.id} has a line '${line.slice(0, 60)}'.`);
    const [start, end, flags] = match.slice(1).map((digits) => BigInt(digits)) as [bigint, bigint, bigint];
    return flags === 0n || end < start ? undefined : { start, end, flags };
  });
}

function barsOf(resources: readonly (Resource | undefined)[], config: ConfigFacts): Bar[] {
  return resources.slice(0, STD_BARS).flatMap((resource, index): Bar[] => {
    if (!resource || (resource.flags & IORESOURCE_MEM) === 0n) return [];
    const raw = config.bars.find((bar) => bar.index === index && bar.isMemory);
    const isPlaced = (resource.flags & IORESOURCE_UNSET) === 0n;
    const busStart = raw && raw.busStart !== 0n ? busAddress(raw.busStart) : undefined;
    return [
      {
        index,
        bytes: Number(resource.end - resource.start + 1n),
        prefetchable: (resource.flags & IORESOURCE_PREFETCH) !== 0n,
        is64: (resource.flags & IORESOURCE_MEM_64) !== 0n,
        disabled: !isPlaced,
        cpuStart: isPlaced ? cpuAddress(resource.start) : undefined,
        busStart: isPlaced ? busStart : undefined,
      },
    ];
  });
}

function windowsOf(resources: readonly (Resource | undefined)[]): BridgeWindow[] | undefined {
  if (resources.length <= STD_BARS + 1) return undefined;
  return resources.slice(STD_BARS + 1).flatMap((resource): BridgeWindow[] => {
    if (!resource || (resource.flags & IORESOURCE_MEM) === 0n) return [];
    const kind = (resource.flags & IORESOURCE_PREFETCH) === 0n ? 'memory' : 'prefetchable';
    return [{ kind, start: resource.start, end: resource.end }];
  });
}

function linkIn(speed: string, lanes: string): PciFunction['link'] {
  const gtPerS = /^([\d.]+) GT\/s/.exec(speed)?.[1];
  const width = Number(lanes);
  return gtPerS === undefined || !(width > 0) || width > 32 ? undefined : linkOf(Number(gtPerS), width);
}
