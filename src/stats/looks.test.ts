// Looking up to three times and stopping at the first verdict: the chance of a false one stays what it is for a single look.
// 2000 trials of 5 % have a standard error of 0.005.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { compare } from './compare.ts';
import { alphaOfLooks, MOST_LOOKS, processesPerLook } from './looks.ts';
import { type SimulationModel, simulateRounds } from './simulated_rounds.ts';

const TRIALS = 2000;

/** Share of runs that end with the wanted finding, looking after each third of the processes until it is there. */
function shareFound(
  model: SimulationModel & { processes: number },
  lookAlpha: number,
  seed: number,
  isFound: (result: ReturnType<typeof compare>) => boolean,
): number {
  const random = seededRandom(seed);
  let found = 0;
  for (let trial = 0; trial < TRIALS; trial++) {
    const { a, b, processes } = simulateRounds(model, random);
    for (let look = 1; look <= MOST_LOOKS; look++) {
      const rounds = (model.rounds * model.processes * look) / MOST_LOOKS;
      const seen = { processes: processes.slice(0, rounds), lookAlpha, higherIsBetter: true, seed: trial };
      if (!isFound(compare(a.slice(0, rounds), b.slice(0, rounds), seen))) continue;
      found++;
      break;
    }
  }
  return found / TRIALS;
}

const differs = ({ ci95 }: ReturnType<typeof compare>): boolean => ci95 !== null && (ci95[0] > 1 || ci95[1] < 1);

describe('three looks', () => {
  test.each([
    { processes: 9, rounds: 4, processSd: 0.01 },
    { processes: 15, rounds: 4, processSd: 0.005 },
    { processes: 24, rounds: 3, processSd: 0 },
  ])('at $processes processes find a difference between identical arms in at most 5 %', (model) => {
    expect(shareFound(model, alphaOfLooks(MOST_LOOKS), 11 + model.processes, differs)).toBeLessThanOrEqual(0.06);
  });

  test('that are not paid for find one in far more', () => {
    expect(shareFound({ processes: 15, rounds: 4, processSd: 0.005 }, 0.05, 21, differs)).toBeGreaterThan(0.085);
  });

  test('call a difference of exactly the margin equivalent in at most 5 %', () => {
    const atMargin = { processes: 15, rounds: 8, processSd: 0.002, difference: Math.log(1.02) };
    const equivalent = shareFound(atMargin, alphaOfLooks(MOST_LOOKS), 31, ({ verdict }) => verdict === 'equivalent');
    expect(equivalent).toBeLessThanOrEqual(0.06);
  });
});

test('p-values are paid for as well: below 5 % exactly when the interval excludes 1', () => {
  const random = seededRandom(41);
  for (let trial = 0; trial < 300; trial++) {
    const { a, b, processes } = simulateRounds({ processes: 4, rounds: 5, difference: 0.03, processSd: 0.01 }, random);
    const result = compare(a, b, { processes, lookAlpha: alphaOfLooks(3), higherIsBetter: true, seed: 1 });
    expect((result.pValue as number) < 0.05).toBe(differs(result));
    expect(result.verdict === 'equivalent').toBe((result.pEquivalence as number) <= 0.05);
  }
});

test('the looks of a budget hold equally many processes, never fewer than asked for', () => {
  expect(processesPerLook(60_000, 2000, 2000, 3)).toBe(10);
  expect(processesPerLook(60_000, 4000, 2000, 3)).toBe(9);
  expect(processesPerLook(60_000, 30_000, 30_000, 3)).toBe(3);
  expect(() => alphaOfLooks(4)).toThrow(RangeError);
});
