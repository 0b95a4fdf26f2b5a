// Dumps of strangers' machines: what lspci writes on other systems, versions and options.
import { describe, expect, test } from 'vitest';
import { needing, TOPOLOGY_DATA } from '../../../test/support/needs.ts';
import { LabError } from '../../base/errors.ts';
import { decide } from '../decide.ts';
import { INTEL, rules, ZEN } from '../fixture.ts';
import { loadTopology } from '../load.ts';
import { samplePath } from '../sample_data.ts';
import { endpoints } from '../tree.ts';
import * as lspci from './lspci.ts';

const parse = (text: string) => lspci.parse(text, 'dump');
const refused = (name: string) => loadTopology(samplePath(`refused/${name}`));

needing(TOPOLOGY_DATA).describe('dumps from mailing lists', () => {
  test.each([
    ['crlf-dell-lore-11ad35deb6.txt', 25],
    ['crlf-windows-lspci-unknown-headers-lore-b739722b1d.txt', 34],
    ['icelake-2s-320-functions-lore-1bde04ff43.txt.gz', 320],
    ['loongson-upstream-on-root-bus-lore-2ef3b808f9.txt', 30],
    ['lspci-P-paths-lore-1ccacdc17e.txt', 33],
    ['orin-nx.txt', 4],
    ['power9-lore-e4eecbf666.txt', 20],
    ['rpi4-oldlspci.txt', 2],
    ['rpi4-ubuntu2404.txt', 2],
    ['vmd-dell-lore-854fc23f63.txt', 33],
    ['vmd-dell-lore-a79bd8e1e8.txt', 36],
    ['pciutils-PCI-X-bridges-and-domains', 31],
    ['pciutils-cap-dvsec-cxl', 2],
    ['pciutils-tree-asus-p6t6', 53],
    ['zen-acs-lore-8e0b8f8f1a.txt', 44],
  ])('%s is read whole', async (name, count) => {
    expect((await refused(name)).functions).toHaveLength(count);
  });

  test('functions below a bridge with an unknown header have no certain distance', async () => {
    const topology = await refused('windows-lspci-unknown-headers-lf.txt');
    expect(decide(topology, '04:00.0', '06:00.0', rules(INTEL))).toMatchObject({ distance: null, mapType: 'UNKNOWN' });
    // Its own ACS is not known either.
    expect(decide(topology, '04:00.0', '04:00.0', rules(INTEL))).toMatchObject({ distance: 0, mapType: 'UNKNOWN' });
    expect(topology.functions.filter((fn) => fn.physfn !== undefined)).toEqual([]);
  });

  test('drives behind a VMD are below a host bridge inside it', async () => {
    const topology = await refused('vmd-dell-lore-a79bd8e1e8.txt');
    expect(topology.hostBridges.map(({ insideOf }) => insideOf)).toEqual([undefined, '0000:00:0e.0']);
  });

  test('BARs of POWER9 and Orin are noted, with the offset as the likely reason', async () => {
    for (const name of ['power9-lore-e4eecbf666.txt', 'orin-nx.txt']) {
      const topology = await refused(name);
      expect(topology.notes.join(' ')).toContain('CPU and bus addresses differ by an offset');
      expect(topology.functions.flatMap((fn) => fn.bars).some((bar) => bar.note?.includes('outside'))).toBe(true);
    }
  });

  test('an ACS capability at the end of extended space counts', async () => {
    const topology = await refused('made-acs-capability-at-ff0.txt');
    const found = endpoints(topology).flatMap((a) =>
      endpoints(topology).map((b) => decide(topology, a.id, b.id, rules(INTEL))),
    );
    expect(found.filter(({ ground }) => ground === 'acs-redirect').map(({ mapType }) => mapType)).toContain(
      'NOT_SUPPORTED',
    );
  });

  test('an absurd size is refused with its line', async () => {
    await expect(refused('absurd-bar-size.txt')).rejects.toThrow(/absurd-bar-size.txt:3: .*is not the size of a BAR/);
    await expect(refused('absurd-bar-size.txt')).rejects.toThrow(LabError);
  });
});

