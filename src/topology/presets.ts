// Ready-made machines, one row each: what Hellwig's objection is about (offsets that differ) and what it is not.
// Addresses of the two host bridges are those of a worked example: A has CPU 0x600_0000_0000 at bus 0x4000_0000.
import { LabError, suggestion } from '../base/errors.ts';
import type { Cpu, FunctionId, Topology } from './model.ts';
import type { BuildPlan } from './preset_builder.ts';
import { alignUp, buildTopology, endpoint, rootPort, switchBelow } from './preset_builder.ts';

export interface PresetOptions {
  /** The provider's BAR: a power of two, 4 KiB to 1 TiB. */
  readonly barBytes: number;
}

export interface Preset {
  readonly name: string;
  readonly summary: string;
  readonly topology: Topology;
  readonly provider: FunctionId;
  /** The provider's BAR with the P2P memory. */
  readonly providerBar: number;
  readonly client: FunctionId;
  /** A client for which a caller-made bus address is right, when the preset has one beside `client`. */
  readonly nearClient: FunctionId | undefined;
  /** RAM below this CPU address is never shadowed by a BAR's bus address: host buffers belong here. */
  readonly safeRamBytes: bigint;
}

const GIB = 2n ** 30n;
const MIB = 2n ** 20n;
const MIN_BAR_BYTES = 4096;
const MAX_BAR_BYTES = 2 ** 40;

const ZEN: Cpu = { vendor: 'amd', family: 0x17 };
const SKYLAKE: Cpu = { vendor: 'intel', family: 6 };
const AMD_ROOT = { vendorId: 0x1022, deviceId: 0x1450 } as const;
const INTEL_ROOT = { vendorId: 0x8086, deviceId: 0x2020 } as const;
const P2P_BAR = 2;

/** ACS control as Linux sets it on ports when an IOMMU is on: SV, RR, CR, UF (pci_std_enable_acs). */
const ACS_ISOLATED = 0x1d;
const ACS_CLEAR = 0;

/** Offset 0x500_0000_0000 and a 64-bit window from bus 0x100_0000_0000: both sides of any BAR naturally aligned. */
const ONE_BRIDGE = { cpuStart: 0x500_4000_0000n, busStart: 0x4000_0000n } as const;
const HIGH_BUS = 0x100_0000_0000n;

/** A: CPU 0x600_0000_0000 is bus 0x4000_0000, offset 0x5ff_c000_0000. B likewise at CPU 0x610_0000_0000. */
const BRIDGE_A = { cpuStart: 0x600_0000_0000n, busStart: 0x4000_0000n } as const;
const BRIDGE_B_CPU_START = 0x610_0000_0000n;
/** The P2P BAR of the worked example: bus 0x5000_0000. */
const P2P_BUS = 0x5000_0000n;

interface PresetRow {
  readonly summary: string;
  build(barBytes: bigint): { plan: BuildPlan } & Pick<Preset, 'provider' | 'client' | 'nearClient'>;
}

function nvme(bus: number, barBus: bigint, barBytes: bigint, registersBus: bigint) {
  const bars = [
    { index: 0, busStart: registersBus, bytes: 16_384n, prefetchable: false },
    { index: P2P_BAR, busStart: barBus, bytes: barBytes, prefetchable: true },
  ];
  return endpoint({ bus, classCode: 0x0108, vendorId: 0x1b36, deviceId: 0x0010, bars });
}

function nic(bus: number, barBus: bigint) {
  const bars = [{ index: 0, busStart: barBus, bytes: 16n * MIB, prefetchable: true }];
  return endpoint({ bus, classCode: 0x0207, vendorId: 0x15b3, deviceId: 0x101b, bars });
}

