import { describe, expect, test } from 'vitest';
import { needing, TOPOLOGY_DATA } from '../../../test/support/needs.ts';
import { LabError } from '../../base/errors.ts';
import { decide } from '../decide.ts';
import { rules, ZEN } from '../fixture.ts';
import { writeLspci } from '../lspci_writer.ts';
import type { PciFunction } from '../model.ts';
import { preset } from '../presets.ts';
import { sample, sampleSection } from '../sample_data.ts';
import * as lspci from './lspci.ts';
import * as nccl from './nccl.ts';

const parse = (text: string) => lspci.parse(text, 'dump');
const only = (text: string): PciFunction => parse(text).functions[0] as PciFunction;

describe('the first line of a function', () => {
  test.each([
    ['0000:00:02.0 0604: 8086:2030 (rev 04) (prog-if 00)', '0000:00:02.0', 0x0604, 0x8086, 0x2030],
    [
      '00:02.0 PCI bridge [0604]: Intel Corporation Sky Lake-E [8086:2030] (rev 04)',
      '0000:00:02.0',
      0x0604,
      0x8086,
      0x2030,
    ],
    [
      '10000:e1:00.0 Non-Volatile memory controller: Intel Corporation NVMe',
      '10000:e1:00.0',
      0x0108,
      0x8086,
      undefined,
    ],
    ['0001:00:00.0 3D controller: NVIDIA Corporation Device 20b0 (rev a1)', '0001:00:00.0', 0x0302, 0x10de, 0x20b0],
    ['00:1f.7 Class 0600: 8086:1237', '0000:00:1f.7', 0x0600, 0x8086, 0x1237],
    ['ff:1f.7 Bridge: Whoever Inc', '0000:ff:1f.7', 0x0680, undefined, undefined],
  ] as const)('%s', (line, id, classCode, vendorId, deviceId) => {
    expect(only(`${line}\n`)).toMatchObject({ id, classCode, vendorId, deviceId });
  });
});

const PORT = [
  '00:01.0 0604: 1b36:000c',
  '\tControl: I/O+ Mem+',
  '\tNUMA node: 3',
  '\tBus: primary=00, secondary=01, subordinate=02, sec-latency=0',
  '\tMemory behind bridge: fe800000-fe9fffff [size=2M] [32-bit]',
  '\tPrefetchable memory behind bridge: 0000380000000000-000038ffffffffff [size=1T] [64-bit]',
  '\tCapabilities: [54] Express (v2) Root Port (Slot+), MSI 00',
  '\t\tLnkSta:\tSpeed 16GT/s (ok), Width x8 (downgraded)',
  '\tCapabilities: [148 v1] Access Control Services',
  '\t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl+ DirectTrans+',
  '\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir- UpstreamFwd- EgressCtrl+ DirectTrans-',
].join('\n');

const NVME = [
  '01:00.0 0108: 144d:a808',
  '\tControl: I/O+ Mem+',
  '\tRegion 0: Memory at fe800000 (64-bit, non-prefetchable) [size=16K]',
  '\tRegion 2: Memory at 380000000000 (64-bit, prefetchable) [size=64G]',
  '\tRegion 5: I/O ports at c000 [size=256]',
  '\tCapabilities: [80] Express (v2) Endpoint, IntMsgNum 0',
  '\tCapabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)',
  '\t\tIOVCtl:\tEnable+ Migration-',
  '\t\tInitial VFs: 8, Total VFs: 8, Number of VFs: 1, Function Dependency Link: 00',
  '\t\tVF offset: 256, stride: 1, Device ID: a808',
  '\t\tRegion 0: Memory at 00000000fe900000 (64-bit, non-prefetchable)',
].join('\n');
const VF = '02:00.0 0108: ffff:ffff\n\tControl: I/O-\n';

