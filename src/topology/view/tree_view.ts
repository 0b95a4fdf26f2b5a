// The tree for people: host bridges, bridges and functions, indented as they hang, with what matters for P2P.
import { formatBytes } from '../../base/units.ts';
import { shortClass } from '../classes.ts';
import { hasAcsRedirect } from '../decide.ts';
import { redirectBits } from '../explain.ts';
import { describeLink } from '../links.ts';
import type { Bar, FunctionId, HostBridge, PciFunction, Topology } from '../model.ts';
import { hex } from '../model.ts';
import { indexOf } from '../tree.ts';
import type { Style } from './style.ts';

/** Lines of the tree. `numbers` gives endpoints their number in the matrix. */
export function treeLines(
  topology: Topology,
  numbers: ReadonlyMap<FunctionId, number>,
  style: Style,
  width: number,
): string[] {
  const { onRootBus } = indexOf(topology);
  const lines: string[] = [];
  const draw = (fn: PciFunction, depth: number): void => {
    lines.push(clip(functionLine(fn, depth, numbers.get(fn.id)), width, style, fn));
    for (const child of indexOf(topology).below.get(fn.id) ?? []) draw(child, depth + 1);
  };
  for (const bridge of topology.hostBridges) {
    lines.push(style.strong(hostBridgeLine(bridge)));
    for (const fn of onRootBus.get(bridge.id) ?? []) draw(fn, 1);
  }
  const loose = topology.functions.filter((fn) => fn.parent === null && fn.hostBridge === undefined);
  if (loose.length > 0) lines.push(style.strong(`host bridges not known (${topology.format} does not tell)`));
  for (const fn of loose) draw(fn, 1);
  const lost = topology.functions.filter((fn) => fn.parent === undefined);
  if (lost.length > 0) lines.push(style.strong('place in the tree not known'));
  for (const fn of lost) draw(fn, 1);
  return lines;
}

function hostBridgeLine(bridge: HostBridge): string {
  const numa = bridge.numaNode === undefined ? '' : `  NUMA node ${bridge.numaNode}`;
  const windows = (bridge.windows ?? []).map(
    (window) => `CPU ${hex(window.cpuStart)} = bus ${hex(window.busStart)} (${formatBytes(Number(window.bytes))})`,
  );
  const offsets = windows.length === 0 ? '' : `  ${windows.join(', ')}`;
  return `host bridge ${bridge.id}${numa}${offsets}`;
}

function functionLine(fn: PciFunction, depth: number, number: number | undefined): string {
  const mark = number === undefined ? '    ' : `${String(number).padStart(3)} `;
  const numa = fn.numaNode === undefined || fn.isBridge ? '' : `NUMA ${fn.numaNode}`;
  const facts = [portWords(fn), barWords(fn.bars), acsWords(fn), numa, fn.link ? describeLink(fn.link) : ''];
  const told = facts.filter((fact) => fact !== '').join(', ');
  return `${mark}${'  '.repeat(depth)}${fn.id}  ${told}`;
}

function portWords(fn: PciFunction): string {
  const ids =
    fn.vendorId === undefined || fn.deviceId === undefined ? '' : ` ${hex4(fn.vendorId)}:${hex4(fn.deviceId)}`;
  const ports: Partial<Record<PciFunction['portType'], string>> = {
    'root-port': 'root port',
    upstream: 'switch up',
    downstream: 'switch down',
  };
  const name = ports[fn.portType] ?? (fn.classCode === undefined && fn.isBridge ? 'bridge' : shortClass(fn.classCode));
  return `${name}${fn.physfn === undefined ? '' : ' VF'}${ids}`;
}

function barWords(bars: readonly Bar[]): string {
  const large = bars.filter((bar) => (bar.bytes ?? 0) >= 2 ** 20);
  return large.map((bar) => `BAR${bar.index} ${formatBytes(bar.bytes ?? 0)}`).join(', ');
}

function acsWords(fn: PciFunction): string {
  if (fn.acs === 'unknown') return 'ACS ?';
  return hasAcsRedirect(fn) ? `ACS ${redirectBits(fn).join(' ')}` : '';
}

/** Cuts to the terminal's width, then colours the ACS words. */
function clip(line: string, width: number, style: Style, fn: PciFunction): string {
  const cut = line.length > width ? `${line.slice(0, width - 1)}…` : line;
  const acs = acsWords(fn);
  if (acs === '' || !cut.includes(acs)) return cut;
  return cut.replace(acs, fn.acs === 'unknown' ? style.unsure(acs) : style.fair(acs));
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0');
}
