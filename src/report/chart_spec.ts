// What a chart file hands to the renderer: panels (chart.js configurations), and the head they share.
import type { ChartConfiguration, ChartType } from 'chart.js';
import type { Result } from './result.ts';

/** One chart of the folder charts/. Adding a chart is adding a file that exports `chart`. */
export interface ChartDefinition {
  /** File name of the image without extension. */
  name: string;
  /** What the chart compares, for its head and for the link in the summary. */
  title: string;
  /** The picture of a result, or undefined when the result has nothing to draw. */
  build(result: Result): ChartSpec | undefined;
}

export interface ChartSpec {
  title: string;
  /** One or two lines below the title: workload, machine, what the intervals are. */
  subtitle: readonly string[];
  /** Shared by all panels. */
  legend: readonly LegendEntry[];
  /** One or more; two to a row when there are several. */
  panels: readonly Panel[];
}

/** A configuration without title and legend of its own, but for the panel's title. */
export type Panel = ChartConfiguration<ChartType, unknown[], unknown>;

export interface LegendEntry {
  label: string;
  colour: string;
  /** How the entry is drawn in the panels. */
  mark: 'bar' | 'line' | 'dashed' | 'point';
  /** Point style of chart.js, for lines and points. */
  point?: PointShape;
}

export type PointShape = 'circle' | 'rect' | 'triangle' | 'rectRot' | 'crossRot';
