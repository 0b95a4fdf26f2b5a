// Where a run took place. What about it disturbs a measurement is the doctor's to say.
import { environmentWarnings } from '../../doctor/examine.ts';
import { thisHost } from '../../doctor/host.ts';
import type { Environment } from '../../result/schema.ts';

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

/** What is wrong before the run starts. @param queuePairs the most that a group of the run has */
export function warningsBefore(queuePairs = 1): string[] {
  return environmentWarnings(thisHost(queuePairs));
}
