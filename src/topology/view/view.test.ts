import { describe, expect, test } from 'vitest';
import { needing, TOPOLOGY_DATA } from '../../../test/support/needs.ts';
import type { AddressOptions } from '../addresses.ts';
import { parseCpu } from '../cpu.ts';
import type { Verdict } from '../decide.ts';
import { documentText, topologyDocument } from '../document.ts';
import { endpointAt, hostAt, INTEL, machine, portAt, RR, rules, switchMachine, ZEN } from '../fixture.ts';
import { parse } from '../importers/lspci.ts';
import { resolveCpu } from '../load.ts';
import { preset } from '../presets.ts';
import { sample } from '../sample_data.ts';
import { matrixLines } from './matrix_view.ts';
import { pairReport, topologyReport } from './report.ts';
import { COLOURED, PLAIN } from './style.ts';
import { wrap } from './wrap.ts';

const view = { style: PLAIN, width: 100, all: false, pageBytes: 4096 };
const addresses = (cpu = ZEN): AddressOptions => ({ ...rules(cpu), iommuMode: 'off', quirks: [] });

needing(TOPOLOGY_DATA).describe('31 functions in a terminal', () => {
  // Read by the tests, not while they are collected: a skipped block is collected too.
  const ndv4 = () => parse(sample('azure-ndv4.lspci.txt'), 'ndv4');

  test('fit 100 columns, without escape codes, with legend, reasons and memory', () => {
    const text = topologyReport(ndv4(), rules(ZEN), view);
    expect(text.split('\n').every((line) => line.length <= 100)).toBe(true);
    expect(text).not.toContain('\x1b');
    expect(text).toContain('  1 B0 H2 H2');
    expect(text).toContain('total 8 GiB');
    expect(text).toContain('THRU_HOST_BRIDGE, 930 pairs');
  });

  test('go into two blocks of columns in a narrow terminal', () => {
    const lines = topologyReport(ndv4(), rules(ZEN), { ...view, width: 60 }).split('\n');
    expect(lines.filter((line) => /^ {4,} +1 +2 +3/.test(line))).toHaveLength(1);
    expect(lines.some((line) => line.trimStart().startsWith('19 20 21'))).toBe(true);
    expect(
      lines.filter((line) => /^ +\d+ [BH]/.test(line) || /^ +\d+ +[BH]\d/.test(line)).length,
    ).toBeGreaterThanOrEqual(62);
  });
});

test('cells of three characters have a blank between them', () => {
  const far = { provider: '', client: '', distance: 12, mapType: 'THRU_HOST_BRIDGE' } as unknown as Verdict;
  const ids = Array.from({ length: 28 }, (_, i) => `f${i}`);
  const verdicts = ids.flatMap((provider) => ids.map((client) => ({ ...far, provider, client })));
  const numbers = new Map(ids.map((id, i) => [id, i + 1] as const));
  const lines = matrixLines(ids, numbers, verdicts, PLAIN, 100);
  expect(lines.every((line) => line.length <= 100 && !line.includes('H12H'))).toBe(true);
  expect(lines.filter((line) => line.includes('H12 H12'))).toHaveLength(56);
});

test('reasons that differ only in the host bridges they name are one kind', () => {
  const topology = machine([0x10, 0x20, 0x30, 0x40].map((bus) => hostAt(`${bus.toString(16)}:00.0`)));
  const text = topologyReport(topology, rules(undefined), { ...view, all: true });
  expect(text).toContain('UNKNOWN, 12 pairs');
  expect(text.match(/such as/g)).toHaveLength(1);
});

test('thousands of rows are not drawn', () => {
  const many = Array.from({ length: 500 }, (_, i) =>
    endpointAt(`${(i >> 3).toString(16).padStart(2, '0')}:00.${i & 7}`, {
      portType: 'rc-endpoint',
      acs: i % 2 === 0 ? 'unknown' : RR,
      numaNode: i,
    }),
  );
  expect(topologyReport(machine(many), rules(ZEN), view)).toContain('500 rows are too many for a table');
});

test('colours only when asked for', () => {
  const topology = machine(switchMachine(2));
  expect(topologyReport(topology, rules(ZEN), { ...view, style: COLOURED })).toContain('\x1b[32m');
  expect(topologyReport(topology, rules(ZEN), view)).not.toContain('\x1b');
});

test('the chip set is left out of a large matrix unless asked for', () => {
  const many = Array.from({ length: 33 }, (_, i) =>
    endpointAt(`${(0x10 + i).toString(16)}:00.0`, { classCode: i === 0 ? 0x0880 : 0x0108 }),
  );
  const topology = machine(many);
  expect(topologyReport(topology, rules(ZEN), view)).toContain('1 chip set functions are not shown');
  expect(topologyReport(topology, rules(ZEN), { ...view, all: true })).not.toContain('not shown');
});

