// What the controller does with addresses: routed by windows, never written in silence to where nothing is.
import { describe, expect, it } from 'vitest';
import { HostQueue, Machine } from '../../build/layout.ts';
import { KIB, MIB } from '../../src/base/units.ts';
import { stagesModule } from '../../src/lab/machine/modules.ts';
import { takeLandings } from '../../src/lab/machine/queue_state.ts';
import { DEFAULT_RULES, type Fabric, oneSwitch, presetFabric } from '../../src/plan/fabric.ts';
import { misdirectionLines } from '../../src/topology/routes.ts';
import { smallMachine, type TestIo } from '../support/small_machine.ts';

describe('routing', () => {
  const small = smallMachine();
  const stages = stagesModule(small.memory);
  const queue = small.machine.queues[0]?.device as number;
  const { fabric } = small.machine.spec;
  const bar = Number(fabric.barBus);
  const memoryOf = (bus: number, bytes = 512): number => stages.route(queue, bus, bytes);

  it('folds an offset in the BAR into the window behind it', () => {
    const first = memoryOf(bar);
    expect(first).toBeGreaterThan(0);
    expect(memoryOf(bar + 5 * MIB + 512)).toBe(first + 5 * MIB + 512);
  });

  it('claims nothing below, above or across the end of a window', () => {
    expect(memoryOf(bar - 1)).toBe(0);
    expect(memoryOf(bar + small.machine.spec.barBytes)).toBe(0);
    expect(memoryOf(bar + small.machine.spec.barBytes - 256, 512)).toBe(0);
    expect(memoryOf(Number(fabric.barPhys))).toBe(0);
    expect(memoryOf(2 ** 52)).toBe(0);
  });

  it('answers a transfer to an unclaimed address with Data Transfer Error and counts it', () => {
    const broken = (barBytes: number, ramBytes: number): Fabric => {
      const good = oneSwitch(barBytes, ramBytes);
      return { ...good, windows: good.windows.filter(({ target }) => target === 'ram') };
    };
    const lost = smallMachine({ fabricOf: broken });
    lost.stream([{ op: 'write', lba: 0, bytes: 64 * KIB, buffer: 0 }]);
    const outcome = lost.run('null', 'fixed', 16);
    expect(outcome).toMatchObject({
      ios: 16,
      errors: 16,
      unclaimed: 16,
      firstError: 'NVMe status 0x4 (Data Transfer Error)',
    });
    expect(outcome.firstUnclaimed).toBe(`0x${bar.toString(16)}`);
    expect(lost.leftovers()).toEqual([]);
  });

  it('answers an I/O beyond the namespace with LBA Out of Range', () => {
    const tiny = smallMachine({ namespaceBytes: MIB });
    tiny.stream([{ op: 'read', lba: 2048, bytes: 4 * KIB, buffer: 0 }]);
    expect(tiny.run('page', 'fixed', 4)).toMatchObject({
      errors: 4,
      firstError: 'NVMe status 0x80 (LBA Out of Range)',
    });
    expect(tiny.leftovers()).toEqual([]);
  });
});

describe('map types', () => {
  it('are computed once for a client, and NOT_SUPPORTED for one that was never answered', () => {
    const { machine, memory } = smallMachine();
    const stages = stagesModule(memory);
    const key = machine.spec.fabric.clientKey;
    expect(stages.mapTypeOf(machine.at, key)).toBe(2);
    // The answers are not asked again: the cache keeps what it has, as the kernel's xarray does.
    machine.view.u32[(machine.at + Machine.mapTypeAnswerCount) / 4] = 0;
    expect(stages.mapTypeOf(machine.at, key)).toBe(2);
    expect(stages.mapTypeOf(machine.at, key + 1)).toBe(1);
  });

  it('refuse with EREMOTEIO after a second try where the client cannot reach the provider, and give everything back', () => {
    const unreachable = smallMachine({
      fabricOf: (barBytes, ramBytes) => ({ ...oneSwitch(barBytes, ramBytes), mapType: 'NOT_SUPPORTED' }),
    });
    unreachable.stream([{ op: 'read', lba: 0, bytes: 4 * KIB, buffer: 0 }]);
    expect(unreachable.run('page', 'user', 4)).toMatchObject({ ios: 4, errors: 4, refused: 'EREMOTEIO' });
    // Counted on a running 6.12: tests 4 and map_segment calls 2 for 4 KiB, where a reachable pair makes 2 and 1.
    expect(unreachable.counters()).toMatchObject({ p2pTests: 16, mapCalls: 8, pageAtomics: 12 });
    expect(unreachable.leftovers()).toEqual([]);
  });

  it('give the physical address through the host bridge', () => {
    const through = smallMachine({
      payload: 'verify',
      fabricOf: (barBytes, ramBytes) => {
        const fabric = oneSwitch(barBytes, ramBytes);
        const windows = fabric.windows.map((window) =>
          window.target === 'bar' ? { ...window, busStart: fabric.barPhys } : window,
        );
        return { ...fabric, mapType: 'THRU_HOST_BRIDGE', windows };
      },
    });
    through.stream(
      Array.from({ length: 64 }, (_, i) => ({
        op: i % 2 ? 'write' : 'read',
        lba: i * 8,
        bytes: 4 * KIB,
        buffer: i * 4096,
      })),
    );
    expect(through.run('page', 'user', 64)).toMatchObject({ errors: 0, verifyErrors: 0 });
    // The caller-made bus address of dma_vec is wrong there: the objection to the RFC.
    expect(through.run('dma_vec', 'fixed', 16)).toMatchObject({ errors: 16, unclaimed: 16 });
  });
});