/** Provider, client and a neighbour below one switch of one host bridge. */
function oneSwitch(barBytes: bigint, acs: number) {
  const barBus = alignUp(HIGH_BUS, barBytes);
  const after = barBus + barBytes;
  const ports = switchBelow({ upstreamBus: 1, downstreamBus: 2, firstBehind: 3, count: 4, acs });
  const plan: BuildPlan = {
    cpu: ZEN,
    ramBytes: 64n * GIB,
    hostBridges: [
      {
        domain: 0,
        rootBus: 0,
        numaNode: 0,
        root: AMD_ROOT,
        windows: [
          { ...ONE_BRIDGE, bytes: GIB },
          { cpuStart: HIGH_BUS + 0x500_0000_0000n, busStart: HIGH_BUS, bytes: alignUp(after - HIGH_BUS, GIB) + GIB },
        ],
        functions: [
          rootPort({ bus: 0, device: 1, secondary: 1, subordinate: 6, acs: ACS_CLEAR }),
          ...ports,
          nvme(3, barBus, barBytes, 0x4010_0000n),
          nic(4, alignUp(after, 32n * MIB)),
          nvme(5, alignUp(after, 32n * MIB) + 32n * MIB, 16n * MIB, 0x4030_0000n),
        ],
      },
    ],
  };
  return { plan, provider: '0000:03:00.0', client: '0000:04:00.0', nearClient: undefined };
}

/** Provider and client each below a root port of their own, same host bridge. */
function twoRootPorts(barBytes: bigint) {
  const barBus = alignUp(HIGH_BUS, barBytes);
  const nicBus = alignUp(barBus + barBytes, 32n * MIB);
  const plan: BuildPlan = {
    cpu: ZEN,
    ramBytes: 64n * GIB,
    hostBridges: [
      {
        domain: 0,
        rootBus: 0,
        numaNode: 0,
        root: AMD_ROOT,
        windows: [
          { ...ONE_BRIDGE, bytes: GIB },
          { cpuStart: HIGH_BUS + 0x500_0000_0000n, busStart: HIGH_BUS, bytes: alignUp(nicBus - HIGH_BUS, GIB) + GIB },
        ],
        functions: [
          rootPort({ bus: 0, device: 1, secondary: 1, subordinate: 1, acs: ACS_CLEAR }),
          rootPort({ bus: 0, device: 2, secondary: 2, subordinate: 2, acs: ACS_CLEAR }),
          nvme(1, barBus, barBytes, 0x4010_0000n),
          nic(2, nicBus),
        ],
      },
    ],
  };
  return { plan, provider: '0000:01:00.0', client: '0000:02:00.0', nearClient: undefined };
}

/**
 * Two host bridges whose bus windows begin alike and whose CPU windows do not. Below B a device stands where the
 * provider's bus addresses point: a caller-made address lands in its BAR (first half), in RAM (third quarter) or
 * nowhere (last quarter). Up to a 32 GiB BAR, B's CPU window is where the worked example has it; above, higher.
 */
function twoHostBridges(barBytes: bigint) {
  const barBus = alignUp(P2P_BUS, barBytes);
  const span = alignUp(barBus + barBytes - BRIDGE_A.busStart, 64n * GIB);
  const bCpuStart = BRIDGE_A.cpuStart + span > BRIDGE_B_CPU_START ? BRIDGE_A.cpuStart + span : BRIDGE_B_CPU_START;
  const decoyBytes = barBytes / 2n;
  const bridge = { domain: 0, numaNode: undefined, root: AMD_ROOT } as const;
  const below = (rootBus: number) => [
    rootPort({ bus: rootBus, device: 1, secondary: rootBus + 1, subordinate: rootBus + 4, acs: ACS_CLEAR }),
    ...switchBelow({
      upstreamBus: rootBus + 1,
      downstreamBus: rootBus + 2,
      firstBehind: rootBus + 3,
      count: 2,
      acs: ACS_CLEAR,
    }),
  ];
  const plan: BuildPlan = {
    cpu: ZEN,
    ramBytes: barBus + (barBytes / 4n) * 3n,
    hostBridges: [
      {
        ...bridge,
        rootBus: 0,
        windows: [{ ...BRIDGE_A, bytes: span }],
        functions: [...below(0), nvme(3, barBus, barBytes, 0x4010_0000n), nic(4, 0x4800_0000n)],
      },
      {
        ...bridge,
        rootBus: 0x80,
        windows: [{ cpuStart: bCpuStart, busStart: BRIDGE_A.busStart, bytes: span }],
        functions: [...below(0x80), nic(0x83, 0x4800_0000n), nvme(0x84, barBus, decoyBytes, 0x4030_0000n)],
      },
    ],
  };
  return { plan, provider: '0000:03:00.0', client: '0000:83:00.0', nearClient: '0000:04:00.0' };
}

