// The agent that removes the provider in the middle of a slice: it waits for its moment, drives the machine's removal step by
// step (src/machine/agents/removal.ts) between the other agents' turns, and writes down when each step was done and how
// far the I/O was then. The lab gives the order and reads the report; both lie in the shared memory.
import type { HostModule } from '../../../build/exports.ts';
import {
  BusWindow,
  HostQueue,
  REMOVAL_DRAINING,
  REMOVAL_GONE,
  REMOVAL_KILLED,
  REMOVAL_NONE,
  RULE_ALLOCATIONS,
  RULE_HOLDERS,
  RULE_NONE,
  RULE_PINS,
  RULE_REVOKED,
} from '../../../build/layout.ts';
import { seededRandom } from '../../base/random.ts';
import { upstreamWindows } from '../../plan/fabric.ts';
import type { MemoryView } from '../machine/arena.ts';
import type { BuiltMachine } from '../machine/build_machine.ts';
import { field } from '../machine/fields.ts';
import { REMOVAL_WORDS, workerWords } from './control.ts';

/** What a removal waits for. */
export type RemovalRule = 'pins' | 'allocations' | 'holders' | 'revoked' | 'none';

export const RULE_NAMES: Readonly<Record<number, RemovalRule>> = {
  [RULE_PINS]: 'pins',
  [RULE_ALLOCATIONS]: 'allocations',
  [RULE_HOLDERS]: 'holders',
  [RULE_REVOKED]: 'revoked',
  [RULE_NONE]: 'none',
};

/** Words of the order (the lab's) and of the report (the agent's), in 64-bit floats. */
const word = (index: number): number => REMOVAL_WORDS + index;
export const REMOVAL = {
  /** Order: I/Os after which the provider goes, over all queues; negative: it stays. */
  afterIos: word(0),
  /** Order: I/Os that were completed, over all queues, when the slice began. */
  completedBase: word(1),
  /** Order: draws the agents' turns in an inline slice, and the delays below. */
  interleaveSeed: word(2),
  /** Order: longest delay that each worker makes between its rounds, in microseconds; 0 in a measurement. */
  mostDelayUs: word(3),
  // The report, two cache lines on.
  /** performance.now() when it began, when the user's mapping was gone, when nobody could take a reference, at the end. */
  startedMs: word(32),
  unmappedMs: word(33),
  quiescedMs: word(34),
  goneMs: word(35),
  /** I/Os that had ended well when it began and when the provider was gone, since the slice began. */
  okAtStart: word(36),
  okAtGone: word(37),
  /** I/Os in flight when it began. */
  inFlightAtStart: word(38),
  /** Transfers that the provider's windows had served when it was gone. */
  hitsAtGone: word(39),
  /** Turns of the agent from its first step to its last. */
  turns: word(40),
} as const;

/** A worker's `turn` word while it runs no agent: it cannot be in the middle of taking a reference. */
export const OUTSIDE = -1;

/** Of a user mapping taken away in one turn: 4096 pages. */
const UNMAP_BYTES = 16 * 2 ** 20;

/** Where the machine and its agents are. Plain data. */
export interface RemovalSite {
  machine: number;
  /** The lanes' front queues. */
  fronts: number[];
  /** DeviceQueues of the controllers whose routing tables have the provider. */
  controllers: number[];
  /** The windows in them that lead to its BAR. */
  windows: number[];
  /** Workers whose agents may take references; none where all agents take turns in one thread. */
  workers: number[];
}

export interface RemovalAgent {
  /** One turn. True when there was something to do. */
  turn(): boolean;
  /** Turns until the provider is gone: when the slice is over. */
  finish(): void;
}

export function isRemovalOrdered({ f64 }: MemoryView): boolean {
  return (f64[REMOVAL.afterIos] as number) >= 0;
}

/** The `turn` word of worker `index`, as it goes through a slice. */
export function turnsOfWorker({ i32, f64 }: MemoryView, index: number): { next(): void; leave(): void } {
  const { turn } = workerWords(index);
  const mostMs = (f64[REMOVAL.mostDelayUs] as number) / 1000;
  const random = seededRandom((f64[REMOVAL.interleaveSeed] as number) + index);
  let number = 0;
  return {
    next: () => {
      if (mostMs > 0) spin(random.unit() * mostMs);
      // Meets haveMoved: what the worker's agents read after this store, they read after whatever the other side wrote before.
      Atomics.store(i32, turn, ++number & 0x3fff_ffff);
    },
    leave: () => void Atomics.store(i32, turn, OUTSIDE),
  };
}

