// The answer in three sentences, computed from the records: what differs and under which conditions, where nothing differs, and
// what it means in memory. Headlines go through every pair; this is what is read first and remembered.

import { formatBytes } from '../../base/units.ts';
import { bytesOf } from '../../catalogue/options/words.ts';
import type { ComparisonRecord, Result } from '../../result/schema.ts';
import { dimensionsOf, placeOf, valueKey, valueLabel, valuesOf } from '../select/dimensions.ts';
import { armsOf, type Group, groupsOf, roleOf, setUpMetadataBytes } from '../select/groups.ts';
import type { Metric } from '../select/metrics.ts';
import { mainMetric } from '../select/metrics.ts';
import { isBetter, isSignificant, pairName, type Ratio, recordedRatios } from '../select/ratios.ts';
import { removalAnswer } from '../tables/removal_table.ts';
import { formatPercent, ratioWords } from '../words/format.ts';
import { describeKeys } from '../words/params.ts';

/** What differs, what does not, what it means in memory. Fewer sentences where the records say nothing of one. */
export function answer(result: Result): string[] {
  const removed = removalAnswer(result.cells);
  if (removed.length > 0) return removed;
  const groups = groupsOf(result);
  const metric = mainMetric(result.cells);
  const ratios = recordedRatios(result)(groups, metric).filter(
    ({ cell, other, compared }) => compared !== undefined && cell.scheme !== other.scheme,
  ) as Found[];
  if (ratios.length === 0) {
    return [
      `Nothing can be said of schemes: no two of them were compared by ${metric.sentence}.`,
      ...memorySentence(groups),
    ];
  }
  const differing = ratios.filter(({ compared }) => isSignificant(compared) && !isNegligible(compared));
  return [
    differenceSentence(ratios, differing, metric, dimensionsOf(groups)),
    ...sameSentence(ratios, differing, metric, groups),
    ...memorySentence(groups),
  ];
}

type Found = Ratio & { compared: ComparisonRecord };

/** Equivalent, among all that are read together where that was looked at. */
const isNegligible = ({ verdict, adjusted }: ComparisonRecord): boolean =>
  (adjusted?.verdict ?? verdict) === 'equivalent';

/** "Of 27 comparisons of CPU time per I/O between schemes, 26 find an advantage, from 0.12 times (...) for ... to ...". */
function differenceSentence(all: readonly Found[], differing: Found[], metric: Metric, keys: string[]): string {
  const compared = `${all.length} comparison${all.length === 1 ? '' : 's'} of ${metric.sentence} between schemes`;
  if (differing.length === 0) return `None of ${compared} finds a difference.`;
  const gain = ({ compared: { ratio } }: Found): number => (metric.higherIsBetter ? ratio : 1 / ratio);
  const byGain = differing.toSorted((a, b) => gain(b) - gain(a));
  const better = byGain.filter((found) => isBetter(found.compared, metric));
  const worse = byGain.filter((found) => !isBetter(found.compared, metric)).toReversed();
  const findings = [
    ...(better.length > 0 ? [`${better.length} ${finds(better.length)} an advantage, ${range(better, keys)}`] : []),
    ...(worse.length > 0 ? [`${worse.length} ${finds(worse.length)} a disadvantage, ${range(worse, keys)}`] : []),
  ];
  const none =
    better.length === 0 ? '; none finds an advantage' : worse.length === 0 ? '; none finds a disadvantage' : '';
  return `Of ${compared}, ${findings.join('; and ')}${none}.`;
}

const finds = (count: number): string => (count === 1 ? 'finds' : 'find');

/** The largest difference of a direction and the smallest, where there are several: the range of the effect. */
function range(ordered: readonly Found[], keys: string[]): string {
  const [largest, smallest] = [ordered[0] as Found, ordered.at(-1) as Found];
  if (largest === smallest) return claim(largest, keys);
  return `from ${claim(largest, keys)} to ${claim(smallest, keys)}`;
}

/** "0.42 times (95 % interval 0.41 to 0.43) for dma_vec/fixed against page/user at payload none, BAR 16 GiB" */
function claim(found: Found, keys: string[]): string {
  const { compared, group } = found;
  const place = placeOf(group, keys.length > 0 ? keys : ['payload', 'bar', 'bs']).replaceAll(' · ', ', ');
  const where = `for ${pairName(found)}${place === '' ? '' : ` at ${place}`}`;
  if (compared.ci95 === null) return `${compared.ratio.toPrecision(3)} times (one round) ${where}`;
  const { value, range: interval } = ratioWords(compared.ratio, compared.ci95);
  return `${value} times (95 % interval ${interval}) ${where}`;
}

