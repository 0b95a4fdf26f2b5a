// What disturbed the machine while a round ran, as the kernel counts it: time the hypervisor took, time the agents' threads
// waited for a CPU, whether the process was stopped, and how fast a plain loop of integers was beside them.

import type { ProbesModule } from '../../../build/exports.ts';
import type { Disturbance } from '../../analysis/group_record.ts';
import { readText } from '../../doctor/host.ts';
import { type CpuTicks, cpuTicks } from '../../doctor/proc.ts';

/** USER_HZ: 100 on every architecture that Linux has today (include/uapi/asm-generic/param.h). */
const TICK_MS = 10;
/** Length of the sentinel loop, of that of a slice. */
export const SENTINEL_SHARE = 1 / 4;
/** The lab's thread must stay able to answer. */
const SENTINEL_MOST_MS = 250;

/**
 * Begins to watch a round. The sentinel is the caller's to run, before or after.
 * @param crew kernel's ids of the agents' threads, and their run delay so far
 * @param running how many of them work in a slice
 * @returns the function that ends the watch
 */
export function watchRound(
  crew: { threadIds(): number[]; runDelayMs(): number },
  running: number,
): () => Omit<Disturbance, 'sentinelNs'> {
  const threadIds = crew.threadIds();
  const runDelayBefore = crew.runDelayMs();
  const began = performance.now();
  const stopsBefore = countStops();
  const stealBefore = steal();
  const before = threadIds.map(threadClock);
  return () => {
    const after = threadIds.map(threadClock);
    const stealAfter = steal();
    const sum = (field: keyof ThreadClock): number | null => {
      let total = 0;
      for (const [index, clock] of after.entries()) {
        const earlier = before[index];
        if (clock === undefined || earlier === undefined) return null;
        total += clock[field] - earlier[field];
      }
      return total;
    };
    return {
      wallMs: performance.now() - began,
      stops: countStops() - stopsBefore,
      stealMs: stealBefore === undefined || stealAfter === undefined ? null : (stealAfter - stealBefore) * TICK_MS,
      runDelayMs: Number.isNaN(runDelayBefore) ? null : Math.max(0, crew.runDelayMs() - runDelayBefore) / running,
      cpuMs: sum('cpuMs'),
      involuntarySwitches: sum('involuntarySwitches'),
    };
  };
}

let stops: number | undefined;

/** How often this process has gone on after a stop (Ctrl-Z and fg, SIGSTOP and SIGCONT) since it was first asked. */
function countStops(): number {
  if (stops === undefined) {
    stops = 0;
    process.on('SIGCONT', () => {
      stops = (stops ?? 0) + 1;
    });
  }
  return stops;
}

/** A loop of integer multiplications that touches no memory: what it takes is the CPU's own speed. */
export interface Sentinel {
  /** Runs for about `ms`; nanoseconds for each step. */
  run(ms: number): number;
}

const CALIBRATION_STEPS = 1_000_000;

export function startSentinel(probes: ProbesModule): Sentinel {
  const timed = (steps: number): number => {
    const began = performance.now();
    probes.spin(steps);
    return ((performance.now() - began) * 1e6) / steps;
  };
  // Twice: the first call may still run unoptimised code.
  timed(CALIBRATION_STEPS);
  const nsPerStep = timed(CALIBRATION_STEPS);
  return {
    run: (ms) => timed(Math.max(1000, Math.round((Math.min(ms, SENTINEL_MOST_MS) * 1e6) / nsPerStep))),
  };
}

interface ThreadClock {
  cpuMs: number;
  involuntarySwitches: number;
}

function threadClock(threadId: number): ThreadClock | undefined {
  const cpuNs = schedstat(`/proc/self/task/${threadId}`)?.[0];
  const switches = /^nonvoluntary_ctxt_switches:\s*(\d+)/m.exec(
    readText(`/proc/self/task/${threadId}/status`) ?? '',
  )?.[1];
  if (cpuNs === undefined || switches === undefined) return undefined;
  return { cpuMs: cpuNs / 1e6, involuntarySwitches: Number(switches) };
}

/** The calling thread's time on a run queue so far, in ms; NaN where the system does not count it. */
export function ownRunDelayMs(): number {
  return (schedstat('/proc/thread-self')?.[1] ?? Number.NaN) / 1e6;
}

/** Nanoseconds on a CPU and on a run queue. */
function schedstat(folder: string): number[] | undefined {
  return readText(`${folder}/schedstat`)?.trim().split(' ').map(Number);
}

/** Ticks of steal since boot. */
function steal(): CpuTicks['steal'] | undefined {
  return cpuTicks({ readText })?.steal;
}
