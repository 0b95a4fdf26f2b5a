// What must hold in any PCI tree: ids are unique, every parent is a bridge that exists, nothing is its own ancestor,
// BARs lie inside the windows above them, and nothing overlaps. Each violation is a LabError with the source's line.
import { LabError } from '../base/errors.ts';
import { placeOf } from './assemble.ts';
import type { Bar, BridgeWindow, PciFunction, Topology } from './model.ts';
import { indexOf } from './tree.ts';

/** A bridge that forwards whatever nobody else claims: its windows say nothing (prog-if 01). */
const SUBTRACTIVE_DECODE = 1;

/**
 * Checks a topology; gives it back with what the check found out in its notes.
 * @throws LabError on the first violation
 */
export function validated(topology: Topology): Topology {
  if (topology.functions.length === 0) {
    throw new LabError(`${topology.source}: no PCI function in it.`);
  }
  checkTree(topology);
  checkHostWindows(topology);
  checkBars(topology);
  checkSiblingWindows(topology);
  checkHostContainment(topology);
  const notes = checkContainment(topology);
  return notes.length === 0 ? topology : { ...topology, notes: [...topology.notes, ...notes] };
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

/** The first two ranges that overlap, or undefined. */
function firstOverlap(ranges: Range[]): readonly [Range, Range] | undefined {
  ranges.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  for (let i = 1; i < ranges.length; i++) {
    const [low, high] = [ranges[i - 1], ranges[i]];
    if (low && high && high.start < low.end) return [low, high];
  }
  return undefined;
}

function refuseOverlap(ranges: Range[], source: string): void {
  const pair = firstOverlap(ranges);
  if (!pair) return;
  const [a, b] = pair;
  const late = (a.line ?? 0) > (b.line ?? 0) ? a : b;
  throw new LabError(`${placeOf(source, late)}: overlapping windows: ${describe(a)} and ${describe(b)}.`);
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

/** Below 1 MiB there are fixed legacy places (IDE, VGA) that several functions name; 0 means not assigned. */
const LEGACY_END = 0x10_0000n;

/** Whether a BAR has a place and a size to check. */
function isPlaced(bar: Bar): bar is Bar & { bytes: number; cpuStart: bigint } {
  return !bar.disabled && bar.bytes !== undefined && bar.cpuStart !== undefined && bar.cpuStart >= LEGACY_END;
}

function checkBars(topology: Topology): void {
  const ranges: Range[] = [];
  for (const fn of topology.functions) {
    for (const bar of fn.bars) {
      if (!isPlaced(bar)) continue;
      const end = bar.cpuStart + BigInt(bar.bytes);
      ranges.push({ start: bar.cpuStart, end, what: `${fn.id} BAR ${bar.index}`, line: fn.line });
    }
  }
  refuseOverlap(ranges, topology.source);
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

interface Misfit {
  readonly message: string;
  readonly hostBridge: string | undefined;
  /** Whether the two sides were compared in the same address space for certain. */
  readonly certain: boolean;
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

/** BARs and bridge windows inside the windows above them. */
function checkContainment(topology: Topology): string[] {
  const misfits: Misfit[] = [];
  const fits = new Set<string | undefined>();
  const { byId } = indexOf(topology);
  for (const fn of topology.functions) {
    const parent = typeof fn.parent === 'string' ? byId.get(fn.parent) : undefined;
    if (!parent?.windows || parent.progIf === SUBTRACTIVE_DECODE) continue;
    for (const misfit of misfitsOf(topology, fn, parent, parent.windows)) misfits.push(misfit);
    if (hasFittingBar(fn, parent)) fits.add(fn.hostBridge);
  }
  return judgeMisfits(misfits, fits);
}

/**
 * Windows that are raw registers are bus addresses while lspci's BARs are CPU addresses: with an unknown offset, a host
 * bridge below which no BAR at all fits its window says "there is an offset", not "the dump is wrong".
 */
function judgeMisfits(misfits: readonly Misfit[], fits: ReadonlySet<string | undefined>): string[] {
  const doubtful = new Map<string | undefined, number>();
  for (const misfit of misfits) {
    if (misfit.certain || fits.has(misfit.hostBridge)) throw new LabError(misfit.message);
    doubtful.set(misfit.hostBridge, (doubtful.get(misfit.hostBridge) ?? 0) + 1);
  }
  const notes: string[] = [];
  for (const [hostBridge, count] of doubtful) {
    const only = misfits.find((misfit) => misfit.hostBridge === hostBridge);
    if (count < 2 && only) throw new LabError(only.message);
    notes.push(
      `host bridge ${hostBridge}: no BAR lies in the (bus address) window above it, so CPU and bus addresses ` +
        'differ by an offset that this source does not tell; lspci -xxxx or sysfs would.',
    );
  }
  return notes;
}

function hasFittingBar(fn: PciFunction, parent: PciFunction): boolean {
  return fn.bars.some((bar) => {
    const range = barIn(bar, parent.windowView);
    return range !== undefined && inside(range.start, range.end, parent.windows ?? []);
  });
}

/** A BAR as [start, end] (inclusive) in the view of the windows above; undefined when it has no place there. */
function barIn(bar: Bar, view: 'cpu' | 'bus'): { start: bigint; end: bigint; certain: boolean } | undefined {
  if (!isPlaced(bar)) return undefined;
  const start = view === 'bus' ? (bar.busStart ?? bar.cpuStart) : bar.cpuStart;
  const certain = view === 'cpu' || bar.busStart !== undefined;
  return { start, end: start + BigInt(bar.bytes) - 1n, certain };
}

function* misfitsOf(
  topology: Topology,
  fn: PciFunction,
  parent: PciFunction,
  windows: readonly BridgeWindow[],
): Generator<Misfit> {
  const at = placeOf(topology.source, fn);
  const above = `outside the windows of bridge ${parent.id} above it (${windows.map(show).join(', ') || 'none'})`;
  for (const bar of fn.bars) {
    const range = barIn(bar, parent.windowView);
    if (!range || inside(range.start, range.end, windows)) continue;
    const where = `${hex(range.start)}-${hex(range.end)}`;
    yield {
      message: `${at}: BAR ${bar.index} of ${fn.id} at ${where} is ${above}: no request from above can reach it.`,
      hostBridge: fn.hostBridge,
      certain: range.certain,
    };
  }
  if (fn.windowView !== parent.windowView) return;
  for (const window of fn.windows ?? []) {
    if (inside(window.start, window.end, windows)) continue;
    yield {
      message: `${at}: the ${window.kind} window ${show(window)} of ${fn.id} is ${above}.`,
      hostBridge: fn.hostBridge,
      certain: true,
    };
  }
}

function inside(start: bigint, end: bigint, windows: readonly BridgeWindow[]): boolean {
  return windows.some((window) => start >= window.start && end <= window.end);
}

function show(window: BridgeWindow): string {
  return `${hex(window.start)}-${hex(window.end)}`;
}

/** `0x60010000000`, as people compare addresses. */
export function hex(value: bigint): string {
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}