/** Root port, switch and endpoints on buses 1 to 4, as `lspci -P` or `-PP` would name them. */
function switchByPath(names: readonly string[]): string {
  const bridge = (name: string, primary: number, last: number, type: string) =>
    `${name} 0604: 1b36:000c\n\tControl: I/O+\n\tBus: primary=0${primary}, secondary=0${primary + 1}, subordinate=0${last}, sec-latency=0\n\tCapabilities: [90] Express (v2) ${type}\n`;
  const [root, up, down, end] = names as [string, string, string, string];
  return `${bridge(root, 0, 3, 'Root Port')}\n${bridge(up, 1, 3, 'Upstream Port')}\n${bridge(down, 2, 3, 'Downstream Port')}\n${end} 0108: 144d:a808\n\tControl: I/O+\n`;
}

test.each([
  ['-P', ['00:01.0', '00:01.0/00.0', '00:01.0/00.0/04.0', '00:01.0/00.0/04.0/00.0']],
  ['-PP', ['00:01.0', '00:01.0/01:00.0', '00:01.0/01:00.0/02:04.0', '00:01.0/01:00.0/02:04.0/03:00.0']],
  ['-P -D', ['0000:00:01.0', '0000:00:01.0/00.0', '0000:00:01.0/00.0/04.0', '0000:00:01.0/00.0/04.0/00.0']],
])('paths of lspci %s are the addresses of the same tree', (_, names) => {
  const plain = ['00:01.0', '01:00.0', '02:04.0', '03:00.0'];
  expect(parse(switchByPath(names)).functions).toEqual(parse(switchByPath(plain)).functions);
});

test('a path through a bridge whose bus is not told is refused with what to give', () => {
  expect(() => parse('00:01.0/00.0 0108: 144d:a808\n')).toThrow(/dump:1: .* a path of lspci -P.*lspci -vvvnn as root/);
});

test.each([
  ['root@host:~# ', true],
  ['[root@gpu01 ~]# ', true],
  ['user@host:/tmp$ exit', true],
  ['PS C:\\Users\\me> ', true],
  ['bash-5.2# ', true],
  ['logout', true],
  ['0000:8', false],
  ['01:00.1 Ether', false],
  ['hello', false],
])("a last line '%s' is a prompt: %s", (line, isPrompt) => {
  const dump = `00:01.0 0108: 144d:a808\n\tControl: I/O+\n${line}`;
  if (!isPrompt) expect(() => parse(dump)).toThrow(/dump:3: /);
  else
    expect(parse(dump)).toMatchObject({
      functions: { length: 1 },
      notes: [/^dump:3: .* shell prompt/].map((m) => expect.stringMatching(m)),
    });
});

describe('config space', () => {
  /** Rows of `lspci -xxxx` with some bytes set. */
  function rows(bytes: Readonly<Record<number, number>>, length: number): string {
    const space = new Uint8Array(length);
    for (const [at, value] of Object.entries(bytes)) space[Number(at)] = value;
    return Array.from({ length: length / 16 }, (_, i) => {
      const row = [...space.subarray(16 * i, 16 * i + 16)].map((byte) => byte.toString(16).padStart(2, '0'));
      return `${(16 * i).toString(16).padStart(2, '0')}: ${row.join(' ')}`;
    }).join('\n');
  }
  const pcie = { 6: 0x10, 52: 0x40, 64: 0x10, 66: 0x42 };

  test.each([
    [0x100, 0x2c],
    [0xfc0, 0x2c],
    [0xfc4, 0x2c],
    [0xff0, 0x2c],
    [0xff8, 0x2c],
    // The control register would be at 0x1002.
    [0xffc, 'unknown'],
  ])('an ACS capability at %i is read as %s', (at, acs) => {
    const first: Record<number, number> = at === 0x100 ? {} : { 256: 1, 258: ((at & 0xf) << 4) | 1, 259: at >> 4 };
    const bytes = { ...pcie, ...first, [at]: 0x0d, [at + 2]: 1, ...(at < 0xffc ? { [at + 6]: 0x2c } : {}) };
    expect(parse(`00:02.0 0108: 144d:a808\n${rows(bytes, 4096)}\n`).functions[0]?.acs).toBe(acs);
  });

  test('windows whose base and limit hold type bits only are not set up', () => {
    const bridge = { 10: 4, 11: 6, 14: 1, 24: 0, 36: 1, 38: 1, 32: 0, 34: 0 };
    const two = [1, 2].map((n) => `00:0${n}.0 0604: 1014:0188\n${rows({ ...bridge, 25: n, 26: n }, 256)}\n`).join('\n');
    expect(parse(two).functions.map((fn) => fn.windows)).toEqual([[], []]);
  });

  test('links are read as trained and as they can be', () => {
    const bytes = { ...pcie, 76: 4, 77: 1, 82: 1, 83: 1 };
    const [fn] = parse(`00:02.0 0108: 144d:a808\n${rows(bytes, 256)}\n`).functions;
    expect([fn?.link?.gtPerS, fn?.link?.width, fn?.linkMax?.gtPerS, fn?.linkMax?.width]).toEqual([2.5, 16, 16, 16]);
  });
});

