import { describe, expect, test } from 'vitest';
import type { AddressOptions } from './addresses.ts';
import { callerMadeAddress, cpuAddressOf, dmaAddress, windowOffset } from './addresses.ts';
import { barAt, endpointAt, hostAt, INTEL, machine, portAt, ZEN } from './fixture.ts';
import { busAddress, cpuAddress } from './model.ts';
import type { Preset } from './presets.ts';
import { PRESET_NAMES, preset } from './presets.ts';
import { cpuWindows, landingOf, misdirectionLines, routesFor } from './routes.ts';

const BAR_BYTES = 2 ** 28;
const two = preset('two-host-bridges', { barBytes: BAR_BYTES });

function options(of: Preset, more: Partial<AddressOptions> = {}): AddressOptions {
  return { era: '6.12', cpu: of.topology.cpu, iommu: false, iommuMode: 'off', quirks: [], ...more };
}

const cmb = { device: two.provider, bar: two.providerBar, offset: 0n };
const near = two.nearClient ?? '';

/** Where the address a scheme uses ends up for a client. */
function lands(of: Preset, client: string, address: bigint | undefined): string {
  const landing = landingOf(routesFor(of.topology, client, options(of)), address ?? -1n);
  return landing ? `${landing.device} ${landing.bar}` : 'nothing';
}

describe('the worked example of two host bridges with different offsets', () => {
  test('the CMB is at CPU 0x60010000000, offset 0x5ffc0000000', () => {
    expect(cpuAddressOf(two.topology, cmb)).toBe(0x600_1000_0000n);
    const fn = two.topology.functions.find((candidate) => candidate.id === two.provider);
    const bar = fn?.bars.find((candidate) => candidate.index === two.providerBar);
    expect(fn && bar && windowOffset(two.topology, fn, bar as never, options(two))).toBe(0x5ff_c000_0000n);
  });

  test('a client below A, same switch, is given bus address 0x50000000, which reaches the CMB', () => {
    const given = dmaAddress(two.topology, cmb, near, options(two));
    expect(given).toMatchObject({ kind: 'bus', address: 0x5000_0000n });
    expect(lands(two, near, given.address)).toBe(`${two.provider} 2`);
  });

  test('a caller-made address is 0x50000000 too and right for that client', () => {
    expect(callerMadeAddress(two.topology, cmb, options(two))).toBe(0x5000_0000n);
    expect(lands(two, near, 0x5000_0000n)).toBe(`${two.provider} 2`);
  });

  test('given to a client below B it hits what is at CPU 0x61010000000: an unrelated BAR', () => {
    expect(landingOf(routesFor(two.topology, two.client, options(two)), 0x5000_0000n)).toEqual({
      device: '0000:84:00.0',
      bar: 2,
      cpuAddress: 0x610_1000_0000n,
    });
  });

  test('or host RAM where no BAR claims it, or nothing where there is no RAM either', () => {
    const half = BigInt(BAR_BYTES) / 2n;
    expect(lands(two, two.client, 0x5000_0000n + half)).toBe('ram ram');
    expect(lands(two, two.client, 0x5000_0000n + half + half / 2n)).toBe('nothing');
  });

  test('what the client below B needs is its inbound address, 0x60010000000, or an IOVA', () => {
    const given = dmaAddress(two.topology, cmb, two.client, options(two));
    expect(given).toMatchObject({ kind: 'inbound', address: 0x600_1000_0000n });
    expect(lands(two, two.client, given.address)).toBe(`${two.provider} 2`);
    const strict = options(two, { iommuMode: 'strict', iommu: true, iovaOf: (address) => address + 1n });
    expect(dmaAddress(two.topology, cmb, two.client, strict)).toMatchObject({
      kind: 'iova',
      address: 0x600_1000_0001n,
    });
  });

  test('with the sign error of v4.20 to v5.15 the same-switch client is given 0xbffd0000000, which reaches nothing', () => {
    const given = dmaAddress(two.topology, cmb, near, options(two, { quirks: ['bus-offset-sign'] }));
    expect(given.address).toBe(0xbff_d000_0000n);
    expect(lands(two, near, given.address)).toBe('nothing');
  });

  test('a place inside the BAR keeps its offset', () => {
    const place = { ...cmb, offset: 0x1234n };
    for (const client of [near, two.client]) {
      const { address = 0n } = dmaAddress(two.topology, place, client, options(two));
      const landing = landingOf(routesFor(two.topology, client, options(two)), address ?? 0n);
      expect(landing?.cpuAddress).toBe(0x600_1000_1234n);
    }
  });
});

