// The workers of one machine, seen from the lab: start them, give an order, wait for it with a watchdog, end them.
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { HostQueue } from '../../../build/layout.ts';
import { type DoneIos, takeDone } from '../../analysis/done_ios.ts';
import { EXIT, LabError, limitAdvice } from '../../base/errors.ts';
import { NEVER, onAbort } from '../../base/interrupt.ts';
import type { BuiltMachine } from '../machine/build_machine.ts';
import { field, setField } from '../machine/fields.ts';
import type { DeviceAgent, Lane } from '../machine/lanes.ts';
import { compileForThreads } from '../machine/modules.ts';
import type { WorkerTask } from './agent_loop.ts';
import {
  CONTROL,
  laneOrder,
  laneResult,
  MAX_LANES,
  MAX_WORKERS,
  ORDER,
  workerRunDelay,
  workerWords,
} from './control.ts';
import type { Fault } from './fault.ts';
import { type Placed, type PlacedAgent, placeAgents } from './placement.ts';
import { OUTSIDE, providerWindows, REMOVAL, type RemovalSite } from './removal.ts';
import { START_MS, watchBeats, watched, watchProgress } from './watchdog.ts';

/** What to run in one slice. Counts are for each lane. */
export interface SliceOrder {
  mode: 'threads' | 'inline';
  /** Index into the crew's schemes. */
  arm: number;
  streamStart: number;
  leadIos: number;
  measureIos: number;
  /** Counts of single lanes in the threads schedule, where they differ. */
  lanes?: readonly { leadIos: number; measureIos: number }[];
  /** The provider goes in this slice. */
  removal?: RemovalOrder;
}

/** When the provider goes, and what is there afterwards. */
export interface RemovalOrder {
  /** Share of the slice's measured I/Os after which it goes, 0 to 1. */
  at: number;
  interleaveSeed: number;
  /** Longest random delay between the rounds of each worker, in microseconds (race tests). */
  mostDelayUs?: number;
}

/** What one slice took. */
export interface SliceResult {
  ios: number;
  /** Wall time of the measured window (threads), time inside host agents (inline). For several lanes: their mean. */
  ns: number;
  /** Time by the wall clock of the same I/Os, the devices' work included. */
  wallNs: number;
  /** Sum over lanes of I/Os per second (threads); 0 inline. */
  iops: number;
  /** Clock calls inside the measured time (inline). */
  turns: number;
  /** Ended early (Ctrl-C): not a measurement. */
  complete: boolean;
  lanes: LaneSlice[];
}

/** What one lane did in a slice's measured window. */
export interface LaneSlice {
  /** Its own wall time (threads); that of all lanes' host agents together (inline). */
  ns: number;
  /** I/Os that ended well: all of them, where none failed. */
  done: DoneIos;
}

export interface CrewOptions {
  schemes: string[];
  /** Another controller than the NVMe one (benches). */
  controller?: string;
  wait: 'poll' | 'irq';
  cores: number;
  fault?: Fault | undefined;
  /** Slices may have the provider removed. */
  removes?: boolean;
  /** Aborted when nobody wants the crew any more: the running slice ends early, as does each that follows, and starting. */
  signal?: AbortSignal | undefined;
}

/** The running workers of one machine. */
export interface Crew {
  readonly placed: Placed;
  /** @throws LabError (exit 4) naming the worker that died or hangs */
  run(order: SliceOrder): Promise<SliceResult>;
  /** Sleeps of all workers so far. */
  sleeps(): number;
  /** The workers' threads, by the kernel's ids. */
  threadIds(): number[];
  /** Time that the workers have waited for a CPU inside their slices, ms, growing; NaN where the system does not count it. */
  runDelayMs(): number;
  close(): Promise<void>;
}

let pool: Piscina | undefined;
let poolSize = 0;
/** A thread that cannot be started has no task that could fail: the pool says it, and tries again. */
let onPoolError = (_: Error): void => {};

/** Threads are kept between machines; a crew is a set of tasks on them. */
async function poolOf(size: number): Promise<Piscina> {
  if (pool !== undefined && poolSize >= size) return pool;
  await closePool();
  poolSize = size;
  pool = new Piscina({
    filename: fileURLToPath(new URL('../../../workers/agents.ts', import.meta.url)),
    minThreads: size,
    maxThreads: size,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: 'disabled',
  });
  pool.on('error', (error: Error) => onPoolError(error));
  return pool;
}

