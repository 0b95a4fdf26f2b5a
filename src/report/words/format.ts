// Figures as a reader needs them: as many digits as the interval supports, one unit per figure.
import { formatBytes, trimNumber } from '../../base/units.ts';
import type { CellEstimate } from '../../result/schema.ts';

/** What stands in a table where nothing was measured. */
export const NOT_MEASURED = '-';

const SI: readonly (readonly [string, number])[] = [
  [' G', 1e9],
  [' M', 1e6],
  [' k', 1e3],
  ['', 1],
];

/** `21.34 M [21.31, 21.38]`, `171 [170, 173]`: median and 95 % interval in one unit; the median alone without interval. */
export function formatEstimate(estimate: CellEstimate | null): string {
  if (estimate === null) return NOT_MEASURED;
  const { median, ci95 } = estimate;
  const [suffix, unit] = SI.find(([, factor]) => Math.abs(median) >= factor) ?? ['', 1];
  if (ci95 === null) return `${trimNumber(median / unit)}${suffix}`;
  const digits = decimals(median / unit, (ci95[1] - ci95[0]) / unit);
  return `${(median / unit).toFixed(digits)}${suffix} ${brackets(ci95, unit, digits)}`;
}

/** `2.41 [2.38, 2.44]`: a ratio and its 95 % interval. */
export function formatRatio(ratio: number, ci95: readonly [number, number] | null): string {
  if (ci95 === null) return trimNumber(ratio);
  const { value, bounds } = ratioDigits(ratio, ci95);
  return `${value} [${bounds.join(', ')}]`;
}

/** A ratio and its interval for a sentence, with the same digits: `2.41` and `2.38 to 2.44`. */
export function ratioWords(ratio: number, ci95: readonly [number, number]): { value: string; range: string } {
  const { value, bounds } = ratioDigits(ratio, ci95);
  return { value, range: bounds.join(' to ') };
}

/** Intervals of two or three rounds reach to 10^18: beyond this the bound says only that it is beyond. */
const LARGEST_BOUND = 1000;

function ratioDigits(ratio: number, [lo, hi]: readonly [number, number]): { value: string; bounds: string[] } {
  const digits = decimals(ratio, hi > LARGEST_BOUND ? ratio : hi - lo);
  const bound = (value: number): string => {
    if (value > LARGEST_BOUND) return `> ${LARGEST_BOUND}`;
    return value > 0 && value < 1 / LARGEST_BOUND ? `< ${1 / LARGEST_BOUND}` : value.toFixed(digits);
  };
  return { value: ratio.toFixed(digits), bounds: [bound(lo), bound(hi)] };
}

/** `3.1 %` of a fraction. */
export function formatPercent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(2))} %`;
}

/** A mean count per I/O: `0`, `3`, `1.25`. */
export function formatPerIo(value: number | null | undefined): string {
  return value === null || value === undefined ? NOT_MEASURED : String(Number(value.toFixed(2)));
}

export function formatBytesOrNone(bytes: number | null | undefined): string {
  return bytes === null || bytes === undefined ? NOT_MEASURED : formatBytes(bytes);
}

function brackets([lo, hi]: readonly [number, number], unit: number, digits: number): string {
  return `[${(lo / unit).toFixed(digits)}, ${(hi / unit).toFixed(digits)}]`;
}

/** Decimals that give the figure three digits, and one digit to half the width of its interval; 4 at most. */
function decimals(value: number, width: number): number {
  const ofValue = 2 - exponent(value);
  const ofInterval = -exponent(width / 2);
  return Math.min(4, Math.max(0, ofValue, ofInterval));
}

function exponent(value: number): number {
  return value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
}
