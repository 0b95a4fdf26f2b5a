// All comparisons of a result as rows of raw figures, each with the options of its group.

import type { ParamValue, Result } from '../../result/schema.ts';
import { groupsOf } from '../select/groups.ts';
import { paramOf } from '../words/params.ts';
import type { CsvTable, CsvValue } from './csv.ts';

export function comparisonsTable(result: Result): CsvTable {
  const groups = groupsOf(result);
  const paramsOf = new Map(groups.flatMap(({ params, cells }) => cells.map(({ id }) => [id, params] as const)));
  const options = [...new Set(groups.flatMap(({ params }) => Object.keys(params)))];
  return {
    columns: [
      ...['metric', 'a', 'b', 'ratio', 'ratio_lo95', 'ratio_hi95', 'ratio_lo90', 'ratio_hi90', 'verdict', 'detail'],
      ...['p', 'p_equivalence', 'adjusted_method', 'adjusted_of', 'p_adjusted', 'verdict_adjusted', 'survives'],
      ...['withheld', 'min_detectable', 'rounds_needed', 'n', 'processes', 'margin_percent'],
      ...options,
    ],
    rows: result.comparisons.map((each) => [
      ...[each.metric, each.a, each.b, each.ratio, each.ci95?.[0], each.ci95?.[1], each.ci90?.[0], each.ci90?.[1]],
      ...[each.verdict, each.detail, each.pValue, each.pEquivalence],
      ...[each.adjusted?.method, each.adjusted?.of, each.adjusted?.pValue, each.adjusted?.verdict],
      ...[each.adjusted?.survives, each.withheld, each.minDetectable, each.roundsNeeded],
      ...[each.n, each.processes, each.marginPercent],
      ...options.map((key) => paramField(paramOf(paramsOf.get(each.a), key))),
    ]),
  };
}

/** A list as its values with a blank between, as in a table of cells. */
export function paramField(value: ParamValue | undefined): CsvValue {
  return Array.isArray(value) ? value.join(' ') : value;
}
