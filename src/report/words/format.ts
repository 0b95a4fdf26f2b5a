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
  const digits = decimals(ratio, ci95[1] - ci95[0]);
  return `${ratio.toFixed(digits)} ${brackets(ci95, 1, digits)}`;
}

/** A ratio and its interval for a sentence, with the same digits: `2.41` and `2.38 to 2.44`. */
export function ratioWords(ratio: number, [lo, hi]: readonly [number, number]): { value: string; range: string } {
  const digits = decimals(ratio, hi - lo);
  return { value: ratio.toFixed(digits), range: `${lo.toFixed(digits)} to ${hi.toFixed(digits)}` };
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
