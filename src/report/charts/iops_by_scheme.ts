// Throughput: I/Os per second of every scheme and buffer source, measured with real threads.
import { barChart } from '../drawing/bar_panels.ts';
import type { ChartDefinition } from '../drawing/chart_spec.ts';
import { IOPS } from '../select/metrics.ts';

const title = 'I/Os per second by address scheme and buffer source';

export const chart: ChartDefinition = {
  name: 'iops_by_scheme',
  title,
  build: (result, view) => barChart(result, view, { metric: IOPS, title }),
};
