import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { windowOffset } from './addresses.ts';
import { decide } from './decide.ts';
import { rules, ZEN } from './fixture.ts';
import { loadTopology } from './load.ts';
import type { SysfsRecord } from './sysfs.ts';
import { fromSysfs, readSysfs } from './sysfs.ts';

/** Config space with values put in little-endian order at offsets. */
function config(
  bytes: number,
  values: readonly (readonly [offset: number, width: number, value: number])[],
): Uint8Array {
  const space = new Uint8Array(bytes);
  const view = new DataView(space.buffer);
  for (const [offset, width, value] of values) {
    if (offset + width > bytes) continue;
    if (width === 1) view.setUint8(offset, value);
    else if (width === 2) view.setUint16(offset, value, true);
    else view.setUint32(offset, value, true);
  }
  return space;
}

const EXPRESS = (type: number): [number, number, number][] => [
  [0x06, 2, 0x10],
  [0x34, 1, 0x40],
  [0x40, 1, 0x10],
  [0x42, 2, (type << 4) | 2],
  [0x52, 2, 0x83],
];

const ROOT_PORT = (acs: number, bytes = 4096): Uint8Array =>
  config(bytes, [
    [0x00, 2, 0x8086],
    [0x02, 2, 0x2030],
    [0x0a, 2, 0x0604],
    [0x0e, 1, 1],
    [0x19, 1, 1],
    [0x1a, 1, 1],
    ...EXPRESS(4),
    [0x100, 4, 0x0001000d],
    [0x106, 2, acs],
  ]);

const NVME = config(4096, [
  [0x00, 2, 0x144d],
  [0x02, 2, 0xa808],
  [0x04, 2, 6],
  [0x0a, 2, 0x0108],
  [0x10, 4, 0x4000_000c],
  ...EXPRESS(0),
]);

const OFFSET = 0x5ff_c000_0000n;
const BAR_CPU = 0x4000_0000n + OFFSET;

function resourceText(lines: readonly (readonly [bigint, bigint, bigint])[]): string {
  return lines.map((line) => line.map((value) => `0x${value.toString(16).padStart(16, '0')}`).join(' ')).join('\n');
}
const NONE = [0n, 0n, 0n] as const;
const BAR_LINES = resourceText([[BAR_CPU, BAR_CPU + 0xfff_ffffn, 0x14220cn], NONE, NONE, NONE, NONE, NONE, NONE]);
const WINDOW_LINES = resourceText([
  ...Array.from({ length: 14 }, () => NONE),
  [BAR_CPU, BAR_CPU + 0x1fff_ffffn, 0x102201n],
]);

const record = (id: string, path: string, more: Partial<SysfsRecord>): SysfsRecord => ({
  id,
  path: `/sys/devices/pci0000:00/${path}`,
  config: NVME,
  resource: '',
  numaNode: undefined,
  physfn: undefined,
  hasIommuGroup: false,
  linkSpeed: '',
  linkWidth: '',
  vendor: '',
  device: '',
  ...more,
});

const RECORDS: SysfsRecord[] = [
  record('0000:00:02.0', '0000:00:02.0', { config: ROOT_PORT(0x1d), resource: WINDOW_LINES, numaNode: 1 }),
  record('0000:01:00.0', '0000:00:02.0/0000:01:00.0', { resource: BAR_LINES }),
  record('0000:01:10.0', '0000:00:02.0/0000:01:10.0', {
    config: config(256, [[0, 4, 0xffffffff]]),
    physfn: '0000:01:00.0',
    vendor: '0x144d',
    device: '0xa809',
  }),
];

