// The words by which the lab directs its workers, at a fixed place at the start of the shared memory.
// Each word has one writer, named beside it, or is an atomic count; what has different writers lies two cache lines apart.

/** Orders that the lab gives. */
export const ORDER = { none: 0, threads: 1, inline: 2, quit: 3 } as const;

const BASE = 1024;
const WORKER_BASE = 4096;
const WORKER_BYTES = 128;
const LANE_BASE = 16384;
const LANE_BYTES = 256;
export const MAX_WORKERS = 64;
export const MAX_LANES = 256;

const word = (index: number): number => BASE / 4 + index * 32;

/** Indices into an Int32Array over the memory. */
export const CONTROL = {
  /** Lab: grows with every order; workers wait on it. */
  epoch: word(0),
  /** Lab: ORDER of this epoch. */
  order: word(1),
  /** Lab: index of the arm that runs. */
  arm: word(2),
  /** Lab: I/Os of each lane before and inside the measured window (inline; threads: laneOrder). */
  leadIos: word(3),
  measureIos: word(4),
  /** Lab: position of the access stream at which the slice begins. */
  streamStart: word(5),
  /** Atomic counts of lanes that are past their lead-in, measured, drained. */
  ready: word(6),
  done: word(7),
  drained: word(8),
  /** Atomic count of workers that have finished the order; the lab waits on it. */
  finished: word(9),
  /** Lab: 1 asks for an early end of the slice (Ctrl-C, watchdog). */
  stop: word(10),
} as const;

/** Words of worker `index`, written by that worker. `turn`: see removal.ts; `threadId` is the kernel's, 0 where unknown. */
export function workerWords(index: number): { heartbeat: number; sleeps: number; turn: number; threadId: number } {
  const first = (WORKER_BASE + index * WORKER_BYTES) / 4;
  return { heartbeat: first, sleeps: first + 1, turn: first + 2, threadId: first + 3 };
}

/** Worker `index`'s time on a run queue inside its slices, in ms, growing: index into a Float64Array, written by that worker. */
export function workerRunDelay(index: number): number {
  return (WORKER_BASE + index * WORKER_BYTES) / 8 + 2;
}

/** First of the words (indices into a Float64Array) by which a removal is ordered and reported; removal.ts names them. */
export const REMOVAL_WORDS = (LANE_BASE + MAX_LANES * LANE_BYTES) / 8;

/** What lane `index` is to do in a slice of the threads schedule, written by the lab: indices into a Float64Array. */
export function laneOrder(index: number): { leadIos: number; measureIos: number } {
  const first = (LANE_BASE + index * LANE_BYTES) / 8 + 8;
  return { leadIos: first, measureIos: first + 1 };
}

/**
 * Results of lane `index`, written by the worker that drives its front: indices into a Float64Array over the memory. At `done` begin
 * the counts of done_ios.ts.
 */
export function laneResult(index: number) {
  const first = (LANE_BASE + index * LANE_BYTES) / 8;
  return {
    startMs: first,
    endMs: first + 1,
    hostMs: first + 2,
    ios: first + 3,
    turns: first + 4,
    wallMs: first + 5,
    done: first + 16,
  };
}
