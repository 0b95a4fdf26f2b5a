// The tree for people: host bridges, bridges and functions, indented as they hang, with what matters for P2P.
import { formatBytes } from '../../base/units.ts';
import { isChipset, shortClass } from '../classes.ts';
import { hasAcsRedirect } from '../decide.ts';
import { redirectBits } from '../explain.ts';
import { describeLink } from '../links.ts';
import type { Bar, FunctionId, HostBridge, PciFunction, Topology } from '../model.ts';
import { hex } from '../model.ts';
import { indexOf } from '../tree.ts';
import type { Style } from './style.ts';
import { wrap } from './wrap.ts';

/** Lines of the tree. `numbers` gives endpoints their number in the matrix. */
export function treeLines(
  topology: Topology,
  numbers: ReadonlyMap<FunctionId, number>,
  style: Style,
  width: number,
): string[] {
  const { onRootBus, below } = indexOf(topology);
  const lines: string[] = [];
  const draw = (fn: PciFunction, depth: number): void => {
    lines.push(clip(functionLine(fn, depth, numbers.get(fn.id)), width, style, fn));
    drawAll(below.get(fn.id) ?? [], depth + 1);
  };
  // Chip set functions without a number fold into one line for each stretch of them.
  const drawAll = (list: readonly PciFunction[], depth: number): void => {
    let stretch: PciFunction[] = [];
    const close = (): void => {
      if (stretch.length > 0) lines.push(...chipsetLine(stretch, depth, width, style));
      stretch = [];
    };
    for (const fn of list) {
      if (isChipset(fn.classCode) && !fn.isBridge && !numbers.has(fn.id)) stretch.push(fn);
      else {
        close();
        draw(fn, depth);
      }
    }
    close();
  };
  for (const bridge of topology.hostBridges) {
    lines.push(...wrap(hostBridgeLine(bridge), 0, width).map((line) => style.strong(line)));
    drawAll(onRootBus.get(bridge.id) ?? [], 1);
  }
  const loose = topology.functions.filter((fn) => fn.parent === null && fn.hostBridge === undefined);
  if (loose.length > 0) lines.push(style.strong(`host bridges not known (${topology.format} does not tell)`));
  drawAll(loose, 1);
  const lost = topology.functions.filter((fn) => fn.parent === undefined);
  if (lost.length > 0) lines.push(style.strong('place in the tree not known'));
  drawAll(lost, 1);
  return lines;
}

function chipsetLine(functions: readonly PciFunction[], depth: number, width: number, style: Style): string[] {
  const kinds = [...new Set(functions.map((fn) => shortClass(fn.classCode)))].join(', ');
  const first = functions[0]?.id ?? '';
  const line = `    ${'  '.repeat(depth)}${first}  chip set: ${functions.length} functions (${kinds})`;
  return [style.dim(cutTo(line, width))];
}

function hostBridgeLine(bridge: HostBridge): string {
  const numa = bridge.numaNode === undefined ? '' : `  NUMA node ${bridge.numaNode}`;
  const windows = (bridge.windows ?? []).map(
    (window) => `CPU ${hex(window.cpuStart)} = bus ${hex(window.busStart)} (${formatBytes(Number(window.bytes))})`,
  );
  const offsets = windows.length === 0 ? '' : `  ${windows.join(', ')}`;
  const device = bridge.insideOf === undefined ? '' : `  inside ${bridge.insideOf}`;
  return `host bridge ${bridge.id}${device}${numa}${offsets}`;
}

function functionLine(fn: PciFunction, depth: number, number: number | undefined): string {
  const mark = number === undefined ? '    ' : `${String(number).padStart(3)} `;
  const numa = fn.numaNode === undefined || fn.isBridge ? '' : `NUMA ${fn.numaNode}`;
  const facts = [
    portWords(fn),
    ...(fn.identity?.names ?? []),
    barWords(fn.bars),
    acsWords(fn),
    numa,
    linkWords(fn),
    ...nameWords(fn).slice(fn.identity?.names.length ?? 0),
  ];
  const told = facts.filter((fact) => fact !== '').join(', ');
  return `${mark}${'  '.repeat(depth)}${fn.id}  ${told}`;
}

/** What the link can do, and what it does now when that is less. */
function linkWords({ link, linkMax }: PciFunction): string {
  if (!link) return linkMax ? describeLink(linkMax) : '';
  if (!linkMax || link.gbPerS >= linkMax.gbPerS) return describeLink(link);
  return `${describeLink(linkMax)} (now ${link.gtPerS} GT/s x${link.width})`;
}

/** Names, driver, slot and product of a function, as far as told. */
export function nameWords({ identity, title }: PciFunction): string[] {
  const { names = [], driver, slot } = identity ?? {};
  return [
    ...names,
    ...(driver === undefined ? [] : [`driver ${driver}`]),
    ...(slot === undefined ? [] : [`slot ${slot}`]),
    ...(title === undefined ? [] : [title]),
  ];
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
  const shown = bars.filter((bar) => bar.bytes === undefined || bar.bytes >= 2 ** 20);
  return shown
    .map((bar) => `BAR${bar.index} ${bar.bytes === undefined ? 'of unknown size' : formatBytes(bar.bytes)}`)
    .join(', ');
}

function acsWords(fn: PciFunction): string {
  if (fn.acs === 'unknown') return 'ACS ?';
  return hasAcsRedirect(fn) ? `ACS ${redirectBits(fn).join(' ')}` : '';
}

/** Cuts to the terminal's width, then colours the ACS words. */
function clip(line: string, width: number, style: Style, fn: PciFunction): string {
  const cut = cutTo(line, width);
  const acs = acsWords(fn);
  if (acs === '' || !cut.includes(acs)) return cut;
  return cut.replace(acs, fn.acs === 'unknown' ? style.unsure(acs) : style.fair(acs));
}

function cutTo(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0');
}
