// From what was measured to what timed rules are judged by: of a finished result, and of a group that is still being measured.

import type { GroupRecord } from '../../analysis/group_record.ts';
import { pairRounds } from '../../analysis/paired_rounds.ts';
import { metricOf, type Sampled } from '../../analysis/samples.ts';
import type { Result } from '../../result/schema.ts';
import { type ArmName, armWords, cellOf, isArm } from '../arm.ts';
import type { HistoryRule, MetricName } from '../gates_file.ts';
import type { HistoryFigure } from '../history_rule.ts';
import { type Evidence, evidenceOf } from '../timed.ts';

/** Why there is no figure: an arm is refused, or no round of it is left. */
export interface Missing {
  missing: string;
  /** The arm can never be measured: its rule is broken. */
  refused: boolean;
}

export function isMissing<T extends object>(found: T | Missing): found is Missing {
  return 'missing' in found;
}

/** What there is of each arm. */
export interface Measured {
  of(arm: ArmName): Sampled & { refused: { errno: string; reason: string } | undefined };
  seed: number;
  /** Level of a look that stands for 5 % over all of them. */
  lookAlpha: number;
}

export function ofResult(result: Result): Measured {
  const of = (arm: ArmName) => {
    const { rounds, refused } = cellOf(result, arm);
    return { samples: rounds, refused };
  };
  return { of, seed: result.run.seed, lookAlpha: result.run.looks?.alpha ?? 0.05 };
}

export function ofGroup(group: GroupRecord, seed: number, lookAlpha: number): Measured {
  const of = (arm: ArmName) => {
    const found = group.arms.find(({ arm: { scheme, buffers, role } }) => isArm(arm, { scheme, buffers, role }));
    return { samples: found?.samples ?? [], refused: found?.refused };
  };
  return { of, seed, lookAlpha };
}

/** The ratio a/b over the rounds that both arms share, as the lab's own comparisons choose them. */
export function ratioEvidence(measured: Measured, a: ArmName, b: ArmName, metric: MetricName): Evidence | Missing {
  for (const arm of [a, b]) {
    const { refused } = measured.of(arm);
    if (refused === undefined) continue;
    return { missing: `${armWords(arm)} is refused: ${refused.errno}, ${refused.reason}`, refused: true };
  }
  const paired = pairRounds(measured.of(a), measured.of(b), metricOf(metric));
  if (paired === undefined) return { missing: 'no whole round was measured', refused: false };
  if (paired.withheld !== undefined) return { missing: paired.withheld, refused: false };
  return evidenceOf(
    {
      a: paired.used.map((pair) => pair.a),
      b: paired.used.map((pair) => pair.b),
      processes: paired.used.map(({ process }) => process),
      seed: measured.seed,
      lookAlpha: measured.lookAlpha,
    },
    metric,
  );
}

/** A ratio, or the figure of one arm. */
export function historyFigure(rule: HistoryRule, result: Result): HistoryFigure | Missing {
  const { params, ...cell } = cellOf(result, rule.a);
  if (rule.b !== undefined) {
    const evidence = ratioEvidence(ofResult(result), rule.a, rule.b, rule.metric);
    return isMissing(evidence) ? evidence : { value: evidence.ratio, ci95: evidence.ci95, blocks: evidence.n, params };
  }
  const estimate = cell[rule.metric];
  if (estimate === null) {
    return { missing: `${armWords(rule.a)} has no ${rule.metric}`, refused: cell.refused !== undefined };
  }
  const { mode } = metricOf(rule.metric);
  const blocks = cell.rounds.filter((sample) => sample.mode === mode && sample.dirty !== true).length;
  return { value: estimate.median, ci95: estimate.ci95, blocks: Math.max(1, blocks), params };
}
