// BARs and bridge windows that claim the same addresses. Which of two answers cannot be told, and dumps of running machines
// hold such places (a card behind a bridge that is switched off, a firmware's leftovers): it is said, on the BARs and in the
// notes, and no verdict depends on it. A domain of its own may lie inside a device's BAR: the host bridge is then part of
// the device (Intel VMD, drivers/pci/controller/vmd.c, hands its BARs on as the windows of a root bus).
import { placeOf } from './assemble.ts';
import { isPlaced } from './containment.ts';
import type { Bar, FunctionId, PciFunction, Topology } from './model.ts';
import { hex } from './model.ts';

interface Range {
  readonly start: bigint;
  /** First address behind it. */
  readonly end: bigint;
}

/** A range with its words. Those of BARs are made when they are needed: there are tens of thousands. */
export interface NamedRange extends Range {
  readonly what: string;
  readonly line: number | undefined;
}

/** Ranges kept to compare the next one with: real ones nest twice at most (a domain in a device's BAR). */
const MAX_AROUND = 4;

/**
 * For each range that begins inside another one that it may not overlap, the two of them; at most one for each range.
 * @param isAllowed whether the second, which begins inside the first, may
 */
export function* overlapsIn<R extends Range>(
  ranges: R[],
  isAllowed?: (outer: R, inner: R) => boolean,
): Generator<readonly [outer: R, inner: R]> {
  ranges.sort((a, b) => compare(a.start, b.start) || compare(b.end, a.end));
  let around: R[] = [];
  for (const range of ranges) {
    around = around.filter((outer) => outer.end > range.start);
    const other = around.find((outer) => !isAllowed?.(outer, range));
    if (other) yield [other, range];
    around.push(range);
    if (around.length > MAX_AROUND) around = around.sort((a, b) => compare(b.end, a.end)).slice(0, MAX_AROUND);
  }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function describeRange(range: NamedRange): string {
  return `${range.what} at ${hex(range.start)}-${hex(range.end - 1n)}`;
}

function named({ fn, bar, ...range }: BarRange): NamedRange {
  return { ...range, what: `${fn.id} BAR ${bar.index}`, line: fn.line };
}

interface BarRange extends Range {
  readonly fn: PciFunction;
  readonly bar: Bar;
}

/** Notes for the whole; each BAR has its own besides. */
const MAX_NOTES = 8;

/** The topology with notes on what overlaps, and with the devices that host bridges are inside of. */
export function withOverlapNotes(topology: Topology): Topology {
  const words: string[] = [];
  const byBar = new Map<Bar, string>();
  const inside = new Map<number, FunctionId>();
  for (const [outer, inner] of overlapsIn(barRanges(topology), mayNest(inside))) {
    const late = (outer.fn.line ?? 0) > (inner.fn.line ?? 0) ? outer.fn : inner.fn;
    const said = `${describeRange(named(outer))} and ${describeRange(named(inner))} overlap: which of the two answers cannot be told`;
    words.push(`${placeOf(topology.source, late)}: ${said}.`);
    for (const [own, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      if (!byBar.has(own.bar))
        byBar.set(own.bar, `overlaps ${describeRange(named(other))}: which of the two answers cannot be told`);
    }
  }
  for (const ranges of siblingWindows(topology)) {
    for (const [outer, inner] of overlapsIn(ranges)) {
      const late = (outer.line ?? 0) > (inner.line ?? 0) ? outer : inner;
      words.push(
        `${placeOf(topology.source, late)}: ${describeRange(outer)} and ${describeRange(inner)} overlap: which of the two ` +
          'bridges forwards cannot be told.',
      );
    }
  }
  const more = words.length - MAX_NOTES;
  const notes = [
    ...words.slice(0, MAX_NOTES),
    ...(more > 0 ? [`and ${more} more overlaps (--json has them on the BARs)`] : []),
  ];
  return noted(topology, byBar, notes, inside);
}

function noted(
  topology: Topology,
  byBar: ReadonlyMap<Bar, string>,
  notes: readonly string[],
  inside: ReadonlyMap<number, FunctionId>,
): Topology {
  if (notes.length === 0 && inside.size === 0) return topology;
  const withNote = (bar: Bar): Bar => {
    const note = byBar.get(bar);
    return note === undefined ? bar : { ...bar, note: bar.note === undefined ? note : `${bar.note}; ${note}` };
  };
  const functions = topology.functions.map((fn) =>
    fn.bars.some((bar) => byBar.has(bar)) ? { ...fn, bars: fn.bars.map(withNote) } : fn,
  );
  const hostBridges = topology.hostBridges.map((bridge) => ({ ...bridge, insideOf: inside.get(bridge.domain) }));
  return { ...topology, functions, hostBridges, notes: [...topology.notes, ...notes] };
}

function barRanges(topology: Topology): BarRange[] {
  const ranges: BarRange[] = [];
  for (const fn of topology.functions) {
    for (const bar of fn.bars) {
      if (!isPlaced(bar)) continue;
      const end = bar.cpuStart + BigInt(bar.bytes);
      ranges.push({ start: bar.cpuStart, end, fn, bar });
    }
  }
  return ranges;
}

/** Enters the domain of each BAR that lies inside a device's BAR of another domain, always the same device. */
function mayNest(inside: Map<number, FunctionId>): (outer: BarRange, inner: BarRange) => boolean {
  return (outer, inner) => {
    const isNested = outer.fn.domain !== inner.fn.domain && inner.end <= outer.end && !outer.fn.isBridge;
    const known = inside.get(inner.fn.domain);
    if (!isNested || (known !== undefined && known !== outer.fn.id)) return false;
    inside.set(inner.fn.domain, outer.fn.id);
    return true;
  };
}

/** Windows of the bridges on one bus, in one view. */
function siblingWindows(topology: Topology): Iterable<NamedRange[]> {
  const byBus = new Map<string, NamedRange[]>();
  for (const fn of topology.functions) {
    for (const window of fn.windows ?? []) {
      const key = `${fn.parent ?? fn.hostBridge} ${fn.windowView}`;
      const list = byBus.get(key) ?? [];
      byBus.set(key, list);
      list.push({ start: window.start, end: window.end + 1n, what: `${fn.id} ${window.kind} window`, line: fn.line });
    }
  }
  return byBus.values();
}
