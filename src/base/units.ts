// Byte counts and durations as people write them. Binary units throughout: the kernel's tables are in KiB, MiB, GiB.

import { LabError } from './errors.ts';
import { wordTable } from './word_table.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const TIB = 1024 * GIB;
const PIB = 1024 * TIB;

const BYTE_UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['k', KIB],
  ['kib', KIB],
  ['m', MIB],
  ['mib', MIB],
  ['g', GIB],
  ['gib', GIB],
  ['t', TIB],
  ['tib', TIB],
  ['p', PIB],
  ['pib', PIB],
]);

/**
 * Reads a byte count such as `16GiB`, `4k`, `512`, `1.5GiB`. Units are binary (k = KiB = 1024).
 * @param what the option or field being read, for the error message
 * @throws LabError on anything else
 */
export function parseBytes(text: string, what: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const factor = BYTE_UNITS.get((match?.[2] ?? '?').toLowerCase());
  const bytes = Number(match?.[1]) * (factor ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) {
    throw new LabError(
      `${what}: '${text}' is not a size. Write a number with an optional unit: 512, 4k, 256MiB, 16GiB.`,
    );
  }
  return bytes;
}

const MS_UNITS = wordTable<number>({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 });

/** A time with its unit (`500ms`, `60s`, `10m`, `1h`) in milliseconds; undefined for anything else, and for none at all. */
export function parseMs(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)\s*$/.exec(text);
  const ms = Number(match?.[1]) * (MS_UNITS[match?.[2] ?? ''] ?? Number.NaN);
  return ms > 0 && Number.isFinite(ms) ? ms : undefined;
}

/** `16 GiB`, `1.5 MiB`, `64 B`: at most three significant digits beyond a whole number of the unit. */
export function formatBytes(bytes: number): string {
  for (const [name, factor] of [
    ['PiB', PIB],
    ['TiB', TIB],
    ['GiB', GIB],
    ['MiB', MIB],
    ['KiB', KIB],
  ] as const) {
    if (Math.abs(bytes) >= factor) return `${trimNumber(bytes / factor)} ${name}`;
  }
  return `${trimNumber(bytes)} B`;
}

/** A count with SI prefix: `21.3 M`, `950 k`, `42`. */
export function formatCount(value: number): string {
  for (const [name, factor] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (Math.abs(value) >= factor) return `${trimNumber(value / factor)} ${name}`;
  }
  return trimNumber(value);
}

/** Nanoseconds for people: `34 ns`, `1.2 µs`, `3.4 ms`, `2 s`. */
export function formatNs(ns: number): string {
  if (Math.abs(ns) >= 1e9) return `${trimNumber(ns / 1e9)} s`;
  if (Math.abs(ns) >= 1e6) return `${trimNumber(ns / 1e6)} ms`;
  if (Math.abs(ns) >= 1e3) return `${trimNumber(ns / 1e3)} µs`;
  return `${trimNumber(ns)} ns`;
}

/** Three significant digits without trailing zeros; whole numbers from 100 on. */
export function trimNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** The least power of two that is not below `value`. */
export function powerAtLeast(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}
