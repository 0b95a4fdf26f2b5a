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
  cycles: f64;
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
  core.lastOps = ops;
  core.loCycles = 0;
  core.loCount = 0;
  core.depCycles = 0;
  core.depCount = 0;
  core.hiCycles = 0;
}

/** Time of the instructions up to this one. */
@inline
export function advance(core: Core, ops: f64): void {
  const passed = (ops - core.lastOps) * cyclesPerOp;
  core.lastOps = ops;
  core.loCycles += passed;
  core.depCycles += passed;
  core.hiCycles += passed;
}

/** A load that L1 and the first TLB answer: nothing waits, but its value may be late because its address was. */
@inline
export function hit(core: Core, site: u32, latency: f64): void {
  store<f64>(readyAt + (<usize>site << 3), max(core.depCycles, sourcesReady(site)) + latency);
}

/** A load that takes longer. */
export function miss(core: Core, site: u32, ops: f64, latency: f64): void {
  core.hiCycles += latency;
  begin(changetype<Clock>(changetype<usize>(core) + offsetof<Core>("loCycles")), ops, 0, latency);
  const dep = changetype<Clock>(changetype<usize>(core) + offsetof<Core>("depCycles"));
  store<f64>(readyAt + (<usize>site << 3), begin(dep, ops, sourcesReady(site), latency));
}

/** An operation that waits for every load before it, and that no later one passes. */
export function locked(core: Core, site: u32, latency: f64): void {
  core.hiCycles += latency + lockedCycles;
  drain(changetype<Clock>(changetype<usize>(core) + offsetof<Core>("loCycles")), latency);
  drain(changetype<Clock>(changetype<usize>(core) + offsetof<Core>("depCycles")), latency);
  store<f64>(readyAt + (<usize>site << 3), core.depCycles);
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

/** Puts a load into the window; when it is done. */
function begin(clock: Clock, ops: f64, ready: f64, latency: f64): f64 {
  while (clock.count > 0) {
    const oldest = pendingAt(clock, clock.first);
    if (oldest.done > clock.cycles) {
      if (oldest.ops > ops - windowOps && clock.count < missRegisters) break;
      clock.cycles = oldest.done;
    }
    clock.first = (clock.first + 1) % missRegisters;
    clock.count -= 1;
  }
  const done = max(clock.cycles, ready) + latency;
  const entry = pendingAt(clock, clock.first + clock.count);
  entry.ops = ops;
  entry.done = done;
  clock.count += 1;
  return done;
}

function drain(clock: Clock, latency: f64): void {
  for (; clock.count > 0; clock.count -= 1) {
    clock.cycles = max(clock.cycles, pendingAt(clock, clock.first).done);
    clock.first = (clock.first + 1) % missRegisters;
  }
  clock.cycles += latency + lockedCycles;
}
