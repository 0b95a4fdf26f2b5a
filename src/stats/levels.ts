// Processes that run the same code at levels far apart (threads that happen to share a cache well or badly): a mean over such
// levels is the cost of nothing. They are told apart here, and figures are made within one level.
import { sorted } from './location.ts';

/** Two neighbouring processes whose figures differ by more than this factor are at different levels. */
const LEVEL_STEP = 1.5;

/**
 * The level of each process, numbered from 0 by ascending figure. All 0 where no gap is wide enough.
 * @param figures one positive figure for each process
 */
export function levelsOf(figures: readonly number[]): number[] {
  const ascending = sorted(figures);
  const starts = ascending.filter((value, i) => i > 0 && value > LEVEL_STEP * (ascending[i - 1] as number));
  return figures.map((value) => starts.filter((start) => value >= start).length);
}

/** The most frequent of some keys; of equally frequent ones that which sorts first. */
export function mostFrequent(keys: readonly string[]): string | undefined {
  const counts = [...Map.groupBy(keys, (key) => key)].map(([key, same]) => ({ key, count: same.length }));
  counts.sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
  return counts[0]?.key;
}
