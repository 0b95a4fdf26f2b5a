// Exact rules: counters of the counting build, equal or not. No statistics, no time: they are the same on every machine.
import type { Result } from '../result/schema.ts';
import { armWords, cellOf, schemeFile } from './arm.ts';
import { counterOf, type Expected, isExactly } from './counter.ts';
import type { ExactRule } from './gates_file.ts';
import type { Outcome } from './outcome.ts';

interface Difference {
  arm: string;
  file: string;
  counter: string;
  expected: Expected;
  got: Expected | null;
  why: string;
}

export function judgeExact(rule: ExactRule, result: Result): Outcome {
  const differences = rule.arms.flatMap((arm): Difference[] => {
    const cell = cellOf(result, arm);
    return Object.entries(rule.expect).flatMap(([counter, expected]) => {
      const got = counterOf(cell, counter);
      if (isExactly(got, expected)) return [];
      const why = got === null && cell.refused !== undefined ? ` (refused: ${cell.refused.errno})` : '';
      return [{ arm: armWords(arm), file: schemeFile(arm.scheme), counter, expected, got, why }];
    });
  });
  const counters = Object.keys(rule.expect).length;
  const who = rule.arms.length > 2 ? `${rule.arms.length} arms` : rule.arms.map(armWords).join(', ');
  const measured = `${counters} count${counters === 1 ? '' : 's'} of ${who}`;
  const bound = Object.entries(rule.expect)
    .map(([counter, expected]) => `${counter} = ${countWords(expected)}`)
    .join(', ');
  const common = { rule, measured, bound, interval: null };
  const [first] = differences;
  if (first === undefined) return { ...common, verdict: 'pass', why: 'exactly as expected' };
  const why = differences.map(
    ({ arm, file, counter, expected, got, why }) =>
      `${counter} of ${arm}: expected ${countWords(expected)}, got ${got === null ? 'none' : countWords(got)}${why} (${file})`,
  );
  return {
    ...common,
    verdict: 'fail',
    why: why.join('; '),
    file: first.file,
    figures: { counter: first.counter, arm: first.arm, expected: first.expected, got: first.got },
  };
}

/** Shares of a batch are known as fractions: 0.03515625 is 9/256. */
const LARGEST_DENOMINATOR = 1024;

function countWords(value: Expected): string {
  if (typeof value !== 'number' || Number.isInteger(value)) return String(value);
  for (let denominator = 2; denominator <= LARGEST_DENOMINATOR; denominator++) {
    const numerator = Math.round(value * denominator);
    if (isExactly(value, numerator / denominator)) return `${numerator}/${denominator}`;
  }
  return String(value);
}
