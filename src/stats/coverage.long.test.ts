// The claims of the statistics, by simulation with fixed seeds: intervals cover what they say, equivalence is not claimed
// falsely. Model: simulated_rounds.ts. A share of 0.95 or 0.05 in 1000 trials has a standard error of 0.007, so that is the slack
// the bounds below leave where the truth is the nominal level itself.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { clusterBootstrapTrimmedMeans, percentileInterval } from './bootstrap.ts';
import { compare } from './compare.ts';
import { covers, RESAMPLES, share, TRIALS, trials } from './coverage_trials.ts';
import { trimmedMean } from './location.ts';
import { logRatios } from './paired.ts';
import { signTestInterval } from './sign_test.ts';
import { type SimulationModel, simulateRounds } from './simulated_rounds.ts';

describe('paired rounds of one process', () => {
  test.each([3, 6, 9, 10, 12, 20, 30, 60].map((rounds) => ({ rounds })))(
    'with $rounds rounds the 95 % interval covers 93 to 97 %',
    ({ rounds }) => {
      const coverage = share(trials({ rounds }, 7 + rounds, rounds < 20 ? 2 * TRIALS : TRIALS), ({ ci95 }) =>
        covers(ci95, 1),
      );
      expect(coverage).toBeGreaterThanOrEqual(0.93);
      expect(coverage).toBeLessThanOrEqual(0.975);
    },
  );

  test('a difference of exactly the margin is called equivalent in at most 5 %', () => {
    for (const rounds of [12, 30, 60]) {
      const atMargin = trials({ rounds, difference: Math.log(1.02) }, 100 + rounds);
      expect(share(atMargin, ({ verdict }) => verdict === 'equivalent')).toBeLessThanOrEqual(0.05);
    }
  });

  test('identical arms differ in at most 7 % and are mostly equivalent with 60 rounds', () => {
    const same = trials({ rounds: 60 }, 200);
    expect(share(same, ({ ci95 }) => !covers(ci95, 1))).toBeLessThanOrEqual(0.07);
    expect(share(same, ({ verdict }) => verdict === 'faster' || verdict === 'slower')).toBeLessThanOrEqual(0.03);
    expect(share(same, ({ verdict }) => verdict === 'equivalent')).toBeGreaterThanOrEqual(0.9);
  });

  test('the minimum detectable effect is found in about 80 % of runs of that true size', () => {
    const rounds = 30;
    const typical = trials({ rounds }, 300, 300).map(({ minDetectable }) => minDetectable as number);
    const difference = Math.log1p(trimmedMean(typical, 0.1));
    const found = share(trials({ rounds, difference }, 301), ({ ci95 }) => ci95 !== null && ci95[0] > 1);
    expect(found).toBeGreaterThanOrEqual(0.72);
    expect(found).toBeLessThanOrEqual(0.88);
  });

  test('when one arm spikes five times as often, the interval still covers its own estimand', () => {
    const model: SimulationModel = { rounds: 30, spikeFactor: 5 };
    const population = simulateRounds({ ...model, rounds: 200_000 }, seededRandom(400));
    const truth = Math.exp(trimmedMean(logRatios(population.a, population.b)));
    const coverage = share(trials(model, 401), ({ ci95 }) => covers(ci95, truth));
    expect(coverage).toBeGreaterThanOrEqual(0.93);
    expect(coverage).toBeLessThanOrEqual(0.975);
  });

  test('the sign-test interval covers at least 94 %', () => {
    const random = seededRandom(500);
    const intervals = Array.from({ length: TRIALS }, () => {
      const { a, b } = simulateRounds({ rounds: 20 }, random);
      return signTestInterval(logRatios(a, b), 0.05);
    });
    expect(share(intervals, (interval) => covers(interval, 0))).toBeGreaterThanOrEqual(0.94);
  });
});

describe('rounds of several processes that differ', () => {
  test.each([
    { processes: 3, rounds: 10, processSd: 0.01 },
    { processes: 5, rounds: 12, processSd: 0 },
    { processes: 5, rounds: 12, processSd: 0.01 },
    { processes: 5, rounds: 12, processSd: 0.02 },
    { processes: 8, rounds: 12, processSd: 0.02 },
  ])('$processes processes, level sd $processSd: the 95 % interval covers 93 to 97 %', (model) => {
    const coverage = share(trials(model, 600 + model.processes), ({ ci95 }) => covers(ci95, 1));
    expect(coverage).toBeGreaterThanOrEqual(0.93);
    expect(coverage).toBeLessThanOrEqual(0.97);
  });

  test('a difference of exactly the margin is called equivalent in at most 5 %', () => {
    const atMargin = trials({ processes: 5, rounds: 30, processSd: 0.003, difference: Math.log(1.02) }, 700);
    expect(share(atMargin, ({ verdict }) => verdict === 'equivalent')).toBeLessThanOrEqual(0.06);
  });

  test('ignoring the processes covers far too little; the two-level bootstrap does not', () => {
    const random = seededRandom(800);
    const runs = Array.from({ length: 400 }, (_, seed) => {
      const { a, b, processes } = simulateRounds({ processes: 8, rounds: 12, processSd: 0.01 }, random);
      const pooled = compare(a, b, { higherIsBetter: true, seed, resamples: RESAMPLES });
      const clusters = Object.values(Object.groupBy(logRatios(a, b), (_, i) => processes[i] as number)) as number[][];
      const means = clusterBootstrapTrimmedMeans(clusters, { seed, resamples: RESAMPLES });
      return { pooled: pooled.ci95, twoLevel: percentileInterval(means, 0.05) };
    });
    expect(share(runs, ({ pooled }) => covers(pooled, 1))).toBeLessThan(0.88);
    const coverage = share(runs, ({ twoLevel }) => covers(twoLevel, 0));
    expect(coverage).toBeGreaterThanOrEqual(0.93);
    expect(coverage).toBeLessThanOrEqual(0.98);
  });
});
