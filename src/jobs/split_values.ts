// fio's `a/b:a/b:a/b` lists (bssplit, zoned distributions) and how missing percentages are filled in.
import { badValue, type Option } from './option.ts';

export interface SplitEntry {
  readonly first: string;
  /** undefined when left blank. */
  readonly second: string | undefined;
}

/** Splits `4k/50:8k/:16k`; empty entries end the list, as in fio. */
export function readSplit(text: string): SplitEntry[] {
  const parts = text.split(':');
  const end = parts.findIndex((part) => part.trim() === '');
  return (end < 0 ? parts : parts.slice(0, end)).map((part) => {
    const [first = '', second] = part.split('/');
    return { first: first.trim(), second: second?.trim() || undefined };
  });
}

/**
 * Percentages with the blanks (and zeros) filled in: they share what the others leave, rounded down as fio does.
 * @throws LabError when a percentage is no whole number or they sum to more than 100
 */
export function fillPercentages(option: Option, texts: readonly (string | undefined)[]): number[] {
  const given = texts.map((text) => {
    if (text === undefined) return 0;
    if (/^\d+$/.test(text)) return Number(text);
    throw badValue(option, `'${text}' is no percentage: expected a whole number from 0 to 100.`);
  });
  const sum = given.reduce((total, percent) => total + percent, 0);
  const missing = given.filter((percent) => percent === 0).length;
  if (missing === 0) return given;
  if (sum > 100) throw badValue(option, `the percentages sum to ${sum}; expected at most 100.`);
  const share = Math.floor((100 - sum) / missing);
  return given.map((percent) => percent || share);
}
