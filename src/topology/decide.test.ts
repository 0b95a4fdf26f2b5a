import { describe, expect, test } from 'vitest';
import { needing, TOPOLOGY_DATA } from '../../test/support/needs.ts';
import { decide } from './decide.ts';
import { fix, pathText, why } from './explain.ts';
import { CR, EC, endpointAt, hostAt, INTEL, machine, portAt, RR, rules, switchMachine, ZEN } from './fixture.ts';
import type { Era } from './host_bridge.ts';
import { ALLOW_LIST, ERAS, eraOf } from './host_bridge.ts';
import { parse } from './importers/lspci.ts';
import type { Cpu, Topology } from './model.ts';
import { ACS_BIT_NAMES } from './model.ts';
import { sampleSection } from './sample_data.ts';

const verdict = (topology: Topology, a: string, b: string, cpu: Cpu | undefined = INTEL) => {
  const { distance, mapType } = decide(topology, a, b, rules(cpu));
  return `${distance} ${mapType}`;
};

needing(TOPOLOGY_DATA).describe('verdicts of a booted 6.12', () => {
  test.each([
    ['functions.zen.iommu-acs', ZEN, 100],
    ['one-switch.zen', ZEN, 100],
    ['two-bridges.intel', INTEL, 81],
  ] as const)('%s comes out pair by pair', (name, cpu, pairs) => {
    const topology = parse(sampleSection(`linux-6.12/${name}.txt`, 'LSPCI'), name);
    const lines = sampleSection(`linux-6.12/${name}.txt`, 'MATRIX').trim().split('\n');
    const ours = lines.map((line) => {
      const [provider = '', client = ''] = line.split(' ');
      return `${provider} ${client} ${verdict(topology, provider, client, cpu)}`;
    });
    expect(ours).toEqual(lines);
    expect(lines).toHaveLength(pairs);
  });
});

describe('distances in ports', () => {
  test('the same function is 0', () => {
    expect(verdict(machine(switchMachine(2)), '03:00.0', '03:00.0')).toBe('0 BUS_ADDR');
  });

  test('two functions of one endpoint below a root port are 2', () => {
    const one = machine([
      hostAt('00:00.0'),
      portAt('00:01.0', 'root-port', [1, 1], 0),
      endpointAt('01:00.0'),
      endpointAt('01:00.1'),
    ]);
    expect(verdict(one, '01:00.0', '01:00.1')).toBe('2 BUS_ADDR');
  });

  test('two endpoints below one switch are 4', () => {
    expect(verdict(machine(switchMachine(2)), '03:00.0', '04:00.0')).toBe('4 BUS_ADDR');
  });

  const cascade = machine([
    portAt('00:00.0', 'root-port', [1, 0x0c], 0),
    portAt('01:00.0', 'upstream', [2, 0x0c]),
    portAt('02:00.0', 'downstream', [3, 3], 0),
    portAt('02:01.0', 'downstream', [4, 7], 0),
    portAt('02:02.0', 'downstream', [8, 0x0b], 0),
    endpointAt('03:00.0'),
    portAt('04:00.0', 'upstream', [5, 7]),
    portAt('05:00.0', 'downstream', [6, 6], 0),
    endpointAt('06:00.0'),
    portAt('08:00.0', 'upstream', [9, 0x0b]),
    portAt('09:00.0', 'downstream', [0x0a, 0x0a], 0),
    endpointAt('0a:00.0'),
  ]);

  test('one below a switch and one below a cascaded switch are 6', () => {
    expect(verdict(cascade, '06:00.0', '03:00.0')).toBe('6 BUS_ADDR');
  });

  test('two below different second-level switches are 8', () => {
    expect(verdict(cascade, '06:00.0', '0a:00.0')).toBe('8 BUS_ADDR');
  });

  const twoRootPorts = machine([
    hostAt('00:00.0'),
    portAt('00:01.0', 'root-port', [1, 1], 0),
    portAt('00:02.0', 'root-port', [2, 4], 0),
    endpointAt('01:00.0'),
    portAt('02:00.0', 'upstream', [3, 4]),
    portAt('03:00.0', 'downstream', [4, 4], 0),
    endpointAt('04:00.0'),
  ]);

  test('endpoint and switch below two root ports are 6, refused unless the CPU forwards', () => {
    expect(verdict(twoRootPorts, '04:00.0', '01:00.0', ZEN)).toBe('6 THRU_HOST_BRIDGE');
    expect(verdict(twoRootPorts, '04:00.0', '01:00.0', INTEL)).toBe('6 NOT_SUPPORTED');
  });

  test('functions of the root bus itself are 2 apart, through the host bridge', () => {
    const root = machine([hostAt('00:00.0'), endpointAt('00:04.0', { portType: 'rc-endpoint' })]);
    expect(verdict(root, '00:04.0', '00:00.0', ZEN)).toBe('2 THRU_HOST_BRIDGE');
  });

  test('two domains never have a bridge in common', () => {
    const two = machine([endpointAt('0001:00:00.0'), endpointAt('0002:00:00.0')]);
    expect(verdict(two, '0001:00:00.0', '0002:00:00.0', ZEN)).toBe('2 THRU_HOST_BRIDGE');
  });
});

