// A topology as the text of `lspci -n -vvv -D`: what the lspci importer reads back as the same topology, as far as lspci
// tells (no offsets, no RAM).
import type { SriovNumbers } from './assemble.ts';
import type { Bar, BridgeWindow, PciFunction, PortType, Topology } from './model.ts';
import { ACS_BIT_NAMES, compareFunctions } from './model.ts';

const EXPRESS_WORDS: Readonly<Partial<Record<PortType, string>>> = {
  endpoint: 'Endpoint',
  'legacy-endpoint': 'Legacy Endpoint',
  'root-port': 'Root Port (Slot+)',
  upstream: 'Upstream Port',
  downstream: 'Downstream Port (Slot+)',
  'pcie-to-pci': 'PCI-Express to PCI/PCI-X Bridge',
  'pci-to-pcie': 'PCI/PCI-X to PCI-Express Bridge',
  'rc-endpoint': 'Root Complex Integrated Endpoint',
  'rc-event-collector': 'Root Complex Event Collector',
};

/** The dump, ending in an empty line as lspci's does. */
export function writeLspci(topology: Topology): string {
  const functions = [...topology.functions].sort(compareFunctions);
  return functions.map((fn, i) => `${functionLines(topology, fn, i).join('\n')}\n\n`).join('');
}

function functionLines(topology: Topology, fn: PciFunction, group: number): string[] {
  const hex4 = (value: number | undefined): string => (value ?? 0).toString(16).padStart(4, '0');
  const progIf = fn.progIf ? ` (prog-if ${fn.progIf.toString(16).padStart(2, '0')})` : '';
  return [
    `${fn.id} ${hex4(fn.classCode)}: ${hex4(fn.vendorId)}:${hex4(fn.deviceId)}${progIf}`,
    '\tControl: I/O+ Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR+ FastB2B- DisINTx+',
    ...(fn.numaNode === undefined ? [] : [`\tNUMA node: ${fn.numaNode}`]),
    ...(topology.iommu ? [`\tIOMMU group: ${group}`] : []),
    ...fn.bars.map(barLine),
    ...(fn.buses ? [busLine(fn)] : []),
    ...windowLines(fn),
    ...capabilityLines(topology, fn),
  ];
}

function barLine(bar: Bar): string {
  const place = bar.cpuStart === undefined ? '<unassigned>' : bar.cpuStart.toString(16).padStart(8, '0');
  const traits = `${bar.is64 ? 64 : 32}-bit, ${bar.prefetchable ? '' : 'non-'}prefetchable`;
  const disabled = bar.disabled ? ' [disabled]' : '';
  return `\tRegion ${bar.index}: Memory at ${place} (${traits})${disabled}${sizeTag(bar.bytes)}`;
}

function sizeTag(bytes: number | undefined): string {
  if (bytes === undefined) return '';
  for (const [unit, factor] of [
    ['T', 2 ** 40],
    ['G', 2 ** 30],
    ['M', 2 ** 20],
    ['K', 2 ** 10],
  ] as const) {
    if (bytes % factor === 0) return ` [size=${bytes / factor}${unit}]`;
  }
  return ` [size=${bytes}]`;
}

function busLine(fn: PciFunction): string {
  const hex2 = (value: number | undefined): string => (value ?? 0).toString(16).padStart(2, '0');
  const { primary, secondary, subordinate } = fn.buses ?? {};
  return `\tBus: primary=${hex2(primary)}, secondary=${hex2(secondary)}, subordinate=${hex2(subordinate)}, sec-latency=0`;
}

function windowLines(fn: PciFunction): string[] {
  if (fn.windows === undefined) return [];
  const words = { memory: 'Memory', prefetchable: 'Prefetchable memory' } as const;
  return (['memory', 'prefetchable'] as const).flatMap((kind) => {
    const windows = fn.windows?.filter((window) => window.kind === kind) ?? [];
    const values =
      windows.length === 0 ? [fn.windowView === 'cpu' ? '[disabled] [32-bit]' : 'None'] : windows.map(range);
    return values.map((value) => `\t${words[kind]} behind bridge: ${value}`);
  });

  function range(window: BridgeWindow): string {
    const digits = window.end > 0xffffffffn ? 16 : 8;
    const [start, end] = [window.start, window.end].map((value) => value.toString(16).padStart(digits, '0'));
    return `${start}-${end}${fn.windowView === 'cpu' ? ` [${digits * 4}-bit]` : ''}`;
  }
}

function capabilityLines(topology: Topology, fn: PciFunction): string[] {
  const lines: string[] = [];
  const words = EXPRESS_WORDS[fn.portType];
  if (words !== undefined) lines.push(`\tCapabilities: [80] Express (v2) ${words}, MSI 00`);
  if (words !== undefined && fn.link?.gtPerS !== undefined) {
    lines.push(`\t\tLnkSta:\tSpeed ${fn.link.gtPerS}GT/s, Width x${fn.link.width}`);
  }
  const { acs } = fn;
  if (acs !== 'absent') lines.push('\tCapabilities: [148 v1] Access Control Services');
  if (typeof acs === 'number') {
    const bits = ACS_BIT_NAMES.map((name, bit) => `${name}${acs & (1 << bit) ? '+' : '-'}`);
    lines.push(`\t\tACSCtl:\t${bits.join(' ')}`);
  }
  const sriov = sriovNumbers(topology, fn);
  if (sriov) {
    lines.push('\tCapabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)', '\t\tIOVCtl:\tEnable+ Migration-');
    lines.push(`\t\tInitial VFs: 64, Total VFs: 64, Number of VFs: ${sriov.numVfs}, Function Dependency Link: 00`);
    lines.push(`\t\tVF offset: ${sriov.offset}, stride: ${sriov.stride}, Device ID: 0000`);
  }
  return lines;
}

/** The SR-IOV numbers that give exactly this function's VFs; undefined when it has none. */
function sriovNumbers(topology: Topology, pf: PciFunction): SriovNumbers | undefined {
  const rid = (fn: PciFunction): number => (fn.bus << 8) | fn.devfn;
  const vfs = topology.functions.filter((fn) => fn.physfn === pf.id).sort(compareFunctions);
  const [first, second] = vfs;
  if (!first) return undefined;
  return { numVfs: vfs.length, offset: rid(first) - rid(pf), stride: second ? rid(second) - rid(first) : 1 };
}
