// A lane in a slice of the threads schedule, as the worker that has its front drives it: lead-in, then its measured I/Os, then on
// until all lanes are measured, then the drain. Lanes wait for each other by the counts of control.ts.
import { HostQueue } from '../../../build/layout.ts';
import { type DoneIos, putDone } from '../../analysis/done_ios.ts';
import { assert } from '../../base/errors.ts';
import type { MemoryView } from '../machine/arena.ts';
import { doneSince, readDone } from '../machine/done_counts.ts';
import { distance, field, setField } from '../machine/fields.ts';
import { isIdle, type Lane } from '../machine/lanes.ts';
import { type LatencyWindow, latencyWindow } from '../machine/latency_window.ts';
import { CONTROL, laneOrder, laneResult } from './control.ts';

const PHASES = ['lead', 'ready', 'measure', 'done', 'drain', 'drained'] as const;

export interface LaneSlice {
  /** HostQueue of the front. */
  at: number;
  /** Index of the lane. */
  lane: number;
  phase: (typeof PHASES)[number];
  startMs: number;
  startCompleted: number;
  startDone: DoneIos;
  /** The front's histogram: takes the I/Os that end inside the measured window only. */
  samples: LatencyWindow;
}

/** More I/Os than a slice has. */
const FOREVER = 0x3fff_ffff;

export function beginSlice(view: MemoryView, { at, lane }: Pick<LaneSlice, 'at' | 'lane'>): LaneSlice {
  const samples = latencyWindow(view, at);
  samples.shut();
  const completed = setMark(view, at, view.f64[laneOrder(lane).leadIos] as number);
  setField(view, at, HostQueue.streamPos, view.i32[CONTROL.streamStart] as number);
  setField(view, at, HostQueue.issueTarget, completed + FOREVER);
  return { at, lane, phase: 'lead', startMs: 0, startCompleted: completed, startDone: readDone(view, at), samples };
}

/** Moves a lane's slice on as far as it goes: a phase that waits for nobody takes no turn of the agents. True when it moved. */
export function advance(view: MemoryView, lanes: readonly Lane[], slice: LaneSlice): boolean {
  let moved = false;
  while (advanceOnce(view, lanes, slice)) moved = true;
  return moved;
}

/** Moves it on when its phase is over. True when it moved. */
function advanceOnce(view: MemoryView, lanes: readonly Lane[], slice: LaneSlice): boolean {
  const { i32 } = view;
  const from = slice.phase;
  const stopped = Atomics.load(i32, CONTROL.stop) !== 0;
  switch (slice.phase) {
    case 'lead':
      if (!markReached(view, slice.at) && !stopped) break;
      setMark(view, slice.at, FOREVER);
      Atomics.add(i32, CONTROL.ready, 1);
      slice.phase = 'ready';
      break;
    case 'ready':
      // Nobody is measured before all lanes run.
      if (Atomics.load(i32, CONTROL.ready) < lanes.length && !stopped) break;
      beginWindow(view, slice);
      slice.phase = 'measure';
      slice.startMs = performance.now();
      break;
    case 'measure':
      if (!markReached(view, slice.at) && !stopped) break;
      record(view, slice, performance.now());
      slice.samples.shut();
      setMark(view, slice.at, FOREVER);
      Atomics.add(i32, CONTROL.done, 1);
      slice.phase = 'done';
      break;
    case 'done':
      // Nobody stops before all are measured.
      if (Atomics.load(i32, CONTROL.done) < lanes.length && !stopped) break;
      setField(view, slice.at, HostQueue.issueTarget, field(view, slice.at, HostQueue.issued));
      slice.phase = 'drain';
      break;
    case 'drain':
      if (!isIdle(view, lanes[slice.lane] as Lane)) break;
      slice.samples.end();
      Atomics.add(i32, CONTROL.drained, 1);
      slice.phase = 'drained';
      break;
    case 'drained':
      break;
  }
  assert(PHASES.indexOf(slice.phase) >= PHASES.indexOf(from), 'phases only advance');
  return slice.phase !== from;
}

function beginWindow(view: MemoryView, slice: LaneSlice): void {
  slice.startCompleted = setMark(view, slice.at, view.f64[laneOrder(slice.lane).measureIos] as number);
  slice.startDone = readDone(view, slice.at);
  slice.samples.open();
}

function record(view: MemoryView, slice: LaneSlice, endMs: number): void {
  const result = laneResult(slice.lane);
  view.f64[result.startMs] = slice.startMs;
  view.f64[result.endMs] = endMs;
  view.f64[result.ios] = (field(view, slice.at, HostQueue.completed) - slice.startCompleted) >>> 0;
  putDone(view.f64, result.done, doneSince(view, slice.at, slice.startDone));
}

/** The front returns to its worker once so many more I/Os have completed. Those that have by now. */
function setMark(view: MemoryView, at: number, ios: number): number {
  const completed = field(view, at, HostQueue.completed);
  setField(view, at, HostQueue.completionMark, completed + ios);
  return completed;
}

function markReached(view: MemoryView, at: number): boolean {
  return distance(field(view, at, HostQueue.completionMark), field(view, at, HostQueue.completed)) <= 0;
}
