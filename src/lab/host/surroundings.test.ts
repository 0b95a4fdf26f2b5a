// How often the machine is looked at.
import { expect, it, vi } from 'vitest';

import { watchManyRuns, watchOneRun } from './surroundings.ts';

const finish = vi.fn(() => ['watched']);
const looks = { watch: () => finish, before: () => ['before'] };

it('is at the end of the first of many runs and every ten seconds from then on', () => {
  let now = 1000;
  const surroundings = watchManyRuns(() => now, looks);
  expect(surroundings.warnings(1)).toEqual(['before', 'watched']);
  for (let run = 0; run < 9; run++) {
    now += 1000;
    expect(surroundings.warnings(1)).toEqual(['before', 'watched']);
  }
  expect(finish).toHaveBeenCalledTimes(1);
  now += 2000;
  surroundings.warnings(1);
  expect(finish).toHaveBeenCalledTimes(2);
});

it('is at the end of a run by itself', () => {
  finish.mockClear();
  watchOneRun(looks).warnings(1);
  expect(finish).toHaveBeenCalledTimes(1);
});