describe('the running system', () => {
  const topology = fromSysfs(RECORDS, 'vendor_id\t: AuthenticAMD\ncpu family\t: 23\n', 'host');

  test('tells tree, ids, ACS, link, node and CPU', () => {
    expect(topology.cpu).toEqual(ZEN);
    expect(topology.functions).toMatchObject([
      { id: '0000:00:02.0', parent: null, hostBridge: '0000:00', portType: 'root-port', acs: 0x1d, numaNode: 1 },
      { id: '0000:01:00.0', parent: '0000:00:02.0', numaNode: 1, acs: 'absent', link: { gtPerS: 8, width: 8 } },
      { id: '0000:01:10.0', parent: '0000:00:02.0', physfn: '0000:01:00.0', vendorId: 0x144d, deviceId: 0xa809 },
    ]);
    expect(decide(topology, '01:00.0', '01:10.0', rules(ZEN))).toMatchObject({
      mapType: 'THRU_HOST_BRIDGE',
      distance: 2,
    });
  });

  test('tells the offset: CPU address of resource minus bus address of config', () => {
    const fn = topology.functions[1];
    const bar = fn?.bars[0];
    expect(bar).toMatchObject({ bytes: 2 ** 28, cpuStart: BAR_CPU, busStart: 0x4000_0000n, prefetchable: true });
    expect(fn && bar && windowOffset(topology, fn, bar as never, rules(undefined))).toBe(OFFSET);
  });

  test('without root (64 bytes of config) ACS stays unknown', () => {
    const poor = RECORDS.slice(0, 2).map((r) => ({ ...r, config: r.config.slice(0, 64) }));
    expect(fromSysfs(poor, '', 'host').functions[0]).toMatchObject({ acs: 'unknown', portType: 'unknown' });
  });

  test('damaged files are refused with the device', () => {
    const [first] = RECORDS;
    if (!first) throw new Error('no record');
    expect(() => fromSysfs([{ ...first, resource: 'x y z' }], '', 'host')).toThrow(/resource file of 0000:00:02.0/);
    expect(() => fromSysfs([{ ...first, config: new Uint8Array(3) }], '', 'host')).toThrow(/has 3 bytes, not 64/);
  });
});

describe('a copied device directory', () => {
  let root = '';

  beforeAll(() => {
    root = scratchFolder('sysfs');
    mkdirSync(join(root, 'bus'));
    for (const { id, path, config: bytes, resource } of RECORDS.slice(0, 2)) {
      const directory = join(root, path);
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'config'), bytes);
      writeFileSync(join(directory, 'resource'), `${resource}\n`);
      writeFileSync(join(directory, 'numa_node'), '-1\n');
      symlinkSync(directory, join(root, 'bus', id));
    }
  });

  test('loads like the running system', async () => {
    const topology = await loadTopology(join(root, 'bus'));
    expect(topology.functions.map((fn) => [fn.id, fn.parent, fn.numaNode])).toEqual([
      ['0000:00:02.0', null, undefined],
      ['0000:01:00.0', '0000:00:02.0', undefined],
    ]);
  });

  test('tells driver, slot, group and the names of what the driver made', () => {
    const device = join(root, RECORDS[1]?.path ?? '');
    for (const folder of [
      'nvme/nvme3/nvme3n1',
      'nvme/nvme3/power',
      'infiniband/mlx5_0',
      'net/eth7',
      'drm/card1',
      'drm/renderD128',
    ]) {
      mkdirSync(join(device, folder), { recursive: true });
    }
    mkdirSync(join(root, 'drivers/nvme'), { recursive: true });
    mkdirSync(join(root, 'groups/42'), { recursive: true });
    symlinkSync(join(root, 'drivers/nvme'), join(device, 'driver'));
    symlinkSync(join(root, 'groups/42'), join(device, 'iommu_group'));
    mkdirSync(join(root, 'slots/7-1'), { recursive: true });
    writeFileSync(join(root, 'slots/7-1/address'), '0000:01:00\n');
    writeFileSync(join(device, 'max_link_speed'), '32.0 GT/s PCIe\n');
    writeFileSync(join(device, 'max_link_width'), '4\n');
    const nvme = readSysfs(join(root, 'bus')).find((record) => record.id === '0000:01:00.0');
    expect(nvme).toMatchObject({
      driver: 'nvme',
      slot: '7-1',
      iommuGroup: '42',
      names: ['card1', 'eth7', 'mlx5_0', 'nvme3n1'],
      maxLinkSpeed: '32.0 GT/s PCIe',
    });
  });

  test('whose links became text files, and named by its top folder, loads too', async () => {
    const copy = scratchFolder('sysfs-text');
    cpSync(root, copy, { recursive: true });
    for (const { id, path } of RECORDS.slice(0, 2)) {
      rmSync(join(copy, 'bus', id));
      writeFileSync(join(copy, 'bus', id), `../${path}`);
    }
    expect((await loadTopology(copy)).functions.map((fn) => fn.id)).toEqual(['0000:00:02.0', '0000:01:00.0']);
  });

  test('without devices is refused', () => {
    expect(() => readSysfs(join(root, 'sys'))).toThrow(/no PCI devices/);
  });
});

test('a name that is neither file nor preset is refused with a suggestion', async () => {
  await expect(loadTopology('acs-onn')).rejects.toThrow(/did you mean 'acs-on'\?/);
});