function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** `lanes` lanes give back their long-lived buffers: what removal waits for under the rule `holders`. */
export function letGo(host: HostModule, site: RemovalSite | undefined, lanes: number): void {
  if (site !== undefined && host.removalRule(site.machine) === RULE_HOLDERS) host.hold(site.machine, -lanes);
}

/** The agent for one slice in which a removal was ordered. */
export function removalAgent(view: MemoryView, host: HostModule, site: RemovalSite): RemovalAgent {
  const { f64 } = view;
  const afterIos = f64[REMOVAL.afterIos] as number;
  const base = f64[REMOVAL.completedBase] as number;
  let phase: number = REMOVAL_NONE;
  let seen: number[] = [];
  let turns = 0;
  const completed = (): number => (sum(view, site, HostQueue.completed) - base) >>> 0;
  const okSince = (): number => (okCount(view, site) - base) >>> 0;
  const stamp = (at: number): void => {
    f64[at] = performance.now();
  };
  const step = (): void => {
    phase = host.remove(site.machine, UNMAP_BYTES, phase === REMOVAL_KILLED && haveMoved(view, site, seen));
  };
  const arrive = (): void => {
    if (phase === REMOVAL_KILLED) {
      stamp(REMOVAL.unmappedMs);
      seen = turnsOf(view, site);
    }
    if (phase === REMOVAL_DRAINING) stamp(REMOVAL.quiescedMs);
    if (phase !== REMOVAL_GONE) return;
    for (const controller of site.controllers) host.takeWindows(site.machine, controller);
    stamp(REMOVAL.goneMs);
    f64[REMOVAL.okAtGone] = okSince();
    f64[REMOVAL.hitsAtGone] = hitsOf(view, site.windows);
    f64[REMOVAL.turns] = turns;
  };
  const turn = (): boolean => {
    if (phase === REMOVAL_GONE) return false;
    if (phase === REMOVAL_NONE) {
      if (completed() < afterIos) return false;
      stamp(REMOVAL.startedMs);
      f64[REMOVAL.okAtStart] = okSince();
      f64[REMOVAL.inFlightAtStart] = (sum(view, site, HostQueue.issued) - sum(view, site, HostQueue.completed)) >>> 0;
    }
    turns++;
    // As far as it gets: it stops where it has to wait for others, and after each part of a user mapping.
    for (let before = -1; phase !== before && phase !== REMOVAL_GONE; ) {
      before = phase;
      step();
      if (phase !== before) arrive();
    }
    return true;
  };
  return {
    turn,
    finish: () => {
      while (turn());
    },
  };
}

function sum(view: MemoryView, site: RemovalSite, offset: number): number {
  return site.fronts.reduce((total, host) => (total + field(view, host, offset)) >>> 0, 0);
}

/** I/Os that have ended well, over all lanes, modulo 2^32. */
function okCount({ i32 }: MemoryView, { fronts }: RemovalSite): number {
  let total = 0;
  for (const front of fronts) {
    const [errors, completed] = [(front + HostQueue.errors) / 4, (front + HostQueue.completed) / 4];
    // The host counts on: two words of one moment have the same errors before and after. Refusals are far between for this loop.
    let seen = Atomics.load(i32, errors);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const done = Atomics.load(i32, completed);
      const now = Atomics.load(i32, errors);
      const isOneMoment = now === seen;
      seen = now;
      if (!isOneMoment && tries < MOST_TRIES - 1) continue;
      total += done - now;
      break;
    }
  }
  return total >>> 0;
}

const MOST_TRIES = 1000;

/** Transfers that ended in these windows. */
export function hitsOf(view: MemoryView, windows: readonly number[]): number {
  return windows.reduce((total, at) => total + field(view, at, BusWindow.hits), 0);
}

function turnsOf(view: MemoryView, site: RemovalSite): number[] {
  return site.workers.map((index) => Atomics.load(view.i32, workerWords(index).turn));
}

/** Every worker has been outside its agents since `seen`: its next turn sees what was written before. */
function haveMoved(view: MemoryView, site: RemovalSite, seen: readonly number[]): boolean {
  const now = turnsOf(view, site);
  return now.every((turn, index) => turn === OUTSIDE || turn !== seen[index]);
}

/** The windows of all controllers that lead to the provider's BAR, by wasm address. */
export function providerWindows(machine: BuiltMachine): number[] {
  return machine.queues.flatMap(({ windows, client }) =>
    // Between them is the window of the host's own structures.
    [...client.windows, undefined, ...upstreamWindows(client)].flatMap((window, index) =>
      window?.target === 'bar' ? [windows.at + index * BusWindow.bytes] : [],
    ),
  );
}