/** Ends every thread, also one that hangs. */
export async function closePool(): Promise<void> {
  const closing = pool;
  pool = undefined;
  poolSize = 0;
  await closing?.destroy();
}

/** Starts the workers of a machine and waits until all of them are ready, or until it is interrupted: `closePool` ends them then. */
export async function startCrew(machine: BuiltMachine, options: CrewOptions): Promise<Crew> {
  const { i32 } = machine.view;
  const kinds = machine.lanes.map(({ devices }) => devices.map(({ kind }) => kind));
  const placed = placeAgents(kinds, options.cores, options.removes);
  if (machine.lanes.length > MAX_LANES || placed.workers.length > MAX_WORKERS) {
    throw new LabError(`at most ${MAX_LANES} queue pairs and ${MAX_WORKERS} threads; use fewer --queues or numjobs.`);
  }
  i32.fill(0, CONTROL.epoch, CONTROL.stop + 1);
  ringTheRightBells(machine, placed);
  compileForThreads(options.schemes, kinds.flat());
  const tasks = placed.workers.map((_, index) => workerTask(machine, placed, index, options));
  const threads = await poolOf(tasks.length);
  let failure: LabError | undefined;
  const running = tasks.map((task) =>
    threads.run(task).catch((error: unknown) => {
      failure ??= deathOf(task, error);
    }),
  );
  onPoolError = (error) => {
    failure ??= new LabError(
      `the ${tasks.length} threads of the run cannot be started (${error.message}). See ulimit -n, -u and -v.`,
      EXIT.runFailed,
    );
  };
  const isOver = (): boolean => {
    if (failure !== undefined) throw failure;
    return Atomics.load(i32, CONTROL.finished) >= tasks.length;
  };
  const issue = async (order: number): Promise<void> => {
    Atomics.store(i32, CONTROL.finished, 0);
    Atomics.store(i32, CONTROL.order, order);
    Atomics.add(i32, CONTROL.epoch, 1);
    Atomics.notify(i32, CONTROL.epoch);
    await watched(machine, isOver, [watchBeats(machine, placed), watchProgress(machine)]);
  };
  const { signal = NEVER } = options;
  const stop = (): void => void Atomics.store(i32, CONTROL.stop, 1);
  const forget = onAbort(signal, stop);
  const isReady = (): boolean => isOver() || signal.aborted;
  await watched(machine, isReady, [watchBeats(machine, placed, START_MS)]);
  return {
    placed,
    run: async (order) => {
      prepare(machine, order);
      if (signal.aborted) stop();
      await issue(order.mode === 'threads' ? ORDER.threads : ORDER.inline);
      return collect(machine, order);
    },
    sleeps: () => placed.workers.reduce((sum, _, index) => sum + (i32[workerWords(index).sleeps] as number), 0),
    runDelayMs: () =>
      placed.workers.reduce((sum, _, index) => sum + (machine.view.f64[workerRunDelay(index)] as number), 0),
    threadIds: () => placed.workers.map((_, index) => i32[workerWords(index).threadId] as number),
    close: async () => {
      forget();
      await issue(ORDER.quit);
      await Promise.all(running);
    },
  };
}

function deathOf({ name }: WorkerTask, error: unknown): LabError {
  const words = (error as Error)?.message ?? error;
  return new LabError(
    `worker ${name} died during the run: ${words}. Nothing after the last complete round is used.${limitAdvice(String(error))}`,
    EXIT.runFailed,
  );
}

/** Where the remover finds the machine; the last worker is its own. */
function removalSite(machine: BuiltMachine, placed: Placed): RemovalSite {
  return {
    machine: machine.at,
    fronts: machine.lanes.map(({ host }) => host),
    controllers: machine.queues.map(({ device }) => device),
    windows: providerWindows(machine),
    workers: placed.workers.slice(0, -1).map((_, index) => index),
  };
}

