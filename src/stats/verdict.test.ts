import { expect, test } from 'vitest';
import { type Evidence, judge, verdictOf } from './verdict.ts';

const epsilon = 0.02;

function detail(difference: [number, number], equivalence: [number, number], higherIsBetter = true) {
  return judge({ difference, equivalence, epsilon, higherIsBetter } satisfies Evidence);
}

test('an interval beyond the margin is a material difference', () => {
  expect(detail([0.03, 0.05], [0.032, 0.048])).toBe('faster');
  expect(detail([-0.05, -0.03], [-0.048, -0.032])).toBe('slower');
});

test('for a metric where lower is better, a ratio above one is slower', () => {
  expect(detail([0.03, 0.05], [0.032, 0.048], false)).toBe('slower');
  expect(detail([-0.05, -0.03], [-0.048, -0.032], false)).toBe('faster');
  expect(detail([0.005, 0.05], [0.01, 0.04], false)).toBe('slower, size uncertain');
});

test('a significant difference inside the margin is negligible, and equivalent in the contract', () => {
  expect(detail([0.002, 0.012], [0.003, 0.011])).toBe('different but negligible');
  expect(verdictOf('different but negligible')).toBe('equivalent');
});

test('no difference and a narrow interval is a finding', () => {
  expect(detail([-0.01, 0.012], [-0.008, 0.01])).toBe('equivalent');
});

test('equivalence is judged by the narrower interval of the two one-sided tests', () => {
  expect(detail([-0.021, 0.012], [-0.019, 0.01])).toBe('equivalent');
  expect(detail([-0.021, 0.012], [-0.02, 0.01])).toBe('inconclusive');
});

test('a sure direction of unsure size keeps its direction', () => {
  expect(detail([0.005, 0.05], [0.008, 0.046])).toBe('faster, size uncertain');
  expect(verdictOf('faster, size uncertain')).toBe('faster');
  expect(verdictOf('slower, size uncertain')).toBe('slower');
});

test('everything else is inconclusive', () => {
  expect(detail([-0.03, 0.05], [-0.02, 0.04])).toBe('inconclusive');
});
