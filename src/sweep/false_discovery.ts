// A sweep makes hundreds of comparisons, and one in twenty of those without a difference would be called one. Benjamini and
// Hochberg's adjustment over all of them holds the share of false ones among those that are left.
import { roleOf } from '../report/select/groups.ts';
import type { ComparisonRecord, Result, Role } from '../result/schema.ts';
import { benjaminiHochberg } from '../stats/multiplicity.ts';

/** Share of false findings among the findings that is accepted. */
const FALSE_DISCOVERY_RATE = 0.1;

/** Comparisons whose outcome is known, or is about the harness: no part of what is claimed. */
const CONTROLS: readonly Role[] = ['aa', 'floor'];

/** The comparisons with what the adjustment over all of them leaves of each. */
export function adjusted(result: Result): ComparisonRecord[] {
  const controls = new Set(result.cells.filter((cell) => CONTROLS.includes(roleOf(cell))).map(({ id }) => id));
  const family = result.comparisons.filter(({ a, pValue }) => !controls.has(a) && typeof pValue === 'number');
  const differences = benjaminiHochberg(family.map(({ pValue }) => pValue as number));
  const equivalences = benjaminiHochberg(family.map(({ pEquivalence }) => pEquivalence ?? 1));
  const places = new Map(family.map((each, index) => [each, index]));
  return result.comparisons.map((each) => {
    const index = places.get(each);
    if (index === undefined) return each;
    const pValue = differences[index] as number;
    const p = each.verdict === 'equivalent' ? (equivalences[index] as number) : pValue;
    const survives = each.verdict !== 'inconclusive' && p <= FALSE_DISCOVERY_RATE;
    const verdict = survives ? each.verdict : 'inconclusive';
    return {
      ...each,
      adjusted: { method: 'benjamini-hochberg' as const, of: family.length, pValue, verdict, survives },
    };
  });
}
