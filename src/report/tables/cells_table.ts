// All cells of a result as rows of raw figures: what a spreadsheet or a plotting script wants. One row for each cell, the options in
// which the cells differ first, all others last.

import type { Cell, CellEstimate, ComparisonRecord, Result } from '../../result/schema.ts';
import { roleOf } from '../select/groups.ts';
import { keptOf } from '../words/kept_rounds.ts';
import { paramOf, varyingKeys } from '../words/params.ts';
import { paramField } from './comparisons_table.ts';
import type { CsvTable, CsvValue } from './csv.ts';

const METRICS = ['iops', 'nsPerIo', 'cpuNsPerIo'] as const;
/** Options that have a column in every table. */
const OWN_COLUMNS: ReadonlySet<string> = new Set(['scheme', 'buffers', 'role']);
/** I/Os and bytes by direction in the rounds kept. */
const DONE = ['readIos', 'readBytes', 'writeIos', 'writeBytes', 'trimIos', 'trimBytes', 'syncIos'] as const;
const PERCENTILES = ['p50', 'p90', 'p99', 'p999', 'max'] as const;

/** @param leading options to show first; without it those that differ between cells */
export function cellsTable(result: Result, leading?: readonly string[]): CsvTable {
  const keys =
    leading ?? varyingKeys(result.cells.filter((cell) => roleOf(cell) !== 'floor').map(({ params }) => params));
  const compared = firstComparisons(result.comparisons);
  const counts = keysOf(result.cells, 'perIo');
  const bytes = keysOf(result.cells, 'metadataBytes');
  const stages = [...new Set(result.cells.flatMap((cell) => (cell.stages ?? []).map(({ stage }) => stage)))];
  const others = [...new Set(result.cells.flatMap(({ params }) => Object.keys(params)))].filter(
    (key) => !keys.includes(key) && !OWN_COLUMNS.has(key),
  );
  return {
    columns: [
      'cell',
      ...keys,
      ...['scheme', 'buffers', 'role', 'refused', 'oversubscribed'],
      ...METRICS.flatMap((metric) => [
        metric,
        `${metric}_lo95`,
        `${metric}_hi95`,
        `${metric}_rounds`,
        `${metric}_rounds_planned`,
      ]),
      ...METRICS.flatMap((metric) =>
        ['against', 'ratio', 'ratio_lo95', 'ratio_hi95', 'verdict', 'p_adjusted', 'survives'].map(
          (name) => `${metric}_${name}`,
        ),
      ),
      ...['gbPerS', 'bytesPerIo', ...DONE],
      ...PERCENTILES.map((name) => `latencyNs_${name}`),
      ...['latencyNs_samples', 'latency_loop'],
      ...counts.map((name) => `perIo_${name}`),
      ...bytes.map((name) => `metadataBytes_${name}`),
      ...stages.flatMap((name) => [`stageNs_${name}`, `stageNs_${name}_lo95`, `stageNs_${name}_hi95`]),
      ...['verified_ios', 'verified_errors', 'refused_reason'],
      ...others,
    ],
    rows: result.cells.map((cell) => [
      cell.id,
      ...keys.map((key) => paramField(paramOf(cell.params, key))),
      ...[cell.scheme, paramField(cell.params.buffers), roleOf(cell), cell.refused?.errno, cell.oversubscribed],
      ...METRICS.flatMap((metric) => [...estimateFields(cell[metric]), ...roundsFields(cell, metric)]),
      ...METRICS.flatMap((metric) => comparisonFields(compared.get(`${metric} ${cell.id}`))),
      ...[cell.gbPerS, cell.bytesPerIo, ...DONE.map((field) => (cell.kept?.threads ?? cell.kept?.inline)?.[field])],
      ...PERCENTILES.map((name) => cell.latencyNs?.[name]),
      ...[cell.latencyNs?.samples, cell.latencyNs?.loop],
      ...counts.map((name) => (cell.perIo as Record<string, CsvValue> | null)?.[name]),
      ...bytes.map((name) => (cell.metadataBytes as Record<string, CsvValue> | null)?.[name]),
      ...stages.flatMap((name) => stageFields(cell, name)),
      ...[cell.verified?.ios, cell.verified?.errors, cell.refused?.reason],
      ...others.map((key) => paramField(paramOf(cell.params, key))),
    ]),
  };
}

/** The first comparison of a cell in a metric is that with what it is like. */
function firstComparisons(comparisons: readonly ComparisonRecord[]): Map<string, ComparisonRecord> {
  const first = new Map<string, ComparisonRecord>();
  for (const each of comparisons) {
    const key = `${each.metric} ${each.a}`;
    if (!first.has(key)) first.set(key, each);
  }
  return first;
}

function keysOf(cells: readonly Cell[], field: 'perIo' | 'metadataBytes'): string[] {
  return [...new Set(cells.flatMap((cell) => Object.keys(cell[field] ?? {})))];
}

function estimateFields(estimate: CellEstimate | null): CsvValue[] {
  return [estimate?.median, estimate?.ci95?.[0], estimate?.ci95?.[1]];
}

function stageFields({ stages }: Cell, name: string): CsvValue[] {
  const found = stages?.find(({ stage }) => stage === name);
  return [found?.ns, found?.ci95?.[0], found?.ci95?.[1]];
}

function roundsFields(cell: Cell, metric: (typeof METRICS)[number]): CsvValue[] {
  const kept = cell[metric] === null ? undefined : keptOf(cell, metric === 'cpuNsPerIo' ? 'inline' : 'threads');
  return [kept?.rounds, kept?.planned];
}

function comparisonFields(compared: ComparisonRecord | undefined): CsvValue[] {
  if (compared === undefined) return Array<CsvValue>(7).fill(null);
  const { b, ratio, ci95, verdict, adjusted } = compared;
  return [b, ratio, ci95?.[0], ci95?.[1], verdict, adjusted?.pValue, adjusted?.survives];
}
