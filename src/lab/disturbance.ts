// What disturbed the machine while a block ran, as the kernel counts it: time the hypervisor took, time the agents' threads
// waited for a CPU, and how fast a plain loop of integers was beside them.
import { readText } from '../doctor/host.ts';
import { type CpuTicks, cpuTicks } from '../doctor/proc.ts';
import type { ProbesModule } from './modules.ts';

/** All in milliseconds, over one block. Null where this system does not count it. */
export interface Disturbance {
  wallMs: number;
  /** Sum over CPUs of the time in which this guest wanted to run and did not (/proc/stat, in ticks of 10 ms). */
  stealMs: number | null;
  /** Sum over the agents' threads of their time on a run queue (schedstat, run_delay). */
  runDelayMs: number | null;
  /** Sum over the agents' threads of their time on a CPU (schedstat; what process.threadCpuUsage gives each of them). */
  cpuMs: number | null;
  /** Times an agent's thread was made to give up its CPU. */
  involuntarySwitches: number | null;
  /** Nanoseconds for each step of the sentinel loop before the block. */
  sentinelNs: number;
}

/** USER_HZ: 100 on every architecture that Linux has today (include/uapi/asm-generic/param.h). */
const TICK_MS = 10;
/** A sentinel is as long as a slice, but the lab's thread must stay able to answer. */
const SENTINEL_MOST_MS = 250;

/**
 * Begins to watch a block. The sentinel is the caller's to run, before or after.
 * @param threadIds kernel's ids of the agents' threads
 * @returns the function that ends the watch
 */
export function watchBlock(threadIds: readonly number[]): () => Omit<Disturbance, 'sentinelNs'> {
  const began = performance.now();
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
      stealMs: stealBefore === undefined || stealAfter === undefined ? null : (stealAfter - stealBefore) * TICK_MS,
      runDelayMs: sum('runDelayMs'),
      cpuMs: sum('cpuMs'),
      involuntarySwitches: sum('involuntarySwitches'),
    };
  };
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
  runDelayMs: number;
  involuntarySwitches: number;
}

function threadClock(threadId: number): ThreadClock | undefined {
  const schedstat = readText(`/proc/self/task/${threadId}/schedstat`)?.trim().split(' ').map(Number);
  const [cpuNs, runDelayNs] = schedstat ?? [];
  const switches = /^nonvoluntary_ctxt_switches:\s*(\d+)/m.exec(
    readText(`/proc/self/task/${threadId}/status`) ?? '',
  )?.[1];
  if (cpuNs === undefined || runDelayNs === undefined || switches === undefined) return undefined;
  return { cpuMs: cpuNs / 1e6, runDelayMs: runDelayNs / 1e6, involuntarySwitches: Number(switches) };
}

/** Ticks of steal since boot. */
function steal(): CpuTicks['steal'] | undefined {
  return cpuTicks({ readText })?.steal;
}
