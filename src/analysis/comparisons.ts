// From raw records to the comparisons of a result. Pure: the same records give the same figures. Two arms are compared by the
// rounds they share (paired_rounds.ts); what must not be averaged, or rests on too little, gets no verdict and says why.

import type { MeasureParams } from '../plan/run_plan.ts';
import type { ComparisonRecord } from '../result/schema.ts';
import { adjustVerdicts } from '../stats/adjusted.ts';
import { compare } from '../stats/compare.ts';
import type { ArmRecord, GroupRecord } from './group_record.ts';
import { type Pair, pairRounds } from './paired_rounds.ts';
import { COMPARED, type Metric } from './samples.ts';

/**
 * Comparisons inside a group: the copy with the reference; an arm with the reference scheme's arm of the same buffers,
 * else with the reference; and where a scheme refuses the buffers of one of the reference scheme's arms, its long-lived
 * buffers with that arm.
 * @param lookAlpha level of a single look, when the run takes several
 */
export function comparisonsOf(group: GroupRecord, params: MeasureParams, lookAlpha = 0.05): ComparisonRecord[] {
  return pairsOf(group).flatMap(([a, b]) => COMPARED.flatMap((metric) => compared(a, b, metric, params, lookAlpha)));
}

/**
 * The comparisons of all groups, each with the verdict that is left when its family is read together: Benjamini-Hochberg
 * over the groups of a sweep, Holm over the others. Copies and floors check the harness and belong to no family.
 */
export function familyComparisons(
  groups: readonly GroupRecord[],
  params: MeasureParams,
  lookAlpha?: number,
): ComparisonRecord[] {
  const controls = controlIds(groups);
  const all = groups.flatMap((group) =>
    comparisonsOf(group, params, lookAlpha).map((each) => ({ each, swept: group.plan.isOnBarAxis })),
  );
  for (const swept of [false, true]) {
    const family = all.filter((member) => member.swept === swept && !controls.has(member.each.a));
    const judged = family.map(({ each }) => ({
      verdict: each.verdict,
      pValue: each.pValue ?? null,
      pEquivalence: each.pEquivalence ?? null,
    }));
    adjustVerdicts(judged, swept ? 'benjamini-hochberg' : 'holm').forEach((adjusted, index) => {
      (family[index] as (typeof family)[number]).each.adjusted = adjusted;
    });
  }
  return all.map(({ each }) => each);
}

/** Cells whose comparisons check the harness: copies of the reference, and floors. */
export function controlIds(groups: readonly GroupRecord[]): Set<string> {
  return new Set(
    groups.flatMap(({ arms }) =>
      arms.filter(({ arm }) => arm.role === 'aa' || arm.role === 'floor').map(({ arm }) => arm.id),
    ),
  );
}

function pairsOf(group: GroupRecord): [ArmRecord, ArmRecord][] {
  const running = group.arms.filter(({ samples }) => samples.length > 0);
  const reference = running.find(({ arm }) => arm.role === 'reference');
  if (reference === undefined) return [];
  const own = running.filter(({ arm }) => arm.scheme === reference.arm.scheme && arm.role !== 'aa');
  const pairs: [ArmRecord, ArmRecord][] = [];
  for (const record of running) {
    if (record === reference) continue;
    const sameBuffers = own.find(({ arm }) => arm.buffers === record.arm.buffers);
    const isOwn = own.includes(record);
    pairs.push([record, isOwn || sameBuffers === undefined ? reference : sameBuffers]);
  }
  for (const target of own) pairs.push(...substitutes(running, target, reference.arm.scheme));
  return pairs;
}

/** Schemes that cannot do `target`'s buffers, with the buffers that their users would take instead. */
function substitutes(running: ArmRecord[], target: ArmRecord, referenceScheme: string): [ArmRecord, ArmRecord][] {
  const others = Map.groupBy(
    running.filter(({ arm }) => arm.role === 'arm' && arm.scheme !== referenceScheme),
    ({ arm }) => arm.scheme,
  );
  return [...others.values()].flatMap((arms): [ArmRecord, ArmRecord][] => {
    if (arms.some(({ arm }) => arm.buffers === target.arm.buffers)) return [];
    const instead = arms.find(({ arm }) => arm.buffers === 'fixed');
    return instead === undefined ? [] : [[instead, target]];
  });
}

function compared(
  a: ArmRecord,
  b: ArmRecord,
  metric: Metric,
  params: MeasureParams,
  lookAlpha: number,
): ComparisonRecord[] {
  const paired = pairRounds(a, b, metric);
  if (paired === undefined) return [];
  const { used, levels, withheld } = paired;
  const { ratio, ci95, ci90, verdict, detail, minDetectable, roundsNeeded, n, processes, ...more } = compare(
    used.map((pair) => pair.a),
    used.map((pair) => pair.b),
    {
      higherIsBetter: metric.higherIsBetter,
      seed: params.seed,
      margin: params.marginPercent / 100,
      lookAlpha,
      processes: used.map(({ process }) => process),
    },
  );
  const found = { ratio, ci95, ci90, verdict, detail, minDetectable, roundsNeeded, n, processes, ...more };
  return [
    {
      metric: metric.field,
      a: a.arm.id,
      b: b.arm.id,
      ...found,
      ...(withheld === undefined ? {} : { verdict: 'inconclusive', detail: 'inconclusive', withheld }),
      ...(levels.length > 1 ? { levels: levels.map(levelRatio) } : {}),
    },
  ];
}

function levelRatio(pairs: readonly Pair[]) {
  const { ratio, n } = compare(
    pairs.map(({ a }) => a),
    pairs.map(({ b }) => b),
    { higherIsBetter: true, seed: 0, resamples: 1, processes: pairs.map(({ process }) => process) },
  );
  return { processes: [...new Set(pairs.map(({ process }) => process))], ratio, n };
}
