// A trace as a job replays it: fio's replay options applied, devices laid into one namespace, bytes made blocks.
import { GIB } from '../base/units.ts';
import type { Replay } from './job.ts';
import { TRACE_OPS, type Trace } from './traces/trace.ts';

const BLOCK_BYTES = 512;
const FLUSH = TRACE_OPS.indexOf('flush');

/** fio's options for replays. */
export interface ReplayOptions {
  /** All devices become one (replay_redirect); otherwise they lie one behind another. */
  readonly redirect: boolean;
  /** No waiting for a record's time (replay_no_stall). */
  readonly noStall: boolean;
  /** Percent of the recorded speed (replay_time_scale). */
  readonly timeScalePercent: number;
  /** Offsets are divided by this (replay_scale), then rounded down to a multiple of `alignBytes` (replay_align). */
  readonly scale: number;
  readonly alignBytes: number;
}

/** The replay, and what had to be changed, one line each. */
export function replayOf(trace: Trace, options: ReplayOptions): { replay: Replay; notes: readonly string[] } {
  const { count } = trace;
  const place = (index: number): number => {
    const scaled = Math.floor((trace.offsetBytes[index] as number) / options.scale);
    return scaled - (scaled % options.alignBytes);
  };
  const bases = options.redirect ? trace.devices.map(() => 0) : deviceBases(trace, place);
  const firstBlock = new Float64Array(count);
  const blocks = new Uint32Array(count);
  let widened = 0;
  let endBytes = 0;
  for (let index = 0; index < count; index++) {
    const offset = (bases[trace.device[index] as number] as number) + place(index);
    const first = Math.floor(offset / BLOCK_BYTES);
    const last = Math.ceil((offset + (trace.lengthBytes[index] as number)) / BLOCK_BYTES);
    firstBlock[index] = first;
    blocks[index] = last - first;
    if ((last - first) * BLOCK_BYTES !== trace.lengthBytes[index]) widened++;
    endBytes = Math.max(endBytes, last * BLOCK_BYTES);
  }
  const notes = [...trace.notes];
  const flushes = trace.op.reduce((sum, op) => (op === FLUSH ? sum + 1 : sum), 0);
  if (flushes > 0) notes.push(`${flushes.toLocaleString('en')} of its records are flushes; figures are per other I/O`);
  if (widened > 0) notes.push(`${widened.toLocaleString('en')} I/Os widened to whole blocks of 512 bytes`);
  if (trace.devices.length > 1) {
    notes.push(
      options.redirect
        ? `${trace.devices.length} devices laid over each other (replay_redirect)`
        : `${trace.devices.length} devices laid one behind another in the namespace; replay_redirect lays them over each other`,
    );
  }
  const { source, format, op } = trace;
  return { replay: { source, format, firstBlock, blocks, op, dueNs: dueTimes(trace, options), endBytes }, notes };
}

/** Each device begins at a whole GiB behind the one before it. */
function deviceBases(trace: Trace, place: (index: number) => number): number[] {
  const ends = trace.devices.map(() => 0);
  for (let index = 0; index < trace.count; index++) {
    const device = trace.device[index] as number;
    ends[device] = Math.max(ends[device] as number, place(index) + (trace.lengthBytes[index] as number));
  }
  let next = 0;
  return ends.map((end) => {
    const base = next;
    next += Math.ceil(end / GIB) * GIB;
    return base;
  });
}

function dueTimes(trace: Trace, options: ReplayOptions): Float64Array | undefined {
  if (options.noStall || !trace.timed) return undefined;
  return trace.timeNs.map((timeNs) => (timeNs * 100) / options.timeScalePercent);
}
