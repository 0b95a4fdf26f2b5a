// How the figures of a result came about, in words.

import type { Result } from '../../result/schema.ts';
import { metricsOf, roundsPhrase } from '../select/metrics.ts';
import { removalMethod } from '../tables/removal_table.ts';
import { commonPhrase, floorSentence } from './headlines.ts';

/** How the figures came about, in five lines or fewer. */
export function methodLines(result: Result): string[] {
  if (result.cells.some(({ removal }) => removal !== undefined)) return removalMethod();
  const counts = metricsOf(result.cells).flatMap((metric) => {
    const phrase = roundsPhrase(result.cells, metric);
    return phrase === undefined ? [] : [`${metric.title}: ${phrase}.`];
  });
  const workload = commonPhrase(result);
  return [
    `All schemes ran interleaved in one run, in the order of a random cyclic Latin square, with equal I/O counts and the same access stream${workload === '' ? '' : ` (${workload})`}.`,
    [
      ...counts,
      'Every arm was warmed up until steady before its first round. Rounds in which the machine was disturbed (steal, waiting threads, a sentinel off its median) are set aside for all arms together.',
    ].join(' '),
    'A ratio is the 10 % trimmed mean of the log ratios of the rounds two cells share; its interval is Student’s t over the processes, or within a single process a bootstrap over rounds (Student’s t below ten). Among all comparisons of a table verdicts hold by Holm’s procedure, in a sweep by Benjamini and Hochberg’s.',
    'Equivalent means: the 90 % interval lies within the margin that was fixed before the run. Inconclusive comes with the difference that would have been seen in 80 % of runs.',
    [floorSentence(result), 'Raw rounds: rounds.jsonl; everything: result.json.'].filter(Boolean).join(' '),
  ];
}
