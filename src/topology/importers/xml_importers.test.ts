import { describe, expect, test } from 'vitest';
import { needing, TOPOLOGY_DATA } from '../../../test/support/needs.ts';
import { decide } from '../decide.ts';
import { fix } from '../explain.ts';
import { INTEL, rules, ZEN } from '../fixture.ts';
import { sample } from '../sample_data.ts';
import * as hwloc from './hwloc.ts';
import * as nccl from './nccl.ts';

const bridge = (id: string, buses: string, inside: string): string =>
  `<object type="Bridge" bridge_type="1-1" bridge_pci="${buses}" pci_busid="${id}" pci_type="0604 [8086:2030] [0000:0000] 04 00" pci_link_speed="15.75">${inside}</object>`;
const device = (id: string): string =>
  `<object type="PCIDev" pci_busid="${id}" pci_type="0302 [10de:20b0] [10de:1450] a1"><info name="PCIVendor" value="NVIDIA"/></object>`;
const hwlocFile = (version: string, inside: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE topology SYSTEM "hwloc2.dtd">\n<topology version="${version}">\n<object type="Machine" nodeset="0x00000003"><info name="CPUVendor" value="AuthenticAMD"/><info name="CPUFamilyNumber" value="25"/>\n<object type="Package" nodeset="0x00000002">\n<object type="Bridge" bridge_type="0-1" bridge_pci="0000:[40-45]">\n${inside}\n</object></object></object></topology>\n`;

describe('hwloc', () => {
  const text = hwlocFile(
    '2.0',
    bridge('0000:40:01.0', '0000:[41-42]', device('0000:41:00.0') + device('0000:41:00.1')),
  );
  const topology = hwloc.parse(text, 'x.xml');

  test('gives tree, host bridge, node, CPU, ids and bandwidth', () => {
    expect(topology.cpu).toEqual({ vendor: 'amd', family: 25 });
    expect(topology.hostBridges).toMatchObject([{ id: '0000:40', numaNode: 1, windows: undefined }]);
    expect(topology.functions).toMatchObject([
      {
        id: '0000:40:01.0',
        parent: null,
        isBridge: true,
        buses: { primary: 0x40, secondary: 0x41, subordinate: 0x42 },
      },
      { id: '0000:41:00.0', parent: '0000:40:01.0', numaNode: 1, vendorId: 0x10de, deviceId: 0x20b0, title: 'NVIDIA' },
      { id: '0000:41:00.1', hostBridge: '0000:40' },
    ]);
    expect(topology.functions[0]?.link?.gbPerS).toBeCloseTo(15.75);
  });

  test('leaves ACS unknown: distances, but no verdict below a common bridge', () => {
    const found = decide(topology, '41:00.0', '41:00.1', rules(ZEN));
    expect(found).toMatchObject({ distance: 2, mapType: 'UNKNOWN' });
    expect(fix(topology, found, rules(ZEN))).toContain('lspci -vvvnn as root');
  });

  test('without Bridge objects no bridge is invented: what is above is not known', () => {
    const bare = hwlocFile('2.0', '')
      .replace(/<object type="Bridge"[^>]*>/, '<object type="Group">')
      .replace('<object type="Group">', `<object type="Group">${device('0000:41:00.0')}${device('0000:81:00.0')}`);
    const none = hwloc.parse(bare, 'x.xml');
    expect(none.hostBridges).toEqual([]);
    expect(none.functions.map(({ parent, hostBridge }) => [parent, hostBridge])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(decide(none, '41:00.0', '81:00.0', rules(INTEL))).toMatchObject({ distance: null, mapType: 'UNKNOWN' });
    expect(decide(none, '41:00.0', '81:00.0', rules(ZEN))).toMatchObject({ distance: null, mapType: 'UNKNOWN' });
  });

  needing(TOPOLOGY_DATA).it('lstopo --no-bridges of a DGX-2 gives UNKNOWN for every pair of two devices', () => {
    const none = hwloc.parse(sample('refused/lstopo-no-bridges-dgx2.xml'), 'dgx2');
    const pairs = none.functions.flatMap((a) =>
      none.functions.filter((b) => b !== a).map((b) => [a.id, b.id] as const),
    );
    expect(pairs).toHaveLength(756);
    expect(new Set(pairs.map(([a, b]) => decide(none, a, b, rules(none.cpu)).mapType))).toEqual(new Set(['UNKNOWN']));
  });

  test('names of OS devices belong to the function around them', () => {
    const named = device('0000:41:00.0').replace(
      '</object>',
      '<object type="OSDev" name="mlx5_0" osdev_type="3"/></object>',
    );
    const topologyWithNames = hwloc.parse(hwlocFile('2.0', bridge('0000:40:01.0', '0000:[41-42]', named)), 'x.xml');
    expect(topologyWithNames.functions.map((fn) => fn.identity?.names)).toEqual([undefined, ['mlx5_0']]);
  });

  test('version 3 reads alike, version 1 is refused', () => {
    expect(hwloc.parse(text.replace('version="2.0"', 'version="3.0"'), 'x.xml').functions).toEqual(topology.functions);
    expect(() => hwloc.parse(text.replace('version="2.0"', ''), 'x.xml')).toThrow(/x.xml:3: hwloc XML version '1'/);
  });

  test.each([
    ['a device twice', device('0000:41:00.0') + device('0000:41:00.0'), /x.xml:7: 0000:41:00.0 appears a second time/],
    ['a bad address', device('zz'), /x.xml:7: pci_busid 'zz'/],
    ['a bad bus range', bridge('0000:40:01.0', '41-42', ''), /x.xml:7: bridge_pci '41-42'/],
  ])('%s is refused with the line', (_, inside, message) => {
    expect(() => hwloc.parse(hwlocFile('2.0', inside), 'x.xml')).toThrow(message);
  });

  needing(TOPOLOGY_DATA).it('DGX-2 has 28 devices below four host bridges of two sockets', () => {
    const dgx2 = hwloc.parse(sample('dgx2.hwloc.xml'), 'dgx2');
    expect(dgx2.functions.filter((fn) => !fn.isBridge)).toHaveLength(28);
    expect(dgx2.hostBridges.map((host) => [host.id, host.numaNode])).toEqual([
      ['0000:2b', 0],
      ['0000:4e', 0],
      ['0000:ae', 1],
      ['0000:d7', 1],
    ]);
    expect(dgx2.cpu).toEqual(INTEL);
    // Skylake-E root ports at 00.0 are on the list and need no common host bridge.
    expect(decide(dgx2, '34:00.0', 'e7:00.0', rules(dgx2.cpu))).toMatchObject({
      distance: 12,
      mapType: 'THRU_HOST_BRIDGE',
    });
  });
});

describe('NCCL', () => {
  const file = (inside: string, cpu = ''): string =>
    `<system version="1">\n<cpu numaid="1" ${cpu}>\n<pci busid="0000:c1:00.0" class="0x060400" link_speed="16.0 GT/s PCIe" link_width="16">\n${inside}\n</pci></cpu></system>`;
  const pci = (id: string): string =>
    `<pci busid="${id}" class="0x030200" vendor="0x10de" device="0x2330" link_speed="" link_width="0"><gpu dev="0"/></pci>`;

  test('gives nearness and NUMA node, but no distance', () => {
    const topology = nccl.parse(file(pci('0000:c3:00.0') + pci('0000:c4:00.0')), 'x.xml');
    expect(topology.functions[1]).toMatchObject({
      parent: '0000:c1:00.0',
      numaNode: 1,
      classCode: 0x0302,
      deviceId: 0x2330,
    });
    const found = decide(topology, 'c3:00.0', 'c4:00.0', rules(ZEN));
    expect(found).toMatchObject({ distance: null, mapType: 'UNKNOWN', ground: 'unknown-tree' });
  });

  test('tells NVLinks and names of network devices', () => {
    const gpu =
      '<pci busid="0000:c3:00.0" class="0x030200"><gpu dev="0"><nvlink target="0000:C4:00.0" count="12"/></gpu></pci>';
    const nic = '<pci busid="0000:c5:00.0" class="0x020700"><nic><net name="mlx5_3" dev="3"/></nic></pci>';
    const topology = nccl.parse(file(gpu + nic), 'x.xml');
    expect(topology.functions.map((fn) => [fn.nvlinks, fn.identity?.names])).toEqual([
      [undefined, undefined],
      [[{ target: '0000:c4:00.0', count: 12 }], undefined],
      [undefined, ['mlx5_3']],
    ]);
  });

  test('functions of two domains have no bridge in common, whatever switch the file draws', () => {
    const topology = nccl.parse(file(pci('0001:00:00.0') + pci('0101:00:00.0')), 'x.xml');
    expect(decide(topology, '0001:00:00.0', '0101:00:00.0', rules(ZEN))).toMatchObject({
      distance: null,
      mapType: 'THRU_HOST_BRIDGE',
    });
  });

  test.each([
    ['arch="x86_64" vendor="AuthenticAMD" familyid="143"', ZEN],
    ['arch="x86_64" vendor="AuthenticAMD" familyid="23"', ZEN],
    ['arch="x86_64" vendor="AuthenticAMD" familyid="175"', { vendor: 'amd', family: 25 }],
    ['arch="x86_64" vendor="GenuineIntel" familyid="6"', INTEL],
    ['arch="arm64"', undefined],
  ])('CPU %s', (words, cpu) => {
    expect(nccl.parse(file(pci('0000:c3:00.0'), words), 'x.xml').cpu).toEqual(cpu);
  });

  test('a device twice and a bad address are refused with the line', () => {
    expect(() => nccl.parse(file(pci('0000:c3:00.0') + pci('0000:c3:00.0')), 'x.xml')).toThrow(
      /x.xml:4: .* second time/,
    );
    expect(() => nccl.parse(file(pci('c3')), 'x.xml')).toThrow(/x.xml:4: busid 'c3'/);
  });
});
