// The inline schedule: all agents in one thread, taking turns. Deterministic; what tests, counters and the CPU cost per
// I/O are made with. Only the host agents' turns are timed.
import type { DeviceModule, HostModule } from '../../../build/exports.ts';
import { HostQueue } from '../../../build/layout.ts';
import type { DoneIos } from '../../analysis/done_ios.ts';
import { assert } from '../../base/errors.ts';
import { seededRandom } from '../../base/random.ts';
import type { MemoryView } from '../machine/arena.ts';
import { doneSince, readDone } from '../machine/done_counts.ts';
import { distance, field, setField } from '../machine/fields.ts';
import { type DeviceKind, isIdle, type Lane } from '../machine/lanes.ts';
import { beginZones } from '../machine/zones.ts';

export interface InlineSlice {
  view: MemoryView;
  lanes: readonly Lane[];
  host: HostModule;
  device(kind: DeviceKind): DeviceModule;
  /** Position of the access streams at which the slice begins. */
  streamStart: number;
  /** I/Os of each lane before timing starts, and inside it. */
  leadIos: number;
  measureIos: number;
  /** Draws the agents' order and budgets at random, to reach more interleavings; absent: full turns, host then devices. */
  interleaveSeed?: number | undefined;
  /** Called once a turn: heartbeat of the worker. Returning false ends the slice early. */
  keepGoing?: () => boolean;
}

export interface InlineResult {
  /** Time inside the host agents, including the clock calls around each turn. */
  hostMs: number;
  /** Time of all agents together. */
  wallMs: number;
  ios: number;
  /** Timed turns: each contains one clock call. */
  turns: number;
  complete: boolean;
  /** I/Os of each lane, and those of them that ended well. */
  lanes: { ios: number; done: DoneIos }[];
}

const WHOLE_TURN = 0x3fff_ffff;
/** Rounds in which nothing was issued or completed, of a slice that nobody watches: a thousandth of them is never reached. */
const MOST_STILL_ROUNDS = 1_000_000;

/** Runs one slice from an idle machine to an idle machine. */
export function runInlineSlice(slice: InlineSlice): InlineResult {
  for (const lane of slice.lanes) beginZones(slice.view, lane, slice.streamStart);
  begin(slice, slice.leadIos, slice.streamStart);
  const lead = drive(slice);
  begin(slice, slice.measureIos, slice.streamStart + slice.leadIos);
  const measured = drive(slice);
  return { ...measured, complete: lead.complete && measured.complete };
}

function begin(slice: InlineSlice, ios: number, streamStart: number): void {
  for (const { front } of slice.lanes) {
    const target = field(slice.view, front, HostQueue.issued) + ios;
    setField(slice.view, front, HostQueue.streamPos, streamStart);
    setField(slice.view, front, HostQueue.issueTarget, target);
    setField(slice.view, front, HostQueue.completionMark, target);
  }
}

function drive(slice: InlineSlice): InlineResult {
  const { view, lanes, host } = slice;
  const random = slice.interleaveSeed === undefined ? undefined : seededRandom(slice.interleaveSeed);
  const result: InlineResult = { hostMs: 0, wallMs: 0, ios: 0, turns: 0, complete: true, lanes: [] };
  const devices = lanes.map((lane) => lane.devices.map(({ kind, at }) => ({ at, module: slice.device(kind) })));
  const before = lanes.map(({ front }) => ({
    completed: field(view, front, HostQueue.completed),
    done: readDone(view, front),
  }));
  let still = 0;
  let moved = movedOf(slice);
  const began = performance.now();
  while (lanes.some((lane) => pending(view, lane.front) || !isIdle(view, lane))) {
    for (const [index, lane] of lanes.entries()) {
      const agents = devices[index] as Agent[];
      // Bit i: device i has its turn after the host.
      let late = 0;
      for (let i = 0; i < agents.length; i++) if (random === undefined || random.unit() < 0.5) late |= 1 << i;
      runDevices(agents, ~late, random);
      const start = performance.now();
      host.run(lane.host, budget(random), 0);
      result.hostMs += performance.now() - start;
      result.turns++;
      runDevices(agents, late, random);
    }
    if (slice.keepGoing === undefined) {
      const now = movedOf(slice);
      still = now === moved ? still + 1 : 0;
      moved = now;
      assert(still < MOST_STILL_ROUNDS, 'every I/O ends');
    } else if (!slice.keepGoing()) {
      result.complete = false;
      stopIssuing(slice);
    }
  }
  result.wallMs = performance.now() - began;
  lanes.forEach(({ front }, index) => {
    const { completed, done } = before[index] as (typeof before)[number];
    const ios = distance(field(view, front, HostQueue.completed), completed);
    result.lanes.push({ ios, done: doneSince(view, front, done) });
    result.ios += ios;
  });
  return result;
}

/** Grows with every I/O that is issued or completed. */
function movedOf({ view, lanes }: InlineSlice): number {
  return lanes.reduce((sum, { host, front }) => {
    const counts = [host, front].flatMap((at) =>
      [HostQueue.issued, HostQueue.completed].map((word) => field(view, at, word)),
    );
    return counts.reduce((all, count) => all + count, sum);
  }, 0);
}

interface Agent {
  at: number;
  module: DeviceModule;
}

type Random = ReturnType<typeof seededRandom> | undefined;

/** A turn for each device whose bit is set in `chosen`. */
function runDevices(agents: readonly Agent[], chosen: number, random: Random): void {
  for (let i = 0; i < agents.length; i++) {
    const { at, module } = agents[i] as Agent;
    if (chosen & (1 << i)) module.run(at, budget(random), 0);
  }
}

function budget(random: Random): number {
  return random === undefined ? WHOLE_TURN : 1 + random.below(40);
}

function pending(view: MemoryView, front: number): boolean {
  return distance(field(view, front, HostQueue.issueTarget), field(view, front, HostQueue.completed)) > 0;
}

/** Early end: what is in flight completes, nothing new starts. */
function stopIssuing(slice: InlineSlice): void {
  for (const { front } of slice.lanes) {
    const issued = field(slice.view, front, HostQueue.issued);
    setField(slice.view, front, HostQueue.issueTarget, issued);
    setField(slice.view, front, HostQueue.completionMark, issued);
  }
}