describe('ACS redirect', () => {
  test.each(ACS_BIT_NAMES.map((name, bit) => [name, 1 << bit] as const))('bit %s alone', (name, bit) => {
    const topology = machine(switchMachine(2, { down: [bit, 0] }));
    const redirects = ['ReqRedir', 'CmpltRedir', 'EgressCtrl'].includes(name);
    expect(verdict(topology, '03:00.0', '04:00.0', ZEN)).toBe(redirects ? '4 THRU_HOST_BRIDGE' : '4 BUS_ADDR');
  });

  test.each([
    ["the provider's port", { down: [RR, 0] }, ['0000:02:00.0']],
    ["the client's port", { down: [0, CR] }, ['0000:02:01.0']],
    ['both ports, the provider side first', { down: [EC, RR] }, ['0000:02:00.0', '0000:02:01.0']],
    ['the common bridge itself', { up: RR }, ['0000:01:00.0']],
  ] as const)('at %s sends requests up and is listed for the fix', (_, acs, ports) => {
    const topology = machine(switchMachine(2, acs as never));
    const found = decide(topology, '03:00.0', '04:00.0', rules(INTEL));
    expect(found).toMatchObject({ mapType: 'NOT_SUPPORTED', distance: 4, redirects: ports });
    expect(fix(topology, found, rules(INTEL))).toContain(`"pci=disable_acs_redir=${ports.join(';')}"`);
  });

  test('above the common bridge does not matter', () => {
    const topology = machine(switchMachine(2, { root: RR | CR | EC }));
    expect(verdict(topology, '03:00.0', '04:00.0')).toBe('4 BUS_ADDR');
  });

  test('of a root port redirects two functions of one endpoint below it', () => {
    const topology = machine([
      hostAt('00:00.0'),
      portAt('00:01.0', 'root-port', [1, 1], RR),
      endpointAt('01:00.0'),
      endpointAt('01:00.1'),
    ]);
    expect(verdict(topology, '01:00.0', '01:00.1', ZEN)).toBe('2 THRU_HOST_BRIDGE');
  });

  test('of an endpoint counts on either side, even towards itself', () => {
    const topology = machine([
      hostAt('00:00.0'),
      portAt('00:01.0', 'root-port', [1, 1], 0),
      endpointAt('01:00.0', { acs: RR }),
      endpointAt('01:00.1', { acs: 0 }),
    ]);
    expect(verdict(topology, '01:00.0', '01:00.1', ZEN)).toBe('2 THRU_HOST_BRIDGE');
    expect(verdict(topology, '01:00.1', '01:00.0', ZEN)).toBe('2 THRU_HOST_BRIDGE');
    expect(verdict(topology, '01:00.0', '01:00.0', ZEN)).toBe('0 THRU_HOST_BRIDGE');
    expect(verdict(topology, '01:00.0', '01:00.0', INTEL)).toBe('0 NOT_SUPPORTED');
    expect(verdict(topology, '01:00.1', '01:00.1', INTEL)).toBe('0 BUS_ADDR');
  });

  test('without a common bridge is not looked at', () => {
    const topology = machine([
      hostAt('00:00.0'),
      portAt('00:01.0', 'root-port', [1, 1], RR),
      portAt('00:02.0', 'root-port', [2, 2], 'unknown'),
      endpointAt('01:00.0'),
      endpointAt('02:00.0'),
    ]);
    expect(decide(topology, '01:00.0', '02:00.0', rules(ZEN))).toMatchObject({
      mapType: 'THRU_HOST_BRIDGE',
      redirects: [],
      acsUnknown: [],
    });
  });

  test('that is not known makes the verdict unknown, unless another port redirects anyway', () => {
    const unknown = machine(switchMachine(2, { down: ['unknown', 0] }));
    const found = decide(unknown, '03:00.0', '04:00.0', rules(ZEN));
    expect(found).toMatchObject({ mapType: 'UNKNOWN', distance: 4, acsUnknown: ['0000:02:00.0'] });
    expect(fix(unknown, found, rules(ZEN))).toContain('lspci -vvvnn as root');
    expect(verdict(machine(switchMachine(2, { down: ['unknown', RR] })), '03:00.0', '04:00.0', ZEN)).toBe(
      '4 THRU_HOST_BRIDGE',
    );
  });
});

