// The picture of `p2plab memory`: what each scheme sets up for the BAR, on a logarithmic axis because the schemes lie eight
// orders of magnitude apart. Bars are modelled; open points are what the lab's own memory held.
import { formatBytes } from '../../base/units.ts';
import type { StackedBars } from '../../topology/memory/chart.ts';
import type { ChartSpec } from './chart_spec.ts';
import { axis, fixedTicks, PAPER, panelOptions } from './chart_style.ts';

const AVAILABLE = '#0072B2';
const NOT_AVAILABLE = '#B8D4E8';
const SMALLEST_TICK = 64;

/** @param subtitle what the table was made for: BAR, page size, era, depth */
export function memoryChartSpec(bars: StackedBars, subtitle: string): ChartSpec {
  const setUp = bars.labels.map((_, i) =>
    bars.series.slice(0, -1).reduce((sum, { values }) => sum + (values[i] as number), 0),
  );
  const most = Math.max(...setUp);
  const powers = Math.ceil(Math.log2(most / SMALLEST_TICK) / 4) + 1;
  const ticks = Array.from({ length: powers }, (_, i) => SMALLEST_TICK * 16 ** i);
  const colours = bars.labels.map((label) => (bars.notAvailable.includes(label) ? NOT_AVAILABLE : AVAILABLE));
  return {
    title: bars.title,
    subtitle: [
      subtitle,
      'modelled set-up: memmap, page tables, pool, map state; descriptors of I/Os in flight not included',
    ],
    legend: [
      { label: 'modelled', colour: AVAILABLE, mark: 'bar' },
      ...(bars.notAvailable.length > 0
        ? [{ label: 'modelled, not available to P2PDMA today', colour: NOT_AVAILABLE, mark: 'bar' as const }]
        : []),
      ...(bars.measured.some((bytes) => bytes !== null)
        ? [{ label: 'resident in the lab', mark: 'point' as const, point: 'circle' as const }]
        : []),
    ],
    panels: [
      {
        type: 'bar',
        data: {
          labels: [...bars.labels],
          datasets: [
            {
              type: 'line',
              data: [...bars.measured],
              showLine: false,
              pointStyle: 'circle',
              pointRadius: 7,
              pointBackgroundColor: '#FFFFFF',
              pointBorderColor: PAPER.color,
              pointBorderWidth: 2.5,
            },
            { data: setUp, backgroundColor: colours },
          ],
        },
        options: panelOptions('', {
          scales: {
            x: axis('scheme', { ticks: { autoSkip: false, maxRotation: 50, minRotation: 50 } }),
            y: axis('metadata (bytes)', {
              type: 'logarithmic',
              min: SMALLEST_TICK,
              max: SMALLEST_TICK * 16 ** (powers - 1),
              ...fixedTicks(ticks),
              ticks: { callback: (value: number) => formatBytes(value) },
            }),
          },
        }),
      },
    ],
  };
}
