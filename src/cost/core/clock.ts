// Time as three bounds, for each core. Instructions take `cyclesPerOp` each; a load is done when what its address is made of is there
// and its latency has passed; it holds the window up when it is still under way as many instructions later as the core keeps in flight,
// or when the core has no miss register left. Stores do not wait; locked operations wait for every load.
// lo: loads wait for no other; dep: for those that their address comes from; hi: for all.
import { Core } from "./core";

/** A load under way: which instruction it is, and when it is done. */
@unmanaged
class Pending {
  ops: f64;
  done: f64;
}

/** One of the two clocks with a window: fields of Core that lie in a row. */
@unmanaged
class Clock {
  /** Cycles that it has waited, besides those of the instructions. */
  waits: f64;
  ring: u32;
  first: u32;
  count: u32;
}

let cyclesPerOp: f64 = 0;
let windowOps: f64 = 0;
let missRegisters: u32 = 1;
let lockedCycles: f64 = 0;
/** When the value of each load site was last there (dep), and the sites that a site's address comes from: three words, NO_SITE for none. */
let readyAt: usize = 0;
let sourcesAt: usize = 0;
const NO_SITE: u32 = 0xffffffff;

export function setClock(perOp: f64, window: f64, registers: u32, locked: f64, ready: usize, sources: usize): void {
  cyclesPerOp = perOp;
  windowOps = window;
  missRegisters = registers;
  lockedCycles = locked;
  readyAt = ready;
  sourcesAt = sources;
}

/** Time begins at 0 again, with nothing under way; values of sites are there since then. */
export function resetClocks(core: Core, ops: f64): void {
  core.startOps = ops;
  core.loWaits = 0;
  core.loCount = 0;
  core.depWaits = 0;
  core.depCount = 0;
  core.hiWaits = 0;
}

/** Time that the instructions up to this one take by themselves: a clock is that and what it has waited. */
@inline
export function busy(core: Core, ops: f64): f64 {
  return (ops - core.startOps) * cyclesPerOp;
}

/** A load that L1 and the first TLB answer: nothing waits, but its value may be late because its address was. */
@inline
export function hit(core: Core, site: u32, ops: f64, latency: f64): void {
  store<f64>(readyAt + (<usize>site << 3), max(busy(core, ops) + core.depWaits, sourcesReady(site)) + latency);
}

/** A load that takes longer. */
export function miss(core: Core, site: u32, ops: f64, latency: f64): void {
  core.hiWaits += latency;
  const now = busy(core, ops);
  begin(changetype<Clock>(changetype<usize>(core) + offsetof<Core>("loWaits")), now, ops, 0, latency);
  const dep = changetype<Clock>(changetype<usize>(core) + offsetof<Core>("depWaits"));
  store<f64>(readyAt + (<usize>site << 3), begin(dep, now, ops, sourcesReady(site), latency));
}

/** An operation that waits for every load before it, and that no later one passes. */
export function locked(core: Core, site: u32, ops: f64, latency: f64): void {
  core.hiWaits += latency + lockedCycles;
  const now = busy(core, ops);
  drain(changetype<Clock>(changetype<usize>(core) + offsetof<Core>("loWaits")), now, latency);
  drain(changetype<Clock>(changetype<usize>(core) + offsetof<Core>("depWaits")), now, latency);
  store<f64>(readyAt + (<usize>site << 3), now + core.depWaits);
}

function sourcesReady(site: u32): f64 {
  const sources = sourcesAt + <usize>site * 12;
  let ready: f64 = 0;
  for (let at = sources; at < sources + 12; at += 4) {
    const source = load<u32>(at);
    if (source == NO_SITE) break;
    ready = max(ready, load<f64>(readyAt + (<usize>source << 3)));
  }
  return ready;
}

@inline
function pendingAt(clock: Clock, index: u32): Pending {
  return changetype<Pending>(<usize>clock.ring + (<usize>(index % missRegisters) << 4));
}

/** Puts a load into the window; when it is done. `now`: busy time. */
function begin(clock: Clock, now: f64, ops: f64, ready: f64, latency: f64): f64 {
  while (clock.count > 0) {
    const oldest = pendingAt(clock, clock.first);
    if (oldest.done > now + clock.waits) {
      if (oldest.ops > ops - windowOps && clock.count < missRegisters) break;
      clock.waits = oldest.done - now;
    }
    clock.first = (clock.first + 1) % missRegisters;
    clock.count -= 1;
  }
  const done = max(now + clock.waits, ready) + latency;
  const entry = pendingAt(clock, clock.first + clock.count);
  entry.ops = ops;
  entry.done = done;
  clock.count += 1;
  return done;
}

function drain(clock: Clock, now: f64, latency: f64): void {
  for (; clock.count > 0; clock.count -= 1) {
    clock.waits = max(clock.waits, pendingAt(clock, clock.first).done - now);
    clock.first = (clock.first + 1) % missRegisters;
  }
  clock.waits += latency + lockedCycles;
}
