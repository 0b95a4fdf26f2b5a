// What a worker does: waits for an order, runs its agents for one slice, says when it is done. Pure control around the
// machine's `run` functions; tested in-process, because coverage does not see worker threads.

import { readlinkSync } from 'node:fs';
import type { DeviceModule, HostModule } from '../../../build/exports.ts';
import { Bell, HostQueue, PACING_SHARE, Pacing } from '../../../build/layout.ts';
import { putDone } from '../../analysis/done_ios.ts';
import { assert } from '../../base/errors.ts';
import { ownRunDelayMs } from '../host/disturbance.ts';
import { type MemoryView, viewOf } from '../machine/arena.ts';
import { field } from '../machine/fields.ts';
import type { DeviceKind, Lane } from '../machine/lanes.ts';
import { deviceModule, hostModule } from '../machine/modules.ts';
import { beginZones } from '../machine/zones.ts';
import { CONTROL, laneResult, ORDER, workerRunDelay, workerWords } from './control.ts';
import { type Fault, isOfCompletion, strikeCompletion } from './fault.ts';
import { runInlineSlice } from './inline.ts';
import { advance, beginSlice, type LaneSlice } from './lane_slice.ts';
import {
  isRemovalOrdered,
  letGo,
  REMOVAL,
  type RemovalAgent,
  type RemovalSite,
  removalAgent,
  turnsOfWorker,
} from './removal.ts';

/** One agent of a worker: a lane's host or one of its devices. */
export interface AgentRole {
  kind: 'host' | DeviceKind;
  /** Index of the lane. */
  lane: number;
  /** wasm address of its HostQueue, or of the device's structure. */
  at: number;
}

/** One worker's task: plain data, posted once. */
export interface WorkerTask {
  memory: WebAssembly.Memory;
  /** Index among the workers, and how many there are. */
  index: number;
  workers: number;
  name: string;
  /** Scheme of each arm, in the order of CONTROL.arm. */
  schemes: string[];
  /** Another controller than the NVMe one (benches). */
  controller: string | undefined;
  agents: AgentRole[];
  /** Every lane of the machine: what an inline slice interleaves. */
  lanes: Lane[];
  /** wasm addresses of all workers' bells; this worker's is bells[index]. */
  bells: number[];
  /** Wait for completions by spinning (poll) or by sleeping until the device rings (irq). */
  wait: 'poll' | 'irq';
  fault?: Fault | undefined;
  /** Set when slices of this crew may have the provider removed; one of the workers does it. */
  removal?: { site: RemovalSite; isMine: boolean } | undefined;
}

/** I/Os or commands after which an agent returns to its loop. */
const BUDGET = 4096;
/** Idle turns inside one call when a worker has a single agent; a turn is one atomic load. */
const SPIN_TURNS = 512;
/** The same where the provider is removed: a grace period is as long as the longest turn. */
const REMOVAL_TURN = { budget: 16, idleTurns: 16 } as const;
/** Idle rounds of the loop before a polling worker sleeps: some hundred microseconds. */
const SPIN_ROUNDS = 256;
const SLEEP_MS = 100;
const FOREVER = 0x3fff_ffff;

interface Worker {
  task: WorkerTask;
  view: MemoryView;
  host: (scheme: string) => HostModule;
  device: (kind: DeviceKind) => DeviceModule;
  deadline: number;
}

/** Serves orders until told to quit. Blocks its thread. */
export function serveOrders(task: WorkerTask): void {
  const hosts = new Map(task.schemes.map((scheme) => [scheme, hostModule(scheme, task.memory)]));
  const kinds = new Set(task.lanes.flatMap(({ devices }) => devices.map(({ kind }) => kind)));
  const devices = new Map([...kinds].map((kind) => [kind, deviceModule(kind, task.memory, task.controller)]));
  const worker: Worker = {
    task,
    view: viewOf(task.memory),
    host: (scheme) => {
      const module = hosts.get(scheme);
      assert(module, `host module of ${scheme}`);
      return module;
    },
    device: (kind) => {
      const module = devices.get(kind);
      assert(module, `module of ${kind} devices`);
      return module;
    },
    deadline: task.fault === undefined ? Number.POSITIVE_INFINITY : performance.now() + task.fault.afterMs,
  };
  const { i32 } = worker.view;
  let seen = 0;
  i32[workerWords(task.index).threadId] = kernelThreadId();
  finish(worker);
  for (;;) {
    while (Atomics.load(i32, CONTROL.epoch) === seen) {
      beat(worker);
      Atomics.wait(i32, CONTROL.epoch, seen, SLEEP_MS);
    }
    seen = Atomics.load(i32, CONTROL.epoch);
    const order = Atomics.load(i32, CONTROL.order);
    const waitedBefore = ownRunDelayMs();
    if (order === ORDER.threads) runThreads(worker);
    if (order === ORDER.inline && task.index === 0) runInline(worker);
    const waited = workerRunDelay(task.index);
    worker.view.f64[waited] = (worker.view.f64[waited] as number) + (ownRunDelayMs() - waitedBefore);
    finish(worker);
    if (order === ORDER.quit) return;
  }
}