function workerTask(machine: BuiltMachine, placed: Placed, index: number, options: CrewOptions): WorkerTask {
  const placement = placed.workers[index] as Placed['workers'][number];
  const fault = options.fault?.target === placement.name ? options.fault : undefined;
  return {
    memory: machine.memory,
    index,
    workers: placed.workers.length,
    name: placement.name,
    schemes: options.schemes,
    controller: options.controller,
    agents: placement.agents.map((agent) => ({ kind: agent.kind, lane: agent.lane, at: addressOf(machine, agent) })),
    lanes: machine.lanes.map(({ host, front, devices }) => ({ host, front, devices })),
    bells: machine.bells,
    wait: options.wait,
    fault,
    removal: options.removes
      ? { site: removalSite(machine, placed), isMine: index === placed.workers.length - 1 }
      : undefined,
  };
}

function addressOf(machine: BuiltMachine, agent: PlacedAgent): number {
  const lane = machine.lanes[agent.lane] as Lane;
  return agent.kind === 'host' ? lane.host : (lane.devices[agent.device] as DeviceAgent).at;
}

/** Host and devices of a lane ring the bell of the worker that runs the other side. */
function ringTheRightBells(machine: BuiltMachine, placed: Placed): void {
  placed.workers.forEach((worker, index) => {
    const bell = machine.bells[index] as number;
    for (const agent of worker.agents) {
      const { devices } = machine.lanes[agent.lane] as Lane;
      if (agent.kind === 'host') for (const { hostBell } of devices) setField(machine.view, hostBell, 0, bell);
      else setField(machine.view, (devices[agent.device] as DeviceAgent).deviceBell, 0, bell);
    }
  });
}

function prepare(machine: BuiltMachine, order: SliceOrder): void {
  const { i32, f64 } = machine.view;
  for (const word of [CONTROL.ready, CONTROL.done, CONTROL.drained, CONTROL.stop]) Atomics.store(i32, word, 0);
  i32[CONTROL.arm] = order.arm;
  i32[CONTROL.leadIos] = order.leadIos;
  i32[CONTROL.measureIos] = order.measureIos;
  i32[CONTROL.streamStart] = order.streamStart;
  orderRemoval(machine, order);
  machine.lanes.forEach((_, index) => {
    const words = laneResult(index);
    f64.fill(0, words.startMs, words.wallMs + 1);
    const { leadIos, measureIos } = order.lanes?.[index] ?? order;
    f64[laneOrder(index).leadIos] = leadIos;
    f64[laneOrder(index).measureIos] = measureIos;
  });
}

function orderRemoval({ view, lanes }: BuiltMachine, order: SliceOrder): void {
  const { f64, i32 } = view;
  const { removal } = order;
  f64[REMOVAL.afterIos] = removal === undefined ? -1 : Math.floor(removal.at * order.measureIos * lanes.length);
  if (removal === undefined) return;
  f64[REMOVAL.interleaveSeed] = removal.interleaveSeed;
  f64[REMOVAL.mostDelayUs] = removal.mostDelayUs ?? 0;
  f64[REMOVAL.completedBase] = lanes.reduce((sum, { host }) => (sum + field(view, host, HostQueue.completed)) >>> 0, 0);
  for (let index = 0; index < MAX_WORKERS; index++) i32[workerWords(index).turn] = OUTSIDE;
}

function collect(machine: BuiltMachine, order: SliceOrder): SliceResult {
  const { i32, f64 } = machine.view;
  const complete = Atomics.load(i32, CONTROL.stop) === 0;
  const value = (word: number): number => f64[word] as number;
  const words = machine.lanes.map((_, index) => laneResult(index));
  const ios = words.reduce((sum, lane) => sum + value(lane.ios), 0);
  const lanesOf = (nsOf: (lane: (typeof words)[number]) => number): LaneSlice[] =>
    words.map((lane) => ({ ns: nsOf(lane), done: takeDone(f64, lane.done) }));
  if (order.mode === 'inline') {
    const { hostMs, wallMs, turns } = laneResult(0);
    const ns = value(hostMs) * 1e6;
    return { ios, ns, wallNs: value(wallMs) * 1e6, iops: 0, turns: value(turns), complete, lanes: lanesOf(() => ns) };
  }
  const lanes = lanesOf(({ startMs, endMs }) => (value(endMs) - value(startMs)) * 1e6);
  const ns = lanes.reduce((sum, lane) => sum + lane.ns / lanes.length, 0);
  const iops = lanes.reduce((sum, lane, index) => {
    return sum + (value((words[index] as (typeof words)[number]).ios) / lane.ns) * 1e9;
  }, 0);
  return { ios, ns, wallNs: ns, iops, turns: 0, complete, lanes };
}
