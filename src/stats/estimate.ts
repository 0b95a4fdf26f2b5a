// The figure of one arm by itself: its median, with an interval that assumes no distribution over the rounds of one process,
// and Student's t over several processes, whose rounds are not independent.
import { mean, median } from './location.ts';
import { signTestInterval } from './sign_test.ts';
import { tInterval } from './t_interval.ts';

export interface Estimate {
  median: number;
  /**
   * Of rounds of one process the exact order-statistic interval, null with fewer than six rounds, which cannot have one at
   * 95 %; of several processes the t interval of their logarithms.
   */
  ci95: [lo: number, hi: number] | null;
}

/** Median of one or more rounds of one process, in their unit. */
export function estimate(rounds: readonly number[]): Estimate {
  const interval = signTestInterval(rounds, 0.05);
  return { median: median(rounds), ci95: interval === undefined ? null : [interval[0], interval[1]] };
}

/** Median over the medians of two or more processes. @param medians positive, one for each process */
export function estimateOverProcesses(medians: readonly number[]): Estimate {
  const logs = medians.map(Math.log);
  const [lo, hi] = tInterval(logs, 0.05);
  // Of many processes with a long tail on one side the median may lie beyond the interval of the mean: it belongs to it.
  const centre = median(logs);
  return {
    median: Math.exp(centre),
    ci95: [Math.exp(Math.min(lo, centre, mean(logs))), Math.exp(Math.max(hi, centre, mean(logs)))],
  };
}
