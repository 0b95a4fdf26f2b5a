// For tests only: small machines written as a list of functions.
import type { Draft } from './assemble.ts';
import { assemble } from './assemble.ts';
import type { RuleOptions } from './host_bridge.ts';
import type { AcsControl, Bar, Cpu, PortType, Topology } from './model.ts';
import { cpuAddress, parseId } from './model.ts';
import { validated } from './validate.ts';

export const ZEN: Cpu = { vendor: 'amd', family: 23 };
export const INTEL: Cpu = { vendor: 'intel', family: 6 };

export const RR = 0x04;
export const CR = 0x08;
export const EC = 0x20;

/** 6.12, CPU given, no IOMMU. */
export function rules(cpu: Cpu | undefined, more: Partial<RuleOptions> = {}): RuleOptions {
  return { era: '6.12', cpu, iommu: false, ...more };
}

/** An endpoint; override what matters. */
export function endpointAt(id: string, more: Partial<Draft> = {}): Draft {
  const place = parseId(id);
  if (!place) throw new Error(`bad id ${id}`);
  return {
    ...place,
    isBridge: false,
    classCode: 0x0108,
    progIf: 0,
    vendorId: 0x1b36,
    deviceId: 0x0010,
    title: undefined,
    portType: 'endpoint',
    acs: 'absent',
    numaNode: undefined,
    link: undefined,
    bars: [],
    buses: undefined,
    windows: undefined,
    windowView: 'cpu',
    line: undefined,
    sriov: undefined,
    capsShown: true,
    saysVirtual: false,
    ...more,
  };
}

/** A bridge leading to buses secondary-subordinate. */
export function portAt(
  id: string,
  portType: PortType,
  [secondary, subordinate]: readonly [number, number],
  acs: AcsControl = 'absent',
  more: Partial<Draft> = {},
): Draft {
  const base = endpointAt(id, { isBridge: true, classCode: 0x0604, deviceId: 0x000c, portType, acs, ...more });
  return { ...base, buses: { primary: base.bus, secondary, subordinate } };
}

/** Function 00.0 of a root bus. */
export function hostAt(id: string, vendorId = 0x8086, deviceId = 0x29c0): Draft {
  return endpointAt(id, { classCode: 0x0600, vendorId, deviceId, portType: 'conventional' });
}

export function barAt(index: number, cpuStart: bigint, bytes: number, more: Partial<Bar> = {}): Bar {
  return {
    index,
    bytes,
    prefetchable: true,
    is64: true,
    disabled: false,
    cpuStart: cpuAddress(cpuStart),
    busStart: undefined,
    ...more,
  };
}

export function machine(drafts: readonly Draft[], more: Partial<Topology> = {}): Topology {
  const { functions, hostBridges, notes } = assemble(drafts, 'machine');
  return validated({
    source: 'machine',
    format: 'fixture',
    functions,
    hostBridges,
    cpu: undefined,
    iommu: false,
    ram: [],
    everyPort: true,
    everyFunction: true,
    notes,
    ...more,
  });
}

/** Root port, switch with `ports` downstream ports on bus 2, one endpoint behind each from bus 3 on. */
export function switchMachine(
  ports: number,
  acs: { root?: AcsControl; up?: AcsControl; down?: AcsControl[] } = {},
): Draft[] {
  const last = 2 + ports;
  const hex2 = (value: number): string => value.toString(16).padStart(2, '0');
  return [
    hostAt('00:00.0'),
    portAt('00:01.0', 'root-port', [1, last], acs.root ?? 0),
    portAt('01:00.0', 'upstream', [2, last], acs.up ?? 'absent'),
    ...Array.from({ length: ports }, (_, i) =>
      portAt(`02:${hex2(i)}.0`, 'downstream', [3 + i, 3 + i], acs.down?.[i] ?? 0),
    ),
    ...Array.from({ length: ports }, (_, i) => endpointAt(`${hex2(3 + i)}:00.0`)),
  ];
}