describe('the way through the host bridge', () => {
  const behind = (vendorId: number, deviceId: number): Topology =>
    machine([
      hostAt('00:00.0', vendorId, deviceId),
      portAt('00:01.0', 'root-port', [1, 1], 0),
      portAt('00:02.0', 'root-port', [2, 2], 0),
      endpointAt('01:00.0'),
      endpointAt('02:00.0'),
      hostAt('80:00.0', vendorId, deviceId),
      portAt('80:01.0', 'root-port', [0x81, 0x81], 0),
      endpointAt('81:00.0'),
    ]);

  test.each(ALLOW_LIST.filter((row) => row.device !== undefined))(
    'allow-list row %o',
    ({ vendor, device, sameHostBridge, eras }) => {
      const topology = behind(vendor, device ?? 0);
      for (const era of ERAS.filter((each) => each !== '5.2')) {
        const [near, far] = ['02:00.0', '81:00.0'].map(
          (client) => decide(topology, '01:00.0', client, rules(INTEL, { era })).mapType,
        );
        const allowed = eras.includes(era);
        expect(near).toBe(allowed ? 'THRU_HOST_BRIDGE' : 'NOT_SUPPORTED');
        expect(far).toBe(allowed && !sameHostBridge ? 'THRU_HOST_BRIDGE' : 'NOT_SUPPORTED');
      }
    },
  );

  test('a refusal for want of the same host bridge says so', () => {
    const topology = behind(0x8086, 0x2f00);
    const found = decide(topology, '01:00.0', '81:00.0', rules(INTEL));
    expect(why(topology, found, rules(INTEL))).toContain('allow-listed only for two devices below it');
    expect(fix(topology, found, rules(INTEL))).toContain('put both below host bridge 0000:00');
  });

  test('two host bridges must both be on the list', () => {
    const topology = machine([
      hostAt('00:00.0', 0x8086, 0x2020),
      portAt('00:01.0', 'root-port', [1, 1], 0),
      endpointAt('01:00.0'),
      hostAt('80:00.0', 0x8086, 0x1234),
      portAt('80:01.0', 'root-port', [0x81, 0x81], 0),
      endpointAt('81:00.0'),
    ]);
    expect(verdict(topology, '01:00.0', '81:00.0')).toBe('4 NOT_SUPPORTED');
    expect(verdict(topology, '81:00.0', '01:00.0')).toBe('4 NOT_SUPPORTED');
  });

  test('Google host bridges are allowed today, any device, not in 6.12', () => {
    const topology = behind(0x1ae0, 0x4321);
    expect(verdict(topology, '01:00.0', '81:00.0')).toBe('4 NOT_SUPPORTED');
    expect(decide(topology, '01:00.0', '81:00.0', rules(INTEL, { era: '7.2' })).mapType).toBe('THRU_HOST_BRIDGE');
    const accelerator = machine([
      endpointAt('f3:00.0', { vendorId: 0x8086, deviceId: 0x4940, portType: 'rc-endpoint' }),
      endpointAt('f2:00.0', { vendorId: 0x8086, deviceId: 0x0b25, portType: 'rc-endpoint' }),
    ]);
    const verdicts = ['6.17', '7.2'].map(
      (era) => decide(accelerator, 'f3:00.0', 'f2:00.0', rules(INTEL, { era: eraOf(era) as Era })).mapType,
    );
    expect(verdicts).toEqual(['NOT_SUPPORTED', 'THRU_HOST_BRIDGE']);
  });

  test.each([
    [{ vendor: 'amd', family: 0x17 }, true],
    [{ vendor: 'amd', family: 0x1a }, true],
    [{ vendor: 'amd', family: 0x16 }, false],
    [{ vendor: 'hygon', family: 0x18 }, false],
    [{ vendor: 'intel', family: 0x17 }, false],
    [{ vendor: 'arm', family: 0x17 }, false],
  ])('CPU %o forwards: %s', (cpu, forwards) => {
    expect(verdict(behind(1, 2), '01:00.0', '81:00.0', cpu)).toBe(forwards ? '4 THRU_HOST_BRIDGE' : '4 NOT_SUPPORTED');
  });

  const firstOnRootBus = (first: ReturnType<typeof endpointAt>): Topology =>
    machine([
      first,
      portAt('00:1c.0', 'root-port', [1, 1], 0),
      portAt('00:1d.0', 'root-port', [2, 2], 0),
      endpointAt('01:00.0'),
      endpointAt('02:00.0'),
    ]);

  test('a root port at another place than 00.0 is checked when it comes first', () => {
    const port = portAt('00:02.0', 'root-port', [5, 5], 0, { vendorId: 0x8086, deviceId: 0x2030 });
    expect(verdict(firstOnRootBus(port), '01:00.0', '02:00.0')).toBe('4 THRU_HOST_BRIDGE');
  });

  test('anything else first, other than 00.0, refuses', () => {
    const other = endpointAt('00:02.0', { portType: 'rc-endpoint', vendorId: 0x8086, deviceId: 0x2030 });
    expect(verdict(firstOnRootBus(other), '01:00.0', '02:00.0')).toBe('4 NOT_SUPPORTED');
  });

  test('00.0 is checked whatever it is, an endpoint too', () => {
    const gpu = endpointAt('00:00.0', { vendorId: 0x8086, deviceId: 0x2020 });
    expect(verdict(firstOnRootBus(gpu), '01:00.0', '02:00.0')).toBe('4 THRU_HOST_BRIDGE');
  });

  test('without the CPU only an allow-list answers', () => {
    const refused = behind(1, 2);
    expect(verdict(behind(0x8086, 0x2030), '01:00.0', '81:00.0', undefined)).toBe('4 THRU_HOST_BRIDGE');
    const found = decide(refused, '01:00.0', '81:00.0', rules(undefined));
    expect(found.mapType).toBe('UNKNOWN');
    expect(fix(refused, found, rules(undefined))).toContain('--cpu');
  });

  test('a source that leaves out functions does not tell which comes first', () => {
    const drafts = [
      portAt('00:1c.0', 'root-port', [1, 1], 0, { vendorId: 0x8086, deviceId: 0x2030 }),
      portAt('00:1d.0', 'root-port', [2, 2], 0),
      endpointAt('01:00.0'),
      endpointAt('02:00.0'),
    ];
    expect(verdict(machine(drafts, { everyFunction: false }), '01:00.0', '02:00.0')).toBe('4 UNKNOWN');
    expect(verdict(machine(drafts, { everyFunction: false }), '01:00.0', '02:00.0', ZEN)).toBe('4 THRU_HOST_BRIDGE');
    expect(verdict(machine(drafts), '01:00.0', '02:00.0')).toBe('4 THRU_HOST_BRIDGE');
  });
});