/** Says that the order is done. Only the last worker wakes the lab, whose thread would else take a CPU from the others. */
function finish({ task, view }: Worker): void {
  const finished = Atomics.add(view.i32, CONTROL.finished, 1) + 1;
  if (finished >= task.workers) Atomics.notify(view.i32, CONTROL.finished);
}

/** The id by which /proc knows this thread; 0 where there is no such folder. */
function kernelThreadId(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return 0;
  }
}

/** Says that this worker lives; also where a planned fault strikes. */
function beat(worker: Worker): void {
  const { i32 } = worker.view;
  const { heartbeat } = workerWords(worker.task.index);
  i32[heartbeat] = (i32[heartbeat] as number) + 1;
  if (performance.now() >= worker.deadline) strike(worker, heartbeat);
}

/** The planned fault, when its time has come; one of a completion as soon as there is one. */
function strike(worker: Worker, heartbeat: number): void {
  const { task, view } = worker;
  const kind = task.fault?.kind;
  if (kind !== undefined && isOfCompletion(kind)) {
    const host = task.agents.find((agent) => agent.kind === 'host');
    if (host !== undefined && !strikeCompletion(view, host.at, kind)) return;
    worker.deadline = Number.POSITIVE_INFINITY;
    return;
  }
  if (kind === 'exit') process.exit(1);
  for (;;) Atomics.wait(view.i32, heartbeat, view.i32[heartbeat] as number, SLEEP_MS);
}

function laneOf(task: WorkerTask, index: number): Lane {
  const lane = task.lanes[index];
  assert(lane, `lane ${index}`);
  return lane;
}

function runThreads(worker: Worker): void {
  const { task, view } = worker;
  const { i32 } = view;
  const scheme = task.schemes[Atomics.load(i32, CONTROL.arm)];
  assert(scheme, 'the arm has a scheme');
  const host = worker.host(scheme);
  const fronts = task.agents.filter((agent) => isFront(task, agent));
  for (const { lane } of fronts) beginZones(view, laneOf(task, lane), i32[CONTROL.streamStart] as number);
  const slices = new Map(fronts.map((agent) => [agent.at, beginSlice(view, agent)]));
  const single = task.agents.length === 1;
  const idleTurns = single && task.wait === 'poll' ? SPIN_TURNS : 0;
  const removal = beginRemoval(worker, host);
  const turn: Turn = { host, slices, removal, ...(removal ? REMOVAL_TURN : { budget: BUDGET, idleTurns }) };
  // In an open loop idleness is part of the load: a polling worker does not sleep, or its waking would be measured.
  const isAwake = removal?.agent !== undefined || (task.wait === 'poll' && isPaced(worker));
  const roundsBeforeSleep = isAwake ? FOREVER : task.wait === 'irq' ? 1 : SPIN_ROUNDS * (single ? 1 : 8);
  let idleRounds = 0;
  while (Atomics.load(i32, CONTROL.drained) < task.lanes.length) {
    const worked = runAgents(worker, turn);
    beat(worker);
    idleRounds = worked ? 0 : idleRounds + 1;
    if (idleRounds < roundsBeforeSleep) continue;
    const sleepMs = Math.min(SLEEP_MS, untilDueMs(worker));
    if (sleepMs > 0) sleep(worker, sleepMs, () => runAgents(worker, { ...turn, idleTurns: 0 }));
    idleRounds = 0;
  }
  wakeAll(worker);
  removal?.turns.leave();
  removal?.agent?.finish();
}

/** What a worker does in one round of a slice. */
interface Turn {
  host: HostModule;
  slices: Map<number, LaneSlice>;
  budget: number;
  idleTurns: number;
  removal: RemovalPart | undefined;
}

/** A worker's part in the provider's removal: it says when it has been outside its agents; one worker removes. */
interface RemovalPart {
  turns: { next(): void; leave(): void };
  agent: RemovalAgent | undefined;
}

function beginRemoval({ task, view }: Worker, host: HostModule): RemovalPart | undefined {
  if (task.removal === undefined || !isRemovalOrdered(view)) return undefined;
  const agent = task.removal.isMine ? removalAgent(view, host, task.removal.site) : undefined;
  return { turns: turnsOfWorker(view, task.index), agent };
}

