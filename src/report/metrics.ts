// The two figures a cell is judged by, and where each comes from.
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
}

export const IOPS: Metric = { key: 'iops', title: 'IOPS', sentence: 'I/Os per second', mode: 'threads' };
export const CPU_NS_PER_IO: Metric = {
  key: 'cpuNsPerIo',
  title: 'CPU ns/I/O',
  sentence: 'CPU time per I/O',
  mode: 'inline',
};

const METRICS: readonly Metric[] = [IOPS, CPU_NS_PER_IO];

/** The metrics that at least one of the cells has. */
export function metricsOf(cells: readonly Cell[]): Metric[] {
  return METRICS.filter(({ key }) => cells.some((cell) => cell[key] !== null));
}

export function estimateOf(cell: Cell, metric: Metric): CellEstimate | null {
  return cell[metric.key];
}

/** Rounds behind a metric of a cell: how many were used, and how many were set aside as disturbed. */
export function roundsOf(cell: Cell, metric: Metric): { used: number; dirty: number } {
  const ofMode = cell.rounds.filter(({ mode }) => mode === metric.mode);
  const dirty = ofMode.filter((sample) => sample.dirty === true).length;
  return { used: ofMode.length - dirty, dirty };
}

/** "12 rounds in threads mode, 2 more set aside as disturbed"; undefined when no round was used. */
export function roundsPhrase(cells: readonly Cell[], metric: Metric): string | undefined {
  const rounds = cells.map((cell) => roundsOf(cell, metric)).filter(({ used }) => used > 0);
  if (rounds.length === 0) return undefined;
  const [lo, hi] = [Math.min(...rounds.map(({ used }) => used)), Math.max(...rounds.map(({ used }) => used))];
  const dirty = Math.max(...rounds.map((round) => round.dirty));
  const number = lo === hi ? `${lo} round${lo === 1 ? '' : 's'}` : `${lo} to ${hi} rounds`;
  return `${number} in ${metric.mode} mode${dirty > 0 ? `, ${dirty} more set aside as disturbed` : ''}`;
}