describe('virtual functions', () => {
  test('stand where their physical function does, on whatever bus', () => {
    const topology = machine([
      hostAt('00:00.0'),
      portAt('00:01.0', 'root-port', [1, 2], 0),
      endpointAt('01:00.0', { sriov: { numVfs: 2, offset: 0x80, stride: 0x80 } }),
      endpointAt('01:10.0'),
      endpointAt('02:00.0'),
    ]);
    expect(verdict(topology, '01:00.0', '01:10.0')).toBe('2 BUS_ADDR');
    expect(verdict(topology, '01:10.0', '02:00.0')).toBe('2 BUS_ADDR');
    expect(topology.functions.find((fn) => fn.id === '0000:02:00.0')).toMatchObject({
      parent: '0000:00:01.0',
      physfn: '0000:01:00.0',
      hostBridge: '0000:00',
    });
  });

  test('of a root bus function share its root bus', () => {
    const topology = machine([
      hostAt('6b:00.0', 0x8086, 0x3c00),
      endpointAt('6b:02.0', { portType: 'rc-endpoint', sriov: { numVfs: 1, offset: 0x100, stride: 1 } }),
      endpointAt('6c:02.0'),
    ]);
    expect(verdict(topology, '6b:02.0', '6c:02.0')).toBe('2 THRU_HOST_BRIDGE');
    expect(topology.hostBridges.map((bridge) => bridge.id)).toEqual(['0000:6b']);
  });
});

