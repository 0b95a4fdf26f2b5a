import { expect, it } from 'vitest';
import { armOrder } from './arm_order.ts';

it('gives each arm each position once in as many rounds as there are arms', () => {
  for (const arms of [1, 2, 7, 8]) {
    const square = Array.from({ length: arms }, (_, round) => armOrder(arms, 3 * arms + round, 5));
    for (let position = 0; position < arms; position++) {
      expect(new Set(square.map((order) => order[position])).size).toBe(arms);
    }
    for (const order of square) expect(new Set(order).size).toBe(arms);
  }
});

it('leaves nothing of a linear drift over a square in the sum of any arm', () => {
  const arms = 5;
  const drift = new Array<number>(arms).fill(0);
  for (let round = 0; round < arms; round++) {
    armOrder(arms, round, 9).forEach((arm, position) => {
      drift[arm] = (drift[arm] as number) + position;
    });
  }
  expect(new Set(drift).size).toBe(1);
});

it('draws each square anew, the same for the same seed', () => {
  const first = (seed: number): string =>
    Array.from({ length: 12 }, (_, square) => armOrder(6, 6 * square, seed)).join(';');
  expect(first(1)).toBe(first(1));
  expect(first(1)).not.toBe(first(2));
  expect(new Set(first(1).split(';')).size).toBeGreaterThan(9);
});
