// The struct pages of a BAR outlive the machines of a session: they are as they were when no I/O is in flight, so the next machine of
// the same memory finds them ready and writes only those that a larger BAR adds. 256 MiB of them for each 16 GiB.
import { HostQueue, Machine } from '../../../build/layout.ts';
import { GIB } from '../../base/units.ts';
import type { BuiltMachine } from './build_machine.ts';
import { field } from './fields.ts';

interface Kept {
  /** Where the first page is, and which pgmap all of them name. */
  at: number;
  pgmap: number;
  pages: number;
}

/** Everything else of a machine ends below this; one that needs more has its memmap behind it and keeps none. */
const FLOOR = GIB;

const kept = new WeakMap<WebAssembly.Memory, Kept | undefined>();

/** From now on the machines of this memory keep their struct pages. */
export function keepMemmaps(memory: WebAssembly.Memory): void {
  kept.set(memory, undefined);
}

/** Where machines of this memory are to have their memmap; undefined where nothing is kept. */
export function memmapFloor(memory: WebAssembly.Memory): number | undefined {
  return kept.has(memory) ? FLOOR : undefined;
}

/** Pages that a machine with this memmap and pgmap finds ready. They count as lost until they are given back. */
export function takeReadyPages(memory: WebAssembly.Memory, at: number, pgmap: number): number {
  const found = kept.get(memory);
  if (found === undefined) return 0;
  kept.set(memory, undefined);
  return found.at === at && found.pgmap === pgmap ? found.pages : 0;
}

/** Keeps a machine's struct pages for the next one. Only of a machine that is idle and whose provider was not removed. */
export function giveBackPages({ memory, view, at, barMemmap, memmap, queues }: BuiltMachine): void {
  if (!kept.has(memory) || memmap.at !== FLOOR) return;
  const idle = queues.every(
    ({ host }) => field(view, host, HostQueue.issued) === field(view, host, HostQueue.completed),
  );
  if (!idle) return;
  const pages = field(view, at, Machine.memmapReady);
  kept.set(memory, { at: barMemmap.at, pgmap: field(view, at, Machine.pgmap), pages });
}
