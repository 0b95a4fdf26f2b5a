// The phases of a lane's slice, with I/Os that nobody runs: the counts that agents would write are written here.
import { beforeEach, describe, expect, it } from 'vitest';
import { HostQueue } from '../../../build/layout.ts';
import { smallMachine } from '../../../test/support/small_machine.ts';
import type { BuiltMachine } from '../machine/build_machine.ts';
import { field, setField } from '../machine/fields.ts';
import { CONTROL, laneOrder, laneResult } from './control.ts';
import { advance, beginSlice, type LaneSlice } from './lane_slice.ts';

const LEAD = 8;
const MEASURED = 20;
let machine: BuiltMachine;

beforeEach(() => {
  machine = smallMachine({ queueCount: 2, workers: 2 }).machine;
});

const frontOf = (lane: number): number => machine.lanes[lane]?.front as number;
const word = (lane: number, offset: number): number => field(machine.view, frontOf(lane), offset);

/** A lane's queue as `ios` more were issued and all but `inFlight` of them completed. */
function complete(lane: number, ios: number, inFlight = 0): void {
  const completed = word(lane, HostQueue.completed) + ios;
  setField(machine.view, frontOf(lane), HostQueue.completed, completed);
  setField(machine.view, frontOf(lane), HostQueue.issued, completed + inFlight);
}

function begin(lane: number, streamStart = 0): LaneSlice {
  const { i32, f64 } = machine.view;
  if (lane === 0) for (const count of [CONTROL.ready, CONTROL.done, CONTROL.drained, CONTROL.stop]) i32[count] = 0;
  i32[CONTROL.streamStart] = streamStart;
  f64[laneOrder(lane).leadIos] = LEAD;
  f64[laneOrder(lane).measureIos] = MEASURED;
  return beginSlice(machine.view, { at: frontOf(lane), lane });
}

/** Moves a slice on in a machine of so many of its lanes. @returns its phase */
function go(slice: LaneSlice, lanes = machine.lanes.slice(0, 1)): LaneSlice['phase'] {
  advance(machine.view, lanes, slice);
  return slice.phase;
}

const counts = (): number[] =>
  [CONTROL.ready, CONTROL.done, CONTROL.drained].map((count) => machine.view.i32[count] as number);

describe('a lane alone', () => {
  it('goes through its phases by its own I/Os, and stops issuing when it is measured', () => {
    const slice = begin(0, 77);
    expect(word(0, HostQueue.streamPos)).toBe(77);
    complete(0, LEAD - 1, 4);
    expect(go(slice)).toBe('lead');
    complete(0, 1, 4);
    expect(go(slice)).toBe('measure');
    complete(0, MEASURED - 1, 4);
    expect(go(slice)).toBe('measure');
    complete(0, 1, 4);
    // Four are in flight: they are not waited for by the window, but by the drain.
    expect(go(slice)).toBe('drain');
    expect(word(0, HostQueue.issueTarget)).toBe(word(0, HostQueue.issued));
    complete(0, 4);
    expect(go(slice)).toBe('drained');
    expect(counts()).toEqual([1, 1, 1]);
    expect(go(slice)).toBe('drained');
    expect(counts()).toEqual([1, 1, 1]);
  });

  it('counts what was completed between its marks, all that came in one turn', () => {
    const slice = begin(0);
    // A turn of the agents completes batches: the window begins behind what the lead-in took too much.
    complete(0, LEAD + 3, 4);
    expect(go(slice)).toBe('measure');
    complete(0, MEASURED + 5, 4);
    go(slice);
    expect(machine.view.f64[laneResult(0).ios]).toBe(MEASURED + 5);
  });

  it('counts over the wrap of its counter at 2^32', () => {
    for (const offset of [HostQueue.completed, HostQueue.issued]) {
      setField(machine.view, frontOf(0), offset, 2 ** 32 - 10);
    }
    const slice = begin(0);
    complete(0, LEAD);
    expect(go(slice)).toBe('measure');
    complete(0, MEASURED - 1);
    expect(go(slice)).toBe('measure');
    complete(0, 1);
    expect(go(slice)).toBe('drained');
    expect(machine.view.f64[laneResult(0).ios]).toBe(MEASURED);
    expect(word(0, HostQueue.completed)).toBe(LEAD + MEASURED - 10);
  });
});

describe('two lanes', () => {
  const both = () => machine.lanes.slice(0, 2);

  it('are measured when both run, and go on until both are measured', () => {
    const [fast, slow] = [begin(0), begin(1)];
    complete(0, 10 * LEAD, 2);
    expect([go(fast, both()), go(slow, both())]).toEqual(['ready', 'lead']);
    complete(1, LEAD, 2);
    expect([go(slow, both()), go(fast, both())]).toEqual(['measure', 'measure']);
    // What the fast one did while it waited is not of its window.
    complete(0, MEASURED, 2);
    expect([go(fast, both()), go(slow, both())]).toEqual(['done', 'measure']);
    expect(machine.view.f64[laneResult(0).ios]).toBe(MEASURED);
    expect(word(0, HostQueue.issueTarget) - word(0, HostQueue.issued)).toBeGreaterThan(2 ** 29);
    complete(0, 500, 2);
    complete(1, MEASURED, 2);
    expect([go(slow, both()), go(fast, both())]).toEqual(['drain', 'drain']);
    expect(machine.view.f64[laneResult(0).ios]).toBe(MEASURED);
    for (const lane of [0, 1]) complete(lane, 2);
    expect([go(fast, both()), go(slow, both())]).toEqual(['drained', 'drained']);
    expect(counts()).toEqual([2, 2, 2]);
  });

  it.each([
    ['lead', 0, 0],
    ['ready', LEAD, 0],
    ['done', LEAD + MEASURED, LEAD],
  ] as const)(
    'that are told to stop while one is at its %s wait for nothing but their I/Os',
    (phase, first, second) => {
      const slices = [begin(0), begin(1)] as const;
      complete(0, Math.min(first, LEAD), 3);
      complete(1, second, 3);
      for (const slice of [...slices, ...slices]) go(slice, both());
      complete(0, first - Math.min(first, LEAD), 3);
      for (const slice of slices) go(slice, both());
      expect(slices[0].phase).toBe(phase);
      Atomics.store(machine.view.i32, CONTROL.stop, 1);
      expect(slices.map((slice) => go(slice, both()))).toEqual(
        slices.map((_, lane) => (inFlight(lane) ? 'drain' : 'drained')),
      );
      for (const lane of [0, 1]) complete(lane, inFlight(lane));
      expect(slices.map((slice) => go(slice, both()))).toEqual(['drained', 'drained']);
      expect(counts()).toEqual([2, 2, 2]);
    },
  );

  const inFlight = (lane: number): number => word(lane, HostQueue.issued) - word(lane, HostQueue.completed);
});