test('facts of a bridge and an endpoint are read, nested lines of a capability are not taken for the function', () => {
  const { functions } = parse(`${PORT}\n\n${NVME}\n\n${VF}`);
  expect(functions[0]).toMatchObject({
    portType: 'root-port',
    acs: 0x25,
    numaNode: 3,
    link: { gtPerS: 16, width: 8 },
    buses: { primary: 0, secondary: 1, subordinate: 2 },
    windowView: 'cpu',
    windows: [
      { kind: 'memory', start: 0xfe800000n, end: 0xfe9fffffn },
      { kind: 'prefetchable', start: 0x380000000000n, end: 0x38ffffffffffn },
    ],
  });
  expect(functions[1]).toMatchObject({ parent: '0000:00:01.0', acs: 'absent', portType: 'endpoint' });
  expect(functions[1]?.bars.map((bar) => [bar.index, bar.bytes, bar.cpuStart])).toEqual([
    [0, 16_384, 0xfe800000n],
    [2, 2 ** 36, 0x380000000000n],
  ]);
  expect(functions[2]).toMatchObject({ parent: '0000:00:01.0', physfn: '0000:01:00.0' });
});

test('a dump pasted with spaces for tabs reads the same', () => {
  const spaced = `${PORT}\n\n${NVME}\n\n${VF}`.replaceAll('\t', '    ');
  expect(parse(spaced).functions).toEqual(parse(`${PORT}\n\n${NVME}\n\n${VF}`).functions);
});

test('text copied with line ends of another system reads the same', () => {
  const text = `${PORT}\n\n${NVME}\n\n${VF}`;
  expect(parse(text.replaceAll('\n', '\r\n')).functions).toEqual(parse(text).functions);
});

test('messages of lspci itself between the lines are passed over', () => {
  expect(parse(`${PORT}\nlspci: Unable to load libkmod resources: error -2\n\n${NVME}\n`).functions).toHaveLength(2);
});

describe('what the dump does not tell stays unknown', () => {
  test('ACS and port type when capabilities could not be read', () => {
    const fn = only('00:01.0 0108: 1b36:0010\n\tControl: I/O+\n\tCapabilities: <access denied>\n');
    expect(fn).toMatchObject({ acs: 'unknown', portType: 'unknown' });
  });

  test('ACS control when -v lists the capability without its bits', () => {
    const fn = only(
      '00:01.0 0108: 1b36:0010\n\tFlags: fast devsel, NUMA node 1\n\tCapabilities: [148] Access Control Services\n',
    );
    expect(fn).toMatchObject({ acs: 'unknown', numaNode: 1 });
  });

  test('ACS is absent when capabilities are listed and it is not among them', () => {
    expect(only('00:01.0 0108: 1b36:0010\n\tFlags: fast devsel\n').acs).toBe('absent');
  });

  test('the tree when plain lspci shows no bus numbers', () => {
    const topology = parse(
      '00:00.0 Host bridge: Intel Corporation X\n00:01.0 PCI bridge: Intel Corporation X\n01:00.0 3D controller: NVIDIA Corporation X\n',
    );
    expect(topology.functions[2]).toMatchObject({ parent: undefined, hostBridge: undefined });
    expect(decide(topology, '00:00.0', '01:00.0', rules(ZEN))).toMatchObject({ mapType: 'UNKNOWN', distance: null });
  });

  test('offsets: host bridge windows', () => {
    expect(parse(`${PORT}\n\n`).hostBridges[0]).toMatchObject({ id: '0000:00', windows: undefined, numaNode: 3 });
  });
});

describe('lspci -t', () => {
  const tree = [
    '-+-[0000:00]-+-00.0',
    ' |           +-01.0',
    ' |           +-02.0-[01]----00.0',
    ' |           \\-1f.3',
    ' \\-[0000:80]-+-00.0-[81-84]----00.0-[82-84]--+-00.0-[83]----00.0',
    '             |                               \\-01.0-[84]----00.0',
    '             \\-01.0-[85]----00.0',
  ].join('\n');
  const edges = (text: string): string[] => parse(text).functions.map((fn) => `${fn.id} below ${fn.parent}`);

  test('alone gives the tree', () => {
    expect(edges(tree)).toContain('0000:84:00.0 below 0000:82:01.0');
    expect(decide(parse(tree), '0000:83:00.0', '0000:84:00.0', rules(ZEN))).toMatchObject({
      distance: 4,
      mapType: 'UNKNOWN',
    });
  });

  test('with words (-tv) gives the same tree', () => {
    const words = tree.replaceAll(/(\d\d\.\d|1f\.3)$/gm, '$1  Red Hat, Inc. QEMU [1b36:0010] - 00.0');
    expect(edges(words)).toEqual(edges(tree));
  });

  test('beside plain lspci gives bridges their buses', () => {
    const plain = '00:02.0 PCI bridge: Intel Corporation X\n01:00.0 3D controller: NVIDIA Corporation Y\n';
    expect(edges(`${plain}${tree}\n`)).toContain('0000:01:00.0 below 0000:00:02.0');
  });

  needing(TOPOLOGY_DATA).it('of a real machine is the tree of its -vvv', () => {
    for (const name of ['functions.zen.iommu-acs', 'one-switch.zen', 'two-bridges.intel']) {
      const file = `linux-6.12/${name}.txt`;
      expect(edges(sampleSection(file, 'TREE'))).toEqual(edges(sampleSection(file, 'LSPCI')));
    }
  });
});

