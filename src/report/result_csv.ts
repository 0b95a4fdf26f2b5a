// A result as two tables for other programs: units in the names, empty where nothing was measured.
import { csvText, type CsvValue } from './csv.ts';
import { groupsOf } from './groups.ts';
import type { Cell, CellEstimate, Params, ParamValue, Result } from './result.ts';

/** A row for each cell: identity, every option, every figure with its interval, counts, bytes. */
export function cellsCsv({ cells }: Result): string {
  const options = keysOf(cells.map(({ params }) => params)).filter((key) => !OWN_COLUMNS.has(key));
  const counts = keysOf(cells.map(({ perIo }) => perIo ?? {}));
  const bytes = keysOf(cells.map(({ metadataBytes }) => metadataBytes ?? {}));
  const stages = [...new Set(cells.flatMap((cell) => (cell.stages ?? []).map(({ stage }) => stage)))];
  const header = [
    ...['id', 'scheme', 'buffers', 'role', 'refused', 'refusedReason', 'oversubscribed'],
    ...options,
    ...['iops', 'nsPerIo', 'cpuNsPerIo'].flatMap(withInterval),
    'gbPerS',
    ...LATENCIES.map((field) => `latencyNs.${field}`),
    'latency.loop',
    ...counts.map((field) => `perIo.${field}`),
    ...bytes.map((field) => `metadataBytes.${field}`),
    ...stages.flatMap((stage) => withInterval(`stageNs.${stage}`)),
    ...['verified.ios', 'verified.errors', 'rounds'],
  ];
  const rows = cells.map((cell): CsvValue[] => [
    ...[cell.id, cell.scheme, text(cell.params.buffers), text(cell.params.role)],
    ...[cell.refused?.errno, cell.refused?.reason, cell.oversubscribed],
    ...options.map((key) => text(cell.params[key])),
    ...[cell.iops, cell.nsPerIo, cell.cpuNsPerIo].flatMap(estimateFields),
    cell.gbPerS,
    ...LATENCIES.map((field) => cell.latencyNs?.[field]),
    cell.latencyNs?.loop,
    ...counts.map((field) => (cell.perIo as Record<string, CsvValue> | null)?.[field]),
    ...bytes.map((field) => (cell.metadataBytes as Record<string, CsvValue> | null)?.[field]),
    ...stages.flatMap((name) => stageFields(cell, name)),
    ...[cell.verified?.ios, cell.verified?.errors, cell.rounds.length],
  ]);
  return csvText({ columns: header, rows });
}

/** A row for each comparison: the pair, its group's options, ratio, intervals, verdict. */
export function comparisonsCsv(result: Result): string {
  const groups = groupsOf(result);
  const ofCell = new Map(groups.flatMap(({ params, cells }) => cells.map(({ id }) => [id, params] as const)));
  const options = keysOf(groups.map(({ params }) => params));
  const header = [
    ...['metric', 'a', 'b', 'ratio', 'ratio.lo95', 'ratio.hi95', 'ratio.lo90', 'ratio.hi90', 'verdict', 'detail'],
    ...['significant', 'minDetectable', 'roundsNeeded', 'n', 'marginPercent'],
    ...options,
  ];
  const rows = result.comparisons.map((each): CsvValue[] => [
    ...[each.metric, each.a, each.b, each.ratio, each.ci95?.[0], each.ci95?.[1], each.ci90?.[0], each.ci90?.[1]],
    ...[each.verdict, each.detail, each.significant, each.minDetectable, each.roundsNeeded, each.n, each.marginPercent],
    ...options.map((key) => text(ofCell.get(each.a)?.[key])),
  ]);
  return csvText({ columns: header, rows });
}

const LATENCIES = ['p50', 'p90', 'p99', 'p999', 'max', 'samples'] as const;

/** Options that have a column of their own in front. */
const OWN_COLUMNS: ReadonlySet<string> = new Set(['scheme', 'buffers', 'role']);

const withInterval = (name: string): string[] => [name, `${name}.lo95`, `${name}.hi95`];

function estimateFields(estimate: CellEstimate | null): CsvValue[] {
  return [estimate?.median, estimate?.ci95?.[0], estimate?.ci95?.[1]];
}

function stageFields({ stages }: Cell, name: string): CsvValue[] {
  const found = stages?.find(({ stage }) => stage === name);
  return [found?.ns, found?.ci95?.[0], found?.ci95?.[1]];
}

function keysOf(records: readonly (Params | object)[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))];
}

function text(value: ParamValue | undefined): CsvValue {
  return Array.isArray(value) ? JSON.stringify(value) : value;
}
