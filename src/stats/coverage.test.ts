// The claims of the statistics in short: few trials with fixed seeds, bounds of three standard errors (0.015 at 200 trials).
// coverage.long.test.ts holds them to the claims themselves.
import { describe, expect, test } from 'vitest';
import { covers, share, trials } from './coverage_trials.ts';

const TRIALS = 200;

describe('the 95 % interval', () => {
  test.each([{ rounds: 6 }, { rounds: 12 }, { processes: 3, rounds: 10, processSd: 0.01 }])(
    'covers the truth in 90 to 99 %: %o',
    (model) => {
      const coverage = share(trials(model, 7, TRIALS), ({ ci95 }) => covers(ci95, 1));
      expect(coverage).toBeGreaterThanOrEqual(0.9);
      expect(coverage).toBeLessThanOrEqual(0.99);
    },
  );
});

describe('verdicts', () => {
  test('of a difference of exactly the margin are rarely "equivalent"', () => {
    const atMargin = trials({ rounds: 30, difference: Math.log(1.02) }, 100, TRIALS);
    expect(share(atMargin, ({ verdict }) => verdict === 'equivalent')).toBeLessThanOrEqual(0.1);
  });

  test('of identical arms with 60 rounds are mostly "equivalent" and hardly ever a difference', () => {
    const same = trials({ rounds: 60 }, 200, TRIALS);
    expect(share(same, ({ verdict }) => verdict === 'faster' || verdict === 'slower')).toBeLessThanOrEqual(0.06);
    expect(share(same, ({ verdict }) => verdict === 'equivalent')).toBeGreaterThanOrEqual(0.85);
  });
});
