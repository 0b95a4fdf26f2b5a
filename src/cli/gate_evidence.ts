// From a workload's result to what its timed rules are judged by.
import { type ArmName, armWords, cellOf } from '../gate/arm.ts';
import type { HistoryRule, MetricName } from '../gate/gates_file.ts';
import type { HistoryFigure } from '../gate/history_rule.ts';
import { type Evidence, evidenceOf, METRIC_MODE, metricValue } from '../gate/timed.ts';
import type { Cell, Result } from '../report/result.ts';

/** Why there is no figure: an arm is refused, or no block of it is left. */
export interface Missing {
  missing: string;
  /** The arm can never be measured: its rule is broken. */
  refused: boolean;
}

/** The ratio a/b over the blocks that both arms have, without disturbed ones. */
export function ratioEvidence(result: Result, a: ArmName, b: ArmName, metric: MetricName): Evidence | Missing {
  for (const arm of [a, b]) {
    const { refused } = cellOf(result, arm);
    if (refused !== undefined)
      return { missing: `${armWords(arm)} is refused: ${refused.errno}, ${refused.reason}`, refused: true };
  }
  const others = new Map(blocksOf(cellOf(result, b), metric));
  const pairs = blocksOf(cellOf(result, a), metric).flatMap(([key, value]) => {
    const other = others.get(key);
    return other === undefined ? [] : [{ a: value, b: other, process: Number(key.split(' ')[0]) }];
  });
  if (pairs.length === 0) return { missing: 'no undisturbed block that both arms share', refused: false };
  return evidenceOf(
    {
      a: pairs.map((pair) => pair.a),
      b: pairs.map((pair) => pair.b),
      processes: pairs.map(({ process }) => process),
      seed: result.run.seed,
    },
    metric,
  );
}

/** Values by "process round". */
function blocksOf(cell: Cell, metric: MetricName): [string, number][] {
  return cell.rounds
    .filter(({ mode, dirty }) => mode === METRIC_MODE[metric] && dirty !== true)
    .map((sample) => [`${sample.process ?? 0} ${sample.round}`, metricValue(metric, sample)]);
}

export function isMissing<T extends object>(found: T | Missing): found is Missing {
  return 'missing' in found;
}

/** A ratio, or the figure of one arm. */
export function historyFigure(rule: HistoryRule, result: Result): HistoryFigure | Missing {
  const cell = cellOf(result, rule.a);
  if (rule.b !== undefined) {
    const evidence = ratioEvidence(result, rule.a, rule.b, rule.metric);
    if (isMissing(evidence)) return evidence;
    return { value: evidence.ratio, ci95: evidence.ci95, blocks: evidence.n, params: cell.params };
  }
  const estimate = cell[rule.metric];
  if (estimate === null)
    return { missing: `${armWords(rule.a)} has no ${rule.metric}`, refused: cell.refused !== undefined };
  return {
    value: estimate.median,
    ci95: estimate.ci95,
    blocks: blocksOf(cell, rule.metric).length,
    params: cell.params,
  };
}