/** "The other 8 are 5 equivalent within 2 % and 3 undecided (...); nothing differs at bs 128 KiB." */
function sameSentence(
  all: readonly Found[],
  differing: readonly Found[],
  metric: Metric,
  groups: readonly Group[],
): string[] {
  const same = all.filter((ratio) => !differing.includes(ratio));
  if (same.length === 0)
    return [`There is no condition among those tried in which ${metric.sentence} stayed the same.`];
  const withheld = same.filter(({ compared }) => compared.withheld !== undefined);
  const equivalent = same.filter((found) => !withheld.includes(found) && isNegligible(found.compared));
  const open = same.filter((found) => !withheld.includes(found) && !equivalent.includes(found));
  const margin = same.find(({ compared }) => compared.marginPercent !== undefined)?.compared.marginPercent;
  const detectable = Math.max(...open.map(({ compared }) => compared.minDetectable ?? Number.NaN));
  const seen = Number.isFinite(detectable)
    ? ` (a difference above ${formatPercent(detectable)} would have been seen)`
    : '';
  const kinds: readonly (readonly [Found[], string])[] = [
    [equivalent, `equivalent within ${margin ?? 2} %`],
    [open, `undecided${seen}`],
    [withheld, `without a verdict (${withheld[0]?.compared.withheld})`],
  ];
  const parts = kinds
    .filter(([of]) => of.length > 0)
    .map(([of, words]) => (of.length === same.length ? words : `${of.length} ${words}`));
  if (differing.length === 0) return [`They are ${parts.join(' and ')}.`];
  const rest = same.length === 1 ? 'The other one is' : `The other ${same.length} are`;
  return [`${rest} ${parts.join(' and ')}${mostly(same, all, groups)}.`];
}

/** "; all comparisons at bs 128 KiB are among them": values of an option at which nothing differs, or the pairs of which none does. */
function mostly(same: readonly Found[], all: readonly Found[], groups: readonly Group[]): string {
  const allSame = new Set(same);
  const conditions = dimensionsOf(groups).flatMap((key) =>
    valuesOf(groups, key).flatMap((value) => {
      const at = all.filter(({ group }) => valueKey(group.params, key) === value);
      if (at.length < 2 || at.length === all.length || !at.every((ratio) => allSame.has(ratio))) return [];
      return [describeKeys({ [key]: JSON.parse(value) }, [key])[0] ?? `${key} ${valueLabel(value, key)}`];
    }),
  );
  const pairs = [...Map.groupBy(all, pairName)].filter(([, of]) => of.every((ratio) => allSame.has(ratio)));
  const named = [...conditions.map((phrase) => `at ${phrase}`), ...pairs.map(([name]) => `for ${name}`)].slice(0, 4);
  return named.length === 0 ? '' : `; no difference was found ${named.join(', ')}`;
}

/** "For the largest BAR, 64 GiB, page keeps 1 GiB of metadata (modelled), dma_vec 2 MiB." */
function memorySentence(groups: readonly Group[]): string[] {
  const known = groups.flatMap((group) => {
    const bar = bytesOf(group.params.bar);
    return bar === undefined ? [] : [{ bar, group }];
  });
  const largest = Math.max(...known.map(({ bar }) => bar));
  const arms = known.filter(({ bar }) => bar === largest).flatMap(({ group }) => armsOf(group));
  const bytes = [...Map.groupBy(arms, ({ scheme }) => scheme)].flatMap(([scheme, cells]) => {
    const figures = cells.flatMap((cell) => setUpMetadataBytes(cell) ?? []);
    return figures.length === 0 ? [] : [{ scheme, bytes: Math.max(...figures) }];
  });
  if (bytes.length === 0) return [];
  const reference = arms.find((cell) => roleOf(cell) === 'reference')?.scheme;
  const ordered = bytes.toSorted((a, b) => Number(b.scheme === reference) - Number(a.scheme === reference));
  const phrases = ordered.map(({ scheme, bytes: of }, i) => `${scheme}${i === 0 ? ' keeps' : ''} ${formatBytes(of)}`);
  return [
    `For a BAR of ${formatBytes(largest)}, ${phrases.join(', ')} of metadata (modelled; set-up of pool and map state included).`,
  ];
}
