// The two figures a cell is judged by, and where each comes from.
import { formatCount, trimNumber } from '../base/units.ts';
import type { Cell, CellEstimate, RawSample } from './result.ts';

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

export interface RoundsOfCell {
  used: number;
  /** Set aside as disturbed. */
  dirty: number;
  /** All were disturbed, and all are used. */
  allDirty: boolean;
  processes: number;
}

/**
 * Rounds behind a metric of a cell: how many were used, in how many processes, and how many were set aside as disturbed.
 * Where all were disturbed all are used; there is no verdict then.
 */
export function roundsOf(cell: Cell, metric: Metric): RoundsOfCell {
  const ofMode = cell.rounds.filter(({ mode }) => mode === metric.mode);
  const clean = ofMode.filter((sample) => sample.dirty !== true);
  const used = clean.length > 0 ? clean : ofMode;
  const processes = new Set(used.map((sample) => sample.process ?? 0)).size;
  const allDirty = clean.length === 0 && ofMode.length > 0;
  return { used: used.length, dirty: allDirty ? 0 : ofMode.length - clean.length, allDirty, processes };
}

/** "12 rounds in threads mode, 2 more set aside as disturbed"; undefined when no round was used. */
export function roundsPhrase(cells: readonly Cell[], metric: Metric): string | undefined {
  const rounds = cells.map((cell) => roundsOf(cell, metric)).filter(({ used }) => used > 0);
  if (rounds.length === 0) return undefined;
  const [lo, hi] = [Math.min(...rounds.map(({ used }) => used)), Math.max(...rounds.map(({ used }) => used))];
  const dirty = Math.max(...rounds.map((round) => round.dirty));
  const processes = Math.max(...rounds.map((round) => round.processes));
  const number = lo === hi ? `${lo} round${lo === 1 ? '' : 's'}` : `${lo} to ${hi} rounds`;
  const where = `${processes > 1 ? ` of ${processes} processes` : ''} in ${metric.mode} mode`;
  const aside = dirty > 0 ? `, ${dirty} more set aside as disturbed` : '';
  return `${number}${where}${aside}${rounds.some(({ allDirty }) => allDirty) ? ', all of some cells disturbed' : ''}`;
}
