// What a chart file hands to a renderer: panels (chart.js configurations), and the head they share. The same specification is
// drawn on a server-side canvas (render_png.ts) and in the HTML report (src/page/): it says nothing of background, ink, grid
// and font, which are the renderer's (chart.js defaults), and everything else in plain data and functions.
import type { ChartConfiguration, ChartType } from 'chart.js';
import type { Result } from '../../result/schema.ts';
import type { Metric } from '../select/metrics.ts';
import type { Table } from '../tables/table.ts';
import type { Look } from './look.ts';

/** One chart of the folder charts/. Adding a chart is adding a file that exports `chart`. */
export interface ChartDefinition {
  /** File name of the image without extension. */
  name: string;
  /** What the chart compares, for its head and for the link in the summary. */
  title: string;
  /** The picture of a result, or undefined when the result has nothing to draw. */
  build(result: Result, view: View): ChartSpec | undefined;
}

/** What a reader has chosen; the result that a chart is built of holds only the cells that are to be drawn. */
export interface View {
  /** Taken from the whole result, so that a scheme keeps its colour when others are hidden. */
  look: Look;
  /** For charts that can show either. */
  metric: Metric;
}

export interface ChartSpec {
  title: string;
  /** One or two lines below the title: workload, machine, what the intervals are. */
  subtitle: readonly string[];
  /** Shared by all panels. */
  legend: readonly LegendEntry[];
  /** One or more; two to a row when there are several. */
  panels: readonly Panel[];
  /** The figures in words where those of the panels are too many to read. */
  table?: Table;
}

/** A configuration without title and legend of its own, but for the panel's title. */
export type Panel = ChartConfiguration<ChartType, unknown[], unknown>;

export interface LegendEntry {
  label: string;
  /** The renderer's ink where it is left out. */
  colour?: string;
  /** How the entry is drawn in the panels. */
  mark: 'bar' | 'line' | 'point';
  /** Pattern of a line, in pixels. */
  dash?: readonly number[];
  /** Point style of chart.js, for lines and points. */
  point?: PointShape;
}

export type PointShape = 'circle' | 'rect' | 'triangle' | 'rectRot' | 'crossRot';
