import { describe, expect, test } from 'vitest';
import { barAt, endpointAt, hostAt, machine, portAt, switchMachine } from './fixture.ts';
import type { PciFunction, Topology } from './model.ts';
import { busAddress, cpuAddress } from './model.ts';
import { validated } from './validate.ts';

/** A valid machine with one function changed. */
function changed(id: string, change: Partial<PciFunction>): Topology {
  const topology = machine(switchMachine(2));
  return {
    ...topology,
    functions: topology.functions.map((fn) => (fn.id === id ? { ...fn, ...change, line: 7 } : fn)),
  };
}

describe('refused, with the line', () => {
  test('a parent that does not exist', () => {
    expect(() => validated(changed('0000:03:00.0', { parent: '0000:0f:00.0' }))).toThrow(
      /machine:7: 0000:03:00.0 is an orphan: the bridge 0000:0f:00.0 above it is missing/,
    );
  });

  test('a parent that is no bridge', () => {
    expect(() => validated(changed('0000:03:00.0', { parent: '0000:04:00.0' }))).toThrow(/which is not a bridge/);
  });

  test('bridges in a cycle', () => {
    expect(() => validated(changed('0000:00:01.0', { parent: '0000:02:00.0' }))).toThrow(/cycle of bridges/);
  });

  test('an id twice', () => {
    const topology = machine(switchMachine(1));
    const twice = { ...topology, functions: [...topology.functions, ...topology.functions.slice(-1)] };
    expect(() => validated(twice)).toThrow(/0000:03:00.0 appears a second time/);
  });

  test('no function at all', () => {
    expect(() => validated({ ...machine(switchMachine(1)), functions: [] })).toThrow(/no PCI function in it/);
  });

  test('host bridge windows that overlap, on the CPU side or the bus side', () => {
    const topology = machine([hostAt('00:00.0'), hostAt('80:00.0')]);
    const withWindows = (...starts: readonly (readonly [bridge: number, cpu: bigint, bus: bigint])[]): Topology => ({
      ...topology,
      hostBridges: topology.hostBridges.map((bridge, i) => ({
        ...bridge,
        windows: starts
          .filter(([index]) => index === i)
          .map(([, cpu, bus]) => ({ cpuStart: cpuAddress(cpu), busStart: busAddress(bus), bytes: 0x1000n })),
      })),
    });
    expect(() => validated(withWindows([0, 0x10000n, 0n], [1, 0x10800n, 0n]))).toThrow(
      /overlapping windows: host bridge/,
    );
    expect(() => validated(withWindows([0, 0x10000n, 0n], [0, 0x20000n, 0x800n]))).toThrow(/\(bus side\)/);
    expect(validated(withWindows([0, 0x10000n, 0n], [1, 0x20000n, 0n])).functions).toHaveLength(2);
  });

  test('a BAR outside the windows of its host bridge', () => {
    const topology = machine([hostAt('00:00.0'), endpointAt('00:01.0', { bars: [barAt(0, 0x50_0000n, 4096)] })]);
    const windows = [{ cpuStart: cpuAddress(0x60_0000n), busStart: busAddress(0n), bytes: 0x1000n }];
    const narrow = { ...topology, hostBridges: topology.hostBridges.map((bridge) => ({ ...bridge, windows })) };
    expect(() => validated(narrow)).toThrow(
      /BAR 0 of 0000:00:01.0 at 0x500000-0x500fff is outside the windows of host bridge 0000:00/,
    );
  });
});

describe('passed over', () => {
  const below = (bar: ReturnType<typeof barAt>, progIf: number) => [
    portAt('00:01.0', 'root-port', [1, 1], 0, {
      progIf,
      windows: [{ kind: 'memory', start: 0x100000n, end: 0x1fffffn }],
    }),
    endpointAt('01:00.0', { bars: [bar] }),
  ];

  test('a BAR that is disabled, or has no place or size', () => {
    for (const more of [
      { disabled: true },
      { cpuStart: undefined },
      { cpuStart: cpuAddress(0n) },
      { bytes: undefined },
    ]) {
      expect(machine(below({ ...barAt(0, 0x900000n, 4096), ...more }, 0)).functions).toHaveLength(2);
    }
  });

  test('legacy places that several functions name', () => {
    const ide = (id: string) => endpointAt(id, { bars: [barAt(0, 0x1f0n, 8)] });
    expect(machine([ide('00:01.0'), ide('00:02.0')]).functions).toHaveLength(2);
  });

  test('a BAR below a bridge with subtractive decode', () => {
    expect(machine(below(barAt(0, 0x900000n, 4096), 1)).notes).toEqual([]);
  });
});

