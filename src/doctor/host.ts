// The machine and process that checks look at: files by path, and the few facts that are in no file. The only place of
// this folder with effects; tests give a made-up one (host_fixture.ts).
import { readdirSync, readFileSync } from 'node:fs';
import { url } from 'node:inspector';
import { availableParallelism, cpus, freemem, loadavg, machine, platform, release, totalmem } from 'node:os';

export interface Host {
  /** As Node names it: linux, darwin, win32... */
  readonly platform: string;
  readonly kernel: string;
  /** Architecture of the machine as uname tells it (x86_64, aarch64), and of this Node (x64, arm64). */
  readonly machine: string;
  readonly processArch: string;
  readonly cpuModel: string;
  /** Logical CPUs this process may use. */
  readonly availableCpus: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** Runnable threads, mean of the last minute; undefined where the system does not count them. */
  readonly load: number | undefined;
  readonly pid: number;
  readonly node: NodeFacts;
  /** Queue pairs of the run in question; each has two agents. */
  readonly queuePairs: number;
  /** A file's text, undefined when it is missing or may not be read. */
  readText(path: string): string | undefined;
  /** Names in a folder, sorted; empty when it is missing. */
  list(path: string): readonly string[];
  /** Monotonic time, in nanoseconds. */
  nowNs(): number;
  /** What one call of the clock costs, in nanoseconds: best of several batches. */
  clockCallNs(): number;
  /** How long each of some equal pieces of pure arithmetic took, in nanoseconds; about 20 ms in all. */
  spinNs(): readonly number[];
  /** The same of pieces that fill the core's issue slots: as many instructions at a time as it can begin; about 30 ms in all. */
  wideSpinNs(): readonly number[];
}

/** The Node that runs this. */
export interface NodeFacts {
  readonly version: string;
  readonly v8: string;
  /** Name of the long-term line, or undefined. */
  readonly lts: string | undefined;
  /** Flags on the command line and in NODE_OPTIONS. */
  readonly flags: readonly string[];
  /** A debugger may attach at this address. */
  readonly inspectorUrl: string | undefined;
  readonly collectsCoverage: boolean;
  readonly isDebugBuild: boolean;
}

const CLOCK_CALLS = 2000;
const CLOCK_BATCHES = 9;
const SPIN_PIECES = 24;
const SPIN_STEPS = 400_000;
const WIDE_PIECES = 60;
const WIDE_STEPS = 200_000;
/** Pieces before the optimising compiler has settled; not counted. */
const SPIN_WARM_UP = 4;

/** Outlives the function, so that the loop that computes it is not compiled away. */
let spinState = 1;

/** This machine, this process. @param queuePairs of the run in question */
export function thisHost(queuePairs = 1): Host {
  return {
    platform: platform(),
    kernel: release(),
    machine: machine(),
    processArch: process.arch,
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown CPU',
    availableCpus: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    // Windows has no such count and Node answers zero.
    load: platform() === 'win32' ? undefined : loadavg()[0],
    pid: process.pid,
    node: nodeFacts(),
    queuePairs,
    readText,
    list,
    nowNs: () => Number(process.hrtime.bigint()),
    clockCallNs,
    spinNs,
    wideSpinNs,
  };
}

function nodeFacts(): NodeFacts {
  const { variables, target_defaults } = process.config as {
    variables?: { node_debug?: boolean | string };
    target_defaults?: { default_configuration?: string };
  };
  return {
    version: process.versions.node,
    v8: process.versions.v8,
    lts: process.release.lts,
    flags: [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/).filter((word) => word !== '')],
    inspectorUrl: url(),
    collectsCoverage: (process.env.NODE_V8_COVERAGE ?? '') !== '',
    isDebugBuild: target_defaults?.default_configuration === 'Debug' || variables?.node_debug === true,
  };
}

/** A file's text, undefined when it is missing or may not be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

function clockCallNs(): number {
  let best = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < CLOCK_BATCHES; batch++) {
    const began = performance.now();
    for (let call = 0; call < CLOCK_CALLS; call++) performance.now();
    best = Math.min(best, ((performance.now() - began) * 1e6) / CLOCK_CALLS);
  }
  return best;
}

function spinNs(): readonly number[] {
  return piecesNs(SPIN_PIECES, () => {
    let state = spinState;
    for (let step = 0; step < SPIN_STEPS; step++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state;
  });
}

function wideSpinNs(): readonly number[] {
  return piecesNs(WIDE_PIECES, () => {
    let [a, b, c, d, e, f] = [spinState, 2, 3, 4, 5, 6];
    for (let step = 0; step < WIDE_STEPS; step++) {
      a = ((a ^ step) + 0x9e37) | 0;
      b = ((b ^ step) + 0x79b9) | 0;
      c = ((c ^ step) + 0x85eb) | 0;
      d = ((d ^ step) + 0xca6b) | 0;
      e = ((e ^ step) + 0xc2b2) | 0;
      f = ((f ^ step) + 0xae35) | 0;
    }
    return a ^ b ^ c ^ d ^ e ^ f;
  });
}

function piecesNs(count: number, piece: () => number): readonly number[] {
  const pieces: number[] = [];
  for (let index = 0; index < SPIN_WARM_UP + count; index++) {
    const began = performance.now();
    spinState = piece();
    pieces.push((performance.now() - began) * 1e6);
  }
  return pieces.slice(SPIN_WARM_UP);
}
