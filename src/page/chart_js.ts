// The parts of chart.js that the chart definitions use; registered once for the page.
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartType,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
} from 'chart.js';
import {
  BarWithErrorBar,
  BarWithErrorBarsController,
  LineWithErrorBarsController,
  PointWithErrorBar,
} from 'chartjs-chart-error-bars';
import annotation from 'chartjs-plugin-annotation';

Chart.register(
  BarController,
  BarElement,
  BarWithErrorBar,
  BarWithErrorBarsController,
  CategoryScale,
  LinearScale,
  LineController,
  LineElement,
  LineWithErrorBarsController,
  LogarithmicScale,
  PointElement,
  PointWithErrorBar,
  Tooltip,
  annotation,
);

/** A chart of any kind. */
export type AnyChart = Chart<ChartType, unknown[], unknown>;

export { Chart };
