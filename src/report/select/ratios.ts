// Pairs of cells with the ratio between them: those that the run compared, or every arm against one that the reader names.

import type { Cell, ComparisonRecord, Result } from '../../result/schema.ts';
import { compare } from '../../stats/compare.ts';
import { armName, type Group, roleOf } from './groups.ts';
import { type Metric, sampleValue } from './metrics.ts';

export interface Ratio {
  group: Group;
  cell: Cell;
  /** What the cell is measured against. */
  other: Cell;
  /** Undefined where the cell was refused or its rounds are missing. */
  compared: ComparisonRecord | undefined;
}

/** Ratios by the metric, in the order of groups and cells. */
export type RatioSource = (groups: readonly Group[], metric: Metric) => Ratio[];

/**
 * The comparisons of the record: arms with what they were compared with, refused arms with the reference scheme's. Arms of one
 * scheme with each other only where there is no second scheme.
 */
export function recordedRatios(result: Result): RatioSource {
  const byCell = Map.groupBy(result.comparisons, ({ a }) => a);
  return (groups, metric) => {
    const all = groups.flatMap((group) => {
      const cells = new Map(group.cells.map((cell) => [cell.id, cell]));
      const reference = group.cells.find((cell) => roleOf(cell) === 'reference');
      return group.cells.filter(isArm).flatMap((cell): Ratio[] => {
        if (cell.refused !== undefined) {
          const other = sameBuffers(group, cell, reference?.scheme);
          return other === undefined ? [] : [{ group, cell, other, compared: undefined }];
        }
        return (byCell.get(cell.id) ?? [])
          .filter((compared) => compared.metric === metric.key)
          .flatMap((compared) => {
            const other = cells.get(compared.b);
            return other === undefined ? [] : [{ group, cell, other, compared }];
          });
      });
    });
    const across = all.filter(({ cell, other }) => cell.scheme !== other.scheme);
    return across.length > 0 ? across : all;
  };
}

/** Every arm against the arm of that name (`page/user`) in its group: as recorded, else from the rounds both have. */
export function ratiosAgainst(result: Result, name: string): RatioSource {
  const recorded = new Map(result.comparisons.map((compared) => [pairKey(compared), compared]));
  return (groups, metric) =>
    groups.flatMap((group) => {
      const other = group.cells.find((cell) => isComparable(cell) && armName(cell) === name);
      if (other === undefined) return [];
      return group.cells
        .filter((cell) => isComparable(cell) && cell !== other)
        .map((cell): Ratio => {
          const key = { metric: metric.key, a: cell.id, b: other.id };
          const compared = recorded.get(pairKey(key)) ?? compareRounds(result, cell, other, metric);
          return { group, cell, other, compared: cell.refused === undefined ? compared : undefined };
        });
    });
}

/**
 * Whether a difference was found: by the verdict among all comparisons that are read together where the record has one, else by
 * the comparison's own 95 % interval; never where the verdict was withheld.
 */
export function isSignificant({ adjusted, withheld, ci95 }: ComparisonRecord): boolean {
  if (withheld !== undefined) return false;
  if (adjusted !== undefined) return adjusted.verdict === 'faster' || adjusted.verdict === 'slower';
  return ci95 !== null && (ci95[0] > 1 || ci95[1] < 1);
}

/** What `isSignificant` went by, in words. */
export function groundOfSignificance({ comparisons }: Result): string {
  const adjusted = comparisons.find((compared) => compared.adjusted !== undefined)?.adjusted;
  if (adjusted === undefined) return 'the 95 % interval holds 1, or the verdict was withheld';
  const method = { holm: 'Holm', 'benjamini-hochberg': 'Benjamini-Hochberg' }[adjusted.method];
  return `by ${method} over all comparisons, or the verdict was withheld`;
}

/** Whether the ratio is to the advantage of the first cell. */
export function isBetter({ ratio }: ComparisonRecord, metric: Metric): boolean {
  return metric.higherIsBetter ? ratio > 1 : ratio < 1;
}

/** `dma_vec/fixed against page/user` */
export function pairName({ cell, other }: Pick<Ratio, 'cell' | 'other'>): string {
  return `${armName(cell)} against ${armName(other)}`;
}

function isArm(cell: Cell): boolean {
  return roleOf(cell) === 'arm';
}

function isComparable(cell: Cell): boolean {
  return isArm(cell) || roleOf(cell) === 'reference';
}

function sameBuffers(group: Group, cell: Cell, scheme: string | undefined): Cell | undefined {
  return group.cells.find(
    (each) =>
      each.scheme === scheme && each !== cell && isComparable(each) && each.params.buffers === cell.params.buffers,
  );
}

function pairKey({ metric, a, b }: Pick<ComparisonRecord, 'metric' | 'a' | 'b'>): string {
  return JSON.stringify([metric, a, b]);
}

/** Fewer resamples than the run's own comparisons take: enough for two digits, and a page does hundreds of them at once. */
const RESAMPLES = 1000;

/** The comparison the run did not make, from the undisturbed rounds that both cells have. */
function compareRounds(result: Result, a: Cell, b: Cell, metric: Metric): ComparisonRecord | undefined {
  const slot = ({ round, process = 0 }: Cell['rounds'][number]): string => `${process} ${round}`;
  const usable = ({ rounds }: Cell) =>
    rounds.filter(({ mode, dirty, ios, ns }) => mode === metric.mode && dirty !== true && ios > 0 && ns > 0);
  const ofB = new Map(usable(b).map((sample) => [slot(sample), sample]));
  const pairs = usable(a).flatMap((sample) => {
    const other = ofB.get(slot(sample));
    return other === undefined ? [] : [[sample, other] as const];
  });
  if (pairs.length === 0) return undefined;
  const marginPercent = result.comparisons.find((each) => each.marginPercent !== undefined)?.marginPercent;
  const compared = compare(
    pairs.map(([sample]) => sampleValue(sample, metric)),
    pairs.map(([, sample]) => sampleValue(sample, metric)),
    {
      higherIsBetter: metric.higherIsBetter,
      seed: result.run.seed,
      resamples: RESAMPLES,
      processes: pairs.map(([{ process = 0 }]) => process),
      ...(marginPercent === undefined ? {} : { margin: marginPercent / 100 }),
    },
  );
  return { metric: metric.key, a: a.id, b: b.id, ...compared };
}
