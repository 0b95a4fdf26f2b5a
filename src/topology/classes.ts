// Class and vendor names as pci.ids writes them, for dumps that show words instead of numbers.

/** Base class << 8 | subclass by name: the classes that matter for the tree, the matrix and providers. */
const CLASS_BY_NAME: ReadonlyMap<string, number> = new Map([
  ['Unclassified device', 0x0000],
  ['SCSI storage controller', 0x0100],
  ['IDE interface', 0x0101],
  ['RAID bus controller', 0x0104],
  ['SATA controller', 0x0106],
  ['Serial Attached SCSI controller', 0x0107],
  ['Non-Volatile memory controller', 0x0108],
  ['Mass storage controller', 0x0180],
  ['Ethernet controller', 0x0200],
  ['Fabric controller', 0x0208],
  ['Infiniband controller', 0x0207],
  ['Network controller', 0x0280],
  ['VGA compatible controller', 0x0300],
  ['3D controller', 0x0302],
  ['Display controller', 0x0380],
  ['Multimedia video controller', 0x0400],
  ['Multimedia audio controller', 0x0401],
  ['Audio device', 0x0403],
  ['Multimedia controller', 0x0480],
  ['RAM memory', 0x0500],
  ['FLASH memory', 0x0501],
  ['CXL', 0x0502],
  ['Memory controller', 0x0580],
  ['Host bridge', 0x0600],
  ['ISA bridge', 0x0601],
  ['PCI bridge', 0x0604],
  ['PCMCIA bridge', 0x0605],
  ['CardBus bridge', 0x0607],
  ['Semi-transparent PCI-to-PCI bridge', 0x0609],
  ['InfiniBand to PCI host bridge', 0x060a],
  ['Bridge', 0x0680],
  ['Serial controller', 0x0700],
  ['Communication controller', 0x0780],
  ['PIC', 0x0800],
  ['IOMMU', 0x0806],
  ['Generic Root Complex Event Collector', 0x0807],
  ['System peripheral', 0x0880],
  ['USB controller', 0x0c03],
  ['Fibre Channel', 0x0c04],
  ['SMBus', 0x0c05],
  ['InfiniBand', 0x0c06],
  ['Encryption controller', 0x1080],
  ['Performance counters', 0x1101],
  ['Signal processing controller', 0x1180],
  ['Processing accelerators', 0x1200],
  ['Co-processor', 0x0b40],
]);

/** Vendors whose pci.ids name belongs to one id only. */
const VENDOR_BY_PREFIX: readonly (readonly [string, number])[] = [
  ['Advanced Micro Devices, Inc. [AMD/ATI]', 0x1002],
  ['Advanced Micro Devices, Inc. [AMD]', 0x1022],
  ['NVIDIA Corporation', 0x10de],
  ['Microsoft Corporation', 0x1414],
  ['Mellanox Technologies', 0x15b3],
  ['Google, Inc.', 0x1ae0],
  ['Intel Corporation', 0x8086],
];

export const CLASS_HOST_BRIDGE = 0x0600;
const BRIDGE_CLASSES = new Set([0x0604, 0x0607, 0x0609]);

export function classByName(name: string): number | undefined {
  return CLASS_BY_NAME.get(name);
}

/** Vendor id, and the device id when pci.ids had no name for it (`NVIDIA Corporation Device 20b0`). */
export function idsByName(name: string): { vendorId: number | undefined; deviceId: number | undefined } {
  const vendor = VENDOR_BY_PREFIX.find(([prefix]) => name.startsWith(prefix));
  if (!vendor) return { vendorId: undefined, deviceId: undefined };
  const device = /^ Device ([0-9a-f]{4})\b/.exec(name.slice(vendor[0].length))?.[1];
  return { vendorId: vendor[1], deviceId: device === undefined ? undefined : Number.parseInt(device, 16) };
}

/** Whether functions of this class have a type 1 (or 2) header. */
export function isBridgeClass(classCode: number | undefined): boolean {
  return classCode !== undefined && BRIDGE_CLASSES.has(classCode);
}

/** Parts of the chip set that no one does peer-to-peer DMA with: host and ISA bridges, SMBus, counters. */
export function isChipset(classCode: number | undefined): boolean {
  const base = (classCode ?? 0) >> 8;
  const always = classCode === CLASS_HOST_BRIDGE || classCode === 0x0601 || classCode === 0x0c05;
  return classCode !== undefined && (always || base === 0x08 || base === 0x11);
}

/** A short name for tables; the class in hex when it has none here. */
export function shortClass(classCode: number | undefined): string {
  if (classCode === undefined) return '';
  const short: Record<number, string> = {
    264: 'NVMe',
    512: 'Ethernet',
    519: 'InfiniBand',
    768: 'VGA',
    770: '3D/GPU',
    896: 'Display',
    262: 'SATA',
    1536: 'Host bridge',
    1537: 'ISA bridge',
    1540: 'PCI bridge',
    1664: 'Bridge',
    3075: 'USB',
    3077: 'SMBus',
    4608: 'Accelerator',
  };
  return short[classCode] ?? `class ${classCode.toString(16).padStart(4, '0')}`;
}
