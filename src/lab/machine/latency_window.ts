// Which I/Os are timed in a slice of the threads schedule: those that end inside its measured window, as its counts of I/Os. The
// front's histogram is two: what ends before or after goes into the other one, which nobody reads. Costs the machine nothing.
import { HostQueue } from '../../../build/layout.ts';
import { LATENCY_COUNTERS } from '../../stats/histogram.ts';
import type { MemoryView } from './arena.ts';
import { field, setField } from './fields.ts';

/** Bytes of the histogram that is read, and of both. */
const HISTOGRAM_BYTES = LATENCY_COUNTERS * 4;
export const HISTOGRAMS_BYTES = 2 * HISTOGRAM_BYTES;

export interface LatencyWindow {
  open(): void;
  /** What ends from here on is not of the window. */
  shut(): void;
  /** The slice is over: the queue is as the lab reads it. */
  end(): void;
}

/** @param front the lane's front queue, with its histogram as built */
export function latencyWindow(view: MemoryView, front: number): LatencyWindow {
  const counted = field(view, front, HostQueue.histogram);
  const most = (front + HostQueue.latencyNsMax) / 8;
  let mostInside = 0;
  let isOpen = false;
  return {
    open: () => {
      isOpen = true;
      view.f64[most] = 0;
      setField(view, front, HostQueue.histogram, counted);
    },
    shut: () => {
      if (isOpen) mostInside = view.f64[most] as number;
      isOpen = false;
      setField(view, front, HostQueue.histogram, counted + HISTOGRAM_BYTES);
    },
    end: () => {
      view.f64[most] = mostInside;
      setField(view, front, HostQueue.histogram, counted);
    },
  };
}