describe('hex dumps', () => {
  /** 4 KiB of config space: a root port with PCIe at 0x40 and ACS at 0x100, or an endpoint with one 64-bit BAR. */
  function configRows(set: readonly (readonly [number, number])[], bytes: number): string {
    const space = new Uint8Array(bytes);
    for (const [at, value] of set) if (at < bytes) space[at] = value;
    return Array.from({ length: bytes / 16 }, (_, row) => {
      const cells = [...space.slice(row * 16, row * 16 + 16)].map((byte) => byte.toString(16).padStart(2, '0'));
      return `${(row * 16).toString(16).padStart(2, '0')}: ${cells.join(' ')}`;
    }).join('\n');
  }
  const le = (at: number, value: number, length: number): [number, number][] =>
    Array.from({ length }, (_, i) => [at + i, Math.floor(value / 2 ** (8 * i)) % 256]);
  const rootPort = [
    ...le(0, 0x8086, 2),
    ...le(2, 0x2030, 2),
    ...le(4, 6, 2),
    ...le(6, 0x10, 2),
    ...le(0x0a, 0x0604, 2),
    ...le(0x0e, 1, 1),
    ...le(0x19, 1, 1),
    ...le(0x1a, 1, 1),
    ...le(0x34, 0x40, 1),
    ...le(0x40, 0x10, 1),
    ...le(0x42, 0x42, 2),
    ...le(0x52, 0x84, 2),
    ...le(0x100, 0x0001000d, 4),
    ...le(0x106, 0x1d, 2),
  ];
  const endpoint = [
    ...le(0, 0x144d, 2),
    ...le(4, 6, 2),
    ...le(0x0a, 0x0108, 2),
    ...le(0x10, 0x4000000c, 4),
    ...le(0x14, 0x1, 4),
  ];

  test('-xxxx alone tells tree, link, ACS and ids', () => {
    const text = `00:02.0 PCI bridge: Intel Corporation X\n${configRows(rootPort, 4096)}\n\n01:00.0 Non-Volatile memory controller: X\n${configRows(endpoint, 4096)}\n`;
    const { functions } = parse(text);
    expect(functions[0]).toMatchObject({
      vendorId: 0x8086,
      deviceId: 0x2030,
      portType: 'root-port',
      acs: 0x1d,
      link: { gtPerS: 16, width: 8 },
    });
    expect(functions[1]).toMatchObject({ parent: '0000:00:02.0', acs: 'absent' });
    expect(functions[1]?.bars[0]).toMatchObject({ index: 0, busStart: 0x140000000n, cpuStart: undefined });
  });

  test('beside -v gives the bus address of a BAR, hence the offset', () => {
    const text = `01:00.0 0108: 144d:a808\n\tControl: I/O+\n\tRegion 0: Memory at 5ff40000000 (64-bit, prefetchable) [size=1G]\n${configRows(endpoint, 64)}\n`;
    expect(only(text).bars[0]).toMatchObject({ cpuStart: 0x5ff40000000n, busStart: 0x140000000n });
  });

  test('-x (64 bytes) leaves ACS unknown where there are capabilities', () => {
    expect(only(`00:02.0 0604: 8086:2030\n${configRows(rootPort, 64)}\n`)).toMatchObject({ acs: 'unknown' });
    expect(only(`01:00.0 0108: 144d:a808\n${configRows(endpoint, 64)}\n`)).toMatchObject({ acs: 'absent' });
  });

  test('a short or missing row is refused with its line', () => {
    const rows = configRows(endpoint, 64).split('\n');
    expect(() => parse(`01:00.0 0108: 144d:a808\n${rows[0]}\n${rows[2]}\n`)).toThrow(
      /dump:3: expected 16 bytes .* at offset 10/,
    );
    expect(() => parse(`01:00.0 0108: 144d:a808\n${rows[0]?.slice(0, 30)}\n`)).toThrow(/dump:2: /);
    expect(() => parse(`01:00.0 0108: 144d:a808\n${rows[0]}\n`)).toThrow(/ends before the header does/);
  });
});

