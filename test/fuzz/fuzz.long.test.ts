// The fuzz for minutes, and what it is worth: each planted fault is found, shrunk, and found again by its smallest case.
import { beforeAll, describe, expect, it } from 'vitest';
import { drawCase, type FuzzCase } from './case.ts';
import { differences, shrink } from './compare.ts';
import { type Bench, openBench } from './machine.ts';
import { PLANTED, type PlantedModule, plantFaults } from './planted.ts';
import { fuzzedSchemes } from './schemes.ts';

const CASES = 3000;
/** More than any planted fault needs. */
const PLANTED_CASES = 600;
const SHRINK_MS = 1000;

it(`machine and model agree on ${CASES} cases of every scheme`, () => {
  const bench = openBench();
  const schemes = fuzzedSchemes();
  for (let seed = 1; seed <= CASES; seed++) {
    expect({ seed, wrong: differences(bench, drawCase(seed, schemes)) }).toEqual({ seed, wrong: [] });
  }
}, 600_000);

describe('a planted fault', () => {
  let planted: PlantedModule;

  beforeAll(async () => {
    planted = await plantFaults('page');
  }, 120_000);

  const benchWith = (fault: (typeof PLANTED)[number] | undefined): Bench =>
    openBench((memory) => planted.host(memory, fault));

  it('that is not chosen changes nothing', () => {
    const bench = benchWith(undefined);
    for (let seed = 1; seed <= 50; seed++) expect(differences(bench, drawCase(seed, ['page']))).toEqual([]);
  });

  it.each(PLANTED)(
    'is found: $name',
    (fault) => {
      // A fault may leave the memory unusable for the next case, as after a crash.
      let found: FuzzCase | undefined;
      let bench = benchWith(fault);
      for (let seed = 1; seed <= PLANTED_CASES && found === undefined; seed++) {
        const drawn = drawCase(seed, ['page']);
        if (differences(bench, drawn).length > 0) found = drawn;
      }
      expect(found).toBeDefined();
      bench = benchWith(fault);
      const smallest = shrink(bench, found as FuzzCase, SHRINK_MS);
      expect(smallest.ios.length).toBeLessThanOrEqual((found as FuzzCase).ios.length);
      expect(differences(benchWith(fault), smallest)).not.toEqual([]);
      expect(differences(benchWith(undefined), smallest)).toEqual([]);
    },
    60_000,
  );
});