describe('hostile text takes time in proportion to its length', () => {
  // Each line is as long as lines may be. A pattern that goes back over the line at each place takes minutes here.
  const LONG = 16_000;
  const fill = (unit: string): string => unit.repeat(Math.floor(LONG / unit.length));
  test.each([
    ['00:01.0 ', ' [0000]: '],
    ['00:01.0 x: ', ' (rev '],
    ['00:01.0 x [0600]: ', '[8086:1234'],
    ['00:01.0 0108: 144d:a808\n\tCapabilities: [80] Express Endpoint\n\t\tLnkSta:', 'Speed 1GT/s '],
    ['00:01.0 0108: 144d:a808\n\tFlags: ', 'NUMA node '],
    ['00:01.0 0108: 144d:a808\n\tRegion 0: Memory at 0 (', ' [a] ['],
    ['00:01.0 0108: 144d:a808\n\t', 'abcdef'],
    ['00:01.0 0108: 144d:a808\n\t', '+-+-'],
  ])('%j and many of %j', (head, unit) => {
    const line = `${head}${fill(unit)}`;
    const text = `${`${line.replace('00:01.0', '00:02.0')}\n`.repeat(2)}${line}\u2028`;
    for (let i = 0; i < 40; i++) {
      try {
        parse(text);
      } catch (error) {
        expect(error).toBeInstanceOf(LabError);
      }
    }
  });
});

test('more virtual functions than a domain has room for are refused', () => {
  const pf = (n: number) =>
    `00:0${n}.0 0200: 8086:1572\n\tControl: I/O+\n\tCapabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)\n\t\tIOVCtl:\tEnable+\n\t\tInitial VFs: 9, Total VFs: 9, Number of VFs: 60000, Function Dependency Link: 00\n\t\tVF offset: 1, stride: 1, Device ID: 0000\n`;
  expect(() => parse(`${pf(1)}\n${pf(2)}\n`)).toThrow(/dump:8: .* more than 65536 virtual functions/);
  expect(parse(`${pf(1)}\n`).functions).toHaveLength(1);
});

test('driver, slot, IOMMU group and both link states are read', () => {
  const text = [
    '01:00.0 0108: 144d:a808',
    '\tPhysical Slot: 5-1',
    '\tControl: I/O+',
    '\tIOMMU group: 42',
    '\tCapabilities: [80] Express (v2) Endpoint, MSI 00',
    '\t\tLnkCap:\tPort #0, Speed 16GT/s, Width x4, ASPM L1',
    '\t\tLnkSta:\tSpeed 2.5GT/s (downgraded), Width x4 (ok)',
    '\tKernel driver in use: nvme',
    '',
    '02:00.0 0300: 10de:1f91',
    '\t!!! Unknown header type 7f',
    '\tDriver in use: C:\\Windows\\System32\\drivers\\nvlddmkm.sys',
    '',
  ].join('\n');
  const [nvme, gpu] = parse(text).functions;
  expect(nvme?.identity).toEqual({ driver: 'nvme', slot: '5-1', iommuGroup: '42', names: [] });
  expect([nvme?.link?.gtPerS, nvme?.linkMax?.gtPerS]).toEqual([2.5, 16]);
  expect(gpu?.identity?.driver).toBe('nvlddmkm.sys');
  expect(decide(parse(text), '01:00.0', '02:00.0', rules(ZEN)).mapType).toBe('THRU_HOST_BRIDGE');
});
