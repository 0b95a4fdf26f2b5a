// Cost: CPU time of the host path per I/O, measured inline in one thread.
import { barChart } from '../drawing/bar_panels.ts';
import type { ChartDefinition } from '../drawing/chart_spec.ts';
import { CPU_NS_PER_IO } from '../select/metrics.ts';

const title = 'CPU time per I/O by address scheme and buffer source';

export const chart: ChartDefinition = {
  name: 'cpu_ns_by_scheme',
  title,
  build: (result, view) => barChart(result, view, { metric: CPU_NS_PER_IO, title }),
};