test('what the source does not tell is listed with what would tell', () => {
  const text = topologyReport(machine(switchMachine(2, { down: ['unknown', 0] })), rules(undefined), view);
  expect(text).toContain('ACS control (0000:02:00.0); would tell: lspci -vvvnn or -xxxx as root');
  expect(text).toContain('--cpu vendor:family');
});

test('one pair is explained with path, reason, fix and where addresses lead', () => {
  const two = preset('two-host-bridges', { barBytes: 2 ** 28 });
  const text = pairReport(two.topology, two.provider, two.client, addresses(), view);
  expect(text).toContain('THRU_HOST_BRIDGE, distance 8');
  expect(text).toContain('inbound address 0x60010000000, which reaches 0000:03:00.0 BAR 2');
  expect(text).toContain('a caller-made bus address 0x50000000 reaches 0000:84:00.0 BAR 2');
});

test('a refused pair gives the kernel parameter in one piece, however narrow the terminal', () => {
  const topology = machine(switchMachine(2, { down: [RR, RR] }));
  const text = pairReport(topology, '03:00.0', '04:00.0', addresses(INTEL), { ...view, width: 40 });
  expect(text).toContain('pci=disable_acs_redir=0000:02:00.0;0000:02:01.0');
  expect(wrap('a bb ccc', 1, 5)).toEqual([' a bb', ' ccc']);
});

describe('the document', () => {
  const two = preset('one-switch', { barBytes: 2 ** 36 });
  const document = topologyDocument(two.topology, rules(ZEN), 65_536);

  test('has the agreed keys, every ordered pair, and is JSON', () => {
    expect(Object.keys(document)).toEqual(['schema', 'source', 'devices', 'pairs', 'memmap', 'unknown']);
    const agreed = ['id', 'parent', 'class', 'vendor', 'device', 'numaNode', 'bars'];
    expect(Object.keys(document.devices[0] ?? {})).toEqual(expect.arrayContaining(agreed));
    const ofPair = ['provider', 'client', 'distance', 'mapType', 'locality', 'why', 'fix'];
    expect(Object.keys(document.pairs[0] ?? {})).toEqual(ofPair);
    expect(document.pairs).toHaveLength(16);
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  test('names what struct pages cost for each provider', () => {
    expect(document.memmap.perBar[0]).toEqual({ id: '0000:03:00.0', index: 2, bytes: 2 ** 26 });
    expect(document.memmap.pageBytes).toBe(65_536);
  });

  test('holds one pair when one is asked for', () => {
    expect(topologyDocument(two.topology, rules(ZEN), 4096, ['03:00.0', '04:00.0']).pairs).toHaveLength(1);
  });

  test('of a large machine has groups, each pair of them once, and says how many pairs that is', () => {
    const many = Array.from({ length: 10 }, (_, port) =>
      Array.from({ length: 64 }, (_, devfn) =>
        endpointAt(`${(0x10 + port).toString(16)}:${(devfn >> 3).toString(16).padStart(2, '0')}.${devfn & 7}`),
      ),
    ).flat();
    const ports = Array.from({ length: 10 }, (_, port) =>
      portAt(`00:${(port + 1).toString(16).padStart(2, '0')}.0`, 'root-port', [0x10 + port, 0x10 + port], 0),
    );
    const large = machine([hostAt('00:00.0'), ...ports, ...many]);
    const folded = topologyDocument(large, rules(INTEL), 4096);
    expect(many.length).toBeGreaterThan(512);
    expect(folded.groups?.flat()).toHaveLength(641);
    expect(folded.pairs.reduce((sum, { pairs }) => sum + (pairs ?? 0), 0)).toBe(641 ** 2);
    const text = [...documentText(folded)].join('');
    expect(text.length).toBeLessThan(2 ** 20);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(folded)));
    const shown = topologyReport(large, rules(INTEL), view);
    expect(shown).toContain('0000:19:07.7');
    expect(shown).toContain('share a number');
  });
});

describe('--cpu', () => {
  test.each([
    ['amd:23', ZEN],
    ['AMD:0x17', ZEN],
    ['intel:6', INTEL],
    ['AuthenticAMD:23', ZEN],
  ])('%s', (text, cpu) => {
    expect(parseCpu(text)).toEqual({ kind: 'given', cpu });
  });

  test.each([
    ['imtel:6', /did you mean 'intel'/],
    ['amd', /needs the family too, as in amd:23/],
    ['amd:zen', /is not a CPU/],
    ['amd:99999', /out of range/],
  ])('%s is refused', (text, message) => {
    expect(() => parseCpu(text)).toThrow(message);
  });

  test('unknown overrides what the source tells', () => {
    const topology = machine(switchMachine(1), { cpu: ZEN });
    expect(resolveCpu(undefined, topology)).toEqual(ZEN);
    expect(resolveCpu({ kind: 'unknown' }, topology)).toBeUndefined();
    expect(resolveCpu({ kind: 'given', cpu: INTEL }, topology)).toEqual(INTEL);
  });
});