/** Two x86 sockets: no offsets, so even a caller-made address is right wherever the host bridges forward. */
function twoSockets(barBytes: bigint) {
  const start = 0x600_0000_0000n;
  const barBus = alignUp(start, barBytes);
  const span = alignUp(barBus + barBytes - start, 64n * GIB);
  const socket = (numaNode: number, rootBus: number, busStart: bigint, low: bigint) => ({
    domain: 0,
    rootBus,
    numaNode,
    root: INTEL_ROOT,
    windows: [
      { cpuStart: low, busStart: low, bytes: GIB / 2n },
      { cpuStart: busStart, busStart, bytes: span },
    ],
  });
  const port = (bus: number) => rootPort({ bus, device: 1, secondary: bus + 1, subordinate: bus + 1, acs: ACS_CLEAR });
  const plan: BuildPlan = {
    cpu: SKYLAKE,
    ramBytes: 2n * GIB,
    hostBridges: [
      { ...socket(0, 0, start, 0x8000_0000n), functions: [port(0), nvme(1, barBus, barBytes, 0x8010_0000n)] },
      { ...socket(1, 0x80, start + span, 0xa000_0000n), functions: [port(0x80), nic(0x81, start + span)] },
    ],
  };
  return { plan, provider: '0000:01:00.0', client: '0000:81:00.0', nearClient: undefined };
}

const PRESETS: ReadonlyMap<string, PresetRow> = new Map<string, PresetRow>([
  [
    'one-switch',
    { summary: 'provider and client below one switch: bus addresses', build: (bytes) => oneSwitch(bytes, ACS_CLEAR) },
  ],
  [
    'two-root-ports',
    {
      summary: 'provider and client below two root ports of one AMD host bridge',
      build: (bytes) => twoRootPorts(bytes),
    },
  ],
  [
    'two-host-bridges',
    { summary: 'two host bridges with different CPU-to-bus offsets', build: (bytes) => twoHostBridges(bytes) },
  ],
  [
    'two-sockets',
    { summary: 'two Intel sockets, one host bridge each, no offsets', build: (bytes) => twoSockets(bytes) },
  ],
  [
    'acs-on',
    {
      summary: 'as one-switch, with ACS redirect on its downstream ports',
      build: (bytes) => oneSwitch(bytes, ACS_ISOLATED),
    },
  ],
]);

export const PRESET_NAMES: readonly string[] = [...PRESETS.keys()];

/**
 * Builds a preset around a provider's BAR.
 * @throws LabError for an unknown name, or a BAR that is no power of two from 4 KiB to 1 TiB
 */
export function preset(name: string, options: PresetOptions): Preset {
  const row = PRESETS.get(name);
  if (!row) {
    throw new LabError(
      `no preset '${name}'${suggestion(name, PRESET_NAMES) || '.'} There are ${PRESET_NAMES.join(', ')}.`,
    );
  }
  const { barBytes } = options;
  const isPowerOfTwo = Number.isInteger(Math.log2(barBytes));
  if (!isPowerOfTwo || barBytes < MIN_BAR_BYTES || barBytes > MAX_BAR_BYTES) {
    throw new LabError(`preset ${name}: a BAR is a power of two from 4 KiB to 1 TiB, not ${barBytes} bytes.`);
  }
  const { plan, provider, client, nearClient } = row.build(BigInt(barBytes));
  return {
    name,
    summary: row.summary,
    topology: buildTopology(name, plan),
    provider,
    providerBar: P2P_BAR,
    client,
    nearClient,
    safeRamBytes: GIB,
  };
}
