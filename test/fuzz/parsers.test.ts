// The fuzz of readers for a moment, and that it sees what a reader may not do.
import { describe, expect, it } from 'vitest';
import { LabError } from '../../src/base/errors.ts';
import { scratchFolder } from '../support/scratch.ts';
import { type Fault, fuzzParsers, parserTargets, type Target } from './parsers.ts';

/** For each reader, from samples that are no longer than a screen where no real files are beside the checkout. */
const INPUTS_EACH = 25;

describe('readers of files from elsewhere', () => {
  it('refuse or accept damaged files, and throw nothing else', async () => {
    const faults: Fault[] = [];
    const targets = await parserTargets(scratchFolder('parsers'));
    fuzzParsers(targets, { seed: 1, inputs: INPUTS_EACH * targets.length }, (fault) => faults.push(fault));
    expect(faults).toEqual([]);
  }, 120_000);

  it('take their own samples as they are', async () => {
    for (const { name, samples, read } of await parserTargets(scratchFolder('parsers'))) {
      expect({ name, threw: thrownBy(() => read(samples[0] as string)) }).toEqual({ name, threw: undefined });
    }
  });

  it('are reported with the seed that repeats the input, whatever they throw', () => {
    const faults: Fault[] = [];
    const target: Target = {
      name: 'broken',
      samples: ['a 1 b 2\nc 3 d 4\n'],
      read: (text) => {
        if (text.length < 8) throw new LabError('too short');
        if (!text.includes('d 4')) throw new TypeError('no d');
      },
    };
    fuzzParsers([target], { seed: 1, inputs: 200 }, (fault) => faults.push(fault));
    expect(faults.length).toBeGreaterThan(3);
    const again: Fault[] = [];
    fuzzParsers([target], { seed: faults[0]?.seed ?? 0, inputs: 1 }, (fault) => again.push(fault));
    expect(again.map(({ input }) => input)).toEqual([faults[0]?.input]);
    expect(faults.every(({ what }) => what.startsWith('TypeError: no d'))).toBe(true);
  });
});

function thrownBy(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return String(error);
  }
}