test('v5.2 programs bus addresses across root complexes too: right without offsets, wrong with them', () => {
  const old = { era: '5.2' } as const;
  for (const [name, isRight] of [
    ['two-host-bridges', false],
    ['two-root-ports', true],
  ] as const) {
    const of = preset(name, { barBytes: 2 ** 28 });
    const place = { device: of.provider, bar: of.providerBar, offset: 0n };
    const given = dmaAddress(of.topology, place, of.client, options(of, old));
    expect(given.verdict).toMatchObject({ mapType: 'BUS_ADDR' });
    expect(lands(of, of.client, given.address) === `${of.provider} ${of.providerBar}`).toBe(isRight);
  }
});

test('a caller-made address (dma_vec) is right in one switch and wrong across offsets; the kernel is right in both', () => {
  for (const [name, callerIsRight] of [
    ['one-switch', true],
    ['two-root-ports', true],
    ['two-host-bridges', false],
    ['two-sockets', true],
    ['acs-on', true],
  ] as const) {
    const of = preset(name, { barBytes: 2 ** 30 });
    const place = { device: of.provider, bar: of.providerBar, offset: 4096n };
    const right = `${of.provider} ${of.providerBar}`;
    expect(lands(of, of.client, dmaAddress(of.topology, place, of.client, options(of)).address)).toBe(right);
    expect(lands(of, of.client, callerMadeAddress(of.topology, place, options(of))) === right).toBe(callerIsRight);
  }
});

test('the sign error is harmless where the offset is 0, as on x86', () => {
  const sockets = preset('two-sockets', { barBytes: 2 ** 30 });
  const place = { device: sockets.provider, bar: sockets.providerBar, offset: 0n };
  const given = (quirks: AddressOptions['quirks']) =>
    dmaAddress(sockets.topology, place, sockets.provider, options(sockets, { quirks })).address;
  expect(given(['bus-offset-sign'])).toBe(given([]));
});

describe('the table of a client', () => {
  test('has no overlaps and is sorted', () => {
    for (const name of PRESET_NAMES) {
      const of = preset(name, { barBytes: 2 ** 30 });
      const windows = routesFor(of.topology, of.client, options(of));
      windows.slice(1).forEach((window, i) => {
        const before = windows[i];
        expect(before && before.busStart + before.bytes <= window.busStart).toBe(true);
      });
    }
  });

  test('keeps RAM below the safe limit whole in every preset', () => {
    for (const name of PRESET_NAMES) {
      const of = preset(name, { barBytes: 2 ** 36 });
      for (const client of [of.client, of.provider]) {
        const [first] = routesFor(of.topology, client, options(of));
        expect(first).toMatchObject({ device: 'ram', busStart: 0n, cpuStart: 0n });
        expect((first?.bytes ?? 0n) >= of.safeRamBytes).toBe(true);
      }
    }
  });

  test('leaves out what the hardware does not forward', () => {
    const of = preset('two-root-ports', { barBytes: 2 ** 30 });
    const devices = routesFor(of.topology, of.client, options(of, { cpu: INTEL })).map((window) => window.device);
    expect(devices).not.toContain(of.provider);
    expect(devices).toContain(of.client);
  });

  test('holds only what switches route when an IOMMU translates; the rest is found by CPU address', () => {
    const strict = options(two, { iommuMode: 'strict', iommu: true });
    expect(routesFor(two.topology, near, strict).map((window) => window.device)).not.toContain('ram');
    expect(routesFor(two.topology, near, strict).some((window) => window.device === two.provider)).toBe(true);
    expect(routesFor(two.topology, two.client, strict).some((window) => window.device === two.provider)).toBe(false);
    expect(landingOf(cpuWindows(two.topology), 0x600_1000_0000n)).toMatchObject({ device: two.provider, bar: 2 });
  });

  test('honours an inbound offset of the client host bridge', () => {
    const shifted = {
      ...two.topology,
      hostBridges: two.topology.hostBridges.map((bridge) => ({ ...bridge, inboundOffset: 0x100_0000_0000n })),
    };
    const { address } = dmaAddress(shifted, cmb, two.client, options(two));
    expect(address).toBe(0x500_1000_0000n);
    expect(landingOf(routesFor(shifted, two.client, options(two)), address ?? 0n)).toMatchObject({
      device: two.provider,
    });
  });
});

