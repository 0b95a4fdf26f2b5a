// What must hold in any PCI tree: ids are unique, every parent is a bridge that exists, nothing is its own ancestor, and
// windows of host bridges do not overlap. Each violation is a LabError with the source's line. BARs outside the windows above
// them (containment.ts) and BARs that overlap (overlaps.ts) are noted instead: the verdicts do not depend on them.
import { LabError } from '../base/errors.ts';
import { placeOf } from './assemble.ts';
import { isPlaced, withContainmentNotes } from './containment.ts';
import type { PciFunction, Topology } from './model.ts';
import { hex } from './model.ts';
import type { Range } from './overlaps.ts';
import { describeRange, overlapsIn, withOverlapNotes } from './overlaps.ts';
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
  checkHostContainment(topology);
  return withOverlapNotes(withContainmentNotes(topology));
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

function refuseOverlap(ranges: Range[], source: string): void {
  for (const [outer, inner] of overlapsIn(ranges)) {
    throw new LabError(`${source}: overlapping windows: ${describeRange(outer)} and ${describeRange(inner)}.`);
  }
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
