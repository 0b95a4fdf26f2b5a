// BARs and bridge windows against the windows of the bridge above. What does not fit is said, on the BAR and in the notes,
// and changes no verdict: dumps of good machines hold such BARs. On machines whose CPU addresses are not bus addresses
// (POWER9, Raspberry Pi 4, Orin) lspci shows a BAR's CPU address beside a window's bus address.
import { placeOf } from './assemble.ts';
import type { Bar, BridgeWindow, HostBridgeId, PciFunction, Topology } from './model.ts';
import { hex } from './model.ts';
import { indexOf } from './tree.ts';

/** A bridge that forwards whatever nobody else claims: its windows say nothing (prog-if 01). */
const SUBTRACTIVE_DECODE = 1;

/** Below 1 MiB there are fixed legacy places (IDE, VGA) that several functions name; 0 means not assigned. */
const LEGACY_END = 0x10_0000n;
/** 4 GiB: the end of what a bridge's memory window can hold. */
const LOW_END = 0x1_0000_0000n;

/** Whether a BAR has a place and a size to check. */
export function isPlaced(bar: Bar): bar is Bar & { bytes: number; cpuStart: bigint } {
  return !bar.disabled && bar.bytes !== undefined && bar.cpuStart !== undefined && bar.cpuStart >= LEGACY_END;
}

/** Host bridges with a BAR below that lies in the windows above it. */
interface Fitting {
  readonly any: Set<HostBridgeId | undefined>;
  /** With one below 4 GiB. */
  readonly low: Set<HostBridgeId | undefined>;
}

interface Misfit {
  readonly fn: PciFunction;
  /** Undefined for a bridge's own window. */
  readonly bar: Bar | undefined;
  /** Its low 32 bits lie in a window below 4 GiB: the one is a CPU address, the other a bus address. */
  readonly isLow: boolean;
  readonly words: string;
}

/** The topology with a note for each misfit, and one for each host bridge below which nothing fits at all. */
export function withContainmentNotes(topology: Topology): Topology {
  const { byId } = indexOf(topology);
  const misfits: Misfit[] = [];
  const fitting: Fitting = { any: new Set(), low: new Set() };
  for (const fn of topology.functions) {
    const parent = typeof fn.parent === 'string' ? byId.get(fn.parent) : undefined;
    if (!parent?.windows || parent.progIf === SUBTRACTIVE_DECODE) continue;
    misfits.push(...misfitsOf(fn, parent, parent.windows));
    const { any, low } = fittingBars(fn, parent);
    if (any) fitting.any.add(fn.hostBridge);
    if (low) fitting.low.add(fn.hostBridge);
  }
  if (misfits.length === 0) return topology;
  return noted(topology, misfits, fitting);
}

function noted(topology: Topology, misfits: readonly Misfit[], fitting: Fitting): Topology {
  const notes: string[] = [];
  const offsetBridges = new Map<HostBridgeId | undefined, boolean>();
  const byBar = new Map<Bar, string>();
  const isOffsetBelow = (bridge: HostBridgeId | undefined, isLow: boolean): boolean =>
    !fitting.any.has(bridge) || (isLow && !fitting.low.has(bridge));
  for (const { fn, bar, isLow, words } of misfits) {
    const isOffset = bar !== undefined && bar.busStart === undefined && isOffsetBelow(fn.hostBridge, isLow);
    if (isOffset) offsetBridges.set(fn.hostBridge, (offsetBridges.get(fn.hostBridge) ?? false) || isLow);
    else notes.push(`${placeOf(topology.source, fn)}: ${words}.`);
    if (bar) byBar.set(bar, isOffset ? `${words}, if both are CPU addresses` : words);
  }
  for (const [hostBridge, isLow] of offsetBridges) {
    const seen = isLow
      ? 'BARs lie in the windows above them by the low 32 bits of their addresses only'
      : 'no BAR lies in a window above it';
    notes.push(
      `host bridge ${hostBridge}: ${seen}, so CPU and bus addresses differ by an offset that this source does not tell ` +
        '(or the windows shown are not those in use); lspci -xxxx or sysfs would.',
    );
  }
  const functions = topology.functions.map((fn) =>
    fn.bars.some((bar) => byBar.has(bar))
      ? { ...fn, bars: fn.bars.map((bar) => (byBar.has(bar) ? { ...bar, note: byBar.get(bar) } : bar)) }
      : fn,
  );
  return { ...topology, functions, notes: [...topology.notes, ...notes] };
}

/** Which of a function's BARs fit: any, and any below 4 GiB. */
function fittingBars(fn: PciFunction, parent: PciFunction): { any: boolean; low: boolean } {
  const fits = { any: false, low: false };
  for (const bar of fn.bars) {
    const range = rangeIn(bar, parent.windowView);
    if (range === undefined || !isInside(range.start, range.end, parent.windows ?? [])) continue;
    fits.any = true;
    fits.low ||= range.end < LOW_END;
  }
  return fits;
}

/** A BAR as [start, end] (inclusive) in the view of the windows above; undefined when it has no place there. */
function rangeIn(bar: Bar, view: 'cpu' | 'bus'): { start: bigint; end: bigint } | undefined {
  if (!isPlaced(bar)) return undefined;
  const start = view === 'bus' ? (bar.busStart ?? bar.cpuStart) : bar.cpuStart;
  return { start, end: start + BigInt(bar.bytes) - 1n };
}

function misfitsOf(fn: PciFunction, parent: PciFunction, windows: readonly BridgeWindow[]): Misfit[] {
  const misfits: Misfit[] = [];
  const above = (): string =>
    `outside the windows of bridge ${parent.id} above it (${windows.map(show).join(', ') || 'none'})`;
  for (const bar of fn.bars) {
    const range = rangeIn(bar, parent.windowView);
    if (!range || isInside(range.start, range.end, windows) || fitsOnBus(bar, windows)) continue;
    const where = `${hex(range.start)}-${hex(range.end)}`;
    const words = `BAR ${bar.index} of ${fn.id} at ${where} is ${above()}: no request from above reaches it`;
    misfits.push({ fn, bar, isLow: isLowInside(range, windows), words });
  }
  if (fn.windowView !== parent.windowView) return misfits;
  for (const window of fn.windows ?? []) {
    if (isInside(window.start, window.end, windows)) continue;
    misfits.push({
      fn,
      bar: undefined,
      isLow: false,
      words: `the ${window.kind} window ${show(window)} of ${fn.id} is ${above()}`,
    });
  }
  return misfits;
}

/** Windows tagged as CPU addresses may be bus addresses: a BAR whose bus address lies in them is in its place. */
function fitsOnBus(bar: Bar, windows: readonly BridgeWindow[]): boolean {
  const { busStart, bytes } = bar;
  return busStart !== undefined && bytes !== undefined && isInside(busStart, busStart + BigInt(bytes) - 1n, windows);
}

function isLowInside({ start, end }: { start: bigint; end: bigint }, windows: readonly BridgeWindow[]): boolean {
  const low = BigInt.asUintN(32, start);
  return low !== start && isInside(low, low + end - start, windows);
}

function isInside(start: bigint, end: bigint, windows: readonly BridgeWindow[]): boolean {
  return windows.some((window) => start >= window.start && end <= window.end);
}

function show(window: BridgeWindow): string {
  return `${hex(window.start)}-${hex(window.end)}`;
}
