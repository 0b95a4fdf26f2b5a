// What a lane's front queue has counted of I/Os that ended well (machine/front/done.ts), read by the thread that runs the front.
import { HostQueue } from '../../../build/layout.ts';
import { type DoneIos, doneIos } from '../../analysis/done_ios.ts';
import type { MemoryView } from './arena.ts';
import { field, field64 } from './fields.ts';

/** @param front wasm address of the lane's front queue */
export function readDone(view: MemoryView, front: number): DoneIos {
  return doneIos((name) =>
    name === 'syncIos' ? field(view, front, HostQueue.flushes) : field64(view, front, HostQueue[name]),
  );
}

export function doneSince(view: MemoryView, front: number, before: DoneIos): DoneIos {
  const now = readDone(view, front);
  // The machine's count of flushes has 32 bits.
  return doneIos((name) => (name === 'syncIos' ? (now[name] - before[name]) >>> 0 : now[name] - before[name]));
}