describe('offsets a source does not tell', () => {
  const drafts = [
    hostAt('00:00.0'),
    portAt('00:01.0', 'root-port', [1, 1], 0),
    endpointAt('01:00.0', { bars: [barAt(0, 0x40_0000_0000n, 2 ** 20)] }),
    endpointAt('01:00.1', { bars: [barAt(0, 0x41_0000_0000n, 2 ** 20)] }),
  ];
  const place = { device: '01:00.0', bar: 0, offset: 0n };
  const asked = { era: '6.12', cpu: undefined, iommu: false, iommuMode: 'off', quirks: [] } as const;

  test('are 0 on a known x86 and an error otherwise', () => {
    const topology = machine(drafts);
    expect(dmaAddress(topology, place, '01:00.1', { ...asked, cpu: ZEN }).address).toBe(0x40_0000_0000n);
    expect(() => dmaAddress(topology, place, '01:00.1', asked)).toThrow(/offset of host bridge 0000:00 is not known/);
    expect(() => routesFor(topology, '01:00.1', { ...asked, cpu: { vendor: 'arm', family: 8 } })).toThrow(/not known/);
  });

  test('are those of another BAR below the same host bridge when that tells both addresses', () => {
    const told = barAt(0, 0x42_0000_0000n, 2 ** 20, { busStart: busAddress(0x2_0000_0000n) });
    const topology = machine([...drafts, endpointAt('01:00.2', { bars: [told] })]);
    expect(dmaAddress(topology, place, '01:00.1', asked).address).toBe(0n);
  });

  test('a BAR with no known place is an error that says so', () => {
    const lost = machine([endpointAt('01:00.0', { bars: [{ ...barAt(0, 1n, 4096), cpuStart: undefined }] })]);
    expect(() => dmaAddress(lost, place, '01:00.0', asked)).toThrow(/where BAR 0 of 0000:01:00.0 is/);
    expect(() => dmaAddress(lost, { ...place, bar: 3 }, '01:00.0', asked)).toThrow(/no memory BAR 3 .*has: 0/);
  });
});

test('misdirected transfers are told by place, most first', () => {
  const lines = misdirectionLines(
    { device: '0000:03:00.0', bar: 2 },
    [
      { device: '0000:03:00.0', bar: 2, transfers: 788 },
      { device: 'ram', bar: 'ram', transfers: 3000 },
      { device: '0000:81:00.0', bar: 0, transfers: 41_212 },
      { device: 'none', bar: 'none', transfers: 5000 },
    ],
    'writes',
  );
  expect(lines).toEqual([
    'misdirected: 41,212 of 50,000 writes landed in 0000:81:00.0 BAR 0',
    'misdirected: 5,000 of 50,000 writes were claimed by nothing and failed',
    'misdirected: 3,000 of 50,000 writes landed in host RAM',
  ]);
  expect(misdirectionLines({ device: 'a', bar: 0 }, [{ device: 'a', bar: 0, transfers: 5 }], 'reads')).toEqual([]);
});

describe('presets', () => {
  test('hold a BAR of any size from 4 KiB to 1 TiB, naturally aligned on the bus', () => {
    for (const name of PRESET_NAMES) {
      for (let exponent = 12; exponent <= 40; exponent += 4) {
        const of = preset(name, { barBytes: 2 ** exponent });
        const fn = of.topology.functions.find((candidate) => candidate.id === of.provider);
        const bar = fn?.bars.find((candidate) => candidate.index === of.providerBar);
        expect(bar?.bytes).toBe(2 ** exponent);
        expect((bar?.busStart ?? 1n) % BigInt(2 ** exponent)).toBe(0n);
      }
    }
  });

  test('the one-switch preset has an offset, and both sides of a 64 GiB BAR aligned', () => {
    const of = preset('one-switch', { barBytes: 2 ** 36 });
    const fn = of.topology.functions.find((candidate) => candidate.id === of.provider);
    const bar = fn?.bars.find((candidate) => candidate.index === of.providerBar);
    expect(bar?.cpuStart).not.toBe(bar?.busStart);
    expect((bar?.cpuStart ?? cpuAddress(1n)) % 2n ** 36n).toBe(0n);
  });

  test('bad names and sizes are refused', () => {
    expect(() => preset('one-swich', { barBytes: 4096 })).toThrow(/did you mean 'one-switch'/);
    for (const barBytes of [0, 5000, 2 ** 41, Number.NaN]) {
      expect(() => preset('one-switch', { barBytes })).toThrow(/a BAR is a power of two/);
    }
  });
});