describe('rings', () => {
  it('wrap with the phase flipping, for queues of any depth', () => {
    for (const depthEntries of [2, 3, 7, 64]) {
      const small = smallMachine({ depthEntries, iodepth: Math.min(4, depthEntries - 1), batch: 1, payload: 'verify' });
      small.stream(
        Array.from({ length: 32 }, (_, i) => ({
          op: i % 2 ? 'write' : 'read',
          lba: i * 8,
          bytes: 4 * KIB,
          buffer: i * 4096,
        })),
      );
      expect(small.run('page', 'fixed', 20 * depthEntries, depthEntries)).toMatchObject({ errors: 0, verifyErrors: 0 });
      expect(small.leftovers()).toEqual([]);
    }
  });

  it('go on across the wrap of the 32-bit positions', () => {
    const small = smallMachine({ iodepth: 4, batch: 2 });
    const { host } = small.machine.queues[0] as { host: number };
    for (const word of [HostQueue.issued, HostQueue.completed, HostQueue.issueTarget, HostQueue.completionMark]) {
      small.machine.view.u32[(host + word) / 4] = 2 ** 32 - 10;
    }
    small.stream([{ op: 'read', lba: 0, bytes: 4 * KIB, buffer: 0 }]);
    expect(small.run('page', 'user', 64)).toMatchObject({ ios: 64, errors: 0 });
    expect(small.leftovers()).toEqual([]);
  });
});

describe('a caller-made dma_addr_t', () => {
  const stream = (): TestIo[] =>
    Array.from({ length: 64 }, (_, i) => ({
      op: i % 2 ? 'write' : 'read',
      lba: i * 8,
      bytes: 4 * KIB,
      buffer: i * 256 * KIB,
    }));
  const landed = (preset: string, scheme: string, rules = DEFAULT_RULES): string[] => {
    const small = smallMachine({ payload: 'verify', fabricOf: (bar, ram) => presetFabric(preset, bar, ram, rules) });
    small.stream(stream());
    const outcome = small.run(scheme, 'fixed', 64);
    const lines = misdirectionLines(
      small.machine.spec.fabric.provider,
      takeLandings(small.machine, outcome.unclaimed),
      'transfers',
    );
    if (lines.length === 0) expect(outcome).toMatchObject({ errors: 0, verifyErrors: 0 });
    else expect(outcome.errors + outcome.verifyErrors).toBeGreaterThan(0);
    return lines;
  };

  it('is right under one switch and where offsets are equal', () => {
    for (const preset of ['one-switch', 'two-root-ports', 'two-sockets', 'acs-on'])
      expect(landed(preset, 'dma_vec')).toEqual([]);
  });

  it('is wrong across host bridges with different offsets: in another BAR, in RAM, or nowhere', () => {
    expect(landed('two-host-bridges', 'dma_vec')).toEqual([
      'misdirected: 32 of 64 transfers landed in 0000:84:00.0 BAR 2',
      'misdirected: 16 of 64 transfers landed in host RAM',
      'misdirected: 16 of 64 transfers were claimed by nothing and failed',
    ]);
  });

  it('is not what the page scheme programs: that is right everywhere', () => {
    for (const preset of ['one-switch', 'two-root-ports', 'two-host-bridges', 'two-sockets', 'acs-on']) {
      expect(landed(preset, 'page')).toEqual([]);
    }
  });

  it('is matched by a wrong page path with the sign fault of v4.20 to v5.15', () => {
    expect(landed('one-switch', 'page', { ...DEFAULT_RULES, quirks: ['bus-offset-sign'] })).not.toEqual([]);
    expect(landed('two-sockets', 'page', { ...DEFAULT_RULES, quirks: ['bus-offset-sign'] })).toEqual([]);
  });
});
