// Bus windows of a machine's devices: where each of them reaches the BAR, host RAM, other BARs and the host's own structures.
import { BusWindow } from '../../../build/layout.ts';
import { clientsOf, type FabricClient, type FabricWindow } from '../../plan/fabric.ts';
import type { MachineSpec } from '../../plan/machine_spec.ts';
import type { MemoryView, Span } from './arena.ts';
import type { MachinePlan } from './machine_plan.ts';

/** Where a client reaches the provider's BAR; its own bus address when it does not reach it at all. */
export function barReached({ fabric }: MachineSpec, { windows }: FabricClient): bigint {
  const window = windows.find(({ target }) => target === 'bar');
  return window === undefined ? fabric.barBus : window.busStart - window.offset;
}

/** Offsets are folded by masks of at most 32 bits. */
const WINDOW_TURN = 1n << 32n;

/** Bus address of wasm address 0, by which the host's own structures (PRP lists) are reached: above every window. */
export function kernelMemoryBus({ fabric }: MachineSpec): bigint {
  const windows = clientsOf(fabric).flatMap((client) => client.windows);
  const end = windows.reduce((most, { busStart, bytes }) => (busStart + bytes > most ? busStart + bytes : most), 0n);
  return (end / WINDOW_TURN + 1n) * WINDOW_TURN;
}

/** The PRP lists of all queues, which every controller reads. */
export function prpListSpan(plan: MachinePlan): Span {
  const first = plan.prpLists[0]?.small.at as number;
  const last = plan.prpLists.at(-1)?.pages as Span;
  return { at: first, bytes: last.at + last.bytes - first };
}

/** The fabric's windows as one device meets them, the host's own structures that it reads and writes, what is behind an IOMMU. */
export function writeWindows(
  view: MemoryView,
  spec: MachineSpec,
  plan: MachinePlan,
  client: FabricClient,
  span: Span,
  own: Span,
): void {
  const behind = {
    bar: { memory: plan.barWindow.at, mask: spec.barWindowBytes - 1 },
    ram: { memory: plan.ramWindow.at, mask: spec.ramWindowBytes - 1 },
    other: { memory: plan.otherWindow.at, mask: plan.otherWindow.bytes - 1 },
  };
  const place = ({ busStart, bytes, target, offset }: FabricWindow) => ({
    busStart,
    bytes,
    ...behind[target],
    skew: Number(((offset % WINDOW_TURN) + WINDOW_TURN) % WINDOW_TURN),
  });
  const kernelWindow = {
    busStart: kernelMemoryBus(spec) + BigInt(own.at),
    bytes: BigInt(own.bytes),
    memory: own.at,
    mask: 0xffff_ffff,
    skew: 0,
  };
  const windows = [
    ...client.windows.map(place),
    kernelWindow,
    ...(client.cpuWindows ?? []).map(place),
    // What the driver maps of its own memory for one command (the ranges of a discard) comes out of the IOMMU here.
    ...(client.cpuWindows?.length ? [kernelWindow] : []),
  ];
  windows.forEach((window, index) => {
    const at = span.at + index * BusWindow.bytes;
    view.u64[(at + BusWindow.busStart) / 8] = window.busStart;
    view.u64[(at + BusWindow.sizeBytes) / 8] = window.bytes;
    view.u32[(at + BusWindow.memory) / 4] = window.memory;
    view.u32[(at + BusWindow.mask) / 4] = window.mask;
    view.u32[(at + BusWindow.skew) / 4] = window.skew;
  });
}
