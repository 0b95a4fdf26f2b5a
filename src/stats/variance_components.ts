// How much of the scatter comes from the process (address layout, JIT decisions) and how much from the round within it.
import { mean, variance } from './location.ts';

export interface VarianceComponents {
  /** Variance between the rounds of one process, S1^2. */
  withinProcess: number;
  /** Variance between processes beyond what their rounds explain, T2^2; never negative. */
  betweenProcesses: number;
  /** Intraclass correlation T2^2 / (T2^2 + S1^2), in [0, 1]; 0 when nothing varies. */
  icc: number;
  /**
   * 1 + (B - 1) icc: how many rounds of one process are worth one independent round. Pooling the rounds whenever an estimate of it
   * is small (below 1.2, say) lets intervals cover 90 % where they claim 95 %: few processes estimate it too badly.
   */
  designEffect: number;
}

/**
 * One-way random effects by the method of moments.
 * @param processes two or more, each with its rounds' values; unequal sizes count with their mean size
 */
export function varianceComponents(processes: readonly (readonly number[])[]): VarianceComponents {
  const rounds = mean(processes.map((values) => values.length));
  const withinProcess = mean(processes.map((values) => variance(values)));
  const ofMeans = variance(processes.map((values) => mean(values)));
  const betweenProcesses = Math.max(0, ofMeans - withinProcess / rounds);
  const total = betweenProcesses + withinProcess;
  const icc = total === 0 ? 0 : betweenProcesses / total;
  return { withinProcess, betweenProcesses, icc, designEffect: 1 + (rounds - 1) * icc };
}

/**
 * Rounds per process that give the narrowest interval for a budget (Kalibera and Jones, ISMM 2013).
 * @param processCost cost of starting and warming a process, in the unit of `roundCost`
 * @returns Infinity when processes do not differ: then one process is enough
 */
export function cheapestRounds(components: VarianceComponents, processCost: number, roundCost: number): number {
  const { withinProcess, betweenProcesses } = components;
  return Math.max(1, Math.ceil(Math.sqrt((processCost / roundCost) * (withinProcess / betweenProcesses))));
}
