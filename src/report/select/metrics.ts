// The two figures a cell is judged by, and where each comes from.
import { formatCount, trimNumber } from '../../base/units.ts';
import type { Cell, CellEstimate, RawSample } from '../../result/schema.ts';
import { isAllDisturbed, keptOf } from '../words/kept_rounds.ts';

export interface Metric {
  /** Field of a cell, and name of the metric in comparisons. */
  key: 'iops' | 'cpuNsPerIo';
  /** Short title with its unit, for columns. */
  title: string;
  /** What it is called in a sentence about a ratio. */
  sentence: string;
  /** The schedule that measures it. */
  mode: RawSample['mode'];
  higherIsBetter: boolean;
  /** Title of an axis, with the unit. */
  axisTitle: string;
  /** A value as a tick or a tooltip says it. */
  format(value: number): string;
}

export const IOPS: Metric = {
  key: 'iops',
  title: 'IOPS',
  sentence: 'I/Os per second',
  mode: 'threads',
  higherIsBetter: true,
  axisTitle: 'I/Os per second',
  format: formatCount,
};
export const CPU_NS_PER_IO: Metric = {
  key: 'cpuNsPerIo',
  title: 'CPU ns/I/O',
  sentence: 'CPU time per I/O',
  mode: 'inline',
  higherIsBetter: false,
  axisTitle: 'CPU time per I/O (ns)',
  format: trimNumber,
};

const METRICS: readonly Metric[] = [IOPS, CPU_NS_PER_IO];

/** The metrics that at least one of the cells has. */
export function metricsOf(cells: readonly Cell[]): Metric[] {
  return METRICS.filter(({ key }) => cells.some((cell) => cell[key] !== null));
}

export function estimateOf(cell: Cell, metric: Metric): CellEstimate | null {
  return cell[metric.key];
}

/** One round's value of a metric. */
export function sampleValue({ ios, ns }: RawSample, metric: Metric): number {
  return metric.higherIsBetter ? (ios / ns) * 1e9 : ns / ios;
}

/**
 * "8 of 20 rounds of 3 processes in threads mode, 2 more set aside as disturbed"; undefined when no round was used. Where all rounds
 * of a cell were disturbed all are used; there is no verdict then.
 */
export function roundsPhrase(cells: readonly Cell[], metric: Metric): string | undefined {
  const kept = cells.flatMap((cell) => keptOf(cell, metric.mode) ?? []);
  if (kept.length === 0) return undefined;
  const [lo, hi] = [Math.min(...kept.map(({ rounds }) => rounds)), Math.max(...kept.map(({ rounds }) => rounds))];
  const planned = Math.max(...kept.map((each) => each.planned));
  const aside = Math.max(...kept.map((each) => each.measured - each.rounds));
  const processes = Math.max(...cells.map((cell) => processesOf(cell, metric)));
  const number = `${lo === hi ? lo : `${lo} to ${hi}`}${lo < planned ? ` of ${planned}` : ''}`;
  const where = `${processes > 1 ? ` of ${processes} processes` : ''} in ${metric.mode} mode`;
  const noun = number === '1' ? 'round' : 'rounds';
  const disturbed = aside > 0 ? `, ${aside} more set aside as disturbed` : '';
  return `${number} ${noun}${where}${disturbed}${kept.some(isAllDisturbed) ? ', all of some cells disturbed' : ''}`;
}

function processesOf({ rounds }: Cell, { mode }: Metric): number {
  return new Set(rounds.flatMap((sample) => (sample.mode === mode ? [sample.process ?? 0] : []))).size;
}

/** What is shown when nobody has chosen anything: CPU time where it was measured, because it is what schemes differ in. */
export function mainMetric(cells: readonly Cell[]): Metric {
  const metrics = metricsOf(cells);
  return metrics.find((metric) => metric === CPU_NS_PER_IO) ?? metrics[0] ?? CPU_NS_PER_IO;
}
