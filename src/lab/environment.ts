// Where a run took place. What about it disturbs a measurement is the doctor's to say: before a run, and while it lasts.
import { warningLine } from '../doctor/check.ts';
import { stealBetween } from '../doctor/checks/steal.ts';
import { environmentWarnings } from '../doctor/examine.ts';
import { thisHost } from '../doctor/host.ts';
import { type CpuTicks, cpuTicks } from '../doctor/proc.ts';
import type { Environment } from '../report/result.ts';

/** The machine, without judgement. */
export function describeEnvironment(warnings: string[]): Environment {
  const { cpuModel, availableCpus, platform, kernel, node } = thisHost();
  return {
    cpu: cpuModel,
    cores: availableCpus,
    kernel: platform === 'linux' ? kernel : `${platform} ${kernel}`,
    node: node.version,
    v8: node.v8,
    warnings,
  };
}

/** What is wrong before the run starts. @param queuePairs the most that a cell of the run has */
export function warningsBefore(queuePairs = 1): string[] {
  return environmentWarnings(thisHost(queuePairs));
}

/** Time of all CPUs since boot; undefined where the system does not tell. */
export function cpuJiffies(): CpuTicks | undefined {
  return cpuTicks(thisHost());
}

/** What happened to the CPUs' time between two readings. */
export function warningsBetween(before: CpuTicks | undefined, after: CpuTicks | undefined): string[] {
  const finding = stealBetween(before, after);
  return finding.severity === 'warning' ? [warningLine(finding)] : [];
}