describe('said, and no verdict changed by it', () => {
  test('a BAR outside the windows of the bridge above it', () => {
    const topology = machine([
      portAt('00:01.0', 'root-port', [1, 1], 0, { windows: [{ kind: 'memory', start: 0x100000n, end: 0x1fffffn }] }),
      endpointAt('01:00.0', { bars: [barAt(0, 0x100000n, 4096), barAt(2, 0x900000n, 4096)] }),
    ]);
    expect(topology.notes).toEqual([expect.stringMatching(/BAR 2 of 0000:01:00.0 at 0x900000-0x900fff is outside/)]);
    expect(topology.functions[1]?.bars[0]?.note).toBeUndefined();
    expect(topology.functions[1]?.bars[1]?.note).toContain('outside the windows of bridge 0000:00:01.0');
  });

  test('an offset, where BARs lie in the windows above them by the low 32 bits of their addresses', () => {
    const topology = machine([
      portAt('00:01.0', 'root-port', [1, 1], 0, {
        windows: [
          { kind: 'memory', start: 0x3030_0000n, end: 0x303f_ffffn },
          { kind: 'prefetchable', start: 0xe80_0000_0000n, end: 0xe80_0fff_ffffn },
        ],
      }),
      endpointAt('01:00.0', { bars: [barAt(0, 0xe80_0000_0000n, 2 ** 28), barAt(2, 0xe00_3030_0000n, 2 ** 18)] }),
    ]);
    expect(topology.notes).toEqual([expect.stringMatching(/^host bridge 0000:00: BARs lie .* low 32 bits .* offset/)]);
    expect(topology.functions[1]?.bars[1]?.note).toMatch(/outside .* if both are CPU addresses$/);
  });

  test('a host bridge inside a device: BARs of its domain lie inside a BAR of the device', () => {
    const vmd = endpointAt('00:0e.0', { classCode: 0x0104, bars: [barAt(2, 0x7200_0000n, 2 ** 25)] });
    const behind = [0, 1].map((n) =>
      endpointAt(`10000:e${n + 1}:00.0`, { bars: [barAt(0, 0x7200_0000n + BigInt(n << 20), 2 ** 14)] }),
    );
    const topology = machine([vmd, ...behind]);
    expect(topology.hostBridges.filter((bridge) => bridge.insideOf === '0000:00:0e.0').map(({ id }) => id)).toEqual([
      '10000:e1',
      '10000:e2',
    ]);
    expect(topology.notes).toEqual([]);
    const other = endpointAt('00:0f.0', { bars: [barAt(0, 0x7300_0000n, 4096)] });
    expect(machine([vmd, ...behind, other]).notes).toEqual([
      expect.stringMatching(/0000:00:0e.0 BAR 2 .* and 0000:00:0f.0 BAR 0 .* overlap/),
    ]);
    const beyond = endpointAt('10000:e3:00.0', { bars: [barAt(0, 0x73ff_f000n, 2 ** 14)] });
    expect(machine([vmd, beyond]).notes).toEqual([expect.stringContaining('overlap')]);
  });

  test('BARs that overlap, on each of the two', () => {
    const at = (id: string, start: bigint) => endpointAt(id, { bars: [barAt(0, start, 2 ** 20)] });
    const topology = machine([at('00:01.0', 0x800000n), at('00:02.0', 0x880000n), at('00:03.0', 0xa00000n)]);
    const notes = topology.functions.map((fn) => fn.bars[0]?.note);
    expect(notes).toEqual([
      'overlaps 0000:00:02.0 BAR 0 at 0x880000-0x97ffff: which of the two answers cannot be told',
      'overlaps 0000:00:01.0 BAR 0 at 0x800000-0x8fffff: which of the two answers cannot be told',
      undefined,
    ]);
    expect(topology.notes).toHaveLength(1);
  });

  test('thousands of BARs in one place, in a few lines', () => {
    const ids = Array.from(
      { length: 2000 },
      (_, i) => `${(i >> 8).toString(16).padStart(2, '0')}:${((i >> 3) & 31).toString(16).padStart(2, '0')}.${i & 7}`,
    );
    const topology = machine(
      ids.map((id) => endpointAt(id, { portType: 'rc-endpoint', bars: [barAt(0, 0x800000n, 2 ** 20)] })),
    );
    expect(topology.notes).toHaveLength(9);
    expect(topology.notes[8]).toMatch(/^and 1991 more overlaps/);
    expect(topology.functions.every((fn) => fn.bars[0]?.note?.startsWith('overlaps'))).toBe(true);
  });
});
