// Where a run took place, and what about it may disturb a measurement.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, platform, release } from 'node:os';
import type { Environment } from '../report/result.ts';

/** Load from before the run that leaves too little of two cores. */
const BUSY_LOAD = 0.5;
/** Share of the CPU's time that the hypervisor took, above which a run is disturbed. */
const MUCH_STEAL = 0.02;

/** Jiffies since boot, all CPUs: total and stolen by the hypervisor; undefined where /proc/stat is missing. */
export function cpuJiffies(): { total: number; steal: number } | undefined {
  const line = readText('/proc/stat')?.split('\n')[0];
  if (line === undefined) return undefined;
  const values = line.trim().split(/\s+/).slice(1).map(Number);
  return { total: values.slice(0, 8).reduce((sum, value) => sum + value, 0), steal: values[7] ?? 0 };
}

/** The machine, without judgement. */
export function describeEnvironment(warnings: string[]): Environment {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: availableParallelism(),
    kernel: `${platform() === 'linux' ? '' : `${platform()} `}${release()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    warnings,
  };
}

/** What is wrong before the run starts. */
export function warningsBefore(): string[] {
  const warnings: string[] = [];
  const cores = availableParallelism();
  if (cores < 2)
    warnings.push('one core: host and controller take turns on one thread; iops is that of a turn-taking pair');
  const load = loadavg()[0] ?? 0;
  if (load > BUSY_LOAD * cores) {
    warnings.push(
      `other programs were running: load ${load.toFixed(1)} on ${cores} cores before the run; stop them and run again`,
    );
  }
  const governor = readText('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor')?.trim();
  if (governor !== undefined && governor !== 'performance') {
    warnings.push(
      `CPU frequency governor is '${governor}': clocks change during the run (cpupower frequency-set -g performance)`,
    );
  }
  return warnings;
}

/** What happened to the CPU's time between two readings. */
export function warningsBetween(before: ReturnType<typeof cpuJiffies>, after: ReturnType<typeof cpuJiffies>): string[] {
  if (before === undefined || after === undefined || after.total <= before.total) return [];
  const steal = (after.steal - before.steal) / (after.total - before.total);
  if (steal <= MUCH_STEAL) return [];
  return [
    `the hypervisor took ${(steal * 100).toFixed(1)} % of the CPU time during the run (steal): intervals are wider than the code's own`,
  ];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
