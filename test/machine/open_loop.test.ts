// The open loop on a clock that the test turns itself: what is due is issued when it is due, and a stall of the device is paid
// for by every I/O that was due in it.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HostQueue } from '../../build/layout.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { distance, field, setField } from '../../src/lab/machine/fields.ts';
import { setPacing } from '../../src/lab/machine/lane_pacing.ts';
import { takeLatency, takeOutcome } from '../../src/lab/machine/queue_state.ts';
import {
  addSparse,
  BUCKETS,
  bucketLower,
  LATENCY_COUNTERS,
  percentiles,
  sampleCount,
} from '../../src/stats/histogram.ts';
import { smallMachine } from '../support/small_machine.ts';

const STEP_US = 5;
const GAP_US = 10;
const FOREVER = 0x3fff_ffff;

afterEach(() => vi.restoreAllMocks());

interface Simulated {
  counts: Uint32Array;
  /** I/Os issued at the end of each step. */
  issued: number[];
  completed: number;
  outcome: ReturnType<typeof takeOutcome>;
}

/** Runs one lane for `ms` of virtual time; the device stands still while `stalled` says so. */
function simulate(options: {
  paced: boolean;
  ms: number;
  iodepth?: number;
  stalled?: (ms: number) => boolean;
}): Simulated {
  const { paced, ms, iodepth = 16, stalled = () => false } = options;
  const small = smallMachine({ iodepth, batch: 4, pacing: { kind: 'arrivals' }, payload: 'none' });
  const { machine, device } = small;
  small.stream([{ op: 'read', lba: 0, bytes: 4096, buffer: 0 }]);
  const [lane] = machine.lanes;
  const gaps = lane?.pacing?.gaps;
  if (lane === undefined || gaps === undefined) throw new Error('the lane has room for arrivals');
  new Float64Array(small.memory.buffer, gaps.at, gaps.bytes / 8).fill(GAP_US * 1000);
  let nowMs = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const host = small.host('dma_vec');
  setBuffers(machine, 'fixed');
  setPacing(machine, paced);
  setField(machine.view, lane.host, HostQueue.issueTarget, FOREVER);
  setField(machine.view, lane.host, HostQueue.completionMark, FOREVER);
  const issued: number[] = [];
  for (let step = 0; step * STEP_US < ms * 1000; step++) {
    nowMs = 1000 + (step * STEP_US) / 1000;
    host.run(lane.host, 4096, 0);
    issued.push(field(machine.view, lane.host, HostQueue.issued));
    if (!stalled(nowMs - 1000)) for (const { at } of lane.devices) device.run(at, 4096, 0);
  }
  const counts = Uint32Array.from(addSparse(takeLatency(machine).lanes, LATENCY_COUNTERS).slice(0, BUCKETS));
  const completed = field(machine.view, lane.host, HostQueue.completed);
  return { counts, issued, completed, outcome: takeOutcome(machine) };
}

const slowerThan = (counts: Uint32Array, ns: number): number =>
  sampleCount(counts.map((count, bucket) => (bucketLower(bucket) >= ns ? count : 0)));

describe('an open loop', () => {
  it('issues each I/O when it is due, never before, and times every one', () => {
    const { counts, issued, completed, outcome } = simulate({ paced: true, ms: 20 });
    expect(issued).toEqual(issued.map((_, step) => 1 + Math.floor((step * STEP_US) / GAP_US)));
    expect(completed).toBeGreaterThanOrEqual(1999);
    expect(sampleCount(counts)).toBe(completed);
    expect(outcome.errors).toBe(0);
    // Seen by the host one step after the device has served it.
    expect(percentiles(counts).p99).toBeLessThan(2 * STEP_US * 1000);
  });

  const stall = { ms: 200, stalled: (ms: number) => ms >= 100 && ms < 150 };

  it('makes every I/O that was due in a stall of the device pay for it', () => {
    const { counts, completed } = simulate({ paced: true, ...stall });
    const { p50, p90, p99, max } = percentiles(counts);
    expect(completed).toBeGreaterThan(19_900);
    expect(p50).toBeLessThan(20_000);
    // 5000 of 20 000 were due in the 50 ms: waits spread evenly from 50 ms down.
    const waited = slowerThan(counts, 1e6);
    expect(waited).toBeGreaterThan(4850);
    // And those that came while the queue was still being worked off.
    expect(waited).toBeLessThan(5250);
    expect((p90 as number) / 1e6).toBeGreaterThan(28);
    expect((p90 as number) / 1e6).toBeLessThan(32);
    expect((p99 as number) / 1e6).toBeGreaterThan(46);
    expect((max as number) / 1e6).toBeLessThan(51);
  });

  it('whose depth is used up keeps the times at which its I/Os were due', () => {
    const { issued } = simulate({ paced: true, ...stall, iodepth: 4 });
    const inStall = issued[(149 * 1000) / STEP_US] as number;
    expect(distance(inStall, issued[(100 * 1000) / STEP_US] as number)).toBeLessThanOrEqual(4);
    // Afterwards it catches up: as many as were due by then.
    expect(issued.at(-1)).toBe(20_000);
  });

  it('hides nothing that a closed loop hides: there only the I/Os in flight notice', () => {
    const { counts, completed } = simulate({ paced: false, ...stall });
    expect(completed).toBeGreaterThan(100_000);
    expect(slowerThan(counts, 1e6)).toBeLessThanOrEqual(16);
    expect(percentiles(counts).p99).toBeLessThan(20_000);
  });
});
