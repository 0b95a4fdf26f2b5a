// What must hold in any PCI tree: ids are unique, every parent is a bridge that exists, nothing is its own ancestor, and
// nothing overlaps. Each violation is a LabError with the source's line. BARs outside the windows above them are noted
// instead (containment.ts): the verdicts do not depend on them.
import { LabError } from '../base/errors.ts';
import { placeOf } from './assemble.ts';
import { isPlaced, withContainmentNotes } from './containment.ts';
import type { FunctionId, PciFunction, Topology } from './model.ts';
import { hex } from './model.ts';
import { indexOf } from './tree.ts';

/**
 * Checks a topology; gives it back with what the check found out: notes, also on single BARs, and the devices that host
 * bridges are inside of.
 * @throws LabError on the first violation
 */
export function validated(topology: Topology): Topology {
  if (topology.functions.length === 0) {
    throw new LabError(`${topology.source}: no PCI function in it.`);
  }
  checkTree(topology);
  checkHostWindows(topology);
  const inside = checkBars(topology);
  checkSiblingWindows(topology);
  checkHostContainment(topology);
  return withHostBridgesInside(withContainmentNotes(topology), inside);
}

/** Domain of a host bridge that is a device's own (Intel VMD) to the device. */
type DomainsInside = ReadonlyMap<number, FunctionId>;

function withHostBridgesInside(topology: Topology, inside: DomainsInside): Topology {
  if (inside.size === 0) return topology;
  const hostBridges = topology.hostBridges.map((bridge) => ({ ...bridge, insideOf: inside.get(bridge.domain) }));
  return { ...topology, hostBridges };
}

function checkTree(topology: Topology): void {
  const { byId } = indexOf(topology);
  const seen = new Map<string, PciFunction>();
  for (const fn of topology.functions) {
    const at = placeOf(topology.source, fn);
    const first = seen.get(fn.id);
    if (first)
      throw new LabError(`${at}: ${fn.id} appears a second time (first at ${placeOf(topology.source, first)}).`);
    seen.set(fn.id, fn);
    if (typeof fn.parent !== 'string') continue;
    const parent = byId.get(fn.parent);
    if (!parent) throw new LabError(`${at}: ${fn.id} is an orphan: the bridge ${fn.parent} above it is missing.`);
    if (!parent.isBridge) throw new LabError(`${at}: ${fn.id} stands below ${fn.parent}, which is not a bridge.`);
  }
  // One pass marks everything above a good function as good, so that deep chains are walked once.
  const rooted = new Set<string>();
  for (const fn of topology.functions) {
    const { nodes } = ascendUntil(topology, fn, rooted);
    for (const node of nodes) rooted.add(node.id);
  }
}

function ascendUntil(topology: Topology, fn: PciFunction, rooted: ReadonlySet<string>): { nodes: PciFunction[] } {
  const { byId } = indexOf(topology);
  const nodes: PciFunction[] = [];
  const onPath = new Set<string>();
  let current: PciFunction | undefined = fn;
  while (current && !rooted.has(current.id)) {
    if (onPath.has(current.id)) {
      throw new LabError(
        `${placeOf(topology.source, fn)}: ${fn.id} is below a cycle of bridges (${[...onPath].slice(0, 8).join(' > ')}).`,
      );
    }
    onPath.add(current.id);
    nodes.push(current);
    current = typeof current.parent === 'string' ? byId.get(current.parent) : undefined;
  }
  return { nodes };
}

interface Range {
  readonly start: bigint;
  /** First address behind it. */
  readonly end: bigint;
  readonly what: string;
  readonly line: number | undefined;
}

/**
 * Refuses the first two ranges that overlap and may not.
 * @param isAllowed whether the second, which begins inside the first, may
 */
