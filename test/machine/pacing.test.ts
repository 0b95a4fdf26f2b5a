// Pauses and shares on a clock that the test turns itself: when nothing may go, nothing goes; when it may, what the depth takes.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HostQueue } from '../../build/layout.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { field, setField } from '../../src/lab/machine/fields.ts';
import { setPacing } from '../../src/lab/machine/lane_pacing.ts';
import type { LanePacing } from '../../src/plan/machine_spec.ts';
import { smallMachine } from '../support/small_machine.ts';

const STEP_US = 5;
const FOREVER = 0x3fff_ffff;

afterEach(() => vi.restoreAllMocks());

interface Simulated {
  /** I/Os issued and completed at the end of each step, lane by lane. */
  issued: number[][];
  completed: number[][];
}

/** Runs lanes for `ms` of virtual time. A device whose turn `skips` says so stands still in that step. */
function simulate(
  pacings: (LanePacing | undefined)[],
  { ms, iodepth = 4, batch = 1, skips = () => false }: SimulateOptions,
): Simulated {
  const small = smallMachine({ lanes: pacings, iodepth, batch, payload: 'none' });
  const { machine, device } = small;
  let nowMs = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const host = small.host('dma_vec');
  setBuffers(machine, 'fixed');
  setPacing(machine, true);
  machine.lanes.forEach((lane, index) => {
    small.stream([{ op: 'read', lba: 0, bytes: 4096, buffer: 0 }], index);
    setField(machine.view, lane.host, HostQueue.issueTarget, FOREVER);
    setField(machine.view, lane.host, HostQueue.completionMark, FOREVER);
  });
  const now = (word: number): number[] => machine.lanes.map((lane) => field(machine.view, lane.host, word));
  const issued: number[][] = [];
  const completed: number[][] = [];
  for (let step = 0; step * STEP_US < ms * 1000; step++) {
    nowMs = 1000 + (step * STEP_US) / 1000;
    machine.lanes.forEach((lane, index) => {
      host.run(lane.host, 4096, 0);
      if (!skips(index, step)) for (const { at } of lane.devices) device.run(at, 4096, 0);
    });
    issued.push(now(HostQueue.issued));
    completed.push(now(HostQueue.completed));
  }
  return { issued, completed };
}

interface SimulateOptions {
  ms: number;
  iodepth?: number;
  batch?: number;
  skips?: (lane: number, step: number) => boolean;
}

function bursts(change: Partial<Extract<LanePacing, { kind: 'bursts' }>>): LanePacing {
  return { kind: 'bursts', pauseNs: 100_000, ios: 1, countedBy: 'issue', burstNs: undefined, ...change };
}

describe('a workload that thinks', () => {
  it('pauses after each I/O, from when it has ended', () => {
    const { issued } = simulate([bursts({})], { ms: 10, iodepth: 1 });
    // Ended a step after it was issued; then 100 us.
    const periodUs = 100 + STEP_US;
    expect(issued.at(-1)?.[0]).toBe(1 + Math.floor((10_000 - STEP_US) / periodUs));
  });

  it('issues bursts of so many and waits for all of them before the pause', () => {
    const { issued, completed } = simulate([bursts({ ios: 10 })], { ms: 5, iodepth: 4 });
    const atPauses = issued.map(([count]) => count as number).filter((count, i, all) => count === all[i + 1]);
    expect(new Set(atPauses.map((count) => count % 10))).toEqual(new Set([0]));
    expect(issued.at(-1)?.[0]).toBeGreaterThan(300);
    for (const [i, [count]] of issued.entries())
      expect((count as number) - (completed[i]?.[0] as number)).toBeLessThan(5);
  });

  it('counts completions where it says so: what is in flight then still ends', () => {
    const { issued } = simulate([bursts({ ios: 10, countedBy: 'complete' })], { ms: 5, iodepth: 4 });
    const atPauses = issued.map(([count]) => count as number).filter((count, i, all) => count === all[i + 5]);
    const lengths = [...new Set(atPauses)].map((count, i, all) => count - (all[i - 1] ?? 0));
    for (const length of lengths.slice(1, -1)) {
      expect(length).toBeGreaterThanOrEqual(10);
      expect(length).toBeLessThan(10 + 4 + 4);
    }
  });

  it('ends a burst by time as well', () => {
    const { issued } = simulate([bursts({ ios: undefined, burstNs: 50_000 })], { ms: 3, iodepth: 1 });
    const moved = issued.map(([count], i) => count !== (issued[i - 1]?.[0] ?? 0));
    // 50 us of I/O in 150 us.
    const share = moved.filter(Boolean).length / moved.length;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.42);
  });
});

describe('lanes with shares', () => {
  const share = (weight: number): LanePacing => ({ kind: 'share', weight, peers: [0, 1], totalWeight: 9 });

  it('issue in proportion to their weights, ahead by a batch at most', () => {
    const { issued } = simulate([share(1), share(8)], { ms: 10, iodepth: 8, batch: 2 });
    for (const [a = 0, b = 0] of issued) {
      expect(a).toBeLessThanOrEqual((a + b) / 9 + 2);
      expect(b).toBeLessThanOrEqual(((a + b) * 8) / 9 + 2);
    }
    const [a = 0, b = 0] = issued.at(-1) ?? [];
    expect(b / a).toBeGreaterThan(7.8);
    expect(b / a).toBeLessThan(8.2);
  });

  it('are held by the slowest of them, and lanes without a share are not', () => {
    const options: SimulateOptions = { ms: 10, iodepth: 8, skips: (lane, step) => lane === 1 && step % 50 !== 0 };
    const { issued } = simulate([share(1), share(8), undefined], options);
    const [a = 0, b = 0, free = 0] = issued.at(-1) ?? [];
    expect(b / a).toBeGreaterThan(6);
    expect(b / a).toBeLessThan(9);
    expect(free).toBeGreaterThan(10 * (a + b));
  });
});
