// The horizontal axis of charts over BAR sizes: powers of two, each with the memmap a struct page per 4 KiB takes.
import { formatBytes } from '../../base/units.ts';
import { MEMMAP_SHARE } from '../../catalogue/options/compared.ts';
import { axis, fixedTicks } from './chart_style.ts';

/** A logarithmic axis with a tick at every size in use, in two lines: BAR and memmap. */
export function barAxis(barBytes: readonly number[]): object {
  const sizes = [...new Set(barBytes)].sort((a, b) => a - b);
  return axis('BAR size (below it: its memmap)', {
    type: 'logarithmic',
    min: (sizes[0] ?? 1) / Math.SQRT2,
    max: (sizes.at(-1) ?? 1) * Math.SQRT2,
    ...fixedTicks(sizes),
    ticks: {
      autoSkip: sizes.length > 8,
      maxRotation: 0,
      callback: (value: number) => [formatBytes(value), formatBytes(value * MEMMAP_SHARE)],
    },
  });
}