needing(TOPOLOGY_DATA).describe('Azure NDv4', () => {
  test('lspci and NCCL agree on the bus id and NUMA node of every GPU and NIC', () => {
    const byLspci = new Map(parse(sample('azure-ndv4.lspci.txt')).functions.map((fn) => [fn.id, fn]));
    const byNccl = nccl.parse(sample('azure-ndv4.nccl.xml'), 'nccl').functions.filter((fn) => !fn.isBridge);
    expect(byNccl).toHaveLength(16);
    for (const fn of byNccl) {
      expect(byLspci.get(fn.id)).toMatchObject({ numaNode: fn.numaNode, classCode: fn.classCode });
    }
  });

  test('has 31 functions, virtual ones included, each alone in its domain', () => {
    const topology = parse(sample('azure-ndv4.lspci.txt'));
    expect(topology.functions).toHaveLength(31);
    expect(topology.hostBridges).toHaveLength(31);
    expect(decide(topology, '0001:00:00.0', '0101:00:00.0', rules(ZEN))).toMatchObject({
      distance: 2,
      mapType: 'THRU_HOST_BRIDGE',
    });
  });
});

describe('bad input is refused with the line', () => {
  const good = `${PORT}\n\n${NVME}\n`;
  test.each([
    ['a function twice', `${good}\n${NVME}\n`, /dump:25: 0000:01:00.0 appears a second time \(first at dump:13\)/],
    ['no function at all', '\n\n', /no PCI function found/],
    ['other words after the first function', `${good}hello\n`, /dump:24: 'hello' is not lspci output/],
    [
      'a bus line cut short',
      '00:01.0 0604: 1b36:000c\n\tBus: primary=00, seco',
      /dump:2: 'Bus: primary=00, seco' is not/,
    ],
    ['an ACS line cut short', PORT.slice(0, -20), /dump:11: /],
    ['a region cut short', `${PORT}\n\n${NVME.slice(0, NVME.indexOf('(64-bit') + 9)}`, /dump:15: 'Region 0/],
    [
      'a line cut inside one seen before',
      `${PORT}\n\n${NVME.replaceAll('01:00.0', '01:00.1')}\n\n${NVME.slice(0, -15)}`,
      /cut off inside/,
    ],
    [
      'a bridge without bus numbers',
      '00:01.0 0604: 1b36:000c\n\tControl: I/O+\n',
      /dump:1: bridge 0000:00:01.0 has no Bus line/,
    ],
    ['a last function without facts', `${good}\n01:00.1 0108: 144d:a808\n`, /dump:25: nothing is told about/],
    [
      'two bridges to one bus',
      `${PORT}\n${PORT.replace('00:01.0', '00:02.0')}\n`,
      /dump:12: 0000:00:02.0 leads to bus 0000:01, but so does/,
    ],
    [
      'a bridge to its own bus',
      PORT.replace('secondary=01', 'secondary=00')
        .replace('primary=00', 'primary=00')
        .replace('00:01.0', '02:01.0')
        .replace('secondary=00', 'secondary=02'),
      /dump:1: .* a cycle/,
    ],
    ['a bridge with another primary bus', PORT.replace('primary=00', 'primary=07'), /primary bus register says 07/],
    ['bus numbers in the wrong order', PORT.replace('subordinate=02', 'subordinate=00'), /subordinate bus 00 below/],
    ['an orphan', `${PORT}\n\n${VF}`, /dump:13: 0000:02:00.0 is an orphan: 0000:00:01.0 forwards/],
    [
      'a switch port nobody leads to',
      '05:00.0 0604: 1b36:000c\n\tBus: primary=05, secondary=06, subordinate=06, sec-latency=0\n\tCapabilities: [90] Express (v2) Downstream Port (Slot+), MSI 00\n',
      /orphan: no bridge leads to bus 0000:05/,
    ],
  ])('%s', (_, text, message) => {
    expect(() => parse(text)).toThrow(LabError);
    expect(() => parse(text)).toThrow(message);
  });

  test('a bridge below a bridge outside its bus range', () => {
    const inner = [
      '01:00.0 0604: 1b36:000c',
      '\tControl: I/O+',
      '\tBus: primary=01, secondary=09, subordinate=09, sec-latency=0',
    ].join('\n');
    expect(() => parse(`${PORT}\n\n${inner}\n`)).toThrow(/dump:13: 0000:01:00.0 leads to buses 09-09, outside/);
  });

  test('windows of two ports that overlap, and two BARs in one place, are noted with the line', () => {
    const other = NVME.slice(0, NVME.indexOf('\tCap')).replace('01:00.0', '01:00.1');
    const twice = parse(`${PORT}\n\n${NVME}\n\n${other}`);
    expect(twice.notes.join()).toMatch(/dump:\d+: 0000:01:00.[01] BAR .* overlap/);
    const second = PORT.replace('00:01.0', '00:02.0').replace(
      'secondary=01, subordinate=02',
      'secondary=03, subordinate=03',
    );
    expect(parse(`${PORT}\n\n${second}\n`).notes.join()).toMatch(/dump:13: 0000:00:01.0 memory window .* overlap/);
  });

  test('a port whose link is active with nothing behind it at the end', () => {
    const active = PORT.replace(
      '\tCapabilities: [148',
      '\t\t\tTrErr- Train- SlotClk- DLActive+ BWMgmt-\n\tCapabilities: [148',
    );
    expect(() => parse(`${active}\n\n`)).toThrow(/nothing is shown behind 0000:00:01.0 .* whose link is active/);
  });

  test('a cut anywhere is an error or still a topology, never a crash', () => {
    const text = writeLspci(preset('two-host-bridges', { barBytes: 2 ** 28 }).topology);
    for (let length = 1; length < text.length; length += 97) {
      try {
        parse(text.slice(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(LabError);
      }
    }
  });
});

test('a BAR outside the window above it is noted on that BAR, and the rest is read', () => {
  const { functions, notes } = parse(`${PORT}\n\n${NVME.replace('at 380000000000', 'at 390000000000')}\n`);
  expect(notes[0]).toMatch(
    /dump:13: BAR 2 of 0000:01:00.0 at 0x390000000000-.* is outside the windows of bridge 0000:00:01.0/,
  );
  expect(functions[1]?.bars.map((bar) => bar.note)).toEqual([undefined, expect.stringContaining('no request')]);
});

test('windows with no BAR in them say that there is an offset, one stray BAR is a note of its own', () => {
  const raw = PORT.replaceAll(' [32-bit]', '').replaceAll(' [64-bit]', '').replace('DLActive+', '');
  const shifted = NVME.replace('at fe800000', 'at 500fe800000').replace('at 380000000000', 'at 88000000000');
  expect(parse(`${raw}\n\n${shifted}\n`).notes[0]).toContain('differ by an offset');
  const stray = parse(`${raw}\n\n${NVME.replace('at fe800000', 'at 50012340000')}\n`);
  expect(stray.notes).toEqual([expect.stringMatching(/BAR 0 of 0000:01:00.0 .* no request from above reaches it/)]);
  // lspci tags bus addresses as it tags CPU addresses.
  const tagged = PORT.replace('DLActive+', '');
  expect(parse(`${tagged}\n\n${shifted}\n`).notes[0]).toContain('differ by an offset');
});

test('a file of sections gives its dump and its CPU', () => {
  const text = `=== MATRIX\n0000:01:00.0 0000:01:00.0 0 BUS_ADDR\n=== LSPCI\n${PORT}\n\n${NVME}\n\n=== RES\nx\n=== CPU\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\n`;
  expect(parse(text)).toMatchObject({ cpu: { vendor: 'amd', family: 25 } });
  expect(parse(text).functions).toHaveLength(2);
});
