// What must hold in any PCI tree: ids are unique, every parent is a bridge that exists, nothing is its own ancestor, and
// windows of host bridges do not overlap. Each violation is a LabError with the source's line. BARs outside the windows above
// them (containment.ts) and BARs that overlap (overlaps.ts) are noted instead: the verdicts do not depend on them.
import { LabError } from '../base/errors.ts';
import { placeOf } from './assemble.ts';
import { isPlaced, withContainmentNotes } from './containment.ts';
import type { FunctionId, PciFunction, Topology } from './model.ts';
import { hex } from './model.ts';
import type { NamedRange } from './overlaps.ts';
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
  if (byId.size < topology.functions.length) refuseTwice(topology);
  for (const fn of topology.functions) {
    if (typeof fn.parent !== 'string') continue;
    const parent = byId.get(fn.parent);
    if (parent?.isBridge) continue;
    const at = placeOf(topology.source, fn);
    if (!parent) throw new LabError(`${at}: ${fn.id} is an orphan: the bridge ${fn.parent} above it is missing.`);
    throw new LabError(`${at}: ${fn.id} stands below ${fn.parent}, which is not a bridge.`);
  }
  // One pass marks everything above a good function as good, so that deep chains are walked once.
  const rooted = new Set<FunctionId>();
  for (const fn of topology.functions) if (fn.isBridge) markRooted(topology, fn, rooted);
}

function refuseTwice(topology: Topology): void {
  const seen = new Map<FunctionId, PciFunction>();
  for (const fn of topology.functions) {
    const first = seen.get(fn.id);
    seen.set(fn.id, fn);
    if (!first) continue;
    throw new LabError(
      `${placeOf(topology.source, fn)}: ${fn.id} appears a second time (first at ${placeOf(topology.source, first)}).`,
    );
  }
}

/** Adds the bridge and all above it, up to one that is known to be good. */
function markRooted(topology: Topology, bridge: PciFunction, rooted: Set<FunctionId>): void {
  const { byId } = indexOf(topology);
  const onPath = new Set<FunctionId>();
  let current: PciFunction | undefined = bridge;
  while (current && !rooted.has(current.id)) {
    if (onPath.has(current.id)) {
      const cycle = [...onPath].slice(0, 8).join(' > ');
      throw new LabError(`${placeOf(topology.source, bridge)}: ${bridge.id} is below a cycle of bridges (${cycle}).`);
    }
    onPath.add(current.id);
    current = typeof current.parent === 'string' ? byId.get(current.parent) : undefined;
  }
  for (const id of onPath) rooted.add(id);
}

function refuseOverlap(ranges: NamedRange[], source: string): void {
  for (const [outer, inner] of overlapsIn(ranges)) {
    throw new LabError(`${source}: overlapping windows: ${describeRange(outer)} and ${describeRange(inner)}.`);
  }
}

function checkHostWindows(topology: Topology): void {
  const all: NamedRange[] = [];
  for (const bridge of topology.hostBridges) {
    const bus: NamedRange[] = [];
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