function refuseOverlap<R extends Range>(
  ranges: R[],
  source: string,
  isAllowed?: (outer: R, inner: R) => boolean,
): void {
  ranges.sort((a, b) => compare(a.start, b.start) || compare(b.end, a.end));
  // Ranges around the current one: more than one only where ranges may nest.
  let around: R[] = [];
  for (const range of ranges) {
    around = around.filter((outer) => outer.end > range.start);
    const other = around.find((outer) => around.length > MAX_NESTING || !isAllowed?.(outer, range));
    if (other) {
      const late = (other.line ?? 0) > (range.line ?? 0) ? other : range;
      throw new LabError(`${placeOf(source, late)}: overlapping windows: ${describe(other)} and ${describe(range)}.`);
    }
    around.push(range);
  }
}

const MAX_NESTING = 4;

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function describe(range: Range): string {
  return `${range.what} at ${hex(range.start)}-${hex(range.end - 1n)}`;
}

function checkHostWindows(topology: Topology): void {
  const all: Range[] = [];
  for (const bridge of topology.hostBridges) {
    const bus: Range[] = [];
    for (const window of bridge.windows ?? []) {
      const what = `host bridge ${bridge.id} window`;
      const size = { what, line: undefined };
      all.push({ ...size, start: window.cpuStart, end: window.cpuStart + window.bytes });
      bus.push({ ...size, what: `${what} (bus side)`, start: window.busStart, end: window.busStart + window.bytes });
    }
    refuseOverlap(bus, topology.source);
  }
  refuseOverlap(all, topology.source);
}

interface BarRange extends Range {
  readonly fn: PciFunction;
}

/**
 * No two BARs overlap; but a domain of its own may lie inside a device's BAR: the host bridge is then part of the device
 * (Intel VMD, drivers/pci/controller/vmd.c, hands its BARs on as the windows of a root bus).
 */
function checkBars(topology: Topology): DomainsInside {
  const ranges: BarRange[] = [];
  for (const fn of topology.functions) {
    for (const bar of fn.bars) {
      if (!isPlaced(bar)) continue;
      const end = bar.cpuStart + BigInt(bar.bytes);
      ranges.push({ start: bar.cpuStart, end, what: `${fn.id} BAR ${bar.index}`, line: fn.line, fn });
    }
  }
  const inside = new Map<number, FunctionId>();
  refuseOverlap(ranges, topology.source, (outer, inner) => {
    const isNested = outer.fn.domain !== inner.fn.domain && inner.end <= outer.end && !outer.fn.isBridge;
    const known = inside.get(inner.fn.domain);
    if (!isNested || (known !== undefined && known !== outer.fn.id)) return false;
    inside.set(inner.fn.domain, outer.fn.id);
    return true;
  });
  return inside;
}

function checkSiblingWindows(topology: Topology): void {
  const byBus = new Map<string, Range[]>();
  for (const fn of topology.functions) {
    for (const window of fn.windows ?? []) {
      const key = `${fn.parent ?? fn.hostBridge} ${fn.windowView}`;
      const list = byBus.get(key) ?? [];
      byBus.set(key, list);
      list.push({ start: window.start, end: window.end + 1n, what: `${fn.id} ${window.kind} window`, line: fn.line });
    }
  }
  for (const ranges of byBus.values()) refuseOverlap(ranges, topology.source);
}

/** Where a host bridge's windows are known, everything below it lies in one of them. */
function checkHostContainment(topology: Topology): void {
  const { hostBridges } = indexOf(topology);
  for (const fn of topology.functions) {
    const windows = hostBridges.get(fn.hostBridge ?? '')?.windows;
    if (!windows) continue;
    for (const bar of fn.bars) {
      if (!isPlaced(bar)) continue;
      const end = bar.cpuStart + BigInt(bar.bytes);
      if (windows.some((w) => bar.cpuStart >= w.cpuStart && end <= w.cpuStart + w.bytes)) continue;
      throw new LabError(
        `${placeOf(topology.source, fn)}: BAR ${bar.index} of ${fn.id} at ${hex(bar.cpuStart)}-${hex(end - 1n)} is ` +
          `outside the windows of host bridge ${fn.hostBridge}.`,
      );
    }
  }
}
