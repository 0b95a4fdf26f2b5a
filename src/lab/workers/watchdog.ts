// Watches the workers while they are at an order. Every loop of a worker beats, also while it waits for completions that will
// never come: so their I/O is watched besides their beats. A lab that was stopped itself (Ctrl-Z) has waited for nobody.
import { HostQueue } from '../../../build/layout.ts';
import { EXIT, LabError } from '../../base/errors.ts';
import { watchedClock } from '../../base/watched_clock.ts';
import type { BuiltMachine } from '../machine/build_machine.ts';
import { distance, field } from '../machine/fields.ts';
import { invalidIdWords } from '../machine/queue_state.ts';
import { CONTROL, workerWords } from './control.ts';
import type { Placed } from './placement.ts';

/** A worker that has not beaten for this long during an order, or I/O that has not moved, is stuck. */
const STUCK_MS = 3000;
/** Before its first order a worker compiles its modules, which takes as long as the machine is busy: no beat until then. */
export const START_MS = 30_000;
const WATCH_MS = 250;
/** What one look at most adds to the time that somebody has been still. */
const MOST_LOOK_MS = 2 * WATCH_MS;

/** Looks once. @throws LabError (exit 4) when something has been still for too long */
export type Watch = () => void;

/** What is looked at. Fields of the machine are read beside those who write them: any change counts. */
type Watched = Pick<BuiltMachine, 'view' | 'lanes' | 'queues'>;
type Clock = () => number;

/** Resolves when the order is over. @param isOver throws when a worker has died */
export async function watched({ view }: Pick<BuiltMachine, 'view'>, isOver: () => boolean, watches: Watch[]) {
  while (!isOver()) {
    const count = Atomics.load(view.i32, CONTROL.finished);
    const waited = Atomics.waitAsync(view.i32, CONTROL.finished, count, WATCH_MS);
    if (waited.async) await keepAlive(waited.value);
    if (isOver()) return;
    for (const watch of watches) watch();
  }
}

export function watchBeats(
  { view }: Pick<BuiltMachine, 'view'>,
  { workers }: Pick<Placed, 'workers'>,
  mostMs = STUCK_MS,
  clock: Clock = watchedClock(MOST_LOOK_MS),
): Watch {
  const beats = workers.map(({ name }, index) => {
    const { heartbeat } = workerWords(index);
    return { name, stillMs: stillness(clock, () => view.i32[heartbeat] as number) };
  });
  return () => {
    const still = beats.map(({ name, stillMs }) => ({ name, ms: stillMs() })).find(({ ms }) => ms > mostMs);
    if (still === undefined) return;
    throw new LabError(
      `worker ${still.name} has not moved for ${Math.round(still.ms)} ms: the run is stopped. Rounds measured before are kept.`,
      EXIT.runFailed,
    );
  };
}

/** A lane with I/O in flight, of which none is issued or completed, has lost a completion; one without has lost its way. */
export function watchProgress(machine: Watched, mostMs = STUCK_MS, clock: Clock = watchedClock(MOST_LOOK_MS)): Watch {
  const { view, lanes } = machine;
  const counts = (at: number): number => field(view, at, HostQueue.issued) + field(view, at, HostQueue.completed);
  const progress = lanes.map(({ host, front }) => stillness(clock, () => counts(host) + counts(front)));
  return () => {
    for (const [index, stillMs] of progress.entries()) {
      const { host, front } = lanes[index] as (typeof lanes)[number];
      const ms = stillMs();
      const inFlight = inFlightOf(view, front) || inFlightOf(view, host);
      if (ms <= mostMs || inFlight === 0) continue;
      const invalid = machine.queues.map((queue, at) => invalidIdWords(view, queue.host, at + 1)).find(Boolean);
      throw new LabError(
        `${inFlight} I/Os of queue pair ${index} have not been completed for ${Math.round(ms)} ms: ` +
          `${invalid ?? 'a completion was lost'}. The run is stopped. Rounds measured before are kept.`,
        EXIT.runFailed,
      );
    }
  };
}

function inFlightOf(view: BuiltMachine['view'], at: number): number {
  return distance(field(view, at, HostQueue.issued), field(view, at, HostQueue.completed));
}

/** How long a value has been the same. */
function stillness(clock: Clock, read: () => number): () => number {
  let value = read();
  let since = clock();
  return () => {
    const now = clock();
    const next = read();
    if (next !== value) {
      value = next;
      since = now;
    }
    return now - since;
  };
}

/** Atomics.waitAsync alone does not keep the event loop alive. */
async function keepAlive<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}
