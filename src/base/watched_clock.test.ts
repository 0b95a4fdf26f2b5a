import { expect, it } from 'vitest';
import { watchedClock } from './watched_clock.ts';

it('goes on with time, but a stop of the process counts as one look', () => {
  let time = 1000;
  const clock = watchedClock(500, () => time);
  expect(clock()).toBe(0);
  time += 300;
  expect(clock()).toBe(300);
  time += 90_000;
  expect(clock()).toBe(800);
  time += 200;
  expect(clock()).toBe(1000);
});
