// History rules: the figure of this run behind those of earlier runs on this machine.
import { createHash } from 'node:crypto';
import { type ParameterName, REPETITION } from '../catalogue/options/parameters.ts';
import type { Params } from '../result/schema.ts';
import { armWords } from './arm.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { HistoryRule } from './gates_file.ts';
import { HISTORY_SCHEMA, type History, type HistoryRecord, seriesOf } from './history_file.ts';
import type { Outcome } from './outcome.ts';
import { judgeShift } from './shift.ts';
import { HIGHER_IS_BETTER } from './timed.ts';

/** What a run gives a history rule. */
export interface HistoryFigure {
  value: number;
  ci95: readonly [number, number] | null;
  blocks: number;
  /** Options of the cell. */
  params: Params;
}

/** How long and often was measured does not change what was measured. */
const NOT_OF_THE_SERIES = new Set([...REPETITION, ...(['group', 'role'] satisfies ParameterName[])]);

export function seriesName(rule: HistoryRule, params: Params): string {
  const options = Object.entries(params)
    .filter(([key]) => !NOT_OF_THE_SERIES.has(key))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 12);
  return `${rule.metric} ${sides(rule)} ${hash}`;
}

function sides({ a, b }: HistoryRule): string {
  return b === undefined ? armWords(a) : `${armWords(a)} over ${armWords(b)}`;
}

export function judgeHistory(rule: HistoryRule, figure: HistoryFigure, history: History): Outcome {
  const earlier = seriesOf(history, seriesName(rule, figure.params));
  const higherIsBetter = HIGHER_IS_BETTER[rule.metric];
  const { verdict, why, ratio } = judgeShift([...earlier, figure.value], { ...rule, higherIsBetter });
  return {
    rule,
    verdict,
    measured: `${rule.metric} of ${sides(rule)}: ${figure.value.toPrecision(3)}, record ${earlier.length + 1}`,
    bound: `no step for the worse by more than ${rule.marginPercent} % in the last ${rule.recent}`,
    interval: figure.ci95,
    level: 0.95,
    why,
    figures: { value: figure.value, records: earlier.length + 1, stepRatio: ratio, file: history.path },
  };
}

export function recordOf(
  rule: HistoryRule,
  { value, ci95, blocks, params }: HistoryFigure,
  about: { at: string; commit: string | undefined; machine: Fingerprint },
): HistoryRecord {
  return {
    schema: HISTORY_SCHEMA,
    at: about.at,
    rule: rule.name,
    series: seriesName(rule, params),
    value,
    ci95: ci95 === null ? null : [...ci95],
    blocks,
    ...(about.commit === undefined ? {} : { commit: about.commit }),
    machine: about.machine,
  };
}