describe('v5.2', () => {
  const zenRoot = machine([
    hostAt('00:00.0', 0x1022, 0x1450),
    portAt('00:01.0', 'root-port', [1, 1], 0),
    portAt('00:02.0', 'root-port', [2, 2], 0),
    endpointAt('01:00.0'),
    endpointAt('02:00.0'),
  ]);
  const old = (topology: Topology, a: string, b: string, iommu: boolean | 'unknown' = false) => {
    const { distance, mapType } = decide(
      topology,
      a,
      b,
      rules(ZEN, { era: '5.2', iommu: iommu === 'unknown' ? undefined : iommu }),
    );
    return `${distance} ${mapType}`;
  };

  test('adds 0x1000 through an AMD Zen root complex and still programs bus addresses', () => {
    expect(old(zenRoot, '01:00.0', '02:00.0')).toBe('4100 BUS_ADDR');
  });

  test('refuses with -1 any other root complex, and Zen when an IOMMU is there', () => {
    expect(old(machine(switchMachine(1).concat(hostAt('80:00.0'))), '03:00.0', '80:00.0')).toBe('-1 NOT_SUPPORTED');
    expect(old(zenRoot, '01:00.0', '02:00.0', true)).toBe('-1 NOT_SUPPORTED');
    expect(old(zenRoot, '01:00.0', '02:00.0', 'unknown')).toBe('null UNKNOWN');
  });

  test('refuses any ACS redirect with -2, Zen or not', () => {
    expect(old(machine(switchMachine(2, { down: [RR, 0] })), '03:00.0', '04:00.0')).toBe('-2 NOT_SUPPORTED');
    expect(old(machine(switchMachine(2)), '03:00.0', '04:00.0')).toBe('4 BUS_ADDR');
  });
});

test('every era agrees below one clean switch', () => {
  for (const era of ERAS) {
    const found = decide(machine(switchMachine(2)), '03:00.0', '04:00.0', rules(INTEL, { era }));
    expect(found).toMatchObject({ distance: 4, mapType: 'BUS_ADDR' });
  }
});

test('a verdict explains its path and offers a free port of the same switch', () => {
  const drafts = switchMachine(3).filter((draft) => draft.id !== '0000:05:00.0');
  const topology = machine([...drafts, portAt('00:02.0', 'root-port', [9, 9], 0), endpointAt('09:00.0')]);
  const found = decide(topology, '09:00.0', '04:00.0', rules(INTEL));
  expect(pathText(topology, found)).toBe(
    '0000:09:00.0 > 0000:00:02.0 > host bridge 0000:00 < 0000:00:01.0 < 0000:01:00.0 < 0000:02:01.0 < 0000:04:00.0',
  );
  expect(fix(topology, found, rules(INTEL))).toContain('move 0000:09:00.0 to the free port 0000:02:02.0');
  const near = decide(topology, '03:00.0', '04:00.0', rules(INTEL));
  expect(pathText(topology, near)).toBe('0000:03:00.0 > 0000:02:00.0 > [0000:01:00.0] < 0000:02:01.0 < 0000:04:00.0');
  expect(fix(topology, near, rules(INTEL))).toBeNull();
});

test('an unknown function is refused with a suggestion', () => {
  expect(() => decide(machine(switchMachine(2)), '0000:03:00.1', '04:00.0', rules(ZEN))).toThrow(
    /no function '0000:03:00.1', did you mean '0000:03:00.0'\?/,
  );
});
