// Test support: comparisons of many simulated runs, and the share of them of which something is true.
import { seededRandom } from '../base/random.ts';
import type { Interval } from './bootstrap.ts';
import { type Comparison, compare } from './compare.ts';
import { type SimulationModel, simulateRounds } from './simulated_rounds.ts';

/** Enough for a share of 0.95 or 0.05 to have a standard error of 0.007. */
export const TRIALS = 1000;
export const RESAMPLES = 400;

/** Comparisons of simulated runs, seeded. */
export function trials(model: SimulationModel, seed: number, count = TRIALS): Comparison[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, trial) => {
    const { a, b, processes } = simulateRounds(model, random);
    return compare(a, b, { higherIsBetter: true, seed: trial, processes, resamples: RESAMPLES });
  });
}

export function share<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.filter(holds).length / items.length;
}

export function covers(interval: Interval | null | undefined, value: number): boolean {
  return interval !== null && interval !== undefined && interval[0] <= value && value <= interval[1];
}