/** One round over the worker's agents. True when any of them did something. */
function runAgents(worker: Worker, { host, slices, budget, idleTurns, removal }: Turn): boolean {
  let worked = removal?.agent?.turn() ?? false;
  removal?.turns.next();
  for (const agent of worker.task.agents) {
    const done =
      agent.kind === 'host'
        ? host.run(agent.at, budget, idleTurns)
        : worker.device(agent.kind).run(agent.at, budget, idleTurns);
    const slice = slices.get(agent.at);
    if (done > 0) worked = true;
    if (slice === undefined || !advance(worker.view, worker.task.lanes, slice)) continue;
    worked = true;
    if (slice.phase === 'drained' && removal !== undefined) letGo(host, worker.task.removal?.site, 1);
  }
  removal?.turns.leave();
  return worked;
}

/** The schedules drive a lane by this agent's queue. */
function isFront(task: WorkerTask, { lane, at }: AgentRole): boolean {
  return laneOf(task, lane).front === at;
}

function isPaced({ task, view }: Worker): boolean {
  return task.lanes.some(({ front }) => field(view, front, HostQueue.pacing) !== 0);
}

/** Milliseconds until a lane of this worker may submit again without anybody ringing its bell; Infinity: none does. */
function untilDueMs({ task, view }: Worker): number {
  const times = task.agents
    .filter((agent) => isFront(task, agent))
    .map(({ at }) => {
      const pacing = field(view, at, HostQueue.pacing);
      if (pacing === 0) return Number.POSITIVE_INFINITY;
      // Nobody tells a lane that the others have caught up.
      if (field(view, pacing, Pacing.kind) === PACING_SHARE) return 0;
      const dueNs = view.f64[(at + HostQueue.nextDueNs) / 8] as number;
      return dueNs === 0 ? Number.POSITIVE_INFINITY : dueNs / 1e6;
    });
  return Math.min(...times) - performance.now();
}

/** Sleeps on the worker's bell unless one more look finds work (the other side rings after it has published). */
function sleep(worker: Worker, sleepMs: number, lookAgain: () => boolean): void {
  const { i32 } = worker.view;
  const seq = ((worker.task.bells[worker.task.index] as number) + Bell.seq) / 4;
  const sleeping = ((worker.task.bells[worker.task.index] as number) + Bell.sleeping) / 4;
  const before = Atomics.load(i32, seq);
  // Meets ringIfSleeping: whoever publishes after this store sees it; what was published before is found below.
  Atomics.store(i32, sleeping, 1);
  if (!lookAgain()) {
    const { sleeps } = workerWords(worker.task.index);
    i32[sleeps] = (i32[sleeps] as number) + 1;
    Atomics.wait(i32, seq, before, sleepMs);
  }
  Atomics.store(i32, sleeping, 0);
}

/** The slice is over: nobody needs to sleep out their time. */
function wakeAll(worker: Worker): void {
  const { i32 } = worker.view;
  for (const bell of worker.task.bells) {
    Atomics.add(i32, (bell + Bell.seq) / 4, 1);
    Atomics.notify(i32, (bell + Bell.seq) / 4);
  }
}

/** One inline slice, on worker 0; the other workers stay asleep. */
function runInline(worker: Worker): void {
  const { task, view } = worker;
  const { i32, f64 } = view;
  const scheme = task.schemes[Atomics.load(i32, CONTROL.arm)];
  assert(scheme, 'the arm has a scheme');
  const host = worker.host(scheme);
  const site = task.removal?.site;
  const removal = site && isRemovalOrdered(view) ? removalAgent(view, host, { ...site, workers: [] }) : undefined;
  const result = runInlineSlice({
    view,
    lanes: task.lanes,
    host,
    device: worker.device,
    streamStart: i32[CONTROL.streamStart] as number,
    leadIos: i32[CONTROL.leadIos] as number,
    measureIos: i32[CONTROL.measureIos] as number,
    interleaveSeed: removal && (f64[REMOVAL.interleaveSeed] as number),
    keepGoing: () => {
      removal?.turn();
      beat(worker);
      return Atomics.load(i32, CONTROL.stop) === 0;
    },
  });
  if (removal !== undefined) {
    letGo(host, site, task.lanes.length);
    removal.finish();
  }
  const words = laneResult(0);
  f64[words.hostMs] = result.hostMs;
  f64[words.wallMs] = result.wallMs;
  f64[words.turns] = result.turns;
  result.lanes.forEach(({ ios, done }, index) => {
    f64[laneResult(index).ios] = ios;
    putDone(f64, laneResult(index).done, done);
  });
}
